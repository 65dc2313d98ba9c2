"""What is asked of a metric, and the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from salescommand_lake.metrics.definition import Metric
from salescommand_lake.reads.question import (
    Filter,
    QueryError,
    moment_text,
    parse_currency,
    parse_day,
    parse_moment,
    single,
)
from salescommand_lake.reads.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """A question to a metric. ``date_from`` and ``date_to`` are inclusive and mean the metric's own date."""

    by: tuple[str, ...] = ()
    date_from: date | None = None
    date_to: date | None = None
    as_of: datetime | None = None
    """What was true then, by source time; None is now."""
    known_at: datetime | None = None
    """What had been received by then; None is everything."""
    currency: str = "USD"
    fiscal_start: int = 1
    """The month in which the fiscal year begins."""
    filters: tuple[Filter, ...] = ()
    scope: Scope | None = None
    """Whose records are seen; None is everybody's. It is no parameter of a query string."""

    @classmethod
    def parse(
        cls,
        params: Iterable[tuple[str, str]],
        *,
        currency: str = "USD",
        fiscal_start: int = 1,
        scope: Scope | None = None,
    ) -> MetricQuery:
        """Read the parameters of a query string; ``currency`` holds when they name none.

        Raises:
            QueryError: a parameter is unknown or can't be read. Names of fields are checked by ``compute``.
        """
        pairs = list(params)
        by = tuple(value for name, value in pairs if name == "by")
        known = ("from", "to", "as_of", "known_at", "currency")
        once, filters = single([pair for pair in pairs if pair[0] != "by"], known)
        days = {name: parse_day(name, once[name]) for name in ("from", "to") if name in once}
        moments = {name: parse_moment(name, once[name]) for name in ("as_of", "known_at") if name in once}
        if "from" in days and "to" in days and days["from"] > days["to"]:
            raise QueryError("from", f"{days['from']} is after {days['to']}")
        return cls(
            by=by,
            date_from=days.get("from"),
            date_to=days.get("to"),
            as_of=moments.get("as_of"),
            known_at=moments.get("known_at"),
            currency=parse_currency(once.get("currency", currency)),
            fiscal_start=fiscal_start,
            filters=filters,
            scope=scope,
        )

    def ungrouped(self) -> MetricQuery:
        """Return the same question without its dimensions."""
        return replace(self, by=())


@dataclass(frozen=True, slots=True)
class Part:
    """One of the numbers that a composed metric is made of."""

    metric: str
    value: str | int | None
    unit: str
    rows: int
    drill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The metric for one combination of dimension values; a value is None where the records have none.

    Amounts and fractions are decimal strings, counts are integers, None is undefined (0/0).
    """

    key: Mapping[str, str | None]
    value: str | int | None
    rows: int
    """How many records are behind the number, those without a measure included."""
    unpriced: int
    """How many of them are left out of the value: no amount, no currency, no rate, no date, nothing to weigh by."""
    unpriced_currencies: tuple[str, ...] = ()
    """The currencies among them."""
    drill: str
    """The relative address of exactly those records."""
    numerator: str | None = None
    denominator: str | None = None
    numerator_drill: str | None = None
    """The address of the records that count in the numerator of a share."""
    parts: tuple[Part, ...] = ()
    """The numbers that a composed metric is made of; its rows are those of the first."""

    def as_dict(self) -> dict[str, Any]:
        """Return the group in the shape that the API gives it."""
        return {
            "key": dict(self.key),
            "value": self.value,
            "rows": self.rows,
            "unpriced": self.unpriced,
            "unpriced_currencies": list(self.unpriced_currencies),
            "drill": self.drill,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "numerator_drill": self.numerator_drill,
            "parts": [asdict(part) for part in self.parts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult:
    """A metric's answer: the number over everything that was asked for, and its groups."""

    metric: str
    definition: Metric
    currency: str | None
    """The reporting currency, None where no amount is involved."""
    filters: Mapping[str, str]
    as_of: datetime
    known_at: datetime | None
    data_as_of: Mapping[str, datetime]
    """Per source: everything accepted up to that moment is in the number."""
    whole: Group
    groups: tuple[Group, ...] = field(default=())

    @property
    def unit(self) -> str:
        """What the number counts."""
        return self.definition.unit

    @property
    def value(self) -> str | int | None:
        """The number."""
        return self.whole.value

    @property
    def rows(self) -> int:
        """How many records are behind it."""
        return self.whole.rows

    @property
    def unpriced(self) -> int:
        """How many of them are left out of the value."""
        return self.whole.unpriced

    @property
    def drill(self) -> str:
        """The relative address of exactly those records."""
        return self.whole.drill

    def as_dict(self) -> dict[str, Any]:
        """Return the answer in the shape that the API gives it."""
        whole = self.whole.as_dict()
        del whole["key"]
        return {
            "metric": self.metric,
            "label": self.definition.label,
            "meaning": self.definition.meaning,
            "formula": self.definition.formula,
            "unit": self.unit,
            "currency": self.currency,
            "filters": dict(self.filters),
            "as_of": moment_text(self.as_of),
            "known_at": moment_text(self.known_at) if self.known_at else None,
            "data_as_of": {source: moment_text(moment) for source, moment in self.data_as_of.items()},
            **whole,
            "groups": [group.as_dict() for group in self.groups],
        }
