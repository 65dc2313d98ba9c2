"""Who is who across sources: suggestions, merging and un-merging, and the log of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.auth.principal import Permission, Principal
from backend.routes.deps import Ctx, require, sees_all
from backend.routes.queries import CURSOR, LIMIT, TEXT, documented, pairs, parameter
from backend.services.identity import IdentityService

__all__ = ["router"]

router = APIRouter(prefix="/api/identity", tags=["identity"], dependencies=[Depends(sees_all)])
Decider = Annotated[Principal, Depends(require(Permission.DECIDE_IDENTITY))]
Plain = str | int | float | bool | None
TYPE = parameter("type", "account or contact", TEXT, "account")
RecordId = Annotated[str, Field(max_length=64, examples=["acc_5f0c2a9e1b7d4c33a1b2"])]


class SuggestedRecord(BaseModel):
    """One record of a pair."""

    canonical_id: str
    source: str
    source_id: str
    title: str


class Comparison(BaseModel):
    """What one comparison says, and its weight in bits: above 0 it speaks for the same, below against."""

    field: str = Field(examples=["domain"])
    words: str = Field(examples=["same domain acme.com"])
    weight: float


class Suggestion(BaseModel):
    """Two records that may be the same. `score` is how likely, 0 to 1."""

    type: str
    score: float
    records: list[SuggestedRecord]
    shown_as: list[str] = Field(description="The merged records that they belong to now")
    comparisons: list[Comparison]


class SuggestionPage(BaseModel):
    """Pairs that may be the same, the likeliest first."""

    items: list[Suggestion]
    next_cursor: str | None


class DecisionIn(BaseModel):
    """Which records, and why."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["account"])
    members: list[RecordId] = Field(min_length=1, max_length=100)
    reason: str = Field(default="", max_length=1000)


class UndoIn(BaseModel):
    """Which decision to take back, and why."""

    model_config = ConfigDict(extra="forbid")

    decision: str = Field(max_length=64, examples=["idd_5f0c2a9e1b7d4c33a1b2"])
    reason: str = Field(default="", max_length=1000)


class DecisionOut(BaseModel):
    """A decision as it is in the log. The records follow with the worker's next step."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(validation_alias="decision_id")
    type: str = Field(validation_alias="noun")
    action: str = Field(description="merge, unmerge, dismiss or undo")
    members: list[str]
    reason: str
    actor: str
    at: datetime = Field(validation_alias="decided_at")


class LogEntry(BaseModel):
    """One decision of people or vendors, or a link of the rules (`linked`, `unlinked`)."""

    id: str
    type: str
    action: str
    members: list[str]
    reason: str
    actor: str
    at: str
    undoes: str | None
    undone: bool
    applied: bool = Field(description="Whether the records have it")


class LogPage(BaseModel):
    """The log, the newest first."""

    items: list[LogEntry]
    next_cursor: str | None


class PreviewIn(BaseModel):
    """Records that would be one, group by group: one group for a merge, two to see a split."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["account"])
    groups: list[Annotated[list[RecordId], Field(min_length=1, max_length=100)]] = Field(min_length=1, max_length=10)


class PreviewField(BaseModel):
    """A value and the source that it would come from."""

    value: Plain
    source: str | None


class PreviewRecord(BaseModel):
    """A record as it would be."""

    canonical_id: str
    title: str
    is_deleted: bool
    members: list[str]
    fields: dict[str, PreviewField]


class Preview(BaseModel):
    """The records that the groups would make."""

    items: list[PreviewRecord]


class Trust(BaseModel):
    """The order in which sources are trusted for a field; `*` is all fields without an order of their own."""

    type: str = Field(examples=["account"])
    field: str = Field(examples=["name"])
    sources: list[Annotated[str, Field(max_length=64)]] = Field(max_length=100, examples=[["salesforce", "hubspot"]])


class TrustOut(Trust):
    """The same with who set it and when."""

    author: str
    at: str


class TrustList(BaseModel):
    """The orders in force. Where none is, the newest value counts."""

    items: list[TrustOut]


@router.get(
    "/suggestions",
    summary="Records that may be the same",
    openapi_extra=documented(
        TYPE, parameter("score", "How likely at least, 0 to 1", {"type": "number"}, 0.9), LIMIT, CURSOR
    ),
)
async def suggestions(request: Request, context: Ctx) -> SuggestionPage:
    """Return pairs of records that may be the same, each with what speaks for it and against it."""
    page = await IdentityService(context).suggestions(pairs(request))
    return SuggestionPage.model_validate(page.as_dict())


@router.post("/preview", summary="What a decision would make")
async def preview(body: PreviewIn, context: Ctx, _: Decider) -> Preview:
    """Return the merged records that groups of records would make. Nothing is changed."""
    return Preview.model_validate({"items": await IdentityService(context).preview(body.type, body.groups)})


@router.post("/merge", status_code=202, summary="Make records one")
async def merge(body: DecisionIn, context: Ctx, principal: Decider) -> DecisionOut:
    """Decide that records, with all whom they are one with, are one."""
    made = await IdentityService(context).decide("merge", body.type, body.members, body.reason, principal)
    return DecisionOut.model_validate(made)


@router.post("/unmerge", status_code=202, summary="Split records off")
async def unmerge(body: DecisionIn, context: Ctx, principal: Decider) -> DecisionOut:
    """Split members off from the merged record that they are in; together they become a record of their own.

    To take back exactly one merge, undo its decision instead.
    """
    made = await IdentityService(context).decide("unmerge", body.type, body.members, body.reason, principal)
    return DecisionOut.model_validate(made)


@router.post("/dismiss", status_code=202, summary="Tell two records apart")
async def dismiss(body: DecisionIn, context: Ctx, principal: Decider) -> DecisionOut:
    """Decide that two records are not the same: they are not suggested, and no rule makes them one."""
    made = await IdentityService(context).decide("dismiss", body.type, body.members, body.reason, principal)
    return DecisionOut.model_validate(made)


@router.post("/undo", status_code=202, summary="Take a decision back")
async def undo(body: UndoIn, context: Ctx, principal: Decider) -> DecisionOut:
    """Take a decision back: the records become what they would be without it."""
    return DecisionOut.model_validate(await IdentityService(context).undo(body.decision, body.reason, principal))


@router.get(
    "/log",
    summary="What was decided",
    openapi_extra=documented(TYPE, parameter("record", "Only about this record", TEXT), LIMIT, CURSOR),
)
async def log(request: Request, context: Ctx) -> LogPage:
    """Return what people, vendors and rules decided, with who, when and why."""
    page = await IdentityService(context).log(pairs(request))
    return LogPage.model_validate(page.as_dict())


@router.get("/trust", summary="Whose value counts")
async def trust(context: Ctx) -> TrustList:
    """Return the orders in which sources are trusted."""
    return TrustList.model_validate({"items": await IdentityService(context).trust()})


@router.put("/trust", status_code=204, summary="Set whose value counts")
async def set_trust(body: Trust, context: Ctx, principal: Decider) -> None:
    """Set the order of a field; an empty one takes it away. Merged records follow with the worker's next step."""
    await IdentityService(context).set_trust(body.type, body.field, body.sources, principal)
