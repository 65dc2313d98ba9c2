"""Saving what can be read of a damaged spool into a new file. The damaged one is kept beside it, for people."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import msgspec

from backend.microservices.ingest.spool_carving import Record, carve
from backend.microservices.ingest.spool_reader import connect

__all__ = ["Damaged", "salvage"]

log = logging.getLogger(__name__)
_PAGE_SIZES = (4096, 8192)
_DECODE_SOURCES = msgspec.json.Decoder(dict[str, int]).decode
_ROWS: dict[str, tuple[type, ...]] = {
    "state": (str, int, int),
    "frames": (int, str, int, bytes),
    "memory": (int, bytes),
    "batches": (int, str, str),
    "retries": (str, str, bytes),
}


class Damaged(Exception):  # noqa: N818 - named for what it is
    """The file is damaged, and nothing of a spool can be read in it."""


@dataclass(slots=True)
class _Found:
    """Rows by table and key; the newest of several copies wins where copies can differ."""

    tables: dict[str, dict[Any, tuple[Any, ...]]] = field(default_factory=dict)

    def add(self, table: str, key: Any, row: tuple[Any, ...]) -> None:
        self.tables.setdefault(table, {}).setdefault(key, row)


def salvage(path: Path, make: Callable[[apsw.Connection], None]) -> Path:
    """Move the damaged file aside and put what it held into a new one at its place; return where it was moved.

    `make` makes the tables of a spool. Call it with the spool's lock held and no connection open.

    Raises:
        Damaged: there is nothing of a spool in it; the file was not touched.
        OSError, apsw.Error: it can't be read, or the new one can't be written; then both are left as they are.
    """
    _fold_log(path)
    found = _read(path)
    if "state" not in found.tables:
        raise Damaged(f"{path} holds nothing that can be read as a spool")
    fresh = path.with_name(path.name + ".new")
    for suffix in ("", "-wal", "-shm"):
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
    connection = connect(fresh, write=True)
    try:
        make(connection)
        with connection:
            connection.execute("DELETE FROM state")
            _write(connection, found)
    finally:
        connection.close()
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    fresh.rename(path)
    log.error("%s was damaged. What could be read was saved; the damaged file is %s", path, aside)
    return aside


def _fold_log(path: Path) -> None:
    """Bring the log's pages into the file, as far as SQLite can. What it can't stays as it is in the file."""
    try:
        connection = connect(path, write=True)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
    except apsw.Error as error:
        log.warning("the log of %s can't be folded into it: %s", path, error)


def _read(path: Path) -> _Found:
    found = _Found()
    data = path.read_bytes()
    told = int.from_bytes(data[16:18])  # the first page may be what is damaged
    for number, columns in carve(data, told if told in _PAGE_SIZES else _PAGE_SIZES[0]):
        if number is None:
            _counters(found, columns)
        else:
            _row(found, (number, columns))
    return found


def _row(found: _Found, record: Record) -> None:
    number, columns = record
    rest = columns[1:]
    for table, types in _ROWS.items():
        if len(rest) == len(types) and columns[0] is None and all(map(isinstance, rest, types)):
            if table == "frames" and not _intact(rest):
                return
            if table == "state" and (number != 1 or len(str(rest[0])) != 16):
                continue
            found.add(table, number, (number, *rest))
            return
    if len(columns) == 6 and isinstance(columns[5], bytes) and isinstance(columns[2], str):
        found.add("refused", number, (number, *columns[1:]))


def _intact(columns: list[Any]) -> bool:
    """Tell whether a frame's bytes are as they were written."""
    _, sources, checksum, data = columns
    try:
        _DECODE_SOURCES(sources)
    except msgspec.DecodeError:
        return False
    matches: bool = zlib.crc32(data) == checksum
    return matches


def _counters(found: _Found, columns: list[Any]) -> None:
    if len(columns) == 8 and isinstance(columns[0], str) and all(isinstance(each, int) for each in columns[1:]):
        found.add("counters", columns[0], tuple(columns))


def _write(connection: apsw.Connection, found: _Found) -> None:
    for table, rows in found.tables.items():
        marks = ", ".join("?" * len(next(iter(rows.values()))))
        connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows.values())
    # Pages that SQLite had given up may hold frames that were loaded long ago.
    connection.execute("DELETE FROM frames WHERE last_seq <= (SELECT loaded_through FROM state)")
    connection.execute("DELETE FROM batches WHERE last_seq <= (SELECT loaded_through FROM state)")
    connection.execute("UPDATE state SET last_seq = max(last_seq, (SELECT coalesce(max(last_seq), 0) FROM frames))")
