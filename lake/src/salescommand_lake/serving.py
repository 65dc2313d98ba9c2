"""The serving zone: what the platform says, published when it changes, so that what it said on a day is a query.

A view is a metric cut by dimensions. Each refresh computes every view from the rows of its noun and adds those of its
rows which differ from what was published last; a row that no record stands behind any more is withdrawn by a row of 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.mapping.currencies import EXPONENTS
from salescommand_lake.metrics.cuts import key_sql, needed_columns, passes_sql
from salescommand_lake.metrics.registry import REGISTRY, Formula, Metric
from salescommand_lake.model import NOUNS
from salescommand_lake.noun_tables import derived_tables
from salescommand_lake.reads.conditions import condition
from salescommand_lake.reads.money import money_text
from salescommand_lake.reads.rows import Moment, columns, rows
from salescommand_lake.reads.stage_visits import READABLE
from salescommand_lake.watermark import watermark

__all__ = ["VIEWS", "PublishedRow", "RefreshResult", "View", "latest", "refresh", "view_of"]


@dataclass(frozen=True, slots=True)
class View:
    """A metric by some dimensions."""

    metric: Metric
    by: tuple[str, ...]

    @property
    def name(self) -> str:
        """How it is called: won-value-by-owner-month."""
        return "-".join([self.metric.slug, *(["by", *self.by] if self.by else [])])


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """How many rows a refresh published, withdrawn ones included."""

    published: int


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One published row as it stands. Amounts and fractions are decimal strings; ``value`` is None where undefined."""

    key: dict[str, str]
    value: str | None
    rows: int
    unpriced: int
    published_at: datetime


_CLOSED = ("won-value", "won-count", "lost-value", "lost-count", "win-rate", "win-rate-value")
_OPEN = ("open-pipeline", "weighted-pipeline", "commit", "best-case", "open-count")
_MADE = ("opportunity-count", "average-deal-size", "cycle-length")
_STAGED = ("stage-conversion", "stage-win-rate")
_CUTS: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {
    "opportunity": {
        (): (*_OPEN, *_CLOSED, *_MADE),
        ("stage",): (*_OPEN, "opportunity-count"),
        ("status",): ("opportunity-count",),
        ("owner",): (*_OPEN, *_CLOSED),
        ("team",): (*_OPEN, *_CLOSED),
        ("month",): _CLOSED,
        ("quarter",): _CLOSED,
        ("owner", "month"): _CLOSED,
    },
    "stage_visit": {(): _STAGED, ("stage",): _STAGED},
    "invoice": {(): ("invoiced", "receivables", "overdue", "overdue-count"), ("ageing",): ("receivables", "overdue")},
    "quota": {(): ("quota",), ("owner",): ("quota",), ("team",): ("quota",), ("quarter",): ("quota",)},
    "activity": {(): ("activity-count",), ("type",): ("activity-count",), ("owner",): ("activity-count",)},
}
"""Which metrics are published by which dimensions, by the noun of their rows. Months and quarters are of the date that
a metric names; all of one noun name the same."""

VIEWS: tuple[View, ...] = tuple(
    View(REGISTRY[slug], by) for cuts in _CUTS.values() for by, slugs in cuts.items() for slug in slugs
)
"""Every view that is published."""


def view_of(name: str) -> View | None:
    """Return the view called ``name``, None when there is none."""
    return next((view for view in VIEWS if view.name == name), None)


async def refresh(engine: Engine, currency: str, marks: dict[str, str] | None = None) -> RefreshResult:
    """Publish what changed, amounts in ``currency``.

    ``marks`` remembers from call to call what each noun was published from, so that one whose tables have not changed
    is not computed again.

    Raises:
        LakeError: the engine is away; call again, rows that were published are not published twice.
    """
    before = await _published(engine)
    for noun_name in _CUTS:
        mark = f"{await watermark(engine, _sources(noun_name))} {currency} {Moment().day}"
        if marks is not None and marks.get(noun_name) == mark:
            continue
        sql, parameters = _statement(noun_name, currency)
        await engine.command(sql, parameters)
        if marks is not None:
            marks[noun_name] = mark
    return RefreshResult(await _published(engine) - before)


def _sources(noun_name: str) -> tuple[str, ...]:
    """Return the tables that a noun's numbers are computed from, with the names and rates that they look up."""
    noun = NOUNS["opportunity"] if noun_name == "stage_visit" else NOUNS[noun_name]
    names = [NOUNS[name] for name in ("owner", "account")]
    merged = [one.merged_table for one in names if one.merged]
    return (*derived_tables(noun)[1:], *(one.table for one in names), *merged, NOUNS["exchange_rate"].table)


async def _published(engine: Engine) -> int:
    return int((await engine.query("SELECT count() AS n FROM serving_views"))[0]["n"])


async def latest(engine: Engine, view: View) -> list[PublishedRow]:
    """Return the rows of a view as they were published last, withdrawn ones left out.

    Raises:
        LakeError: the engine is away.
    """
    found = await engine.query(
        f"SELECT * FROM ({_LATEST}) WHERE {'rows > 0' if view.by else '1'} ORDER BY view_id",
        {"noun": view.metric.noun_name, "views": [view.name]},
    )
    return [
        PublishedRow(
            key=dict(row["key"]),
            value=_text(view.metric, row["value"], row["currency"]),
            rows=int(row["rows"]),
            unpriced=int(row["unpriced"]),
            published_at=datetime.fromisoformat(f"{row['at']}+00:00"),
        )
        for row in found
    ]


def _text(metric: Metric, value: str | None, currency: str) -> str | None:
    if value is None or metric.unit != "currency":
        return value
    return money_text(value, currency)


_LATEST = (
    "SELECT view_id, argMax(s.view, published_at) AS view, argMax(s.metric, published_at) AS metric,\n"
    "  argMax(s.key, published_at) AS key, argMax(tuple(s.value), published_at).1 AS value,\n"
    "  argMax(s.rows, published_at) AS rows, argMax(s.unpriced, published_at) AS unpriced,\n"
    "  argMax(s.currency, published_at) AS currency, max(published_at) AS at\n"
    "FROM serving_views AS s WHERE s.entity_type = {noun:String} AND s.view IN {views:Array(String)} GROUP BY view_id"
)


def _statement(noun_name: str, currency: str) -> tuple[str, dict[str, Any]]:
    """Return the INSERT that publishes the changed rows of every view of a noun, from one pass over its records."""
    cuts = _CUTS[noun_name]
    views = [view for view in VIEWS if view.metric.noun_name == noun_name]
    metrics = list(dict.fromkeys(view.metric for view in views))
    dimensions = list(dict.fromkeys(name for by in cuts for name in by))
    needed = {name for metric in metrics for name in needed_columns(metric)} | set(dimensions)
    source, parameters = rows(READABLE[noun_name], Moment(), currency, needed)
    parts = []
    for number, metric in enumerate(metrics):
        part, bound = _numbers_sql(metric, currency, f"m{number}_")
        parts.append(part)
        parameters |= bound
    keys = "".join(f", {key_sql(metrics[0], name)} AS by_{name}" for name in dimensions)
    # A dimension that is not part of a row's cut is marked by grouping(), one without a value is empty.
    cut = ", ".join(f"if(grouping(by_{name}) = 0, '{name}', '')" for name in dimensions)
    pairs = ", ".join(f"'{name}', if(grouping(by_{name}) = 0, ifNull(by_{name}, ''), '')" for name in dimensions)
    sets = ", ".join(f"({', '.join(f'by_{name}' for name in by)})" for by in cuts)
    now = f"""
    SELECT concat(one.1, if(empty(cut), '', concat('-by-', arrayStringConcat(cut, '-')))) AS view, one.1 AS metric, key,
           CAST(one.2, 'Nullable(Decimal(38, 6))') AS value, one.3 AS rows, one.4 AS unpriced,
           concat(view, if(empty(key), '', '?'), {_readable("key")}) AS view_id
    FROM (SELECT arrayFilter(x -> x != '', [{cut}]) AS cut, mapFilter((k, v) -> v != '', map({pairs})) AS key,
                 [{", ".join(parts)}] AS all
          FROM (SELECT *{keys} FROM ({source})) GROUP BY GROUPING SETS ({sets}))
    ARRAY JOIN all AS one
    WHERE view IN {{views:Array(String)}} AND (rows > 0 OR empty(cut))"""
    changed = (
        "last.at = toDateTime64(0, 6, 'UTC') OR now.rows != last.rows OR now.unpriced != last.unpriced"
        " OR NOT (now.value <=> last.value) OR last.currency != {reporting:String}"
    )
    found = "now.view_id != ''"
    fields = {name: f"if({found}, now.{name}, last.{name})" for name in ("view_id", "view", "metric", "key")}
    value = f"if({found}, now.value, NULL)"
    payload = (
        "CAST(toJSONString(CAST((metric, key, toString(value), rows, unpriced, {reporting:String}),"
        " 'Tuple(metric String, by Map(String, String), value Nullable(String), rows UInt64, unpriced UInt64,"
        " currency String)')), 'JSON')"
    )
    sql = f"""INSERT INTO serving_views
    (view_id, entity_type, payload, refreshed_at, view, metric, key, currency, value, rows, unpriced, published_at)
    SELECT view_id, {{noun:String}}, {payload}, toDateTime(now()), view, metric, key, {{reporting:String}}, value, rows,
           unpriced, now64(6)
    FROM (SELECT {", ".join(f"{expression} AS {name}" for name, expression in fields.items())}, {value} AS value,
                 if({found}, now.rows, 0) AS rows, if({found}, now.unpriced, 0) AS unpriced
          FROM ({now}) AS now FULL OUTER JOIN ({_LATEST}) AS last ON now.view_id = last.view_id
          WHERE ({found} AND ({changed})) OR (NOT {found} AND last.rows > 0))"""
    return sql, parameters | {"reporting": currency, "noun": noun_name, "views": [view.name for view in views]}


def _readable(key: str) -> str:
    return f"arrayStringConcat(arrayMap((k, v) -> concat(k, '=', v), mapKeys({key}), mapValues({key})), '&')"


def _numbers_sql(metric: Metric, currency: str, prefix: str) -> tuple[str, dict[str, Any]]:
    """Return (metric, value, rows, unpriced) as a tuple of aggregates, and its parameters."""
    where, parameters = condition(metric.where, columns(metric.noun), prefix)
    digits = EXPONENTS.get(currency, 2) if metric.unit == "currency" else 2
    measure = metric.measure
    passes = passes_sql(metric)
    count = f"countIf({where})"
    total = f"ifNull(sumIf({measure}, {where}), 0)"
    priced = f"countIf({where} AND isNotNull({measure}))"
    value = {
        Formula.COUNT: lambda: f"toDecimal128({count}, 6)",
        Formula.SUM: lambda: f"toDecimal128({total}, 6)",
        Formula.SHARE: lambda: _quotient(f"countIf({where} AND {passes})", count, 6),
        Formula.VALUE_SHARE: lambda: _quotient(f"ifNull(sumIf({measure}, {where} AND {passes}), 0)", total, 6),
        Formula.MEAN: lambda: _quotient(total, priced, digits),
    }[metric.kind]()
    unpriced = f"{count} - {priced}" if metric.measured else "0"
    return f"('{metric.slug}', toNullable({value}), {count}, toUInt64({unpriced}))", parameters


def _quotient(above: str, below: str, digits: int) -> str:
    exact = f"toDecimal256({above}, 30) / if({below} = 0, 1, {below})"
    return f"if({below} = 0, NULL, toDecimal128(round({exact}, {digits}), 6))"
