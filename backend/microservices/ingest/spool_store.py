"""The spool's SQLite file: its tables and the statements on them.

Events are kept in frames, one per group commit, each a single row with a checksum: one statement per group instead of
one per event is what makes the answer cheap. Only the writer's thread uses the writing connection.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import apsw
import msgspec

from backend.microservices.ingest.records import Row
from backend.microservices.ingest.spool_errors import SpoolInUse, SpoolUnusable
from backend.microservices.ingest.spool_reader import connect, decode_sources
from backend.microservices.ingest.spool_retries import RETRIES, RetryStore
from backend.microservices.ingest.spool_salvage import Damaged, salvage
from backend.microservices.ingest.spool_shapes import BatchEntry, Counters

__all__ = ["SpoolStore"]

log = logging.getLogger(__name__)

_APPLICATION = 0x53_43_53_50  # "SCSP", marks the file as ours
_VERSION = 2
_TABLES = """
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), spool_id TEXT NOT NULL, last_seq INTEGER NOT NULL,
                    loaded_through INTEGER NOT NULL) STRICT;
CREATE TABLE frames (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, sources TEXT NOT NULL,
                     checksum INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE damaged (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, sources TEXT NOT NULL,
                      checksum INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE memory (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE counters (source TEXT PRIMARY KEY, received INTEGER NOT NULL, accepted INTEGER NOT NULL,
                       duplicates INTEGER NOT NULL, rejected INTEGER NOT NULL, refused INTEGER NOT NULL,
                       loaded INTEGER NOT NULL, damaged INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE batches (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, batch_id TEXT NOT NULL,
                      sources TEXT NOT NULL) STRICT;
CREATE TABLE refused (seq INTEGER PRIMARY KEY, source TEXT NOT NULL, reason TEXT NOT NULL, code INTEGER,
                      at_ms INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
"""

_DURABLE = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2000"
_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE_ROWS = msgspec.msgpack.Decoder(list[Row]).decode


class SpoolStore(RetryStore):
    """The writing connection. Every change is made between `begin` and `commit`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._purgeable = True
        self.damage: str | None = None
        """What was found damaged since the process started, in words."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(path)
        try:
            self._connection = self._open()
        except BaseException:
            os.close(self._lock)
            raise
        self.spool_id, self.last_seq, self.loaded_through = self._state()

    def _open(self) -> apsw.Connection:
        try:
            return self._open_sound()
        except (apsw.NotADBError, apsw.CorruptError) as error:
            try:
                aside = salvage(self.path, _make)
                self.damage = f"the file was damaged ({error}); what could be read was saved, the rest is in {aside}"
            except Damaged:
                words = " ".join(str(error).replace("***", "").split())
                message = (
                    f"{self.path} is not a spool, or the page that says what was loaded is damaged ({words}). "
                    "It was left as it is. Move it away with its -wal and keep both, start with an empty one, and ask "
                    "the senders to post again what they posted since the lake's last event: repeats are harmless."
                )
                raise SpoolUnusable(message) from error
            return self._open_sound()

    def _open_sound(self) -> apsw.Connection:
        """Open the file, and make sure that SQLite can find its way in it."""
        connection = connect(self.path, write=True)
        try:
            _claim(connection, self.path)
            connection.execute(_DURABLE).fetchall()
            verdict = next(iter(connection.execute("PRAGMA quick_check(1)")))[0]
            if verdict != "ok":
                raise apsw.CorruptError(verdict)
        except BaseException:
            connection.close()
            raise
        self.path.chmod(0o600)
        return connection

    def _state(self) -> tuple[str, int, int]:
        spool_id, last_seq, through = self._one("SELECT spool_id, last_seq, loaded_through FROM state")
        return spool_id, last_seq, through

    def _one(self, statement: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        """Return the one row of a statement that always has one."""
        row: tuple[Any, ...] = next(iter(self._connection.execute(statement, values)))
        return row

    def _maybe(self, statement: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = next(iter(self._connection.execute(statement, values)), None)
        return row

    def begin(self) -> None:
        """Start a group."""
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Put the group on disk; after this returns, a power cut can't take it back."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the group, where SQLite hasn't done so already."""
        if not self._connection.get_autocommit():
            self._connection.execute("ROLLBACK")
        self.spool_id, self.last_seq, self.loaded_through = self._state()

    def add_frame(self, rows: list[Row], sources: dict[str, int]) -> None:
        """Add the events of a group, in the order of their numbers."""
        data = _ENCODE(rows)
        self._connection.execute(
            "INSERT INTO frames VALUES (?, ?, ?, ?, ?)",
            (rows[0].seq, rows[-1].seq, msgspec.json.encode(sources).decode(), zlib.crc32(data), data),
        )

    def add_memory(self, first_seq: int, last_seq: int, data: bytes) -> None:
        """Add what a group remembers."""
        self._connection.execute("INSERT INTO memory VALUES (?, ?, ?)", (first_seq, last_seq, data))

    def set_last_seq(self, seq: int) -> None:
        """Never give out a number up to `seq` again."""
        self._connection.execute("UPDATE state SET last_seq = ?", (seq,))
        self.last_seq = seq

    def put_counters(self, source: str, counters: Counters) -> None:
        """Write a source's books."""
        c = counters
        values = (source, c.received, c.accepted, c.duplicates, c.rejected, c.refused, c.loaded, c.damaged)
        self._connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def put_batch(self, batch: BatchEntry) -> None:
        """Write down a planned insert."""
        self._connection.execute(
            "INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?)",
            (batch.first_seq, batch.last_seq, batch.batch_id, msgspec.json.encode(batch.sources).decode()),
        )

    def drop_batch(self, first_seq: int) -> None:
        """Forget a planned insert."""
        self._connection.execute("DELETE FROM batches WHERE first_seq = ?", (first_seq,))

    def set_loaded_through(self, seq: int) -> None:
        """Everything up to `seq` has left the spool; its rows are removed by and by."""
        self._connection.execute("UPDATE state SET loaded_through = ?", (seq,))
        self.loaded_through = seq
        self._purgeable = True

    def add_refused(self, row: Row, reason: str, code: int | None, at_ms: int) -> None:
        """Keep an event that the lake refused, with the lake's words."""
        values = (row.seq, row.source, reason, code, at_ms, _ENCODE(row))
        self._connection.execute("DELETE FROM retries WHERE seq = ?", (row.seq,))
        self._connection.execute("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?, ?)", values)

    def set_aside(self, first_seq: int) -> tuple[int, dict[str, int]]:
        """Move a damaged frame out of the way; return its last number and how many events of each source it held."""
        last_seq, sources = self._one("SELECT last_seq, sources FROM frames WHERE first_seq = ?", (first_seq,))
        copy = "INSERT OR REPLACE INTO damaged SELECT * FROM frames WHERE first_seq = ?"
        self._connection.execute(copy, (first_seq,))
        self._connection.execute("DELETE FROM frames WHERE first_seq = ?", (first_seq,))
        return last_seq, decode_sources(sources)

    def purge(self, limit: int) -> int:
        """Remove up to `limit` frames that were loaded; return how many."""
        if not self._purgeable:
            return 0
        self._connection.execute(
            "DELETE FROM frames WHERE first_seq IN (SELECT first_seq FROM frames "
            "WHERE first_seq <= ?1 AND last_seq <= ?1 ORDER BY first_seq LIMIT ?2)",
            (self.loaded_through, limit),
        )
        removed = self._connection.changes()
        self._purgeable = removed == limit
        return removed

    def oldest_memory(self) -> int | None:
        """Return the last number of the oldest memory frame."""
        found = self._maybe("SELECT last_seq FROM memory ORDER BY first_seq LIMIT 1")
        return None if found is None else found[0]

    def drop_oldest_memory(self) -> bytes:
        """Remove the oldest memory frame and return its bytes."""
        first_seq, data = self._one("SELECT first_seq, data FROM memory ORDER BY first_seq LIMIT 1")
        self._connection.execute("DELETE FROM memory WHERE first_seq = ?", (first_seq,))
        return bytes(data)

    def memory_frame(self, seq: int) -> bytes | None:
        """Return the memory frame that holds `seq`."""
        found = self._maybe("SELECT data FROM memory WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1", (seq,))
        return None if found is None else found[0]

    def memory_frames(self) -> Any:
        """Iterate over all memory frames, oldest first."""
        for (data,) in self._connection.execute("SELECT data FROM memory ORDER BY first_seq"):
            yield data

    def all_counters(self) -> dict[str, Counters]:
        """Return every source's books, with what is in the spool counted from its rows."""
        books = {
            row[0]: Counters(*row[1:])
            for row in self._connection.execute(
                "SELECT source, received, accepted, duplicates, rejected, refused, loaded, damaged FROM counters"
            )
        }
        statement = "SELECT first_seq, sources FROM frames WHERE last_seq > ? ORDER BY first_seq"
        for first_seq, text in self._connection.execute(statement, (self.loaded_through,)):
            sources = {name: (count, first_seq) for name, count in decode_sources(text).items()}
            if first_seq <= self.loaded_through:
                sources = self._partly(first_seq, self.loaded_through + 1) or sources
            for name, (count, seq) in sources.items():
                counters = books.setdefault(name, Counters())
                counters.in_spool += count
                counters.oldest_seq = counters.oldest_seq or seq
        self._count_retries(books)
        for name, counters in books.items():
            self._close_books(name, counters)
        return books

    def _close_books(self, name: str, c: Counters) -> None:
        """Count as damaged what was accepted and is nowhere: after damage to the file, the sums must say so."""
        gap = c.accepted - c.duplicates - c.in_spool - c.loaded - c.refused - c.damaged
        if gap or c.received != c.accepted + c.rejected:
            c.damaged += max(0, gap)
            c.accepted += max(0, -gap)
            c.received = c.accepted + c.rejected
            log.error("%s: the books of %s were off by %d events; the file is or was damaged", self.path, name, gap)
            self.damage = self.damage or f"the books of {name} were off by {gap} events"

    def _count_retries(self, books: dict[str, Counters]) -> None:
        for name, count, seq in self.retries_by_source():
            counters = books.setdefault(name, Counters())
            counters.in_spool += count
            counters.oldest_seq = min(counters.oldest_seq or seq, seq)

    def held(self, first_seq: int, last_seq: int) -> dict[str, int]:
        """Count the events of each source in the frames from one number to another, damaged frames included."""
        held: Counter[str] = Counter()
        statement = "SELECT first_seq, last_seq, sources FROM frames WHERE last_seq >= ? AND first_seq <= ?"
        found: Any = self._connection.execute(statement, (first_seq, last_seq)).fetchall()
        for first, last, text in found:
            sources = decode_sources(text)
            if first < first_seq or last > last_seq:
                partly = self._partly(first, first_seq, last_seq)
                sources = {name: count for name, (count, _) in partly.items()} or sources
            held.update(sources)
        return dict(held)

    def _partly(self, first_seq: int, since: int, until: int = 2**63 - 1) -> dict[str, tuple[int, int]]:
        """Count a frame's events with numbers from `since` to `until`; nothing when it can't be read."""
        sources: dict[str, tuple[int, int]] = {}
        data = self._one("SELECT data FROM frames WHERE first_seq = ?", (first_seq,))[0]
        try:
            rows = _DECODE_ROWS(data)
        except msgspec.DecodeError as error:
            log.error(
                "%s: a half loaded frame is damaged, so the books of its sources count too many: %s", self.path, error
            )
            return sources
        for row in rows:
            if since <= row.seq <= until:
                count, first = sources.get(row.source, (0, row.seq))
                sources[row.source] = (count + 1, first)
        return sources

    def used_bytes(self) -> int:
        """Return the bytes that the file's content takes, free pages left out."""
        pages, free = self._one("PRAGMA page_count")[0], self._one("PRAGMA freelist_count")[0]
        return int(pages - free) * int(self._one("PRAGMA page_size")[0])

    def log_bytes(self) -> int:
        """Return the size of the log, in bytes."""
        try:
            return self.path.with_name(self.path.name + "-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def shrink(self) -> None:
        """Give some of the pages that a long outage needed back to the file system."""
        if self._one("PRAGMA freelist_count")[0] > 4096:
            self._connection.execute("PRAGMA incremental_vacuum(512)").fetchall()

    def give_back(self) -> bool:
        """Give room back to a disk that has little: free pages, then the log; tell whether there are more of these.

        In this order: the log's pages that are free again need no room in the file.
        """
        for statement in ("incremental_vacuum(512)", "wal_checkpoint(TRUNCATE)"):
            self._connection.execute(f"PRAGMA {statement}").fetchall()
        return int(self._one("PRAGMA freelist_count")[0]) > 0

    def reopen(self) -> None:
        """Open the file anew. After a failed write the old descriptor can't be trusted to have written anything."""
        self._connection.close(True)
        self._connection = self._open()
        self.spool_id, self.last_seq, self.loaded_through = self._state()

    def close(self) -> None:
        """Close the file and let others have it."""
        try:
            self._connection.close()
        finally:
            os.close(self._lock)


def _lock(path: Path) -> int:
    """Take the lock that keeps two processes off one spool."""
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        message = f"{path} is in use by another process. Stop it, or give this one a data folder of its own."
        raise SpoolInUse(message) from error
    return descriptor


def _make(connection: apsw.Connection) -> None:
    """Make the tables of a spool in an empty file."""
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL").fetchall()
    with connection:
        connection.execute(_TABLES + RETRIES)
        connection.execute("INSERT INTO state VALUES (1, ?, 0, 0)", (secrets.token_hex(8),))
        connection.execute(f"PRAGMA application_id={_APPLICATION}; PRAGMA user_version={_VERSION}").fetchall()


def _claim(connection: apsw.Connection, path: Path) -> None:
    """Check that the file is a spool that this program can read; make the tables in an empty one."""
    application, version, tables = (
        next(iter(connection.execute(question)))[0]
        for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if application == 0 and tables == 0:
        _make(connection)
    elif application != _APPLICATION:
        raise SpoolUnusable(f"{path} is an SQLite file of another program. Move it away, or choose another folder.")
    elif version == 1:
        with connection:
            connection.execute(f"{RETRIES} PRAGMA user_version={_VERSION}").fetchall()
    elif version != _VERSION:
        raise SpoolUnusable(f"{path} is a spool of version {version}; this program reads version {_VERSION}.")
