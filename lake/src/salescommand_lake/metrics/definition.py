"""What a metric is: one small definition, from which SQL, API, documentation, glossary and tests follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from salescommand_lake.model import Noun
from salescommand_lake.reads.question import Filter
from salescommand_lake.reads.stage_visits import READABLE

__all__ = ["PERIODS", "Formula", "Metric", "Numbers", "Quotient"]

PERIODS = ("day", "week", "month", "quarter", "year")
"""Dimensions made of the metric's date; quarters and years are those of the fiscal calendar."""


class Formula(StrEnum):
    """How a metric is made from its rows."""

    COUNT = "count"  # how many rows
    SUM = "sum"  # the sum of the measure
    MEAN = "mean"  # the sum of the measure over the rows that have one
    MEDIAN = "median"  # the middle of the measures; of an even number the mean of the middle two
    SHARE = "share"  # the rows that pass over all rows
    VALUE_SHARE = "value share"  # the measure of the rows that pass over the measure of all
    COMPOSED = "composed"  # a quotient of other metrics


Numbers = Mapping[str, Decimal | None]
Quotient = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number.

    Attributes:
        formula: in words, for people.
        unit: currency, count, fraction (0 to 1), days, or ratio.
        noun_name: what its rows are.
        grain: what one row is, in words.
        where: which records are its rows.
        date_field: the date that ``from`` and ``to`` mean, None when the metric has none.
        beyond: a date that must lie after ``to`` where it is given.
        measure: the column that sums, means and medians are of; a row without it is left out and counted as unpriced.
        passes: which rows count in a share.
        parts: the metrics that a composed one is made of; its rows are those of the first.
        compose: the numerator and the denominator of a composed metric from the numbers of its parts.
        owner: who decides about the definition.
    """

    slug: str
    label: str
    meaning: str
    formula: str
    unit: str
    noun_name: str
    grain: str
    kind: Formula
    where: tuple[Filter, ...] = ()
    date_field: str | None = None
    beyond: str | None = None
    dimensions: tuple[str, ...] = ()
    measure: str = "value"
    passes: Filter | None = None
    parts: tuple[str, ...] = ()
    compose: Callable[[Numbers], Quotient] | None = None
    owner: str = "Revenue operations"

    @property
    def noun(self) -> Noun:
        """What the rows are."""
        return READABLE[self.noun_name]

    @property
    def measured(self) -> bool:
        """Whether rows without a measure are left out of the number."""
        return self.kind in {Formula.SUM, Formula.MEAN, Formula.MEDIAN, Formula.VALUE_SHARE}

    @property
    def money(self) -> bool:
        """Whether it is made of amounts, so that the reporting currency matters."""
        return self.unit == "currency" or (self.measured and self.measure.endswith("value"))
