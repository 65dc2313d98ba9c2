"""Write keys of sources."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.auth.principal import Permission, Principal
from backend.routes.deps import Ctx, require
from backend.services.keys import KeyService

__all__ = ["KeyOut", "Kind", "router"]

router = APIRouter(prefix="/api/sources/{source}/keys", tags=["sources"])
may_manage = Depends(require(Permission.MANAGE_SOURCES))
Manager = Annotated[Principal, may_manage]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$", examples=["hubspot"])]


class KeyOut(BaseModel):
    """One write key without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["key_5f0c2a9e1b7d4c33"])
    ends: str = Field(validation_alias="ends_with", description="Its last characters", examples=["x9Qf"])
    created_at: datetime
    created_by: str


class KeyList(BaseModel):
    """A source's keys, the newest first."""

    items: list[KeyOut]


class NewKey(BaseModel):
    """A key to make. `kind` sets the source's kind; a source that isn't there is made."""

    kind: Kind | None = None


class KeyWithSecret(BaseModel):
    """A new write key; the secret is shown this once."""

    id: str
    key: str = Field(examples=["sc_wk_…"])
    source: str


@router.get("", dependencies=[may_manage], summary="A source's write keys")
async def list_keys(source: str, context: Ctx) -> KeyList:
    """Return a source's keys, without their secrets."""
    return KeyList(items=[KeyOut.model_validate(key) for key in await KeyService(context).of(source)])


@router.post("", status_code=201, summary="Make a write key")
async def create_key(source: str, context: Ctx, principal: Manager, body: NewKey | None = None) -> KeyWithSecret:
    """Make a write key. Its secret is in this answer and nowhere else."""
    kind = body.kind if body else None
    key, secret = await KeyService(context).create(source, kind, principal.email or principal.name)
    return KeyWithSecret(id=key.id, key=secret, source=key.source)


@router.delete("/{id}", status_code=204, dependencies=[may_manage], summary="Revoke a write key")
async def delete_key(source: str, key_id: Annotated[str, Path(alias="id")], context: Ctx) -> None:
    """Revoke a write key. It stops working at once, in other processes within five seconds."""
    await KeyService(context).delete(source, key_id)
