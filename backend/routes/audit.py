"""The audit log, for admins."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from backend.auditing import ACTIONS
from backend.auth.principal import Permission
from backend.routes.deps import Ctx, require
from backend.services.audit import AuditService, Wanted

__all__ = ["router"]

may_read = Depends(require(Permission.READ_AUDIT))
router = APIRouter(prefix="/api/audit", tags=["people and tokens"], dependencies=[may_read])
Word = Annotated[str | None, Field(max_length=300)]


class Question(BaseModel):
    """Which entries to list."""

    model_config = ConfigDict(extra="forbid")

    who: Word = Field(default=None, description="Id, address or name", examples=["ada@example.com"])
    action: Word = Field(default=None, description="As `/api/audit/actions` lists them", examples=["change user"])
    object: Word = Field(default=None, description="Noun, id, address, name or source", examples=["user"])
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: int = Field(default=50, ge=1, le=500)
    cursor: Word = Field(default=None, description="`next_cursor` of the page before")


class AuditWho(BaseModel):
    """Who asked, as they were then."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["usr_5f0c2a9e1b7d4c33"])
    name: str = Field(description="Address of a person, name of a token", examples=["ada@example.com"])
    role: str
    token: str = Field(description="The token of their own that they used; empty without", examples=[""])
    via: str = Field(description="session, token, or control for the command line on the machine itself")


class AuditChange(BaseModel):
    """One thing, before and after. A secret shows only that there is one, or another one."""

    model_config = ConfigDict(from_attributes=True)

    noun: str = Field(examples=["user"])
    id: str = Field(examples=["usr_5f0c2a9e1b7d4c33"])
    before: dict[str, Any] | None = Field(description="null: it was not there, or is kept elsewhere")
    after: dict[str, Any] | None = Field(description="null: it is gone")


class AuditEntry(BaseModel):
    """One request and what it changed."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["aud_019ad7a0c1d25f0c2a9e1b7d"])
    at: AwareDatetime
    who: AuditWho
    action: str = Field(examples=["change user"])
    method: str
    path: str
    request_id: str
    outcome: Literal["started", "done", "failed"] = Field(
        description="started: it runs, or its process ended before it could say more"
    )
    status: int | None
    changes: list[AuditChange]
    left_out: int = Field(description="Changes beyond those that are listed")


class AuditPage(BaseModel):
    """A page, the newest first."""

    items: list[AuditEntry]
    next_cursor: str | None


class AuditActions(BaseModel):
    """What can be asked for as `action`."""

    items: list[str]


@router.get("", summary="Who changed what")
async def list_entries(context: Ctx, asked: Annotated[Question, Query()]) -> AuditPage:
    """Return what people and programs changed, with what was there before and after."""
    wanted = Wanted(asked.who, asked.action, asked.object, asked.since, asked.until)
    found, following = await AuditService(context.mongo).list(wanted, asked.limit, asked.cursor)
    return AuditPage(items=[AuditEntry.model_validate(one) for one in found], next_cursor=following)


@router.get("/actions", summary="What can be done that is kept")
async def list_actions() -> AuditActions:
    """Return the words for what people and programs change."""
    return AuditActions(items=sorted(ACTIONS.values()))
