"""Rows written for an insert: as columns, or as JSON lines that keep every byte of a string, UTF-8 or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from salescommand_lake.engine.base import Rows, time_text
from salescommand_lake.engine.columns import Columns, Ready

_CONTROL = re.compile(rb"[\x00-\x1f]")
_ESCAPED = {bytes([byte]): b"\\u%04x" % byte for byte in range(0x20)}
_encode_json = msgspec.json.Encoder().encode


def encode(rows: Rows) -> Ready:
    """Return the rows as they are sent.

    Raises:
        ValueError: see `encode_rows` and `Columns.encode`.
        TypeError: a value of a type that can't be inserted.
    """
    if isinstance(rows, Ready):
        return rows
    if isinstance(rows, Columns):
        return Ready(list(rows.types), rows.encode(), "Native")
    return Ready(*encode_rows(rows), "JSONEachRow")


def encode_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], bytes]:
    """Return the column names and the rows as JSON lines (ClickHouse's JSONEachRow).

    Values may be str, bytes, int, float, bool, None, Decimal, date, datetime with a zone, UUID, and lists and dicts of
    these. ``bytes`` and surrogate escapes in a ``str`` arrive as the bytes that they stand for.

    Raises:
        ValueError: a row has other columns than the first, or a time has no zone.
        TypeError: a value of another type.
    """
    columns = list(rows[0])
    names = set(columns)
    prefixes = [(column, _encode_json(column) + b":") for column in columns]
    lines = []
    for number, row in enumerate(rows):
        if row.keys() != names:
            msg = f"row {number} has other columns than the first: {sorted(names ^ row.keys())}"
            raise ValueError(msg)
        lines.append(b"{" + b",".join(prefix + _value(row[column]) for column, prefix in prefixes) + b"}")
    lines.append(b"")
    return columns, b"\n".join(lines)


def _value(value: Any) -> bytes:
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    # A subclass, or another sort of mapping or sequence.
    for kind, other in _WRITERS.items():
        if isinstance(value, kind):
            return other(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, Sequence):
        return _sequence(value)
    msg = f"a value of type {type(value).__name__} can't be inserted"
    raise TypeError(msg)


def _mapping(value: Mapping[Any, Any]) -> bytes:
    pairs = (_text(key if isinstance(key, str) else str(key)) + b":" + _value(item) for key, item in value.items())
    return b"{" + b",".join(pairs) + b"}"


def _sequence(value: Sequence[Any]) -> bytes:
    return b"[" + b",".join(map(_value, value)) + b"]"


def _time(value: datetime | date) -> bytes:
    return b'"' + time_text(value).encode() + b'"'


def _text(value: str) -> bytes:
    return _string(_encode(value))


def _encode(text: str) -> bytes:
    """Encode text; what came from bytes by surrogate escapes goes back to them, a lone surrogate keeps its number."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _string(value: bytes | bytearray | memoryview) -> bytes:
    data = bytes(value).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    if _CONTROL.search(data):
        for byte in set(_CONTROL.findall(data)):
            data = data.replace(byte, _ESCAPED[byte])
    return b'"' + data + b'"'


_WRITERS: dict[type, Callable[[Any], bytes]] = {
    str: _text,
    bytes: _string,
    bool: _encode_json,
    int: _encode_json,
    float: _encode_json,
    type(None): _encode_json,
    datetime: _time,
    date: _time,
    Decimal: lambda value: b'"' + format(value, "f").encode() + b'"',
    UUID: lambda value: b'"' + str(value).encode() + b'"',
    dict: _mapping,
    list: _sequence,
    tuple: _sequence,
    bytearray: _string,
    memoryview: _string,
}
