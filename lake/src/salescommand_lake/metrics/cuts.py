"""From a definition and a question to SQL: the sums of each group, and the address of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from salescommand_lake.engine import Row
from salescommand_lake.metrics.definition import PERIODS, Formula, Metric
from salescommand_lake.metrics.periods import period_days, period_sql
from salescommand_lake.metrics.question import MetricQuery
from salescommand_lake.model import FieldType
from salescommand_lake.reads.conditions import condition
from salescommand_lake.reads.derived import derived
from salescommand_lake.reads.question import Filter, QueryError, moment_text, query_string
from salescommand_lake.reads.rows import Moment, columns, matching

__all__ = ["Sums", "cut_sql", "drill", "key_sql", "needed_columns", "passes_sql", "sums_of"]


@dataclass(frozen=True, slots=True)
class Sums:
    """What a number is made of; but for the median, the sums of groups add up to the sums of all."""

    rows: int = 0
    measured: int = 0
    total: Decimal = Decimal(0)
    passed: int = 0
    passed_total: Decimal = Decimal(0)
    missing: frozenset[str] = frozenset()
    """The currencies of rows that have no price, empty text for those without a currency."""
    median: Decimal | None = None

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.rows + other.rows,
            self.measured + other.measured,
            self.total + other.total,
            self.passed + other.passed,
            self.passed_total + other.passed_total,
            self.missing | other.missing,
        )


def cut_sql(metrics: Sequence[Metric], query: MetricQuery) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the sums per group: columns ``by_<dimension>`` and those that ``sums_of`` reads.

    The metrics share their noun and date, so that their rows are read once.

    Raises:
        QueryError: a dimension or filter does not exist, or a value does not fit.
    """
    first = metrics[0]
    for name in query.by:
        if name not in first.dimensions:
            raise QueryError("by", f"{first.slug} has no {name!r}", f"use {', '.join(first.dimensions)}")
    if len(set(query.by)) != len(query.by):
        raise QueryError("by", "names a dimension twice")
    own = [(*metric.where, *_between(metric, query.date_from, query.date_to)) for metric in metrics]
    filters, whens = query.filters, ["1"]
    parameters: dict[str, Any] = {}
    if len(metrics) == 1:
        filters = (*own[0], *filters)
    else:
        known = columns(first.noun)
        told = [condition(some, known, f"m{number}_") for number, some in enumerate(own)]
        whens = [sql for sql, _ in told]
        for _, bound in told:
            parameters |= bound
    needed = {name for metric in metrics for name in needed_columns(metric)} | set(query.by)
    source, bound = matching(
        first.noun,
        Moment(query.as_of, query.known_at),
        query.currency,
        filters=filters,
        needed=needed,
        scope=query.scope,
    )
    keys = [f"{key_sql(first, name, query.fiscal_start)} AS by_{name}" for name in query.by]
    sums = [one for number, metric in enumerate(metrics) for one in _sums_sql(metric, whens[number], number)]
    sql = f"SELECT {', '.join([*keys, *sums])}\nFROM ({source}) WHERE {' OR '.join(f'({when})' for when in whens)}"
    if query.by:
        names = ", ".join(f"by_{name}" for name in query.by)
        sql += f"\nGROUP BY {names}\nORDER BY {names}"
    return sql, parameters | bound


def needed_columns(metric: Metric) -> set[str]:
    """Return the columns of the rows that a metric reads."""
    found = {one.field for one in metric.where} | {name for name in (metric.date_field, metric.beyond) if name}
    if metric.measured:
        found.add(metric.measure)
    return found | ({metric.passes.field} if metric.passes else set())


def _sums_sql(metric: Metric, when: str, number: int) -> list[str]:
    """Return the aggregates of a metric over the rows for which ``when`` holds, named by its number."""
    found = {"n": f"countIf({when})"}
    measure = metric.measure
    if metric.measured:
        found["measured"] = f"countIf({when} AND isNotNull({measure}))"
        found["total"] = f"ifNull(sumIf({measure}, {when}), 0)"
    if metric.measured and metric.money:
        found["missing"] = f"groupUniqArrayIf(ifNull(currency, ''), {when} AND isNull({measure}))"
    if metric.passes:
        passes = f"{when} AND {passes_sql(metric)}"
        found["passed"] = f"countIf({passes})"
        if metric.measured:
            found["passed_total"] = f"ifNull(sumIf({measure}, {passes}), 0)"
    if metric.kind is Formula.MEDIAN:
        # Exact: of an even number the two in the middle.
        found["ordered"] = f"arraySort(groupArrayIf(assumeNotNull({measure}), {when} AND isNotNull({measure})))"
        ordered, measured = f"ordered{number}", f"measured{number}"
        found["middle"] = f"[{ordered}[intDiv({measured} + 1, 2)], {ordered}[intDiv({measured}, 2) + 1]]"
    return [f"{sql} AS {name}{number}" for name, sql in found.items()]


def passes_sql(metric: Metric) -> str:
    """Return the condition of a share; its values are the registry's own words, never a caller's."""
    if metric.passes is None:
        return "1"
    value = metric.passes.values[0]
    column = columns(metric.noun)[metric.passes.field]
    return f"ifNull({column.sql} = {value if column.type == 'Bool' else repr(value)}, 0)"


def sums_of(row: Row, number: int = 0) -> Sums:
    """Read the sums of the metric of a number from a row of ``cut_sql``."""

    def told(name: str, default: Any = 0) -> Any:
        return row.get(f"{name}{number}", default)

    middle = [Decimal(str(one)) for one in told("middle", ())]
    measured = int(told("measured"))
    return Sums(
        int(told("n")),
        measured,
        Decimal(str(told("total"))),
        int(told("passed")),
        Decimal(str(told("passed_total"))),
        frozenset(told("missing", ())),
        sum(middle, Decimal(0)) / 2 if middle and measured else None,
    )


def key_sql(metric: Metric, name: str, fiscal_start: int = 1) -> str:
    """Return the SQL of a dimension: text, NULL where a row has none."""
    if name not in PERIODS:
        return f"nullIf(toString({name}), '')"
    made = period_sql(name, f"assumeNotNull({metric.date_field})", fiscal_start)
    return f"if(isNull({metric.date_field}), NULL, {made})"


def _between(metric: Metric, first: date | None, last: date | None, *, beyond: bool = True) -> tuple[Filter, ...]:
    """Return the condition that the metric's date lies between two days, both inclusive."""
    if metric.date_field is None:
        return ()
    field = metric.noun.field(metric.date_field)
    times = {one.name for one in derived(metric.noun) if one.type.startswith("DateTime")}
    is_time = metric.date_field in times if field is None else field.type is FieldType.TIME
    found = []
    if first is not None:
        found.append(Filter(metric.date_field, "gte", (first.isoformat(),)))
    if last is not None and is_time:
        found.append(Filter(metric.date_field, "lt", ((last + timedelta(days=1)).isoformat(),)))
    elif last is not None:
        found.append(Filter(metric.date_field, "lte", (last.isoformat(),)))
    if last is not None and metric.beyond and beyond:
        found.append(Filter(metric.beyond, "gt", (last.isoformat(),)))
    return tuple(found)


def drill(metric: Metric, query: MetricQuery, key: Mapping[str, str | None], *, passed: bool = False) -> str:
    """Return the address of exactly the rows of a number or of one of its groups; ``passed`` is its numerator's."""
    first, last = query.date_from, query.date_to
    undated = False
    conditions = [*metric.where, *query.filters]
    if passed and metric.passes:
        conditions.append(metric.passes)
    for name, value in key.items():
        if name not in PERIODS:
            conditions.append(Filter(name, "eq", (value,)) if value is not None else Filter(name, "empty", ("true",)))
        elif value is None:
            undated = True
        else:
            start, end = period_days(name, value, query.fiscal_start)
            first, last = max(first or start, start), min(last or end, end)
    # What must lie beyond the last day asked for does so for the whole question, not for each of its groups.
    conditions += _between(metric, first, last, beyond=False)
    if query.date_to is not None and metric.beyond:
        conditions.append(Filter(metric.beyond, "gt", (query.date_to.isoformat(),)))
    if undated and metric.date_field is not None:
        conditions.append(Filter(metric.date_field, "empty", ("true",)))
    pairs = [(one.parameter, one.text) for one in conditions]
    pairs += [(name, moment_text(moment)) for name, moment in _moments(query) if moment]
    if metric.noun.value:
        pairs.append(("currency", query.currency))
    return f"/api/records/{metric.noun_name}?{query_string(pairs)}"


def _moments(query: MetricQuery) -> tuple[tuple[str, datetime | None], ...]:
    return (("as_of", query.as_of), ("known_at", query.known_at))
