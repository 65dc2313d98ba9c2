"""From a definition and a question to a number, its groups, and the addresses of its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from salescommand_lake.books import data_as_of
from salescommand_lake.engine import Engine
from salescommand_lake.mapping.currencies import EXPONENTS
from salescommand_lake.metrics.cuts import Sums, cut_sql, drill, sums_of
from salescommand_lake.metrics.definition import Formula, Metric
from salescommand_lake.metrics.question import Group, MetricQuery, MetricResult, Part
from salescommand_lake.metrics.registry import REGISTRY
from salescommand_lake.reads.money import money_text
from salescommand_lake.reads.question import QueryError

__all__ = ["compute"]

_FRACTION = Decimal("0.000001")
_MAX_GROUPS = 10_000
Key = tuple[str | None, ...]
Answer = tuple[Group, tuple[Group, ...]]


async def compute(engine: Engine, slug: str, query: MetricQuery) -> MetricResult:
    """Answer a question to the metric ``slug``.

    Raises:
        KeyError: there is no such metric.
        QueryError: a dimension or filter does not exist, or a value does not fit.
        LakeError: the engine is away.
    """
    metric = REGISTRY[slug]
    # Read before the rows, so that it never promises more than they hold.
    reaches = await data_as_of(engine)
    if metric.kind is Formula.COMPOSED:
        whole, groups = await _composed(engine, metric, query)
    else:
        whole, groups = (await _simple(engine, (metric,), query))[slug]
    return MetricResult(
        metric=slug,
        definition=metric,
        currency=query.currency if metric.money or metric.unit == "currency" else None,
        filters=_shown_filters(query),
        as_of=query.as_of or datetime.now(UTC),
        known_at=query.known_at,
        data_as_of=reaches,
        whole=whole,
        groups=groups,
    )


async def _simple(engine: Engine, metrics: Sequence[Metric], query: MetricQuery) -> dict[str, Answer]:
    """Answer the same question to metrics that share noun and date, by their slugs."""
    select, parameters = cut_sql(metrics, query)
    found = await engine.query(f"{select} LIMIT {_MAX_GROUPS + 1}", parameters)
    if len(found) > _MAX_GROUPS:
        raise QueryError("by", f"gives more than {_MAX_GROUPS} groups", "filter more, or group by less")
    keys = [{name: row[f"by_{name}"] for name in query.by} for row in found]
    answers = {}
    for number, metric in enumerate(metrics):
        sums = [sums_of(row, number) for row in found]
        everything = sum(sums, Sums())
        if metric.kind is Formula.MEDIAN and query.by:
            select, parameters = cut_sql((metric,), query.ungrouped())
            everything = sums_of((await engine.query(select, parameters))[0])
        elif not query.by:
            everything = sums[0]
        groups = [_group(metric, query, part, key) for key, part in zip(keys, sums, strict=True) if query.by]
        answers[metric.slug] = (_group(metric, query, everything, {}), tuple(groups))
    return answers


def _group(metric: Metric, query: MetricQuery, sums: Sums, key: Mapping[str, str | None]) -> Group:
    above, below = _quotient(metric, sums, query.currency)
    missing = sums.rows - sums.measured if metric.measured else 0
    rates = metric.kind in {Formula.SHARE, Formula.VALUE_SHARE}
    return Group(
        key=key,
        value=_value(metric, sums, query.currency),
        rows=sums.rows,
        unpriced=missing,
        unpriced_currencies=tuple(sorted(one for one in sums.missing if one)) if missing else (),
        drill=drill(metric, query, key),
        numerator=above,
        denominator=below,
        numerator_drill=drill(metric, query, key, passed=True) if rates else None,
    )


def _value(metric: Metric, sums: Sums, currency: str) -> str | int | None:
    """Return the number from its sums; None where it is undefined, because nothing is there to divide by."""
    if metric.kind is Formula.COUNT:
        return sums.rows
    if metric.kind is Formula.SUM:
        return _amount(metric, sums.total, currency)
    if metric.kind is Formula.SHARE:
        return _fraction(Decimal(sums.passed), Decimal(sums.rows))
    if metric.kind is Formula.VALUE_SHARE:
        return _fraction(sums.passed_total, sums.total)
    mean = sums.median if metric.kind is Formula.MEDIAN else sums.total / sums.measured if sums.measured else None
    return None if mean is None else _amount(metric, mean, currency)


def _quotient(metric: Metric, sums: Sums, currency: str) -> tuple[str | None, str | None]:
    """Return numerator and denominator of what is a quotient."""
    if metric.kind is Formula.SHARE:
        return str(sums.passed), str(sums.rows)
    if metric.kind is Formula.VALUE_SHARE:
        return money_text(sums.passed_total, currency), money_text(sums.total, currency)
    if metric.kind is Formula.MEAN:
        total = money_text(sums.total, currency) if metric.unit == "currency" else _plain(sums.total)
        return total, str(sums.measured)
    return None, None


def _fraction(above: Decimal, below: Decimal) -> str | None:
    return str((above / below).quantize(_FRACTION, ROUND_HALF_UP)) if below else None


def _amount(metric: Metric, number: Decimal, currency: str) -> str:
    if metric.unit == "currency":
        unit = Decimal(1).scaleb(-EXPONENTS.get(currency, 2))
        return money_text(number if metric.kind is Formula.SUM else number.quantize(unit, ROUND_HALF_UP), currency)
    digits = _FRACTION if metric.unit in {"fraction", "ratio"} else Decimal("0.01")
    return str(number.quantize(digits, ROUND_HALF_UP))


def _plain(number: Decimal) -> str:
    text = format(number.normalize(), "f")
    return text if text != "-0" else "0"


async def _composed(engine: Engine, metric: Metric, query: MetricQuery) -> tuple[Group, tuple[Group, ...]]:
    """Ask the parts the same question and put their numbers together, group by group."""
    for name in query.by:
        if name not in metric.dimensions:
            raise QueryError("by", f"{metric.slug} has no {name!r}", f"use {', '.join(metric.dimensions)}")
    alike: dict[tuple[str, str | None], list[Metric]] = {}
    for part in (REGISTRY[slug] for slug in metric.parts):
        alike.setdefault((part.noun_name, part.date_field), []).append(part)
    found_parts = await asyncio.gather(*(_simple(engine, some, query) for some in alike.values()))
    answers = {slug: answer for some in found_parts for slug, answer in some.items()}
    wholes = {slug: answers[slug][0] for slug in metric.parts}
    by_key: dict[Key, dict[str, Group]] = {}
    for slug, (_, groups) in answers.items():
        for group in groups:
            by_key.setdefault(tuple(group.key.values()), {})[slug] = group
    found = []
    for values in sorted(by_key, key=lambda key: [(one is None, one or "") for one in key]):
        key = dict(zip(query.by, values, strict=True))
        parts = {slug: by_key[values].get(slug) or _group(REGISTRY[slug], query, Sums(), key) for slug in metric.parts}
        found.append(_put_together(metric, query, parts, key))
    return _put_together(metric, query, wholes, {}), tuple(found)


def _put_together(
    metric: Metric, query: MetricQuery, parts: Mapping[str, Group], key: Mapping[str, str | None]
) -> Group:
    numbers = {slug: None if part.value is None else Decimal(part.value) for slug, part in parts.items()}
    above, below = metric.compose(numbers) if metric.compose else (None, None)
    value = above / below if above is not None and below else None
    first = parts[metric.parts[0]]
    return Group(
        key=key,
        value=None if value is None else _amount(metric, value, query.currency),
        rows=first.rows,
        unpriced=sum(part.unpriced for part in parts.values()),
        unpriced_currencies=tuple(sorted({one for part in parts.values() for one in part.unpriced_currencies})),
        drill=first.drill,
        numerator=None if above is None else _plain(above),
        denominator=None if below is None else _plain(below),
        parts=tuple(Part(slug, part.value, REGISTRY[slug].unit, part.rows, part.drill) for slug, part in parts.items()),
    )


def _shown_filters(query: MetricQuery) -> dict[str, str]:
    shown = {one.parameter: one.text for one in query.filters}
    if query.date_from:
        shown["from"] = query.date_from.isoformat()
    if query.date_to:
        shown["to"] = query.date_to.isoformat()
    return shown
