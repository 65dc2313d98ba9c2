"""Mapping documents: how payloads become fields."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

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
