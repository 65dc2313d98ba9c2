"""Mapping documents: how payloads become fields."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, RootModel

from backend.auth.principal import Permission, Principal
from backend.errors import FieldError, Problem
from backend.routes.deps import Ctx, require
from backend.services.mappings import MappingService

__all__ = ["router"]

router = APIRouter(prefix="/api/mappings", tags=["mappings"])
MAX_BYTES = 256 * 1024
Manager = Annotated[Principal, Depends(require(Permission.MANAGE_MAPPINGS))]
EXAMPLE = """source: maven_crm
record_type: opportunity
entity_types: [opportunity]
fields:
  name: {path: $.account}
  amount: {path: $.close_value}
  currency: {value: USD}
"""


class MappingItem(BaseModel):
    """One mapping document in force. Version 0 is the shipped one."""

    model_config = ConfigDict(from_attributes=True)

    scope: str = Field(examples=["source:maven_crm"])
    record_type: str = Field(examples=["opportunity"])
    version: int
    origin: str = Field(description="`shipped` or `applied`")
    entity_types: list[str]
    fields: list[str]
    author: str | None
    applied_at: datetime | None


class MappingDocument(MappingItem):
    """The same with its text."""

    text: str


class MappingList(BaseModel):
    """The mapping documents in force, by scope and record type."""

    items: list[MappingItem]


class MappingVersionItem(BaseModel):
    """One version of a document. The text is empty where it was removed."""

    version: int
    author: str
    applied_at: datetime
    removed: bool
    in_force: bool
    text: str


class VersionList(BaseModel):
    """The versions of a document, newest first; none for a shipped one that was never replaced."""

    items: list[MappingVersionItem]


class Rollback(BaseModel):
    """The version to go back to."""

    version: int = Field(ge=0, le=2**32 - 1, examples=[3])


class FieldDifference(RootModel[tuple[str | int | bool | None, str | int | bool | None]]):
    """A value before and after."""


class RecordDifference(BaseModel):
    """A record that would be added, removed or changed, with the fields that differ as [before, after]."""

    canonical_id: str
    source: str
    source_id: str
    title: str
    change: str = Field(examples=["changed"])
    fields: dict[str, FieldDifference]


class Unreadable(BaseModel):
    """What the document could not read, how often, and one value; an empty field means the whole event."""

    field: str
    reason: str
    events: int
    example: str


class NumberDifference(BaseModel):
    """A number of the whole lake, now and with the records as they would be."""

    metric: str = Field(examples=["open-pipeline"])
    unit: str
    before: str | int | None
    after: str | int | None


class Preview(BaseModel):
    """What a document would change. `records` of `total` were looked at, those of the newest events."""

    scope: str
    record_type: str
    records: int
    total: int
    added: int
    removed: int
    changed: int
    fields: dict[str, int] = Field(description="Records whose value would differ, by field")
    errors: list[Unreadable]
    examples: list[RecordDifference]
    numbers: list[NumberDifference]


class Applied(BaseModel):
    """What applying did; `changed` is false when the same document was in force already."""

    model_config = ConfigDict(from_attributes=True)

    scope: str = Field(examples=["source:maven_crm"])
    record_type: str = Field(examples=["opportunity"])
    version: int
    changed: bool


@router.get("", summary="Mapping documents in force")
async def list_mappings(context: Ctx) -> MappingList:
    """Return the documents in force, without their texts."""
    return MappingList(items=[MappingItem.model_validate(item) for item in await MappingService(context).all()])


@router.put(
    "",
    summary="Apply a mapping document",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"text/yaml": {"schema": {"type": "string"}, "example": EXAMPLE}},
        }
    },
)
async def apply(request: Request, context: Ctx, principal: Manager) -> Applied:
    """Add or replace the mapping of a scope and a record type. Events that are there already are read again by it."""
    applied = await MappingService(context).apply(await _text(request), principal.email or principal.name)
    return Applied.model_validate(applied)


@router.post(
    "/preview",
    summary="What a mapping document would change",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"text/yaml": {"schema": {"type": "string"}, "example": EXAMPLE}},
        }
    },
)
async def preview(
    request: Request,
    context: Ctx,
    principal: Manager,
    limit: Annotated[int, Query(ge=1, le=100_000, description="How many records to look at, the newest first")] = 500,
) -> Preview:
    """Read real events by a document and compare records and numbers, before it is applied. Nothing is written."""
    del principal
    found = await MappingService(context).preview(await _text(request), limit)
    return Preview.model_validate(asdict(found))


@router.get("/{scope}/{record_type}/history", summary="Versions of a mapping document")
async def history(scope: str, record_type: str, context: Ctx) -> VersionList:
    """Return every version that was applied, newest first, each with its text, its author and its time."""
    found = await MappingService(context).history(scope, record_type)
    return VersionList(
        items=[
            MappingVersionItem(
                version=one.version,
                author=one.author,
                applied_at=one.applied_at,
                removed=not one.text,
                in_force=number == 0 and bool(one.text),
                text=one.text,
            )
            for number, one in enumerate(found)
        ]
    )


@router.post("/{scope}/{record_type}/rollback", summary="Go back to a version of a mapping document")
async def roll_back(scope: str, record_type: str, body: Rollback, context: Ctx, principal: Manager) -> Applied:
    """Apply an earlier version again, as the newest one; 0 is the shipped one. Earlier events are read again by it."""
    author = principal.email or principal.name
    return Applied.model_validate(await MappingService(context).roll_back(scope, record_type, body.version, author))


@router.delete("/{scope}/{record_type}", summary="Remove a mapping document")
async def remove(scope: str, record_type: str, context: Ctx, principal: Manager) -> Applied:
    """Put an applied document out of force. Its events are read by the shipped one again, or ignored."""
    author = principal.email or principal.name
    return Applied.model_validate(await MappingService(context).remove(scope, record_type, author))


@router.get("/{scope}/{record_type}", summary="One mapping document")
async def get_mapping(scope: str, record_type: str, context: Ctx) -> MappingDocument:
    """Return the document in force for a scope (`kind:hubspot`, `source:crm`) and a record type, with its text."""
    return MappingDocument.model_validate(await MappingService(context).get(scope, record_type))


async def _text(request: Request) -> str:
    """Read the document, but not more of it than a mapping ever needs."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Problem(413, "too-large", "The document is too large", f"A mapping has at most {MAX_BYTES} bytes.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8"
        fault = FieldError(field="document", message=message)
        raise Problem(400, "bad-mapping", "The mapping document can't be read", message, errors=[fault]) from None
