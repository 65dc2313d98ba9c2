"""Records, single and in lists, and values that could not become one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from backend.routes.deps import Ctx, Scoped, sees_all
from backend.routes.files import FORMAT, as_file
from backend.routes.queries import (
    AS_OF,
    CURRENCY,
    CURSOR,
    FILTER,
    KNOWN_AT,
    LIMIT,
    NOT_MODIFIED,
    TEXT,
    documented,
    filters,
    known_tags,
    pairs,
    parameter,
    tagged,
)
from backend.services.records import RecordService, record_types

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["records"])
Plain = str | int | float | bool | None


class FieldDefinition(BaseModel):
    """One field of a record type."""

    name: str = Field(examples=["amount"])
    type: str = Field(examples=["decimal"])
    label: str
    meaning: str
    unit: str | None
    values: list[str] = Field(description="What an enum may be")
    ref: str | None = Field(description="The type that a ref points to")


class RuleDefinition(BaseModel):
    """One rule of a type's quality score."""

    name: str
    weight: int
    meaning: str


class RecordType(BaseModel):
    """A kind of record."""

    type: str = Field(examples=["opportunity"])
    plural: str = Field(examples=["opportunities"])
    label: str
    meaning: str
    value: str | None = Field(description="The amount a record stands for, if it has one", examples=["amount"])
    fields: list[FieldDefinition]
    rules: list[RuleDefinition]


class RecordTypes(BaseModel):
    """All kinds of records."""

    items: list[RecordType]


class RecordItem(BaseModel):
    """A record in a list."""

    model_config = ConfigDict(extra="allow")

    canonical_id: str = Field(examples=["opp_5f0c2a9e1b7d4c33a1b2"])
    type: str = Field(examples=["opportunity"])
    source: str = Field(examples=["hubspot"])
    source_id: str
    title: str
    fields: dict[str, Plain]
    value: str | None = Field(default=None, description="Its amount in the reporting currency; null if unpriced")
    quality_score: float | None
    is_deleted: bool
    updated_at: str | None


class RecordPage(BaseModel):
    """A page of records. `total` counts all that match."""

    items: list[RecordItem]
    next_cursor: str | None
    total: int


class FieldWithSource(BaseModel):
    """A value and the event that gave it."""

    value: Plain
    label: str
    unit: str | None
    source: str
    event_id: str | None
    source_time: str | None
    received_at: str | None
    event_expired: bool = Field(default=False, description="Its bytes are no longer kept; what it set is")


class RuleOutcome(BaseModel):
    """A rule of the quality score and whether the record passes it."""

    name: str
    weight: float
    passed: bool
    meaning: str


class Quality(BaseModel):
    """The score, 0 to 1, and the rules that make it."""

    score: float
    rules: list[RuleOutcome]


class FromTo(BaseModel):
    """A field before and after an event."""

    model_config = ConfigDict(populate_by_name=True)

    before: Plain = Field(alias="from")
    after: Plain = Field(alias="to")


class HistoryEntry(BaseModel):
    """What one event changed."""

    event_id: str
    source: str
    source_time: str | None
    received_at: str
    operation: str
    changes: dict[str, FromTo]
    event_expired: bool = Field(default=False, description="Its bytes are no longer kept")


class Member(BaseModel):
    """A source's record that is one with others here, and why."""

    canonical_id: str
    source: str
    source_id: str
    title: str
    is_deleted: bool
    reasons: list[str] = Field(examples=[["same domain acme.com"]])
    since: str | None = Field(description="From when on it was known")


class RecordDetail(BaseModel):
    """One record: where each value comes from, its history (newest first) and its relations."""

    canonical_id: str
    type: str
    source: str
    source_id: str
    title: str
    is_deleted: bool
    merged_into: str | None = Field(
        default=None, description="The record that the one asked for is shown as, or that its source merged it into"
    )
    source_time: str | None
    fields: dict[str, FieldWithSource]
    quality: Quality
    history: list[HistoryEntry]
    related: dict[str, list[RecordItem]]
    members: list[Member] = Field(description="The sources' records that are one here, the survivor first")


class QuarantineItem(BaseModel):
    """A value that could not be read; an empty field means the whole event."""

    model_config = ConfigDict(extra="allow")

    event_id: str
    source: str
    record_type: str
    source_id: str
    field: str
    value: str | None
    reason: str
    at: str | None = None
    state: str = Field(description="open, ignored or corrected")
    action: str | None = Field(default=None, description="The action that ignored it")


class QuarantineGroup(BaseModel):
    """How many values were refused for one reason, with some of them."""

    source: str
    record_type: str
    field: str
    reason: str
    count: int
    samples: list[str]
    first_at: str
    last_at: str


class QuarantineAnswer(BaseModel):
    """A page of refused values, and how many there are by source, field and reason."""

    items: list[QuarantineItem]
    next_cursor: str | None
    total: int
    groups: list[QuarantineGroup]


@router.get("/records", summary="Kinds of records and their fields")
async def types() -> RecordTypes:
    """Return the canonical nouns with their fields, units and quality rules."""
    return RecordTypes.model_validate({"items": record_types()})


@router.get(
    "/records/{type}",
    response_model=RecordPage,
    responses=NOT_MODIFIED,
    summary="Records",
    openapi_extra=documented(
        FILTER,
        parameter("q", "Text that the name contains", TEXT),
        parameter("sort", "A field; a minus before it for the largest first", TEXT, "-amount"),
        LIMIT,
        CURSOR,
        AS_OF,
        KNOWN_AT,
        CURRENCY,
        parameter("fields", "Only these fields, with commas between them", TEXT, "name,amount"),
        FORMAT,
    ),
)
async def list_records(
    type: str,  # noqa: A002 - the path's own word
    request: Request,
    response: Response,
    context: Ctx,
    scope: Scoped,
) -> Any:
    """Return a page of records that match, or all of them as a file."""
    given, service = pairs(request), RecordService(context, scope)
    if file := await as_file(request, type, lambda fmt: service.export(type, given, fmt)):
        return file
    return tagged(await service.page(type, [one for one in given if one[0] != "format"], known_tags(request)), response)


@router.get(
    "/records/{type}/{canonical_id}",
    summary="One record",
    response_model=RecordDetail,
    responses={307: {"description": "The source merged it into the record that `Location` names"}},
    openapi_extra=documented(
        AS_OF, KNOWN_AT, parameter("follow", "`false` shows a merged record itself, not its survivor", TEXT, "false")
    ),
)
async def get_record(
    type: str,  # noqa: A002 - the path's own word
    canonical_id: str,
    request: Request,
    context: Ctx,
    scope: Scoped,
) -> RecordDetail | Response:
    """Return a record with the source, event and time of each field; one that was merged leads to its survivor."""
    given = pairs(request)
    follow = ("follow", "false") not in given
    given = [pair for pair in given if pair[0] != "follow"]
    service = RecordService(context, scope)
    record = await service.one(type, canonical_id, given)
    survivor = await service.survivor(record, given) if follow else None
    if survivor is not None:
        query = f"?{urlencode(given)}" if given else ""
        return RedirectResponse(f"{quote(survivor)}{query}")
    return RecordDetail.model_validate(record.as_dict())


@router.get(
    "/quarantine",
    dependencies=[Depends(sees_all)],
    summary="Values that could not be read",
    openapi_extra=documented(filters({"reason": "not a number"}), LIMIT, CURSOR),
)
async def quarantine(request: Request, context: Ctx) -> QuarantineAnswer:
    """Return refused values, newest first, the open ones unless `filter[state]` says otherwise."""
    page: Any = await RecordService(context).quarantine(pairs(request))
    return QuarantineAnswer.model_validate(page.as_dict())
