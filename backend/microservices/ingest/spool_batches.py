"""The loader's side of the spool: what to insert next, and what became of it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from backend.microservices.ingest.records import Row
from backend.microservices.ingest.spool_errors import PlanDamaged
from backend.microservices.ingest.spool_group import Group
from backend.microservices.ingest.spool_reader import DamagedFrame, SpoolReader
from backend.microservices.ingest.spool_shapes import BatchEntry
from backend.microservices.ingest.spool_store import SpoolStore
from salescommand_lake.identifiers import make_seq, seq_time

__all__ = ["Batch", "SpoolBatches"]

log = logging.getLogger(__name__)
T = TypeVar("T")


class Batch(msgspec.Struct, frozen=True):
    """Events of one insert, in the order of their numbers. `entry.batch_id` is a hash of exactly these rows."""

    entry: BatchEntry
    rows: list[Row]
    again: bool = False
    """Whether the lake refused these before."""


def make_batch(rows: list[Row], *, again: bool = False) -> Batch:
    """Make the batch of these rows; the same rows always give the same id."""
    parts = [part for row in rows for part in (row.seq.to_bytes(8, "big"), row.event_key, row.body_sha256)]
    batch_id = hashlib.blake2b(b"".join(parts), digest_size=16).hexdigest()
    sources = dict(Counter([row.source for row in rows]))
    return Batch(BatchEntry(rows[0].seq, rows[-1].seq, batch_id, sources), rows, again)


def _batch_of(rows: list[Row]) -> Batch | None:
    return make_batch(rows) if rows else None


class SpoolBatches:
    """Mixed into `Spool`. One loader at a time may use it."""

    _change: Callable[[Callable[[Group], Any]], Awaitable[Any]]
    _read: Callable[[Callable[[SpoolReader], Any]], Awaitable[Any]]
    _store: SpoolStore
    arrived: asyncio.Event
    _loop: asyncio.AbstractEventLoop
    _waiting: list[tuple[int, asyncio.Future[None]]] | None = None
    _ahead: tuple[int, Batch] | None = None
    """The batch after this number, where it was read before its turn."""

    async def next_batch(self, max_rows: int, max_bytes: int) -> Batch | None:
        """Return what to insert next, written down already, or None when the lake has everything.

        A batch that was written down before comes again with the same rows and id. A new one ends where the month of
        its events does, so that one insert makes parts in one partition.

        Raises:
            PlanDamaged: the next one was written down before and can't be read as it was: see `settle_damaged`.
        """
        while True:
            try:
                batch = await self._retries(max_rows)
                if batch is not None:
                    return batch
                planned = await self._read(lambda reader: reader.batches())
                if planned:
                    return await self._again(planned[0])
                return await self._plan(max_rows, max_bytes)
            except DamagedFrame as damage:
                log.error("a group of events is damaged and set aside: %s", damage)
                first_seq = damage.first_seq
                await self._change(lambda group, first=first_seq: group.set_aside(first))  # type: ignore[misc]

    async def _again(self, entry: BatchEntry) -> Batch:
        try:
            batch: Batch | None = await self._read(
                lambda reader: _batch_of(reader.rows(entry.first_seq - 1, entry.last_seq, 2**31, 2**40))
            )
        except DamagedFrame as damage:
            raise PlanDamaged(entry) from damage
        if batch is None or batch.entry != entry:
            # What is left is another block and must not go under the old token.
            raise PlanDamaged(entry)
        return batch

    async def settle_damaged(self, entry: BatchEntry, *, stored: bool) -> None:
        """Go on after `PlanDamaged`, once it is sure whether the lake has the insert: it has all of it or nothing."""
        await self._change(lambda group: group.found_stored(entry) if stored else group.split(entry, []))

    async def look_ahead(self, batch: Batch, max_rows: int, max_bytes: int) -> Batch | None:
        """Read what comes after a batch that is on its way, so that `next_batch` has it at hand; None: nothing does.

        Nothing is written down: if the batch ends in another way than well, this is read again.
        """
        after = batch.entry.last_seq
        try:
            following = await self._new(after, max_rows, max_bytes)
        except DamagedFrame:
            return None  # `next_batch` comes to it and deals with it
        self._ahead = None if following is None else (after, following)
        return following

    async def _new(self, after: int, max_rows: int, max_bytes: int) -> Batch | None:
        """Make a batch of what comes after a number. The reader's thread does it: posts don't wait for the hashing."""
        batch: Batch | None = await self._read(
            lambda reader: _batch_of(_one_month(reader.rows(after, None, max_rows, max_bytes)))
        )
        return batch

    async def _plan(self, max_rows: int, max_bytes: int) -> Batch | None:
        after = self._store.loaded_through
        ahead, self._ahead = self._ahead, None
        # A file that was found damaged may have lost, and counted as lost, what was read from it before.
        fits = ahead is not None and ahead[0] == after and len(ahead[1].rows) <= max_rows
        if ahead is not None and fits and self._store.damage is None:
            batch: Batch | None = ahead[1]
        else:
            batch = await self._new(after, max_rows, max_bytes)
        if batch is None:
            return None
        await self._change(lambda group: group.plan(batch.entry))
        return batch

    async def _retries(self, max_rows: int) -> Batch | None:
        name, rows = await self._read(lambda reader: reader.retries(max_rows))
        if not rows:
            return None
        batch = make_batch(rows if name else _one_month(rows), again=True)
        if batch.entry.batch_id != name:
            await self._change(lambda group: group.plan_retries([(batch.rows, batch.entry.batch_id)]))
        return batch

    async def complete(self, batch: Batch) -> None:
        """The lake has the batch."""
        await self._change(lambda group: (group.complete_retries if batch.again else group.complete)(batch.entry))

    async def split(self, batch: Batch) -> None:
        """Insert the batch as two halves from now on. Only after a refusal that left nothing of it in the lake."""
        middle = len(batch.rows) // 2
        parts = [make_batch(batch.rows[:middle]), make_batch(batch.rows[middle:])]
        if batch.again:
            planned = [(part.rows, part.entry.batch_id) for part in parts]
            await self._change(lambda group: group.plan_retries(planned))
        else:
            await self._change(lambda group: group.split(batch.entry, [part.entry for part in parts]))

    async def refuse(self, batch: Batch, reason: str, code: int | None) -> None:
        """The lake refuses the batch's only event: it is kept apart and counted, the others go on."""
        row = batch.rows[0]
        await self._change(
            lambda group: (group.refuse_again if batch.again else group.refuse)(batch.entry, row, reason, code)
        )

    async def planned(self) -> list[BatchEntry]:
        """Return the inserts that are written down and not known to be done."""
        found: list[BatchEntry] = await self._read(lambda reader: reader.batches())
        name, rows = await self._read(lambda reader: reader.retries(0))
        return [make_batch(rows).entry, *found] if name else found

    async def refused_events(
        self, limit: int = 100, *, source: str = "", before: int = 2**63 - 1
    ) -> list[tuple[Row, str, int | None, int]]:
        """Return events that the lake refused, newest first: row, the lake's words, its error number, when (ms).

        Args:
            limit: how many at most.
            source: only this one's; empty means all.
            before: only events with lower numbers.
        """
        found: list[tuple[Row, str, int | None, int]] = await self._read(
            lambda reader: reader.refused(limit, source, before)
        )
        return found

    async def retry_refused(self, seqs: list[int]) -> int:
        """Try refused events again; return how many of these there were."""
        count: int = await self._change(lambda group: group.retry(seqs))
        if count:
            self.arrived.set()
        return count

    async def is_stored(self, seqs: list[int]) -> bool:
        """Tell whether the lake took these events, which have left the spool."""
        return not await self._read(lambda reader: reader.refused_among(seqs))

    async def stored(self, seq: int) -> None:
        """Wait until the event has left the spool for the lake (or was refused by it)."""
        if seq <= self._store.loaded_through:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting = [*(self._waiting or []), (seq, future)]
        await future

    def _settle(self) -> None:
        """Wake those who wait for events that have left."""
        if not self._waiting:
            return
        through = self._store.loaded_through
        for seq, future in self._waiting:
            if seq <= through and not future.done():
                future.set_result(None)
        self._waiting = [(seq, future) for seq, future in self._waiting if not future.done()]


def _one_month(rows: list[Row]) -> list[Row]:
    """Return the rows up to the end of the first one's month."""
    if not rows:
        return rows
    first = seq_time(rows[0].seq)
    following = datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=UTC)
    bound = make_seq(following, 0)
    return rows if rows[-1].seq < bound else [row for row in rows if row.seq < bound]
