"""The registry is whole: every definition can be asked, and the page about the numbers is written from it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from salescommand_lake import Engine
from salescommand_lake.metrics import REGISTRY, Metric, MetricQuery, compute
from salescommand_lake.metrics.document import markdown
from salescommand_lake.metrics.periods import period_days, period_sql
from salescommand_lake.reads.rows import columns

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_says_what_the_registry_says(update_snapshots: bool) -> None:
    if update_snapshots:
        PAGE.write_text(markdown())
    assert PAGE.read_text() == markdown(), "run python -m salescommand_lake.metrics.document > docs/metrics.md"


@pytest.mark.parametrize("metric", REGISTRY.values(), ids=lambda metric: metric.slug)
def test_a_definition_names_what_there_is(metric: Metric) -> None:
    known = columns(metric.noun)
    named = [one.field for one in metric.where] + ([metric.passes.field] if metric.passes else [])
    named += [metric.measure] * metric.measured + [name for name in (metric.date_field, metric.beyond) if name]
    assert not [name for name in named if name not in known]
    assert bool(metric.compose) == bool(metric.parts)
    for part in metric.parts:
        periods = {"day", "week", "month", "quarter", "year"}
        assert set(metric.dimensions) - periods <= set(REGISTRY[part].dimensions), part


async def test_every_dimension_of_every_metric_answers_on_an_empty_lake(engine: Engine) -> None:
    for slug, metric in REGISTRY.items():
        answer = await compute(engine, slug, MetricQuery(by=metric.dimensions))
        assert (answer.rows, answer.groups) == (0, ())
        assert answer.value in {None, 0, "0.00"}


@pytest.mark.parametrize("start", [1, 2, 4, 7, 10, 12])
async def test_each_day_lies_in_the_days_of_its_period(engine: Engine, start: int) -> None:
    days = [date(2024, 1, 1) + timedelta(days=n * 5) for n in range(160)]
    for period in ("day", "week", "month", "quarter", "year"):
        key = period_sql(period, "d", start)
        sql = f"SELECT toString(d) AS day, {key} AS key FROM (SELECT arrayJoin({{days:Array(Date32)}}) AS d)"
        found = {row["day"]: row["key"] for row in await engine.query(sql, {"days": days})}
        for day in days:
            first, last = period_days(period, found[day.isoformat()], start)
            assert first <= day <= last
            assert (last - first).days + 1 in {"day": {1}, "week": {7}, "month": {28, 29, 30, 31}}.get(
                period, {90, 91, 92} | {89} if period == "quarter" else {365, 366}
            )
            if period in {"quarter", "year"}:
                assert (first.month - start) % 3 == 0
