"""How the open pipeline of one day became that of another, deal by deal.

Each deal is looked at twice, as of the first moment and as of the second, and what lies between is told by movements
that add up: opening + movements = closing, to the smallest unit of the currency, in total and for each deal. A deal
that left the pipeline leaves with what it was worth at the start; one that came in comes with what it is worth at the
end; one that stayed is revalued at the rates of the second day, and the rest of the difference is growth or shrinkage.
Opening and closing are the metric ``open-pipeline`` as of those moments.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from salescommand_lake.books import data_as_of
from salescommand_lake.bridge.lines import METRIC, UNPRICED, lines
from salescommand_lake.bridge.question import (
    DATE_MOVES,
    MOVEMENTS,
    Bar,
    Bridge,
    BridgeDealsQuery,
    BridgeQuery,
    BridgeSet,
    deals_address,
)
from salescommand_lake.engine import Engine, Row
from salescommand_lake.metrics.cuts import drill
from salescommand_lake.metrics.question import MetricQuery
from salescommand_lake.reads.money import money_text
from salescommand_lake.reads.question import QueryError
from salescommand_lake.records.question import Page

__all__ = ["bridge", "bridge_deals"]

_MAX_LINES = 50_000
Key = tuple[str | None, ...]
Sums = dict[str, tuple[Decimal, int]]


async def bridge(engine: Engine, query: BridgeQuery) -> Bridge:
    """Return the bars between two moments.

    Raises:
        QueryError: a dimension or filter does not exist, or a value does not fit.
        LakeError: the engine is away.
    """
    told, parameters = lines(query)
    reaches = await data_as_of(engine)
    found = await engine.query(
        f"SELECT movement, key, sum(change) AS value, count() AS n FROM ({told}) GROUP BY movement, key"
        f" LIMIT {_MAX_LINES + 1}",
        parameters,
    )
    if len(found) > _MAX_LINES:
        raise QueryError("by", "gives too many groups", "filter more, or group by less")
    by_key: dict[Key, Sums] = {}
    missing = [row for row in found if row["movement"] == UNPRICED]
    for row in found:
        if row["movement"] != UNPRICED:
            by_key.setdefault(tuple(row["key"]), {})[row["movement"]] = (Decimal(str(row["value"])), int(row["n"]))
    groups = sorted(by_key, key=lambda key: [(one is None, one or "") for one in key]) if query.by else []
    return Bridge(
        query=query,
        data_as_of=reaches,
        whole=_set(query, _added(by_key.values()), None),
        groups=tuple(_set(query, by_key[key], key) for key in groups),
        unpriced=sum(int(row["n"]) for row in missing),
        unpriced_currencies=tuple(sorted({one for row in missing for one in row["key"] if one})),
    )


def _added(parts: Any) -> Sums:
    found: Sums = {}
    for part in parts:
        for movement, (value, count) in part.items():
            before = found.get(movement, (Decimal(0), 0))
            found[movement] = (before[0] + value, before[1] + count)
    return found


def _set(query: BridgeQuery, sums: Sums, key: Key | None) -> BridgeSet:
    named = dict(zip(query.by, key or (), strict=False))

    def bar(movement: str) -> Bar:
        value, count = sums.get(movement, (Decimal(0), 0))
        return Bar(money_text(value, query.currency), count, deals_address(query, movement, key or ()))

    def end(movement: str) -> Bar:
        value, count = sums.get(movement, (Decimal(0), 0))
        return Bar(money_text(value, query.currency), count, _pipeline(query, movement, named))

    return BridgeSet(
        key=named,
        opening=end("opening"),
        movements={name: bar(name) for name in MOVEMENTS},
        closing=end("closing"),
        dates={name: bar(name) for name in DATE_MOVES},
    )


def _pipeline(query: BridgeQuery, which: str, key: Mapping[str, str | None]) -> str:
    """Return the address of the deals of the opening or the closing: those of the metric at that moment."""
    first = which == "opening"
    asked = MetricQuery(
        by=query.by,
        as_of=query.start if first else query.end,
        known_at=(query.known_from or query.known_at) if first else query.known_at,
        currency=query.currency,
        fiscal_start=query.fiscal_start,
        filters=query.filters,
    )
    return drill(METRIC, asked, key)


async def bridge_deals(engine: Engine, query: BridgeDealsQuery) -> Page:
    """Return the deals of one bar, the largest change first, and how many there are.

    Raises:
        QueryError: a dimension, a filter or the cursor can't be used.
        LakeError: the engine is away.
    """
    source, parameters = lines(query.bridge)
    where = "movement = {movement:String}"
    parameters["movement"] = query.movement
    if query.key is not None:
        # A NULL can't be bound inside an array: an empty text stands for it, which no key is.
        where += " AND arrayMap(x -> ifNull(x, ''), key) = {key:Array(String)}"
        parameters["key"] = [value or "" for value in query.key]
    after, bound = _after(query.cursor)
    page_sql = (
        f"SELECT *, abs(change) AS size FROM ({source}) WHERE {where} AND {after}\n"
        f"ORDER BY size DESC, canonical_id, key LIMIT {query.limit + 1}"
    )
    found, counted = await asyncio.gather(
        engine.query(page_sql, parameters | bound),
        engine.query(f"SELECT count() AS n FROM ({source}) WHERE {where}", parameters),
    )
    shown = found[: query.limit]
    cursor = _cursor(shown[-1]) if len(found) > query.limit else None
    return Page([_item(row, query.bridge.currency) for row in shown], cursor, int(counted[0]["n"]))


def _item(row: Row, currency: str) -> dict[str, Any]:
    def end(side: str) -> dict[str, Any] | None:
        if not row[f"{side}_inside"]:
            return None
        worth = None if row[f"{side}_unpriced"] else money_text(row[f"{side}_worth"], currency)
        return {"value": worth, "stage": row[f"{side}_stage"] or None, "close_date": row[f"{side}_due"]}

    return {
        "canonical_id": row["canonical_id"],
        "type": "opportunity",
        "title": row["title"],
        "movement": row["movement"],
        "change": money_text(str(row["change"]), currency),
        "opening": end("a"),
        "closing": end("b"),
        "status": row["b_status"] or None,
    }


def _cursor(row: Row) -> str:
    place = msgspec.json.encode([str(row["size"]), row["canonical_id"]])
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def _after(cursor: str | None) -> tuple[str, dict[str, Any]]:
    if cursor is None:
        return "1", {}
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        size, last = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=tuple[str, str])
        Decimal(size)
    except (binascii.Error, ValueError, ArithmeticError, msgspec.MsgspecError):
        raise QueryError(
            "cursor", "is not one of ours", "take next_cursor of the page before, or leave it out"
        ) from None
    size_sql = "{after:Decimal(38, 4)}"
    sql = f"(abs(change) < {size_sql} OR (abs(change) = {size_sql} AND canonical_id > {{last:String}}))"
    return sql, {"after": size, "last": last}
