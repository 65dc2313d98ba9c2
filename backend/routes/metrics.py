"""The numbers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from backend.routes.deps import Ctx, Scoped
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
    known_tags,
    pairs,
    parameter,
    tagged,
)
from backend.services.metrics import MetricService

__all__ = ["router"]

router = APIRouter(prefix="/api/metrics", tags=["numbers"])
DRILL = "/api/records/opportunity?filter[status]=won&filter[close_date][gte]=2026-01-01"


class MetricDefinition(BaseModel):
    """What a number means."""

    model_config = ConfigDict(from_attributes=True)

    slug: str = Field(examples=["won-value"])
    label: str = Field(examples=["Won value"])
    meaning: str
    formula: str = Field(description="In words")
    unit: str = Field(description="`currency`, `count`, `fraction`, `days` or `ratio`")
    grain: str = Field(description="What one row behind the number is", examples=["deal"])
    record_type: str = Field(validation_alias="noun_name", description="Where its rows are listed")
    parts: list[str] = Field(description="The metrics that it is made of, if it is composed")
    date_field: str | None = Field(description="The date that `from` and `to` mean", examples=["close_date"])
    dimensions: list[str] = Field(description="What `by` takes", examples=[["stage", "owner", "month"]])
    owner: str = Field(description="Who decides about the definition")


class MetricList(BaseModel):
    """The registry."""

    items: list[MetricDefinition]


class MetricPart(BaseModel):
    """One of the numbers that a composed metric is made of."""

    metric: str = Field(examples=["quota"])
    value: str | int | None
    unit: str
    rows: int
    drill: str


class Number(BaseModel):
    """A number with what it is made of and where its records are."""

    value: str | int | None = Field(
        description="Amounts and fractions are decimal strings, counts integers", examples=["10005534.00"]
    )
    rows: int = Field(description="Records behind the number", examples=[4238])
    unpriced: int = Field(description="Records left out: no amount, currency or rate, or nothing to measure")
    unpriced_currencies: list[str] = Field(description="The currencies among them", examples=[["CHF"]])
    drill: str = Field(description="Exactly those records; its `total` equals `rows`", examples=[DRILL])
    numerator: str | None = Field(description="Of a rate, mean or quotient")
    denominator: str | None
    numerator_drill: str | None = Field(description="The records that count in the numerator of a share")
    parts: list[MetricPart] = Field(description="Of a composed metric; `rows` and `drill` are those of the first")


class MetricGroup(Number):
    """The metric for one combination of dimension values."""

    key: dict[str, str | None] = Field(examples=[{"stage": "Proposal"}])


class MetricAnswer(Number):
    """A number and everything that it takes to check it."""

    metric: str = Field(examples=["won-value"])
    label: str
    meaning: str
    formula: str
    unit: str = Field(examples=["currency"])
    currency: str | None = Field(examples=["USD"])
    filters: dict[str, Any]
    as_of: str | None
    known_at: str | None
    data_as_of: dict[str, str | None] = Field(
        description="Per source: everything accepted up to then is in the number",
        examples=[{"hubspot": "2026-11-23T08:00:00.123456Z"}],
    )
    groups: list[MetricGroup]


class BridgeBar(BaseModel):
    """One bar: an amount, how many deals it is made of, and where they are listed."""

    value: str = Field(examples=["-1200.00"])
    rows: int
    drill: str


class Movement(BridgeBar):
    """A bar between opening and closing, or a movement of dates beside them."""

    movement: str = Field(examples=["grew"])
    meaning: str


class BridgeBars(BaseModel):
    """Opening plus the movements is closing. Dates pushed and pulled change no amount."""

    opening: BridgeBar
    movements: list[Movement]
    closing: BridgeBar
    dates: list[Movement]


class BridgeGroup(BridgeBars):
    """The bars of one group."""

    key: dict[str, str | None]


class BridgeAnswer(BridgeBars):
    """How the open pipeline of one moment became that of another."""

    model_config = ConfigDict(populate_by_name=True)

    start: str = Field(alias="from")
    end: str = Field(alias="to")
    known_from: str | None
    known_at: str | None
    currency: str
    filters: dict[str, str]
    data_as_of: dict[str, str | None]
    unpriced: int = Field(description="Deals of opening or closing without a price; they count as nothing")
    unpriced_currencies: list[str]
    groups: list[BridgeGroup]


class BridgeEnd(BaseModel):
    """A deal at one end; null where it was not in the pipeline."""

    value: str | None
    stage: str | None
    close_date: str | None


class BridgeDeal(BaseModel):
    """A deal and by how much it changed the pipeline."""

    canonical_id: str
    type: str
    title: str
    movement: str
    change: str
    opening: BridgeEnd | None
    closing: BridgeEnd | None
    status: str | None


class BridgeDeals(BaseModel):
    """A page of the deals of one bar."""

    items: list[BridgeDeal]
    next_cursor: str | None
    total: int


BETWEEN = (
    parameter("from", "The first moment: a day (its end, UTC) or a time", TEXT, "2026-01-31", required=True),
    parameter("to", "The second moment", TEXT, "2026-02-28", required=True),
)
BRIDGE_MORE = (
    parameter("by", "Group by a dimension; repeatable", {"type": "array", "items": TEXT}, ["owner"]),
    parameter("known_from", "What had been received by then counts in the opening; the rest is restated", TEXT),
    KNOWN_AT,
    CURRENCY,
)


@router.get("", summary="The metrics and what they mean")
async def list_metrics(context: Ctx) -> MetricList:
    """Return the registry of metrics."""
    return MetricList(items=[MetricDefinition.model_validate(metric) for metric in MetricService(context).all()])


@router.get(
    "/bridge",
    response_model=BridgeAnswer,
    summary="From one day's open pipeline to another's",
    openapi_extra=documented(*BETWEEN, *BRIDGE_MORE, FILTER),
    responses=NOT_MODIFIED,
)
async def bridge(request: Request, response: Response, context: Ctx, scope: Scoped) -> Any:
    """Return the movements between two days. Opening plus the movements is closing, in total and by group."""
    answer = await MetricService(context, scope).bridge(pairs(request), known_tags(request))
    return tagged(answer, response)


@router.get(
    "/bridge/deals",
    summary="The deals of one bar of the bridge",
    openapi_extra=documented(
        parameter("movement", "Which bar, dates pushed and pulled too", TEXT, "grew", required=True),
        parameter("key", "The group, one value for each `by`", {"type": "array", "items": TEXT}),
        LIMIT,
        CURSOR,
        *BETWEEN,
        *BRIDGE_MORE,
        FILTER,
    ),
)
async def bridge_deals(request: Request, context: Ctx, scope: Scoped) -> BridgeDeals:
    """Return deals with what they were at both ends, the largest change first. Their changes add up to the bar."""
    return BridgeDeals.model_validate(await MetricService(context, scope).bridge_deals(pairs(request)))


@router.get(
    "/{slug}",
    response_model=MetricAnswer,
    responses=NOT_MODIFIED,
    summary="One number",
    openapi_extra=documented(
        parameter("by", "Group by a dimension; repeatable", {"type": "array", "items": TEXT}, ["stage"]),
        parameter("from", "First day of the metric's date, inclusive", TEXT, "2026-01-01"),
        parameter("to", "Last day of the metric's date, inclusive", TEXT, "2026-03-31"),
        AS_OF,
        KNOWN_AT,
        CURRENCY,
        FILTER,
        FORMAT,
    ),
)
async def metric(slug: str, request: Request, response: Response, context: Ctx, scope: Scoped) -> Any:
    """Compute a metric. `drill` names the records behind it; the formula over them gives the value again."""
    given, service = [pair for pair in pairs(request) if pair[0] != "format"], MetricService(context, scope)
    if file := await as_file(request, slug, lambda fmt: service.export(slug, given, fmt)):
        return file
    answer = await service.compute(slug, given, known_tags(request))
    return tagged(answer, response)
