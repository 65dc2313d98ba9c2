"""A number's groups as a file: what the answer says, written by the engine in the format asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict

import msgspec

from salescommand_lake.engine import Engine
from salescommand_lake.mapping.literals import quoted
from salescommand_lake.metrics.question import MetricQuery, MetricResult
from salescommand_lake.reads.files import FORMATS, harmless

__all__ = ["export_metric"]

_TEXT, _NUMBER, _COUNT = "Nullable(String)", "Nullable(Decimal(38, 6))", "UInt64"
_COLUMNS = {
    "metric": "String",
    "value": _NUMBER,
    "unit": "String",
    "currency": _TEXT,
    "rows": _COUNT,
    "unpriced": _COUNT,
    "numerator": _NUMBER,
    "denominator": _NUMBER,
}
_MOST_BYTES = 64 * 1024 * 1024


def export_metric(
    engine: Engine, result: MetricResult, query: MetricQuery, name: str
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Return the groups of an answer in the format ``name``, or the number itself where it was not grouped.

    The columns are the dimensions, then metric, value, unit, currency, rows, unpriced, numerator and denominator.
    Texts in CSV that a spreadsheet would take for a formula get an apostrophe before them.

    Raises:
        LakeError: the engine is away.
    """
    types = dict.fromkeys(query.by, _TEXT) | _COLUMNS
    told = {"metric": result.metric, "unit": result.unit, "currency": result.currency}
    rows = [{**asdict(group), **told, **group.key} for group in (result.groups if query.by else (result.whole,))]
    lines = b"\n".join(msgspec.json.encode([row[column] for column in types]) for row in rows).decode()
    # Only texts hold braces; written as escapes none of them can look like a parameter of the statement.
    data = quoted(lines.replace("{", "\\u007b"))
    picked = ", ".join(harmless(column) if column in query.by and name == "csv" else f"`{column}`" for column in types)
    structure = quoted(", ".join(f"`{column}` {kind}" for column, kind in types.items()))
    sql = (
        f"SELECT {picked} FROM format(JSONCompactEachRow, {structure}, {data}) SETTINGS max_query_size = {_MOST_BYTES}"
    )
    return engine.stream(sql, FORMATS[name].engine)
