"""The numbers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.routes.deps import Ctx
from backend.routes.queries import AS_OF, CURRENCY, FILTER, KNOWN_AT, TEXT, documented, pairs, parameter
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


@router.get("", summary="The metrics and what they mean")
async def list_metrics(context: Ctx) -> MetricList:
    """Return the registry of metrics."""
    return MetricList(items=[MetricDefinition.model_validate(metric) for metric in MetricService(context).all()])


@router.get(
    "/{slug}",
    summary="One number",
    openapi_extra=documented(
        parameter("by", "Group by a dimension; repeatable", {"type": "array", "items": TEXT}, ["stage"]),
        parameter("from", "First day of the metric's date, inclusive", TEXT, "2026-01-01"),
        parameter("to", "Last day of the metric's date, inclusive", TEXT, "2026-03-31"),
        AS_OF,
        KNOWN_AT,
        CURRENCY,
        FILTER,
    ),
)
async def metric(slug: str, request: Request, context: Ctx) -> MetricAnswer:
    """Compute a metric. `drill` names the records behind it; the formula over them gives the value again."""
    result = await MetricService(context).compute(slug, pairs(request))
    return MetricAnswer.model_validate(result.as_dict())
