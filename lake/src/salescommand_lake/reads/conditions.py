"""Filters as SQL: values are checked against the type of their column and bound, never written into the statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from salescommand_lake.reads.question import Filter, QueryError

__all__ = ["Column", "condition"]

_COMPARE = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
_MAX_VALUES = 500


@dataclass(frozen=True, slots=True)
class Column:
    """A column that questions may filter and sort by: its SQL and its ClickHouse type, without Nullable."""

    sql: str
    type: str = "String"


def condition(
    filters: Iterable[Filter], columns: Mapping[str, Column], prefix: str = "f"
) -> tuple[str, dict[str, Any]]:
    """Return the filters as one SQL condition, ``1`` when there are none, and its parameters, named from ``prefix``.

    Raises:
        QueryError: a field is not among ``columns``, or a value does not have its type.
    """
    parts: list[str] = []
    parameters: dict[str, Any] = {}
    for number, one in enumerate(filters):
        column = columns.get(one.field)
        if column is None:
            hint = f"use one of {', '.join(sorted(columns))}"
            raise QueryError(one.parameter, f"there is no field {one.field!r} to filter by", hint)
        if len(one.values) > _MAX_VALUES:
            raise QueryError(one.parameter, f"has {len(one.values)} values", f"give at most {_MAX_VALUES}")
        part, bound = _one(one, column, f"{prefix}{number}")
        parts.append(part)
        parameters |= bound
    return " AND ".join(parts) or "1", parameters


def _one(one: Filter, column: Column, name: str) -> tuple[str, dict[str, Any]]:
    sql = column.sql
    if column.type == "Array(String)":
        return _any(one, sql, name)
    if one.op == "empty":
        empty = f"ifNull(toString({sql}) = '', 1)"
        return (empty if one.values[0] == "true" else f"NOT {empty}"), {}
    if one.op == "contains":
        found = f"positionCaseInsensitiveUTF8(ifNull(toString({sql}), ''), {{{name}:String}}) > 0"
        return found, {name: one.values[0]}
    values = [_fitting(one, column.type, value) for value in one.values]
    if one.op in {"eq", "ne"}:
        inside = f"ifNull({sql} IN {{{name}:Array({column.type})}}, 0)"
        return (inside if one.op == "eq" else f"NOT {inside}"), {name: values}
    return f"ifNull({sql} {_COMPARE[one.op]} {{{name}:{column.type}}}, 0)", {name: values[0]}


def _any(one: Filter, sql: str, name: str) -> tuple[str, dict[str, Any]]:
    """Return the condition of a column that holds several texts: one of them is asked for.

    Raises:
        QueryError: the operator has no meaning there.
    """
    if one.op == "empty":
        return f"{'' if one.values[0] == 'true' else 'NOT '}empty({sql})", {}
    if one.op not in {"eq", "ne"}:
        raise QueryError(one.parameter, f"can't be compared with {one.op}", "use eq, ne or empty")
    return f"{'' if one.op == 'eq' else 'NOT '}hasAny({sql}, {{{name}:Array(String)}})", {name: list(one.values)}


_NUMBER = re.compile(r"[+-]?\d{1,14}(\.\d{1,8})?")
_INTEGER = re.compile(r"[+-]?\d{1,18}")


def _fitting(one: Filter, kind: str, text: str) -> str | int | Decimal:
    """Check a value here, so that a wrong one is the asker's mistake and not the engine's.

    Raises:
        QueryError: it does not fit.
    """
    if kind == "Bool":
        if text in {"true", "false"}:
            return int(text == "true")
        raise QueryError(one.parameter, f"takes true or false, not {text!r}")
    if kind.startswith("Date"):
        return _moment(one, kind, text)
    if kind.startswith(("Decimal", "Float")):
        if not _NUMBER.fullmatch(text):
            raise QueryError(one.parameter, f"{text!r} is not a number", "write it like 1200.50")
        return Decimal(text)
    if kind.startswith(("Int", "UInt")):
        if not _INTEGER.fullmatch(text):
            raise QueryError(one.parameter, f"{text!r} is not a whole number")
        return int(text)
    return text


def _moment(one: Filter, kind: str, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        hint = "write it like 2026-03-31" + ("" if kind.startswith("Date32") else " or 2026-03-31T12:00:00Z")
        raise QueryError(one.parameter, f"{text!r} is not a day or a time", hint) from None
    if kind == "Date32":
        return moment.date().isoformat()
    in_utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return in_utc.replace(tzinfo=None).isoformat(" ")
