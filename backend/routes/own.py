"""What is a person's own: the sessions in which they are signed in, and their tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from backend.auth.principal import Principal, Rights, Role
from backend.auth.sessions import COOKIE
from backend.routes.deps import Ctx, in_person
from backend.services.sessions import SessionService
from backend.services.tokens import NewToken, TokenService

__all__ = ["SessionList", "SessionOut", "TokenList", "TokenOut", "router"]

router = APIRouter(prefix="/api/auth", tags=["sign-in"])
Person = Annotated[Principal, Depends(in_person)]


class SessionOut(BaseModel):
    """Where somebody is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["ses_5f0c2a9e1b7d4c33"])
    started_at: datetime
    last_used_at: datetime
    by_link: bool = Field(description="Whether a sign-in link opened it")
    place: str = Field(description="The address that the sign-in came from", examples=["192.0.2.7"])
    agent: str = Field(description="What the browser calls itself")
    current: bool = Field(description="The one that asks")


class SessionList(BaseModel):
    """Sessions that go on, the last used first."""

    items: list[SessionOut]


class TokenOut(BaseModel):
    """One API token without its secret. One of a person's own has an owner and does what they may, by its rights."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["tok_5f0c2a9e1b7d4c33"])
    name: str = Field(examples=["reporting"])
    role: Role
    ends_with: str = Field(examples=["x9Qf"])
    created_at: datetime
    created_by: str
    owner: str = Field(description="Whose own it is; empty for a program's")
    rights: Rights
    expires_at: datetime | None = Field(description="When it ends; null: when it is revoked")
    last_used_at: datetime | None = Field(description="To a minute")


class TokenList(BaseModel):
    """All tokens, the newest first."""

    items: list[TokenOut]


class NewOwnToken(BaseModel):
    """A token of one's own to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, examples=["my notebook"])
    rights: Rights = Field(default=Rights.READ, description="read, write (also work) or admin (all that an admin may)")
    expires_at: AwareDatetime = Field(description="When it ends by itself, within a year")


class OwnTokenWithSecret(BaseModel):
    """A new token; the secret is shown this once."""

    id: str
    token: str = Field(examples=["sc_pat_…"])
    rights: Rights
    expires_at: datetime


@router.get("/sessions", summary="Where I am signed in")
async def list_sessions(request: Request, context: Ctx, person: Person) -> SessionList:
    """Return the sessions of the signed-in person."""
    found = await SessionService(context).of(person.id, request.cookies[COOKIE])
    return SessionList(items=[SessionOut.model_validate(one) for one in found])


@router.delete("/sessions", status_code=204, summary="Sign out everywhere else")
async def end_other_sessions(request: Request, context: Ctx, person: Person) -> None:
    """End all sessions of the signed-in person but this one."""
    await SessionService(context).end_others(person.id, request.cookies[COOKIE])


@router.delete("/sessions/{id}", status_code=204, summary="End a session")
async def end_session(session_id: Annotated[str, Path(alias="id")], context: Ctx, person: Person) -> None:
    """End one of the signed-in person's sessions; its next request is refused."""
    await SessionService(context).end(person.id, session_id)


@router.get("/tokens", summary="My API tokens")
async def list_own_tokens(context: Ctx, person: Person) -> TokenList:
    """Return the signed-in person's own tokens, without their secrets."""
    return TokenList(items=[TokenOut.model_validate(one) for one in await TokenService(context).own(person.id)])


@router.post("/tokens", status_code=201, summary="Make an API token of my own")
async def create_own_token(body: NewOwnToken, context: Ctx, person: Person) -> OwnTokenWithSecret:
    """Make a token that does what its owner may do at that moment, or less of it. Its secret is in this answer only."""
    wanted = NewToken(body.name, body.rights, body.expires_at)
    token, secret = await TokenService(context).create_own(person, wanted)
    return OwnTokenWithSecret(id=token.id, token=secret, rights=token.rights, expires_at=body.expires_at)


@router.delete("/tokens/{id}", status_code=204, summary="Revoke an API token of mine")
async def delete_own_token(token_id: Annotated[str, Path(alias="id")], context: Ctx, person: Person) -> None:
    """Revoke one of the signed-in person's tokens; it stops working at once."""
    await TokenService(context).delete(token_id, person.id)
