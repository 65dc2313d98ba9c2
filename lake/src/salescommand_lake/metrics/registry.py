"""What the numbers mean: one small definition each, from which SQL, API, glossary and tests follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from salescommand_lake.model import NOUNS, Noun
from salescommand_lake.reads.question import Filter

__all__ = ["REGISTRY", "Formula", "Metric"]


class Formula(StrEnum):
    """How a metric is made from its rows."""

    COUNT = "count"  # how many rows
    SUM = "sum"  # the sum of the measure
    MEAN = "mean"  # the sum of the measure over the rows that have one
    SHARE = "share"  # the rows that pass over all rows


@dataclass(frozen=True, slots=True)
class Metric:
    """One number.

    Attributes:
        formula: in words, for people.
        unit: currency, count or fraction (0 to 1).
        noun_name: what its rows are.
        where: which records are its rows.
        date_field: the date that ``from`` and ``to`` mean, None when the metric has none.
        measure: SQL over a row, for sums and means; NULL leaves the row out and counts it as unpriced.
        passes: SQL over a row, for shares.
        owner: who decides about the definition.
    """

    slug: str
    label: str
    meaning: str
    formula: str
    unit: str
    noun_name: str
    kind: Formula
    where: tuple[Filter, ...]
    date_field: str | None
    dimensions: tuple[str, ...]
    measure: str = "value"
    passes: str = ""
    owner: str = "Revenue operations"

    @property
    def noun(self) -> Noun:
        """What the rows are."""
        return NOUNS[self.noun_name]


_PERIODS = ("month", "quarter", "year")
_DEAL = ("stage", "status", "owner", "team", "source", "pipeline", "currency", "account", "product", *_PERIODS)
_BILL = ("status", "source", "currency", "account", *_PERIODS)
_QUOTA = ("owner", "team", "source", "currency", *_PERIODS)
# Each row is rounded to the minor unit, half up, so that the rows a person adds up give the number.
WEIGHTED = "CAST(round(value * probability, {digits}), 'Nullable(Decimal(38, 4))')"
_OPEN = (Filter("status", "eq", ("open",)),)
_WON = (Filter("status", "eq", ("won",)),)
_LOST = (Filter("status", "eq", ("lost",)),)
_CLOSED = (Filter("status", "eq", ("won", "lost")),)


def _deals(
    slug: str,
    label: str,
    meaning: str,
    formula: str,
    kind: Formula,
    *,
    where: tuple[Filter, ...] = (),
    date_field: str = "close_date",
    measure: str = "value",
    passes: str = "",
) -> Metric:
    unit = {Formula.COUNT: "count", Formula.SHARE: "fraction"}.get(kind, "currency")
    return Metric(slug, label, meaning, formula, unit, "opportunity", kind, where, date_field, _DEAL, measure, passes)


_METRICS = (
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
        measure=WEIGHTED,
    ),
    _deals("open-count", "Open deals", "How many deals are open.", "Count of open deals", Formula.COUNT, where=_OPEN),
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
        passes="ifNull(status, '') = 'won'",
    ),
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
    _deals(
        "average-deal-size",
        "Average deal size",
        "What a won deal is worth on average.",
        "Sum of value over won deals ÷ won deals that have a value",
        Formula.MEAN,
        where=_WON,
    ),
    Metric(
        "invoiced",
        "Invoiced",
        "What was billed, by the day of issue. Drafts and void invoices are left out.",
        "Sum of the amounts due over invoices that are neither draft nor void",
        "currency",
        "invoice",
        Formula.SUM,
        (Filter("status", "ne", ("draft", "void")),),
        "issued_at",
        _BILL,
        owner="Finance",
    ),
    Metric(
        "quota",
        "Quota",
        "What is to be sold in the periods that begin between from and to.",
        "Sum of the quotas' amounts",
        "currency",
        "quota",
        Formula.SUM,
        (),
        "period_start",
        _QUOTA,
        owner="Sales leadership",
    ),
)

REGISTRY: MappingProxyType[str, Metric] = MappingProxyType({metric.slug: metric for metric in _METRICS})
"""Every metric by its slug."""
