"""Rows written as JSON lines that keep every byte of a string, UTF-8 or not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from salescommand_lake.engine.base import time_text

_SPECIAL = re.compile(rb'[\x00-\x1f"\\]')
_ESCAPED = {bytes([byte]): b"\\u%04x" % byte for byte in range(0x20)} | {b'"': b'\\"', b"\\": b"\\\\"}
_encode_json = msgspec.json.Encoder().encode
_JSON_TYPES = (int, float, type(None))
_STRING_TYPES = (str, bytes, bytearray, memoryview)


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
    if isinstance(value, _JSON_TYPES):  # bool is an int
        return _encode_json(value)
    if isinstance(value, Mapping):
        return b"{" + b",".join(_key(key) + b":" + _value(item) for key, item in value.items()) + b"}"
    if isinstance(value, Sequence) and not isinstance(value, _STRING_TYPES):
        return b"[" + b",".join(_value(item) for item in value) + b"]"
    return _string(_bytes(value))


def _key(key: Any) -> bytes:
    return _string(_bytes(key if isinstance(key, str) else str(key)))


def _bytes(value: Any) -> bytes:
    """Return the bytes of a value that is written as a string."""
    if isinstance(value, str):
        return _encode(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (datetime, date)):
        return time_text(value).encode()
    if isinstance(value, Decimal):
        return format(value, "f").encode()
    if isinstance(value, UUID):
        return str(value).encode()
    msg = f"a value of type {type(value).__name__} can't be inserted"
    raise TypeError(msg)


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


def _string(data: bytes) -> bytes:
    if _SPECIAL.search(data):
        data = _SPECIAL.sub(lambda found: _ESCAPED[found[0]], data)
    return b'"' + data + b'"'
