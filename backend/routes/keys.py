"""Write keys of sources."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from backend.auth.principal import Permission, Principal
from backend.routes.deps import Ctx, require
from backend.services.keys import KeyService, NewKey

__all__ = ["Entity", "KeyOut", "Kind", "router"]

router = APIRouter(prefix="/api/sources/{source}/keys", tags=["sources"])
may_manage = Depends(require(Permission.MANAGE_SOURCES))
Manager = Annotated[Principal, may_manage]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$", examples=["hubspot"])]
Entity = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}$", examples=["deal"])]


class KeyOut(BaseModel):
    """One write key without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["key_5f0c2a9e1b7d4c33"])
    ends: str = Field(validation_alias="ends_with", description="Its last characters", examples=["x9Qf"])
    created_at: datetime
    created_by: str
    entities: list[str] = Field(description="The words that it may post; empty: any")
    expires_at: datetime | None = Field(description="When it ends; null: when it is revoked")
    last_used_at: datetime | None = Field(description="To half a minute, where it is used in other processes")
    temporary: bool = Field(description="Made by a program for one import; not one of the two")
    live: bool = Field(description="Whether it may post now")


class KeyList(BaseModel):
    """A source's keys, the newest first."""

    items: list[KeyOut]


class KeyWanted(BaseModel):
    """A key to make. `kind` sets the source's kind; a source that isn't there is made."""

    kind: Kind | None = None
    entities: list[Entity] = Field(default=[], max_length=100, description="The words that it may post; empty: any")
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends by itself")
    temporary: bool = Field(default=False, description="For one import: ends after a day, beside the two")


class KeyWithSecret(BaseModel):
    """A new write key; the secret is shown this once."""

    id: str
    key: str = Field(examples=["sc_wk_…"])
    source: str
    expires_at: datetime | None = None


class Rotation(BaseModel):
    """How long the old key goes on working."""

    grace_hours: float = Field(default=24.0, ge=0, le=24 * 90)


class Rotated(KeyWithSecret):
    """A new write key, and when the one that it replaces ends."""

    old_id: str
    old_expires_at: datetime


@router.get("", dependencies=[may_manage], summary="A source's write keys")
async def list_keys(source: str, context: Ctx) -> KeyList:
    """Return a source's keys, without their secrets."""
    return KeyList(items=[KeyOut.model_validate(key) for key in await KeyService(context).of(source)])


@router.post("", status_code=201, summary="Make a write key")
async def create_key(source: str, context: Ctx, principal: Manager, body: KeyWanted | None = None) -> KeyWithSecret:
    """Make a write key. Its secret is in this answer and nowhere else. A source has at most two that live."""
    wanted = body or KeyWanted()
    new = NewKey(wanted.kind, wanted.entities, wanted.expires_at, wanted.temporary)
    key, secret = await KeyService(context).create(source, new, principal.email or principal.name)
    return KeyWithSecret(id=key.id, key=secret, source=key.source, expires_at=key.expires_at)


@router.post("/{id}/rotate", status_code=201, summary="Replace a write key")
async def rotate_key(
    source: str,
    key_id: Annotated[str, Path(alias="id")],
    context: Ctx,
    principal: Manager,
    body: Rotation | None = None,
) -> Rotated:
    """Make a key that may do what the old one may; the old one ends after the time of grace."""
    grace = timedelta(hours=(body or Rotation()).grace_hours)
    by = principal.email or principal.name
    key, secret, old = await KeyService(context).rotate(source, key_id, grace, by)
    return Rotated(
        id=key.id,
        key=secret,
        source=source,
        expires_at=key.expires_at,
        old_id=old.id,
        old_expires_at=old.expires_at or old.created_at,
    )


@router.delete("/{id}", status_code=204, dependencies=[may_manage], summary="Revoke a write key")
async def delete_key(source: str, key_id: Annotated[str, Path(alias="id")], context: Ctx) -> None:
    """Revoke a write key. It stops working at once, in other processes within five seconds."""
    await KeyService(context).delete(source, key_id)
