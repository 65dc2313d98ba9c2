"""Reads a block in ClickHouse's Native format, as far as the raw zone needs it."""

from __future__ import annotations

import struct
from typing import Any

_NUMBERS = {"Bool": "?", "UInt8": "B", "UInt32": "I", "UInt64": "Q", "Int64": "q", "DateTime": "I"}


def rows_of(block: bytes) -> list[dict[str, Any]]:
    """Return the rows of one block; strings that are UTF-8 as text, others as bytes."""
    at = 0

    def length() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = block[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        return block[at - size : at]

    def string() -> str | bytes:
        data = take(length())
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data

    def values(kind: str, rows: int) -> list[Any]:
        if kind == "String":
            return [string() for _ in range(rows)]
        if kind.startswith("FixedString("):
            return [take(int(kind[12:-1])) for _ in range(rows)]
        code = "q" if kind.startswith("DateTime64(") else _NUMBERS[kind]
        return list(struct.unpack(f"<{rows}{code}", take(rows * struct.calcsize(f"<{code}"))))

    columns, rows = length(), length()
    found = {}
    for _ in range(columns):
        name, kind = str(string()), str(string())
        found[name] = values(kind, rows)
    assert at == len(block), f"{len(block) - at} bytes are left over"
    return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
