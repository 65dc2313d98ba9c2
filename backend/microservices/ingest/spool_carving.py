"""Reading records out of a damaged SQLite file, page by page, without its trees.

SQLite reaches a row through the pages above it, so one bad page can hide many good ones. Here every page that looks
like a leaf is read for itself. Format: https://sqlite.org/fileformat2.html, sections 1.5, 1.6 and 2.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["Record", "carve"]

Record = tuple[int | None, list[int | float | str | bytes | None]]
"""The row's number (None in a table without one) and its columns; the number's own column is None among them."""

_TABLE_LEAF, _INDEX_LEAF = 13, 10
_MAGIC = b"SQLite format 3\0"
_SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}


def carve(data: bytes, page_size: int) -> Iterator[Record]:
    """Give every record that can be read; what can't is passed over. The caller must check that they mean something."""
    for start in range(0, len(data) - page_size + 1, page_size):
        header = start + (100 if start == 0 and data.startswith(_MAGIC) else 0)
        kind = data[header]
        if kind not in (_TABLE_LEAF, _INDEX_LEAF):
            continue
        cells = int.from_bytes(data[header + 3 : header + 5])
        for place in range(min(cells, page_size // 4)):
            pointer = int.from_bytes(data[header + 8 + 2 * place : header + 10 + 2 * place])
            if not 8 <= pointer < page_size:
                continue
            try:
                yield _cell(data, start, pointer, page_size, table=kind == _TABLE_LEAF)
            except (IndexError, ValueError, struct.error, UnicodeDecodeError):
                continue  # this cell is damaged, its neighbours need not be


def _cell(data: bytes, page: int, pointer: int, size: int, *, table: bool) -> Record:
    at = page + pointer
    length, at = _varint(data, at)
    number = None
    if table:
        number, at = _varint(data, at)
        number = number - (1 << 64) if number >= 1 << 63 else number
    payload = _payload(data, at, length, size, table=table)
    head, at = _varint(payload, 0)
    columns: list[int | float | str | bytes | None] = []
    body = head
    while at < head:
        kind, at = _varint(payload, at)
        width = _SIZES[kind] if kind in _SIZES else (kind - 12) // 2
        columns.append(_value(kind, payload[body : body + width], width))
        body += width
    if body != length:
        raise ValueError("the columns don't fill the record")
    return number, columns


def _payload(data: bytes, at: int, length: int, size: int, *, table: bool) -> bytes:
    """Return a cell's bytes, from its page and the chain of pages that it flows over into."""
    most = size - 35 if table else (size - 12) * 64 // 255 - 23
    if length > len(data):
        raise ValueError("longer than the file")
    if length <= most:
        return data[at : at + length]
    least = (size - 12) * 32 // 255 - 23
    here = least + (length - least) % (size - 4)
    here = here if here <= most else least
    parts, left = [data[at : at + here]], length - here
    following = int.from_bytes(data[at + here : at + here + 4])
    while left > 0:
        start = (following - 1) * size
        if following < 2 or start + size > len(data):
            raise ValueError("the chain leads out of the file")
        parts.append(data[start + 4 : start + min(size, 4 + left)])
        left -= size - 4
        following = int.from_bytes(data[start : start + 4])
    return b"".join(parts)


def _value(kind: int, raw: bytes, width: int) -> int | float | str | bytes | None:
    if len(raw) != width or kind in (10, 11):
        raise ValueError("cut off")
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        found: float = struct.unpack(">d", raw)[0]
        return found
    if kind < 7:
        return int.from_bytes(raw, signed=True)
    return raw.decode() if kind % 2 else raw


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | data[at + 8], at + 9
