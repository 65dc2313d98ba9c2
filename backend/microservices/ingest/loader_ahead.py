"""The loader's work on the next block while the lake takes this one, so that neither waits for the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

from backend.microservices.ingest.records import Row
from backend.microservices.ingest.spool import Batch, Spool
from salescommand_lake.engine import Columns, Ready, encode_slices
from salescommand_lake.raw import RawBlock

__all__ = ["MAX_BYTES", "UNWRITABLE", "Ahead", "block_of"]

MAX_BYTES = 16 * 1024 * 1024
"""Most bytes of bodies in one insert."""
_SLICE = 1000
_PAUSE = 0.001
"""Seconds between two slices of a block: one long stretch of Python would hold up every answer."""
UNWRITABLE = (ValueError, TypeError, OverflowError)
"""What it means that an event can't be written."""


class Ahead:
    """At most one block ahead of the one that is being inserted, and only when a full one waits."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._task: asyncio.Task[None] | None = None
        self._ready: tuple[str, Ready] | None = None

    def begin(self, batch: Batch, max_rows: int) -> None:
        """Begin with the block that follows a batch which is on its way now."""
        if not batch.again and self._task is None and self._spool.depth >= len(batch.rows) + max_rows:
            self._task = asyncio.ensure_future(self._prepare(batch, max_rows))

    async def wait(self) -> None:
        """Wait until what was begun is done.

        Raises:
            apsw.Error, OSError: the spool can't be read.
        """
        task, self._task = self._task, None
        if task is not None:
            await task

    async def block(self, batch: Batch) -> Ready:
        """Return a batch as it is stored, made ahead or now.

        Raises:
            ValueError, TypeError, OverflowError: one of its events can't be written.
        """
        ready, self._ready = self._ready, None
        if ready is not None and ready[0] == batch.entry.batch_id:
            return ready[1]
        return await asyncio.to_thread(block_of, batch.rows, batch.entry.batch_id)  # so that posts don't wait

    def stop(self) -> None:
        """Give up what was begun."""
        if self._task is not None:
            self._task.cancel()

    async def _prepare(self, batch: Batch, max_rows: int) -> None:
        following = await self._spool.look_ahead(batch, max_rows, MAX_BYTES)
        if following is None:
            return
        name = following.entry.batch_id
        try:
            self._ready = (name, await asyncio.to_thread(block_of, following.rows, name))
        except UNWRITABLE:
            self._ready = None  # met again when it is this block's turn, and dealt with then


def block_of(rows: Sequence[Row], batch_id: str) -> Ready:
    """Return events as they are stored, in the batch of this name. Run in a thread, it lets the event loop in often.

    Raises:
        ValueError, TypeError, OverflowError: one can't be written.
    """
    return encode_slices(_slices(rows, batch_id))


def _slices(rows: Sequence[Row], batch_id: str) -> Iterator[Columns]:
    for first in range(0, len(rows), _SLICE):
        if first:
            time.sleep(_PAUSE)
        yield _columns_of(rows[first : first + _SLICE], batch_id)


def _columns_of(rows: Sequence[Row], batch_id: str) -> Columns:
    block = RawBlock(
        batch_id=batch_id,
        seq=[row.seq for row in rows],
        source=[row.source for row in rows],
        entity_type=[row.entity_type for row in rows],
        source_id=[row.source_id for row in rows],
        event_key=[row.event_key for row in rows],
        vendor_seq=[row.vendor_seq for row in rows],
        kind=[row.kind for row in rows],
        record_type=[row.record_type for row in rows],
        operation=[row.operation for row in rows],
        source_time_ms=[row.source_time_ms for row in rows],
        body=[row.body for row in rows],
        body_sha256=[row.body_sha256 for row in rows],
        body_index=[row.body_index for row in rows],
        request_sha256=[row.request_sha256 for row in rows],
        contract_error=[row.contract_error for row in rows],
    )
    return block.columns()
