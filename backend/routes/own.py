"""What is a person's own: the sessions in which they are signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.auth.principal import Principal
from backend.auth.sessions import COOKIE
from backend.routes.deps import Ctx, in_person
from backend.services.sessions import SessionService

__all__ = ["SessionList", "SessionOut", "router"]

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
