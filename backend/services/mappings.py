"""Mapping documents: the shipped ones, and those people applied. MongoDB keeps the text to edit, the lake a copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from backend.context import Context
from backend.errors import FieldError, Problem, not_found
from backend.services.settings import SettingsService
from backend.stores.mongo import Document
from salescommand_lake.fold import AppliedMapping, MappingVersion, apply_mapping, mapping_history, remove_mapping
from salescommand_lake.fold.preview import MappingPreview, preview_mapping
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
        self._settings = SettingsService(context)

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

    async def preview(self, text: str, limit: int) -> MappingPreview:
        """Say what a document would change among the records that changed last; nothing is written.

        Raises:
            Problem: 400 that names line and field when the document can't be used.
        """
        currency = await self._settings.reporting_currency()
        try:
            return await preview_mapping(self._engine, text, limit=limit, currency=currency)
        except MappingError as error:
            raise _refused(error) from error

    async def history(self, scope: str, record_type: str) -> list[MappingVersion]:
        """Return every version that was applied for a scope and a record type, newest first.

        Raises:
            Problem: 404 when there has never been one, shipped ones included.
        """
        found = await mapping_history(self._engine, scope, record_type)
        if not found:
            await self.get(scope, record_type)
        return found

    async def roll_back(self, scope: str, record_type: str, version: int, author: str) -> AppliedMapping:
        """Apply the document of an earlier version again, as the newest; version 0 is the shipped one.

        Raises:
            Problem: 404 when there is no such version or it removed the document; 400 when it can't be used any more.
        """
        history = await self.history(scope, record_type)
        if version == 0:
            return await self.remove(scope, record_type, author)
        text = next((one.text for one in history if one.version == version), "")
        if not text:
            known = ", ".join(str(one.version) for one in history if one.text) or "none"
            hint = f"Versions with a document: {known}."
            raise not_found("version of the mapping", f"{scope}/{record_type}/{version}", hint=hint)
        return await self.apply(text, author)

    async def remove(self, scope: str, record_type: str, author: str) -> AppliedMapping:
        """Put an applied document out of force; the worker reads events again by the shipped one, or not at all.

        Raises:
            Problem: 404 when there is no such document, 409 when it is a shipped one that nothing replaces.
        """
        stored = await self.get(scope, record_type)
        if stored.origin == "shipped":
            raise Problem(
                409,
                "shipped-mapping",
                "The mapping is shipped",
                f"{scope}/{record_type} comes with the program and can't be removed.",
                hint="Apply a document of your own for the same scope and record type to replace it.",
            )
        removed = await remove_mapping(self._engine, scope, record_type, author=author)
        await self._mongo.mappings.delete({"_id": f"{scope}/{record_type}"})
        return removed

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
