"""Metrics whose rows are stage visits, activities, invoices and quotas."""

from __future__ import annotations

from salescommand_lake.metrics.deals import DEAL_DIMENSIONS
from salescommand_lake.metrics.definition import PERIODS, Formula, Metric
from salescommand_lake.reads.question import Filter

__all__ = ["WORK_METRICS"]

_STAGED = (
    *(name for name in DEAL_DIMENSIONS if name not in {"forecast_category", *PERIODS}),
    "probability_band",
    *PERIODS,
)
_BILL = ("status", "source", "currency", "account", "ageing", *PERIODS)
_ACTIVITY = ("type", "vendor_type", "owner", "team", "manager", "source", "account", *PERIODS)
_QUOTA = ("owner", "team", "manager", "source", "currency", *PERIODS)
_OVER = (Filter("status", "eq", ("won", "lost")), Filter("probability", "empty", ("false",)))
_TO_PAY = (Filter("outstanding", "empty", ("false",)), Filter("outstanding", "ne", ("0",)))


def _visits(
    slug: str,
    label: str,
    meaning: str,
    formula: str,
    kind: Formula,
    *,
    where: tuple[Filter, ...] = (),
    measure: str = "days",
    passes: Filter | None = None,
) -> Metric:
    unit = "fraction" if passes or measure == "probability" else "days"
    return Metric(
        slug=slug,
        label=label,
        meaning=meaning,
        formula=formula,
        unit=unit,
        noun_name="stage_visit",
        grain="deal in a stage",
        kind=kind,
        where=where,
        date_field="entered_at",
        dimensions=_STAGED,
        measure=measure,
        passes=passes,
    )


def _bills(slug: str, label: str, meaning: str, formula: str, kind: Formula, **more: object) -> Metric:
    unit = "count" if kind is Formula.COUNT else "currency"
    return Metric(
        slug=slug,
        label=label,
        meaning=meaning,
        formula=formula,
        unit=unit,
        noun_name="invoice",
        grain="invoice",
        kind=kind,
        dimensions=_BILL,
        owner="Finance",
        **more,  # type: ignore[arg-type]
    )


_OVERDUE = (*_TO_PAY, Filter("days_overdue", "gt", ("0",)))

WORK_METRICS = (
    _visits(
        "stage-conversion",
        "Stage conversion",
        "Of the deals that entered a stage, the share that went on to a likelier one or was won. By stage it is a"
        " funnel; from and to mean the day of entry.",
        "Deals that went on ÷ deals that entered the stage",
        Formula.SHARE,
        passes=Filter("went_on", "eq", ("true",)),
    ),
    _visits(
        "stage-win-rate",
        "Stage win rate",
        "Of the closed deals that were once in a stage, the share that was won.",
        "Won deals that were in the stage ÷ closed deals that were in the stage",
        Formula.SHARE,
        where=(Filter("status", "eq", ("won", "lost")),),
        passes=Filter("status", "eq", ("won",)),
    ),
    _visits(
        "time-in-stage",
        "Time in stage",
        "How long deals stay in a stage, on average; those that are still there count up to now.",
        "Mean of the days that a deal was in the stage",
        Formula.MEAN,
    ),
    _visits(
        "time-in-stage-median",
        "Median time in stage",
        "How long the deal in the middle stays in a stage.",
        "Median of the days that a deal was in the stage",
        Formula.MEDIAN,
    ),
    _visits(
        "stated-probability",
        "Stated probability",
        "How likely closed deals were said to be won when they entered a stage, on average.",
        "Mean of the probability on entry over closed deals",
        Formula.MEAN,
        where=_OVER,
        measure="probability",
    ),
    _visits(
        "outcome-rate",
        "Outcome of stated probabilities",
        "Of the closed deals that had a stated probability when they entered a stage, the share that was won.",
        "Won deals ÷ closed deals, of those with a probability on entry",
        Formula.SHARE,
        where=_OVER,
        passes=Filter("status", "eq", ("won",)),
    ),
    Metric(
        slug="activity-count",
        label="Activities",
        meaning="How many calls, meetings, messages and tasks there were, done or due.",
        formula="Count of activities",
        unit="count",
        noun_name="activity",
        grain="activity",
        kind=Formula.COUNT,
        date_field="happened_at",
        dimensions=_ACTIVITY,
        owner="Sales leadership",
    ),
    _bills(
        "invoiced",
        "Invoiced",
        "What was billed, by the day of issue. Drafts and void invoices are left out.",
        "Sum of the amounts due over invoices that are neither draft nor void",
        Formula.SUM,
        where=(Filter("status", "ne", ("draft", "void")),),
        date_field="issued_at",
    ),
    _bills(
        "receivables",
        "Receivables",
        "What is still to be paid, due or not. From and to mean the due date.",
        "Sum of the amounts due less those paid over invoices that are sent and neither paid, void nor given up",
        Formula.SUM,
        where=_TO_PAY,
        date_field="due_date",
        measure="outstanding_value",
    ),
    _bills(
        "overdue",
        "Overdue",
        "What was to be paid by a day that has passed. By ageing it shows for how long.",
        "Sum of the amounts outstanding over invoices whose due date has passed",
        Formula.SUM,
        where=_OVERDUE,
        date_field="due_date",
        measure="outstanding_value",
    ),
    _bills(
        "overdue-count",
        "Overdue invoices",
        "How many invoices were to be paid by a day that has passed.",
        "Count of invoices with an amount outstanding whose due date has passed",
        Formula.COUNT,
        where=_OVERDUE,
        date_field="due_date",
    ),
    Metric(
        slug="quota",
        label="Quota",
        meaning="What is to be sold in the periods that begin between from and to. A team's or the company's own quota"
        " is left out where those below have quotas for the time, so that nothing counts twice.",
        formula="Sum of the amounts of quotas that no others cover",
        unit="currency",
        noun_name="quota",
        grain="quota",
        kind=Formula.SUM,
        where=(Filter("covered", "eq", ("false",)),),
        date_field="period_start",
        dimensions=_QUOTA,
        owner="Sales leadership",
    ),
)
