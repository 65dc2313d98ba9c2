"""Work on values and events that could not be read. The list itself is among the records' routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.auth.principal import Permission, Principal
from backend.routes.deps import Ctx, require, sees_all
from backend.routes.queries import LIMIT, TEXT, documented, filters, pairs, parameter
from backend.services.quarantine import QuarantineService

__all__ = ["router"]

router = APIRouter(prefix="/api/quarantine", tags=["quarantine"], dependencies=[Depends(sees_all)])
Worker = Annotated[Principal, Depends(require(Permission.MANAGE_QUARANTINE))]
WHICH = documented(filters({"source": "hubspot", "reason": "not a number"}))


class Why(BaseModel):
    """A reason, for the log."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=1000)


class Correction(Why):
    """A corrected copy of an event's body."""

    body: str = Field(max_length=16 * 1024 * 1024, description="The whole body as text", examples=['{"id": 7}'])


class UndoAction(Why):
    """Which action to take back."""

    action: str = Field(max_length=64, examples=["qua_5f0c2a9e1b7d4c33a1b2"])


class ActionOut(BaseModel):
    """What was done, as it is in the log."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(validation_alias="action_id")
    action: str = Field(description="ignore, replay, correct or undo")
    target: str = Field(description="The filters of a group, or an event")
    reason: str
    actor: str
    at: datetime = Field(validation_alias="done_at")
    before: dict[str, Any]
    after: dict[str, Any]


class LoggedAction(BaseModel):
    """An entry of the log."""

    id: str
    action: str
    target: str
    reason: str
    actor: str
    at: str
    before: dict[str, Any]
    after: dict[str, Any]
    undoes: str | None
    undone: bool


class ActionList(BaseModel):
    """The log, the newest first."""

    items: list[LoggedAction]


@router.post("/ignore", summary="Take entries out of the queue", openapi_extra=WHICH)
async def ignore(body: Why, request: Request, context: Ctx, principal: Worker) -> ActionOut:
    """Take the open entries that the filters name out of the queue, for a reason. They count as ignored."""
    return ActionOut.model_validate(await QuarantineService(context).ignore(pairs(request), body.reason, principal))


@router.post("/replay", status_code=202, summary="Read events again", openapi_extra=WHICH)
async def replay(body: Why, request: Request, context: Ctx, principal: Worker) -> ActionOut:
    """Have the worker read again the events of the open entries that the filters name, by the mapping in force."""
    return ActionOut.model_validate(await QuarantineService(context).replay(pairs(request), body.reason, principal))


@router.post("/events/{event_id}/correct", status_code=202, summary="Correct an event")
async def correct(event_id: str, body: Correction, context: Ctx, principal: Worker) -> ActionOut:
    """Post a corrected copy that stands in for an event in its record. The event's own bytes stay as they came."""
    made = await QuarantineService(context).correct(event_id, body.body, body.reason, principal)
    return ActionOut.model_validate(made)


@router.post("/undo", status_code=202, summary="Take an action back")
async def undo(body: UndoAction, context: Ctx, principal: Worker) -> ActionOut:
    """Open ignored entries again, or let the original of a corrected event count again."""
    return ActionOut.model_validate(await QuarantineService(context).undo(body.action, body.reason, principal))


@router.get(
    "/actions",
    summary="What was done about the quarantine",
    openapi_extra=documented(LIMIT, parameter("before", "`id` of the last action of the page before", TEXT)),
)
async def actions(request: Request, context: Ctx) -> ActionList:
    """Return who did what, when and why, with what was there before and after."""
    return ActionList.model_validate({"items": await QuarantineService(context).actions(pairs(request))})
