"""From a definition and a question to a number, its groups, and the address of its rows."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

from salescommand_lake.books import data_as_of
from salescommand_lake.engine import Engine
from salescommand_lake.mapping.currencies import EXPONENTS
from salescommand_lake.metrics.question import Group, MetricQuery, MetricResult
from salescommand_lake.metrics.registry import REGISTRY, Formula, Metric
from salescommand_lake.model import FieldType
from salescommand_lake.reads.conditions import condition
from salescommand_lake.reads.money import money_text
from salescommand_lake.reads.question import Filter, QueryError, moment_text, query_string
from salescommand_lake.reads.rows import Moment, columns, rows

__all__ = ["compute", "cut_sql", "key_sql"]

_FRACTION = Decimal("0.000001")
_PERIODS = MappingProxyType(
    {
        "month": "formatDateTime({date}, '%Y-%m')",
        "quarter": "concat(toString(toYear({date})), '-Q', toString(toQuarter({date})))",
        "year": "toString(toYear({date}))",
    }
)
_MAX_GROUPS = 10_000


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a number is made of; the sums of groups add up to the sums of all."""

    rows: int = 0
    priced: int = 0
    total: Decimal = Decimal(0)
    passed: int = 0

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(
            self.rows + other.rows,
            self.priced + other.priced,
            self.total + other.total,
            self.passed + other.passed,
        )


async def compute(engine: Engine, slug: str, query: MetricQuery) -> MetricResult:
    """Answer a question to the metric ``slug``.

    Raises:
        KeyError: there is no such metric.
        QueryError: a dimension or filter does not exist, or a value does not fit.
        LakeError: the engine is away.
    """
    metric = REGISTRY[slug]
    select, parameters = cut_sql(metric, query)
    # Read before the rows, so that it never promises more than they hold.
    reaches = await data_as_of(engine)
    found = await engine.query(f"{select} LIMIT {_MAX_GROUPS + 1}", parameters)
    if len(found) > _MAX_GROUPS:
        raise QueryError("by", f"gives more than {_MAX_GROUPS} groups", "filter more, or group by less")
    sums = [_sums(row) for row in found]
    everything = sum(sums, _Sums())
    groups = []
    for row, part in zip(found, sums, strict=True):
        if query.by:
            key = {name: row[f"by_{name}"] for name in query.by}
            value = _value(metric, part, query.currency)
            groups.append(Group(key, value, part.rows, _unpriced(metric, part), _drill(metric, query, key)))
    return MetricResult(
        metric=slug,
        unit=metric.unit,
        currency=query.currency if metric.unit == "currency" else None,
        filters=_shown_filters(query),
        as_of=query.as_of or datetime.now(UTC),
        known_at=query.known_at,
        data_as_of=reaches,
        value=_value(metric, everything, query.currency),
        rows=everything.rows,
        unpriced=_unpriced(metric, everything),
        drill=_drill(metric, query, {}),
        groups=tuple(groups),
    )


def cut_sql(metric: Metric, query: MetricQuery) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the sums per group: columns ``by_<dimension>``, n, priced, total, passed.

    Raises:
        QueryError: a dimension or filter does not exist, or a value does not fit.
    """
    for name in query.by:
        if name not in metric.dimensions:
            raise QueryError("by", f"{metric.slug} has no {name!r}", f"use {', '.join(metric.dimensions)}")
    if len(set(query.by)) != len(query.by):
        raise QueryError("by", "names a dimension twice")
    source, parameters = rows(metric.noun, Moment(query.as_of, query.known_at), query.currency)
    known = columns(metric.noun)
    where, bound = condition((*metric.where, *_period(metric, query), *query.filters), known)
    keys = [f"{key_sql(metric, name)} AS by_{name}" for name in query.by]
    measure = metric.measure.format(digits=EXPONENTS.get(query.currency, 2)) if metric.unit == "currency" else "1"
    select = ", ".join(
        [
            *keys,
            "count() AS n",
            f"count({measure}) AS priced",
            f"ifNull(sum({measure}), 0) AS total",
            f"countIf({metric.passes or '1'}) AS passed",
        ]
    )
    # The filters' columns have the names of the rows', so the rows are a query of their own.
    sql = f"SELECT {select}\nFROM ({source})\nWHERE {where}"
    if query.by:
        names = ", ".join(f"by_{name}" for name in query.by)
        sql += f"\nGROUP BY {names}\nORDER BY {names}"
    return sql, parameters | bound


def key_sql(metric: Metric, name: str) -> str:
    """Return the SQL of a dimension: text, NULL where a row has none."""
    period = _PERIODS.get(name)
    if period is None:
        return f"nullIf(toString({name}), '')"
    made = period.format(date=f"assumeNotNull({metric.date_field})")
    return f"if(isNull({metric.date_field}), NULL, {made})"


def _period(metric: Metric, query: MetricQuery) -> tuple[Filter, ...]:
    return _between(metric, query.date_from, query.date_to)


def _between(metric: Metric, first: date | None, last: date | None) -> tuple[Filter, ...]:
    """Return the condition that the metric's date lies between two days, both inclusive."""
    if metric.date_field is None:
        return ()
    field = metric.noun.field(metric.date_field)
    is_time = field is not None and field.type is FieldType.TIME
    found = []
    if first is not None:
        found.append(Filter(metric.date_field, "gte", (first.isoformat(),)))
    if last is not None and is_time:
        found.append(Filter(metric.date_field, "lt", ((last + timedelta(days=1)).isoformat(),)))
    elif last is not None:
        found.append(Filter(metric.date_field, "lte", (last.isoformat(),)))
    return tuple(found)


def _sums(row: Mapping[str, Any]) -> _Sums:
    return _Sums(int(row["n"]), int(row["priced"]), Decimal(str(row["total"])), int(row["passed"]))


def _unpriced(metric: Metric, sums: _Sums) -> int:
    return sums.rows - sums.priced if metric.unit == "currency" else 0


def _value(metric: Metric, sums: _Sums, currency: str) -> str | int | None:
    """Return the number from its sums; None where it is undefined, because nothing is there to divide by."""
    if metric.kind is Formula.COUNT:
        return sums.rows
    if metric.kind is Formula.SUM:
        return money_text(sums.total, currency)
    if metric.kind is Formula.SHARE:
        if not sums.rows:
            return None
        return str((Decimal(sums.passed) / sums.rows).quantize(_FRACTION, ROUND_HALF_UP))
    if not sums.priced:
        return None
    unit = Decimal(1).scaleb(-EXPONENTS.get(currency, 2))
    return money_text((sums.total / sums.priced).quantize(unit, ROUND_HALF_UP), currency)


def _drill(metric: Metric, query: MetricQuery, key: Mapping[str, str | None]) -> str:
    """Return the address of exactly the rows of the number, or of one of its groups."""
    first, last = query.date_from, query.date_to
    undated = False
    conditions = [*metric.where, *query.filters]
    for name, value in key.items():
        if name not in _PERIODS:
            conditions.append(Filter(name, "eq", (value,)) if value is not None else Filter(name, "empty", ("true",)))
        elif value is None:
            undated = True
        else:
            start, end = _days(name, value)
            first, last = max(first or start, start), min(last or end, end)
    conditions += _between(metric, first, last)
    if undated and metric.date_field is not None:
        conditions.append(Filter(metric.date_field, "empty", ("true",)))
    pairs = [(one.parameter, one.text) for one in conditions]
    pairs += [(name, moment_text(moment)) for name, moment in _moments(query) if moment]
    if metric.noun.value:
        pairs.append(("currency", query.currency))
    return f"/api/records/{metric.noun_name}?{query_string(pairs)}"


def _moments(query: MetricQuery) -> tuple[tuple[str, datetime | None], ...]:
    return (("as_of", query.as_of), ("known_at", query.known_at))


def _days(period: str, value: str) -> tuple[date, date]:
    """Return the first and the last day of a period as its key writes it: 2026-03, 2026-Q1 or 2026."""
    year = int(value[:4])
    if period == "year":
        return date(year, 1, 1), date(year, 12, 31)
    last = int(value[5:]) if period == "month" else 3 * int(value[6:])
    start = last if period == "month" else last - 2
    return date(year, start, 1), date(year, last, calendar.monthrange(year, last)[1])


def _shown_filters(query: MetricQuery) -> dict[str, str]:
    shown = {one.parameter: one.text for one in query.filters}
    if query.date_from:
        shown["from"] = query.date_from.isoformat()
    if query.date_to:
        shown["to"] = query.date_to.isoformat()
    return shown
