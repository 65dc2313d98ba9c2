"""Contracts: what a source promised of its records, per posted word, in versions that are never lost."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backend.context import Context
from backend.errors import FieldError, Problem, not_found
from backend.microservices.ingest.contracts import Action, BadSchema, Flaw, compile_schema, flaws_of
from backend.services.drafts import draft
from backend.services.keys import check_source
from backend.stores.mongo import Document, DuplicateDocument
from salescommand_lake.samples import newest_bodies

__all__ = ["ContractService", "Draft", "StoredContract"]

MOST_FLAWS = 50


@dataclass(frozen=True, slots=True)
class StoredContract:
    """One version of a contract. Only the newest one of a word is in force, until it is removed."""

    source: str
    entity_type: str
    version: int
    action: Action
    schema: dict[str, Any]
    applied_at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A contract that the newest events of a word all fit."""

    schema: dict[str, Any]
    events: int


class ContractService:
    """Applies, removes, tries and drafts contracts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._mongo = context.mongo

    async def all(self, source: str) -> list[StoredContract]:
        """Return the contracts in force of a source, by word."""
        found = await self._mongo.contracts.find({"source": source}, sort=[("entity_type", 1)])
        return [_stored(document) for document in found]

    async def get(self, source: str, entity_type: str, version: int | None = None) -> StoredContract:
        """Return the contract in force, or a certain version.

        Raises:
            Problem: 404 when there is none.
        """
        if version is None:
            document = await self._mongo.contracts.get({"_id": _id(source, entity_type)})
        else:
            where = {"source": source, "entity_type": entity_type, "version": version}
            document = await self._mongo.contract_history.get(where)
        if document is None:
            what = f"{source}/{entity_type}" if version is None else f"{source}/{entity_type}, version {version}"
            raise not_found("contract", what, hint=f"GET /api/sources/{source}/contracts lists those in force.")
        return _stored(document)

    async def versions(self, source: str, entity_type: str) -> list[StoredContract]:
        """Return every version that ever was in force, the newest first."""
        where = {"source": source, "entity_type": entity_type}
        return [_stored(one) for one in await self._mongo.contract_history.find(where, sort=[("version", -1)])]

    async def apply(
        self, source: str, entity_type: str, schema: dict[str, Any], action: Action, author: str
    ) -> StoredContract:
        """Put a schema in force as the next version. The same as the one in force changes nothing.

        Raises:
            Problem: 400 when the schema can't be one; 404 when there is no such source.
        """
        text = _checked(schema)
        await self._require_source(source)
        current = await self._mongo.contracts.get({"_id": _id(source, entity_type)})
        if current is not None and (current["schema"], current["action"]) == (text, action):
            return _stored(current)
        earlier = await self.versions(source, entity_type)
        version = earlier[0].version + 1 if earlier else 1
        kept: Document = {
            "source": source,
            "entity_type": entity_type,
            "version": version,
            "action": action,
            "schema": text,
            "applied_at": datetime.now(UTC),
            "author": author,
        }
        try:
            await self._mongo.contract_history.insert({"_id": f"{_id(source, entity_type)}:{version}", **kept})
        except DuplicateDocument:
            detail = f"Somebody else applied version {version} of {source}/{entity_type} at the same moment."
            raise Problem(409, "conflict", "Changed meanwhile", detail, hint="Look at it and try again.") from None
        await self._mongo.contracts.update({"_id": _id(source, entity_type)}, {"$set": kept}, upsert=True)
        self._context.keyring.forget()
        return _stored(kept)

    async def roll_back(self, source: str, entity_type: str, version: int, author: str) -> StoredContract:
        """Put an earlier version in force again, as a new version.

        Raises:
            Problem: 404 when there is no such version.
        """
        old = await self.get(source, entity_type, version)
        return await self.apply(source, entity_type, old.schema, old.action, author)

    async def remove(self, source: str, entity_type: str) -> None:
        """Put the contract out of force; its versions stay.

        Raises:
            Problem: 404 when there is none.
        """
        if not await self._mongo.contracts.delete({"_id": _id(source, entity_type)}):
            raise not_found("contract", f"{source}/{entity_type}")
        self._context.keyring.forget()

    async def check(
        self, source: str, entity_type: str, schema: dict[str, Any] | None, sample: dict[str, Any]
    ) -> list[Flaw]:
        """Return how a record breaks a schema, or the contract in force.

        Raises:
            Problem: 400 when the schema can't be one; 404 when there is neither.
        """
        text = _checked(schema if schema is not None else (await self.get(source, entity_type)).schema)
        return flaws_of(compile_schema(text), sample, MOST_FLAWS)

    async def draft(self, source: str, entity_type: str, events: int) -> Draft:
        """Draft a contract from the newest events of a word.

        Raises:
            Problem: 404 when nothing has come yet.
            LakeError: the lake is away.
        """
        records = await newest_bodies(self._context.engine, source, entity_type, events)
        if not records:
            hint = "The word is the one in the address that the events are posted to."
            raise not_found("event", f"of {source}/{entity_type} to draft from", hint=hint)
        return Draft(await asyncio.to_thread(draft, records), len(records))

    async def _require_source(self, source: str) -> None:
        if await self._mongo.sources.get({"_id": check_source(source)}) is None:
            raise not_found("source", source, hint="GET /api/sources lists them.")


def _checked(schema: dict[str, Any]) -> str:
    text = json.dumps(schema, ensure_ascii=False)
    try:
        compile_schema(text)
    except BadSchema as error:
        raise Problem(
            400,
            "bad-contract",
            "The schema can't be a contract",
            f"schema: {error}.",
            hint="Contracts are JSON Schema 2020-12 without references to other documents.",
            errors=[FieldError(field="schema", message=str(error))],
        ) from None
    return text


def _id(source: str, entity_type: str) -> str:
    return f"{source}/{entity_type}"


def _stored(document: Document) -> StoredContract:
    return StoredContract(
        source=document["source"],
        entity_type=document["entity_type"],
        version=document["version"],
        action=document["action"],
        schema=json.loads(document["schema"]),
        applied_at=document["applied_at"],
        author=document["author"],
    )
