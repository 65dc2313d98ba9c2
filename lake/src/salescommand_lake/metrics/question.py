"""What is asked of a metric, and the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from salescommand_lake.reads.question import (
    Filter,
    QueryError,
    moment_text,
    parse_currency,
    parse_day,
    parse_moment,
    single,
)


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
    filters: tuple[Filter, ...] = ()

    @classmethod
    def parse(cls, params: Iterable[tuple[str, str]], *, currency: str = "USD") -> MetricQuery:
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
            filters=filters,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """The metric for one combination of dimension values; a value is None where the records have none."""

    key: Mapping[str, str | None]
    value: str | int | None
    rows: int
    unpriced: int
    drill: str


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A metric's answer. Amounts and fractions are decimal strings, counts are integers, None is undefined (0/0)."""

    metric: str
    unit: str
    currency: str | None
    """The reporting currency, None where the metric is not an amount."""
    filters: Mapping[str, str]
    as_of: datetime
    known_at: datetime | None
    data_as_of: Mapping[str, datetime]
    """Per source: everything accepted up to that moment is in the number."""
    value: str | int | None
    rows: int
    """How many records are behind the number, those without a price included."""
    unpriced: int
    """How many of them are left out of the value: no amount, no currency, no rate, or no probability to weigh by."""
    drill: str
    """The relative address of exactly those records."""
    groups: tuple[Group, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return the answer in the shape that the API gives it."""
        return {
            "metric": self.metric,
            "unit": self.unit,
            "currency": self.currency,
            "filters": dict(self.filters),
            "as_of": moment_text(self.as_of),
            "known_at": moment_text(self.known_at) if self.known_at else None,
            "data_as_of": {source: moment_text(moment) for source, moment in self.data_as_of.items()},
            "value": self.value,
            "rows": self.rows,
            "unpriced": self.unpriced,
            "groups": [
                {
                    "key": dict(group.key),
                    "value": group.value,
                    "rows": group.rows,
                    "unpriced": group.unpriced,
                    "drill": group.drill,
                }
                for group in self.groups
            ],
            "drill": self.drill,
        }
