"""Metrics whose rows are deals."""

from __future__ import annotations

from salescommand_lake.metrics.definition import PERIODS, Formula, Metric
from salescommand_lake.reads.question import Filter

__all__ = ["DEAL_DIMENSIONS", "DEAL_METRICS", "STALLED_AFTER"]

DEAL_DIMENSIONS = (
    *("stage", "status", "owner", "team", "manager", "source", "pipeline", "currency", "account", "product", "type"),
    *("segment", "region", "lead_source", "forecast_category", *PERIODS),
)
STALLED_AFTER = 30
"""Days without a change of stage and without an activity after which an open deal is stalled."""

_OPEN = (Filter("status", "eq", ("open",)),)
_WON = (Filter("status", "eq", ("won",)),)
_LOST = (Filter("status", "eq", ("lost",)),)
_CLOSED = (Filter("status", "eq", ("won", "lost")),)
_IS_WON = Filter("status", "eq", ("won",))
_STALLED = (*_OPEN, Filter("idle_days", "gte", (str(STALLED_AFTER),)))
_SLIPPED = (*_OPEN, Filter("slipped", "eq", ("true",)))
_UNITS = {Formula.COUNT: "count", Formula.SHARE: "fraction", Formula.VALUE_SHARE: "fraction"}


def _deals(
    slug: str,
    label: str,
    meaning: str,
    formula: str,
    kind: Formula,
    *,
    where: tuple[Filter, ...] = (),
    date_field: str = "close_date",
    beyond: str | None = None,
    measure: str = "value",
    passes: Filter | None = None,
    unit: str | None = None,
) -> Metric:
    return Metric(
        slug=slug,
        label=label,
        meaning=meaning,
        formula=formula,
        unit=unit or _UNITS.get(kind, "currency"),
        noun_name="opportunity",
        grain="deal",
        kind=kind,
        where=where,
        date_field=date_field,
        beyond=beyond,
        dimensions=DEAL_DIMENSIONS,
        measure=measure,
        passes=passes,
    )


_PIPELINE = (
    _deals(
        "open-pipeline",
        "Open pipeline",
        "What all open deals are worth. From and to mean the expected close date.",
        "Sum of value over open deals",
        Formula.SUM,
        where=_OPEN,
    ),
    _deals(
        "weighted-pipeline",
        "Weighted pipeline",
        "What all open deals are worth, each times how likely it is won.",
        "Sum of value times probability over open deals, each rounded to the currency's minor unit",
        Formula.SUM,
        where=_OPEN,
        measure="weighted_value",
    ),
    _deals(
        "commit",
        "Commit",
        "What the open deals are worth that their owners commit to.",
        "Sum of value over open deals in the forecast category commit",
        Formula.SUM,
        where=(*_OPEN, Filter("forecast_category", "eq", ("commit",))),
    ),
    _deals(
        "best-case",
        "Best case",
        "What the open deals are worth that are committed to or could close if all goes well.",
        "Sum of value over open deals in the forecast categories commit and best case",
        Formula.SUM,
        where=(*_OPEN, Filter("forecast_category", "eq", ("commit", "best_case"))),
    ),
    _deals("open-count", "Open deals", "How many deals are open.", "Count of open deals", Formula.COUNT, where=_OPEN),
    _deals(
        "deal-age",
        "Age of open deals",
        "How long ago the open deals were made, on average.",
        "Mean of the days since an open deal was made",
        Formula.MEAN,
        where=_OPEN,
        measure="age_days",
        unit="days",
    ),
    _deals(
        "stage-age",
        "Days in the current stage",
        "How long the open deals have been in the stage that they are in, on average.",
        "Mean of the days since an open deal came into its stage",
        Formula.MEAN,
        where=_OPEN,
        measure="days_in_stage",
        unit="days",
    ),
    _deals(
        "stalled-count",
        "Stalled deals",
        f"How many open deals have had no change of stage and no activity for {STALLED_AFTER} days or more.",
        f"Count of open deals that have been idle for {STALLED_AFTER} days or more",
        Formula.COUNT,
        where=_STALLED,
    ),
    _deals(
        "stalled-value",
        "Stalled value",
        f"What the open deals are worth that have been idle for {STALLED_AFTER} days or more.",
        f"Sum of value over open deals that have been idle for {STALLED_AFTER} days or more",
        Formula.SUM,
        where=_STALLED,
    ),
    _deals(
        "slipped-count",
        "Slipped deals",
        "How many open deals were first expected to close in the period and are now expected in a later month.",
        "Count of open deals whose close date is in a later month than first expected and after the last day asked for",
        Formula.COUNT,
        where=_SLIPPED,
        date_field="first_due",
        beyond="close_date",
    ),
    _deals(
        "slipped-value",
        "Slipped value",
        "What the open deals are worth that were first expected in the period and are now expected in a later month.",
        "Sum of value over open deals whose close date is in a later month than first expected and after the last day"
        " asked for",
        Formula.SUM,
        where=_SLIPPED,
        date_field="first_due",
        beyond="close_date",
    ),
)

_OUTCOMES = (
    _deals(
        "won-value",
        "Won value",
        "What the deals that were won are worth, by the day they closed.",
        "Sum of value over won deals",
        Formula.SUM,
        where=_WON,
    ),
    _deals("won-count", "Won deals", "How many deals were won.", "Count of won deals", Formula.COUNT, where=_WON),
    _deals(
        "lost-value",
        "Lost value",
        "What the deals that were lost would have been worth.",
        "Sum of value over lost deals",
        Formula.SUM,
        where=_LOST,
    ),
    _deals("lost-count", "Lost deals", "How many deals were lost.", "Count of lost deals", Formula.COUNT, where=_LOST),
    _deals(
        "win-rate",
        "Win rate",
        "Of the deals that closed, the share that was won.",
        "Won deals ÷ (won deals + lost deals)",
        Formula.SHARE,
        where=_CLOSED,
        passes=_IS_WON,
    ),
    _deals(
        "win-rate-value",
        "Win rate by value",
        "Of what the deals that closed are worth, the share that was won.",
        "Value of won deals ÷ value of won and lost deals",
        Formula.VALUE_SHARE,
        where=_CLOSED,
        passes=_IS_WON,
    ),
    _deals(
        "average-deal-size",
        "Average deal size",
        "What a won deal is worth on average.",
        "Sum of value over won deals ÷ won deals that have a value",
        Formula.MEAN,
        where=_WON,
    ),
    _deals(
        "cycle-length",
        "Cycle length",
        "How long it takes from the making of a deal to its close, on average.",
        "Mean of the days from making to close over won and lost deals",
        Formula.MEAN,
        where=_CLOSED,
        measure="cycle_days",
        unit="days",
    ),
    _deals(
        "cycle-length-median",
        "Median cycle length",
        "How long it takes from the making of a deal to its close, for the deal in the middle.",
        "Median of the days from making to close over won and lost deals",
        Formula.MEDIAN,
        where=_CLOSED,
        measure="cycle_days",
        unit="days",
    ),
    _deals(
        "won-cycle-length",
        "Cycle length of won deals",
        "How long it takes from the making of a deal to the day it is won, on average.",
        "Mean of the days from making to close over won deals",
        Formula.MEAN,
        where=_WON,
        measure="cycle_days",
        unit="days",
    ),
)

_MADE = (
    _deals(
        "opportunity-count",
        "Opportunities",
        "How many deals there are, open and closed. From and to mean the day they were made.",
        "Count of deals",
        Formula.COUNT,
        date_field="created_at",
    ),
    _deals(
        "created-value",
        "Created value",
        "What the deals that were made in the period are worth today.",
        "Sum of value over deals",
        Formula.SUM,
        date_field="created_at",
    ),
)

DEAL_METRICS = (*_PIPELINE, *_OUTCOMES, *_MADE)
