"""Lists of records: filtered, searched, sorted, a page at a time."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from salescommand_lake.engine import Engine
from salescommand_lake.model import Noun
from salescommand_lake.reads.conditions import Column
from salescommand_lake.reads.derived import MONEY, Derived, derived
from salescommand_lake.reads.money import money_text
from salescommand_lake.reads.question import QueryError
from salescommand_lake.reads.rows import Moment, columns, matching, resolved, rows, weighs
from salescommand_lake.reads.stage_visits import READABLE
from salescommand_lake.reads.values import iso, plain
from salescommand_lake.records.question import Page, RecordQuery

__all__ = ["list_records"]


async def list_records(engine: Engine, query: RecordQuery) -> Page:
    """Return a page of living records and how many match in all.

    Each item has ``value``, its amount in the currency asked for (None where it has no price), and where it has a
    probability ``weighted_value``, so that a number can be computed again from its rows.

    Raises:
        QueryError: a filter, the sort or the cursor can't be used.
        LakeError: the engine is away.
    """
    noun = READABLE[query.type]
    known = {"title": Column(_title(noun))} | columns(noun)
    moment = Moment(query.as_of, query.known_at)
    descending, column = _sort(query.sort, known)
    needed = {query.sort.removeprefix("-")}
    source, parameters = matching(
        noun, moment, query.currency, filters=query.filters, needed=needed, known=known, scope=query.scope
    )
    where = "1"
    if query.q:
        where += f" AND positionCaseInsensitiveUTF8({_title(noun)}, {{q:String}}) > 0"
        parameters["q"] = query.q
    after, cursor_parameters = _after(query, column, descending=descending)
    direction = "DESC" if descending else "ASC"
    page_sql = (
        f"SELECT canonical_id, toString({column.sql}) AS sort_text\nFROM ({source})\nWHERE ({where}) AND {after}\n"
        f"ORDER BY isNull({column.sql}), {column.sql} {direction}, canonical_id\nLIMIT {query.limit + 1}"
    )
    count_sql = f"SELECT count() AS n FROM ({source}) WHERE {where}"
    found, counted = await asyncio.gather(
        engine.query(page_sql, parameters | cursor_parameters), engine.query(count_sql, parameters)
    )
    items = await _items(engine, noun, [row["canonical_id"] for row in found[: query.limit]], moment, query.currency)
    more = len(found) > query.limit
    return Page(items, _cursor(query, found[query.limit - 1]) if more else None, int(counted[0]["n"]))


async def _items(engine: Engine, noun: Noun, ids: Sequence[str], moment: Moment, currency: str) -> list[dict[str, Any]]:
    """Return the items of a page with everything there is to show; only these records are read for it."""
    if not ids:
        return []
    keys = [one.partition(":")[0] for one in ids]
    source, parameters = rows(noun, moment, currency, where="canonical_id IN {ids:Array(String)}")
    found = await engine.query(f"SELECT *, {_title(noun)} AS record_title FROM ({source})", parameters | {"ids": keys})
    by_id = {row["canonical_id"]: row for row in found}
    return [_item(noun, by_id[one], currency) for one in ids if one in by_id]


def _title(noun: Noun) -> str:
    names = ", ".join(f"nullIf({name}, '')" for name in noun.title)
    return f"coalesce({names}, source_id)"


def _sort(text: str, known: Mapping[str, Column]) -> tuple[bool, Column]:
    name = text.removeprefix("-")
    if name not in known or known[name].type.startswith("Array"):
        raise QueryError("sort", f"there is no field {name!r} to sort by", f"use one of {', '.join(sorted(known))}")
    return text.startswith("-"), known[name]


def _cursor(query: RecordQuery, row: Mapping[str, Any]) -> str:
    """Return an opaque text for the place after a row; it holds for the same sort only."""
    place = msgspec.json.encode([query.sort, row["sort_text"], row["canonical_id"]])
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def _after(query: RecordQuery, column: Column, *, descending: bool) -> tuple[str, dict[str, Any]]:
    """Return the condition for rows after the cursor. Rows without a value come last in either direction."""
    if query.cursor is None:
        return "1", {}
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True)
        sort, value, last = msgspec.json.decode(decoded, type=tuple[str, str | None, str])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        hint = "take next_cursor of the page before, or leave it out"
        raise QueryError("cursor", "is not one of ours", hint) from None
    if sort != query.sort:
        raise QueryError("cursor", f"belongs to sort={sort}", "leave it out when the sort changes")
    parameters: dict[str, Any] = {"after_id": last}
    if value is None:
        return f"(isNull({column.sql}) AND canonical_id > {{after_id:String}})", parameters
    parameters["after"] = value
    bound = f"{{after:{column.type}}}"
    compare = "<" if descending else ">"
    return (
        f"(isNull({column.sql}) OR {column.sql} {compare} {bound}"
        f" OR ({column.sql} = {bound} AND canonical_id > {{after_id:String}}))"
    ), parameters


def _item(noun: Noun, row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    fields = {field.name: plain(field, row[field.name]) for field in noun.fields if field.name in row}
    fields |= {one.name: _derived(one, row[one.name]) for one in derived(noun)}
    fields |= {name: row[name] for name in resolved(noun) if name in row}
    item = {
        "canonical_id": row["canonical_id"],
        "type": noun.name,
        "source": row["source"],
        "source_id": row["source_id"],
        "title": row["record_title"],
        "fields": fields,
        "value": _amount(row.get("value"), currency),
        "quality_score": float(row["quality_score"]),
        "is_deleted": bool(row["is_deleted"]),
        "updated_at": iso(row["source_time"]),
    }
    item |= {name: _amount(row[name], currency) for name in MONEY.get(noun.name, ())}
    if weighs(noun):
        item["weighted_value"] = _amount(row["weighted_value"], currency)
    return item


def _derived(one: Derived, value: Any) -> Any:
    if value is None or one.type == "Bool":
        return value
    if one.type == "Int64":
        return int(value)
    return iso(value) if one.type.startswith("DateTime") else str(value)


def _amount(value: str | None, currency: str) -> str | None:
    return None if value is None else money_text(value, currency)
