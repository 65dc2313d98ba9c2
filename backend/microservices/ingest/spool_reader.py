"""Reading the spool beside its writer, on a connection of its own."""

from __future__ import annotations

import time
import zlib
from pathlib import Path

import apsw
import msgspec

from backend.microservices.ingest.records import Row
from backend.microservices.ingest.spool_retries import retries_to_load
from backend.microservices.ingest.spool_shapes import BatchEntry

__all__ = ["DamagedFrame", "SpoolReader", "connect", "decode_sources"]

_SLICE = 1000
_PAUSE = 0.001
"""Seconds after so many events, so that a large block does not hold up the answers."""
_DECODE_ROWS = msgspec.msgpack.Decoder(list[Row]).decode
_DECODE_ROW = msgspec.msgpack.Decoder(Row).decode
decode_sources = msgspec.json.Decoder(dict[str, int]).decode


class DamagedFrame(Exception):  # noqa: N818 - named for what it is
    """A frame's bytes don't match their checksum."""

    def __init__(self, first_seq: int) -> None:
        super().__init__(f"the events from number {first_seq} on can't be read: their checksum does not match")
        self.first_seq = first_seq


def connect(path: Path, *, write: bool) -> apsw.Connection:
    """Open the file for reading, or for writing, which makes it when it is missing."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE if write else apsw.SQLITE_OPEN_READONLY
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(5000)
    return connection


class SpoolReader:
    """A second connection that reads beside the writer."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, write=False)

    def batches(self) -> list[BatchEntry]:
        """Return the planned inserts, oldest first."""
        found = self._connection.execute(
            "SELECT first_seq, last_seq, batch_id, sources FROM batches ORDER BY first_seq"
        )
        return [BatchEntry(first, last, name, decode_sources(sources)) for first, last, name, sources in found]

    def rows(self, after: int, until: int | None, max_rows: int, max_bytes: int) -> list[Row]:
        """Return events with `after` < number <= `until` in order, until one of the limits is reached (at least one).

        Raises:
            DamagedFrame: the next frame can't be read. Frames before it are returned first.
        """
        found: list[Row] = []
        weight = since_pause = 0
        statement = (
            "SELECT first_seq, checksum, data FROM frames WHERE first_seq >= (SELECT coalesce(max(first_seq), 0) "
            "FROM frames WHERE first_seq <= ?) AND first_seq <= ? ORDER BY first_seq"
        )
        for first_seq, checksum, data in self._connection.execute(statement, (after, until or 2**62)):
            if zlib.crc32(data) != checksum:
                if found:
                    return found
                raise DamagedFrame(first_seq)
            frame = _DECODE_ROWS(data)
            if frame[0].seq <= after or (until is not None and frame[-1].seq > until):
                frame = [row for row in frame if row.seq > after and (until is None or row.seq <= until)]
            since_pause += len(frame)
            if since_pause > _SLICE:
                time.sleep(_PAUSE)
                since_pause = 0
            weight += sum([len(row.body) for row in frame])
            # Whole frames where possible: a frame that is half loaded is harder to recover.
            if found and (len(found) + len(frame) > max_rows or weight > max_bytes):
                return found
            found.extend(frame[:max_rows] if not found else frame)
        return found

    def retries(self, limit: int) -> tuple[str, list[Row]]:
        """Return refused events that are to be tried again, and the name of their insert if one is planned."""
        return retries_to_load(self._connection, limit)

    def refused(self, limit: int, source: str, before: int) -> list[tuple[Row, str, int | None, int]]:
        """Return events that the lake refused, newest first: row, its words, its error number, when (ms)."""
        statement = (
            "SELECT data, reason, code, at_ms FROM refused WHERE seq < ?1 AND (?2 = '' OR source = ?2) "
            "ORDER BY seq DESC LIMIT ?3"
        )
        return [
            (_DECODE_ROW(data), reason, code, at)
            for data, reason, code, at in self._connection.execute(statement, (before, source, limit))
        ]

    def refused_among(self, seqs: list[int]) -> bool:
        """Tell whether the lake refused one of these events."""
        found = self._connection.execute("SELECT seq FROM refused WHERE seq BETWEEN ? AND ?", (min(seqs), max(seqs)))
        return not {seq for (seq,) in found}.isdisjoint(seqs)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
