"""Metrics that are quotients of others."""

from __future__ import annotations

from decimal import Decimal

from salescommand_lake.metrics.definition import Formula, Metric, Numbers, Quotient

__all__ = ["COMPOSED_METRICS"]


def _all(numbers: Numbers, *slugs: str) -> list[Decimal] | None:
    """Return the numbers of some parts, None when one of them is undefined."""
    found = [numbers[slug] for slug in slugs]
    return [one for one in found if one is not None] if None not in found else None


def _attainment(numbers: Numbers) -> Quotient:
    return numbers["won-value"], numbers["quota"]


def _coverage(numbers: Numbers) -> Quotient:
    known = _all(numbers, "quota", "won-value")
    return numbers["open-pipeline"], max(known[0] - known[1], Decimal(0)) if known else None


def _velocity(numbers: Numbers) -> Quotient:
    known = _all(numbers, "open-count", "win-rate", "average-deal-size")
    return known[0] * known[1] * known[2] if known else None, numbers["won-cycle-length"]


def _gap(numbers: Numbers) -> Quotient:
    known = _all(numbers, "outcome-rate", "stated-probability")
    return known[0] - known[1] if known else None, Decimal(1)


COMPOSED_METRICS = (
    Metric(
        slug="quota-attainment",
        label="Quota attainment",
        meaning="How much of the quota was won. From and to mean the day a deal closed and the day a quota begins.",
        formula="Won value ÷ quota",
        unit="ratio",
        noun_name="opportunity",
        grain="deal",
        kind=Formula.COMPOSED,
        date_field="close_date",
        dimensions=("owner", "team", "manager", "source", "currency", "day", "week", "month", "quarter", "year"),
        parts=("won-value", "quota"),
        compose=_attainment,
        owner="Sales leadership",
    ),
    Metric(
        slug="coverage",
        label="Pipeline coverage",
        meaning="How many times the open pipeline covers what is still missing to the quota; undefined once it is"
        " reached.",
        formula="Open pipeline ÷ (quota less won value)",
        unit="ratio",
        noun_name="opportunity",
        grain="deal",
        kind=Formula.COMPOSED,
        date_field="close_date",
        dimensions=("owner", "team", "manager", "source", "currency", "day", "week", "month", "quarter", "year"),
        parts=("open-pipeline", "quota", "won-value"),
        compose=_coverage,
        owner="Sales leadership",
    ),
    Metric(
        slug="velocity",
        label="Sales velocity",
        meaning="What the open deals bring in a day if they go as closed ones did.",
        formula="Open deals times win rate times average deal size ÷ cycle length of won deals",
        unit="currency",
        noun_name="opportunity",
        grain="deal",
        kind=Formula.COMPOSED,
        date_field="close_date",
        dimensions=(
            *("owner", "team", "manager", "source", "pipeline", "currency", "account", "product", "type", "segment"),
            *("region", "lead_source", "day", "week", "month", "quarter", "year"),
        ),
        parts=("open-count", "win-rate", "average-deal-size", "won-cycle-length"),
        compose=_velocity,
    ),
    Metric(
        slug="probability-gap",
        label="Probability gap",
        meaning="By how much the share that was won differs from what was stated on entry of a stage: below zero,"
        " deals were promised too much.",
        formula="Outcome of stated probabilities less stated probability",
        unit="fraction",
        noun_name="stage_visit",
        grain="deal in a stage",
        kind=Formula.COMPOSED,
        date_field="entered_at",
        dimensions=(
            *("stage", "owner", "team", "manager", "source", "pipeline", "product", "segment", "region"),
            *("probability_band", "day", "week", "month", "quarter", "year"),
        ),
        parts=("outcome-rate", "stated-probability"),
        compose=_gap,
    ),
)
