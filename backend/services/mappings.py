"""Mapping documents: the shipped ones, and those people applied. MongoDB keeps the text to edit, the lake a copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from backend.context import Context
from backend.errors import FieldError, Problem, not_found
from backend.stores.mongo import Document
from salescommand_lake.fold import AppliedMapping, apply_mapping
from salescommand_lake.mapping import Mapping, MappingError, load_document
from salescommand_lake.mapping.catalog import shipped_mappings

__all__ = ["MappingService", "StoredMapping"]


@dataclass(frozen=True, slots=True)
class StoredMapping:
    """One mapping document. Version 0 is the shipped one; an applied one of the same scope and type replaces it."""

    scope: str
    record_type: str
    version: int
    origin: str
    """`shipped` or `applied`."""
    entity_types: tuple[str, ...]
    fields: tuple[str, ...]
    author: str | None
    applied_at: datetime | None
    text: str


class MappingService:
    """Lists, reads and applies mapping documents."""

    def __init__(self, context: Context) -> None:
        self._engine = context.engine
        self._mongo = context.mongo

    async def all(self) -> list[StoredMapping]:
        """Return what is in force: applied documents, and the shipped ones that none of them replaces."""
        found = {(mapping.scope, mapping.record_type): _shipped(mapping) for mapping in shipped_mappings()}
        for document in await self._mongo.mappings.find():
            stored = _applied(document)
            found[stored.scope, stored.record_type] = stored
        return [found[key] for key in sorted(found)]

    async def get(self, scope: str, record_type: str) -> StoredMapping:
        """Return the document in force for a scope and a record type.

        Raises:
            Problem: 404 when there is none.
        """
        document = await self._mongo.mappings.get({"_id": f"{scope}/{record_type}"})
        if document is not None:
            return _applied(document)
        for mapping in shipped_mappings():
            if (mapping.scope, mapping.record_type) == (scope, record_type):
                return _shipped(mapping)
        raise not_found("mapping", f"{scope}/{record_type}", hint="GET /api/mappings lists them all.")

    async def apply(self, text: str, author: str) -> AppliedMapping:
        """Check a document, copy it into the lake, and keep it with its history. The worker reads events again by it.

        Raises:
            Problem: 400 that names line and field when the document can't be used.
        """
        try:
            mapping = load_document(text, "mapping")
            applied = await apply_mapping(self._engine, text, author=author)
        except MappingError as error:
            raise _refused(error) from error
        now = datetime.now(UTC)
        kept: Document = {
            "scope": applied.scope,
            "record_type": applied.record_type,
            "version": applied.version,
            "entity_types": list(mapping.entity_types),
            "fields": [field.name for field in mapping.fields],
            "author": author,
            "applied_at": now,
            "text": text,
        }
        # The lake comes first: were this to fail, applying the same text again completes it.
        place = f"{applied.scope}/{applied.record_type}"
        await self._mongo.mapping_history.update(
            {"_id": f"{place}/{applied.version}"}, {"$setOnInsert": kept}, upsert=True
        )
        await self._mongo.mappings.update({"_id": place}, {"$set": kept}, upsert=True)
        return applied


def _refused(error: MappingError) -> Problem:
    line = getattr(error, "line", None)
    fault = FieldError(field=getattr(error, "field", None) or "document", message=str(error), line=line)
    return Problem(
        400,
        "bad-mapping",
        "The mapping document can't be used",
        str(error),
        hint="Nothing was changed. Correct the line and apply the document again.",
        errors=[fault],
    )


def _shipped(mapping: Mapping) -> StoredMapping:
    return StoredMapping(
        scope=mapping.scope,
        record_type=mapping.record_type,
        version=0,
        origin="shipped",
        entity_types=mapping.entity_types,
        fields=tuple(field.name for field in mapping.fields),
        author=None,
        applied_at=None,
        text=mapping.text,
    )


def _applied(document: Document) -> StoredMapping:
    return StoredMapping(
        scope=document["scope"],
        record_type=document["record_type"],
        version=document["version"],
        origin="applied",
        entity_types=tuple(document["entity_types"]),
        fields=tuple(document["fields"]),
        author=document["author"],
        applied_at=document["applied_at"],
        text=document["text"],
    )
