"""The page about the numbers, written from their definitions: ``python -m salescommand_lake.metrics.document``."""

from __future__ import annotations

import sys

from salescommand_lake.bridge.question import DATE_MOVES, MOVEMENTS
from salescommand_lake.metrics.definition import Formula, Metric
from salescommand_lake.metrics.registry import REGISTRY
from salescommand_lake.reads.derived import DERIVED

__all__ = ["markdown"]

_HEAD = """# Metrics

Every number that SalesCommand gives, from its definition in `lake/src/salescommand_lake/metrics`. This page is written by
`python -m salescommand_lake.metrics.document`; a test keeps it equal.

## How to ask

`GET /api/metrics/SLUG` with `by` (a dimension, repeatable), `from` and `to` (days of the metric's date, inclusive), `as_of` (what
was true then, by source time), `known_at` (what had been received by then), `currency` and `filter[field]`. The answer carries the
definition, the filters, per source up to when everything accepted is in the number, the count of rows, what has no price and in which
currencies, numerator and denominator of rates, and `drill`: the address of exactly the rows. The formula over those rows gives
the number again.

* **Any day.** `as_of` reads validity intervals, which the fold keeps beside the current states: what each record was from when to
  when. A late event rewrites the intervals of its record, so the answer is exact. `known_at` folds what had been received by then
  from the changes when it is asked, which takes longer: seconds at a million deals.
* **Money.** Each row is converted at the rate of its day and rounded half up to the minor unit of the reporting currency, then
  added: closed deals at the day they closed, open ones at the day asked about, invoices and orders at their own day, quotas at the
  first of their period. A row without amount, currency or rate is counted in `unpriced` and never guessed.
* **Fiscal calendar.** The setting `fiscal_year_start` is the month in which the fiscal year begins. A fiscal year is called by the
  calendar year in which it ends: with April, `FY2027-Q1` is April to June 2026. Months, weeks (ISO 8601) and days are the calendar's.
* **Managers.** `by=manager` groups by the manager right above the owner. `filter[reporting_line]=NAME` gives the number of a
  person and everybody below, however many managers lie between.
* **Names.** Owners, teams, managers and accounts go by their names of today, whatever the moment.
"""


def markdown() -> str:
    """Return the page."""
    parts = [_HEAD, "## All of them\n", *(_section(metric) for metric in REGISTRY.values()), _bridge(), _derived()]
    return "\n".join(parts)


def _section(metric: Metric) -> str:
    lines = [f"### {metric.label} (`{metric.slug}`)\n", f"{metric.meaning}\n"]
    lines.append(f"* formula: {metric.formula}")
    lines.append(f"* unit: {metric.unit}; one row is a {metric.grain}; owner: {metric.owner}")
    conditions = ", ".join(f"{one.field} {one.op} {' or '.join(one.values)}" for one in metric.where)
    if metric.kind is Formula.COMPOSED:
        lines.append(f"* made of: {', '.join(f'`{part}`' for part in metric.parts)}; its rows are those of the first")
    else:
        address = f"/api/records/{metric.noun_name}" + (f" where {conditions}" if conditions else "")
        lines.append(f"* rows: `{address}`")
    if metric.date_field:
        beyond = f"; {metric.beyond} lies after `to`" if metric.beyond else ""
        lines.append(f"* from and to mean: {metric.date_field}{beyond}")
    lines.append(f"* by: {', '.join(metric.dimensions)}\n")
    return "\n".join(lines)


def _bridge() -> str:
    rows = "\n".join(f"| {name} | {meaning} |" for name, meaning in MOVEMENTS.items())
    dates = "\n".join(f"| {name} | {meaning} |" for name, meaning in DATE_MOVES.items())
    return f"""## The bridge

`GET /api/metrics/bridge?from=DAY&to=DAY` leads from the open pipeline of one day to that of another, with `by`, `filter[field]`,
`currency`, `known_at` and `known_from`. Opening and closing are `open-pipeline` as of those days; opening plus the movements is
closing, to the minor unit, in total, by group and for each deal. Each bar names the address of its deals. A deal that was made and
closed between the two days is in neither pipeline: it is both in created and in won or lost, with what it closed at, so
that it is seen and the sum stays.

| movement | what it is |
| --- | --- |
{rows}

Beside it, without changing an amount:

| movement | what it is |
| --- | --- |
{dates}
"""


def _derived() -> str:
    found = ["## What follows from a record and the moment\n", "| record | field | meaning |", "| --- | --- | --- |"]
    for noun, columns in DERIVED.items():
        found += [f"| {noun} | {one.name} | {one.meaning} |" for one in columns]
    return "\n".join(found) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
