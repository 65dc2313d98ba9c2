"""Refused events that are to be tried again: their table in the spool's file, and the statements on it.

They have numbers that the spool has long passed, so they wait in a table of their own. `batch_id` names the insert that
is planned for a row, empty while none is; the rows of one name are exactly that insert.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from backend.microservices.ingest.records import Row

__all__ = ["RETRIES", "RetryStore", "retries_to_load"]

RETRIES = """
CREATE TABLE retries (seq INTEGER PRIMARY KEY, source TEXT NOT NULL, batch_id TEXT NOT NULL, data BLOB NOT NULL) STRICT;
"""
_DECODE_ROW = msgspec.msgpack.Decoder(Row).decode


class RetryStore:
    """Mixed into `SpoolStore`: changes between `begin` and `commit`."""

    _connection: apsw.Connection

    def retry(self, seqs: Sequence[int]) -> dict[str, int]:
        """Move refused events to those that are to be tried again; return how many of each source there were."""
        moved: dict[str, int] = {}
        for seq in seqs:
            found = next(iter(self._connection.execute("SELECT source, data FROM refused WHERE seq = ?", (seq,))), None)
            if found is not None:
                moved[found[0]] = moved.get(found[0], 0) + 1
                self._connection.execute("INSERT INTO retries VALUES (?, ?, '', ?)", (seq, *found))
                self._connection.execute("DELETE FROM refused WHERE seq = ?", (seq,))
        return moved

    def plan_retries(self, rows: Sequence[Row], batch_id: str) -> None:
        """Write an insert of these rows down."""
        values = ((batch_id, row.seq) for row in rows)
        self._connection.executemany("UPDATE retries SET batch_id = ? WHERE seq = ?", values)

    def drop_retries(self, batch_id: str) -> None:
        """Forget the rows of an insert that came to an end."""
        self._connection.execute("DELETE FROM retries WHERE batch_id = ?", (batch_id,))

    def retries_by_source(self) -> list[tuple[str, int, int]]:
        """Return source, number of events and lowest event number of what is to be tried again."""
        return list(self._connection.execute("SELECT source, count(*), min(seq) FROM retries GROUP BY source"))


def retries_to_load(connection: apsw.Connection, limit: int) -> tuple[str, list[Row]]:
    """Return the next planned insert with its name, or up to `limit` rows that none is planned for, in order."""
    planned: Any = next(iter(connection.execute("SELECT min(batch_id) FROM retries WHERE batch_id != ''")))[0]
    if planned is not None:
        found = connection.execute("SELECT data FROM retries WHERE batch_id = ? ORDER BY seq", (planned,))
    else:
        found = connection.execute("SELECT data FROM retries ORDER BY seq LIMIT ?", (limit,))
    return planned or "", [_DECODE_ROW(data) for (data,) in found]
