"""The loader: takes events from the spool and writes them into the lake, in big blocks, each exactly once.

A block is written down before it is tried, under a token made of its content. So a repeat after a crash, a timeout or a
lost answer is the same block with the same token, and adds nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from datetime import UTC, datetime
from typing import Protocol

import apsw
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.microservices.ingest.loader_ahead import MAX_BYTES, UNWRITABLE, Ahead
from backend.microservices.ingest.loader_doubt import INSERT_SECONDS, Doubt
from backend.microservices.ingest.reporting import BookReport
from backend.microservices.ingest.spool import Batch, Spool
from backend.microservices.ingest.spool_errors import PlanDamaged, SpoolError
from backend.microservices.ingest.spool_shapes import BatchEntry
from backend.settings import BackendSettings
from backend.stores.jobs import JobBoard
from salescommand_lake.batches import stored_in_range
from salescommand_lake.engine import Engine, Ready
from salescommand_lake.errors import (
    InsertVanished,
    LakeError,
    OutOfMemory,
    QueryTimeout,
    RowRejected,
    SchemaMismatch,
    TooManyParts,
)
from salescommand_lake.raw import insert_raw
from salescommand_lake.schema import require_schema

__all__ = ["CHANNEL", "Loader", "LoaderContext"]

log = logging.getLogger(__name__)
CHANNEL = "salescommand:raw"
"""Redis channel on which each insert is announced to workers in other processes."""
DRAIN_SECONDS = 5.0
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 30.0
# The engine asks for time to merge: a short pause would only make it worse.
_BREAKER_DELAY = 5.0
_BREAKER_FAILURES = 5
"""Failures in a row after which the breaker counts as open, whatever they were."""
_STRANGE_TRIES = 4
"""How often a block is tried that the engine refuses with a number we don't know, before it is narrowed down."""
_STRANGE_IN_A_ROW = 50
"""Events set apart for such a number without one that was stored; then it is not the events, and a person must look."""
_WAITS = 4.0
"""How many times as long as an insert took an event waits for others, unless a full block is there."""
_LOOK_SECONDS = 5.0
"""How often it is looked whether the books changed without an event."""
_VANISHED_DELAY = 1.0
"""Seconds between two looks for a block that the lake only believes it has."""


class LoaderContext(Protocol):
    """What the loader needs of the process's context."""

    @property
    def spool(self) -> Spool:
        """The spool it empties."""

    @property
    def engine(self) -> Engine:
        """The lake it fills."""

    @property
    def raw_arrived(self) -> asyncio.Event:
        """Set after each insert."""

    @property
    def redis(self) -> Redis:
        """Where inserts are announced."""

    @property
    def jobs(self) -> JobBoard:
        """Where the state is shown."""

    @property
    def settings(self) -> BackendSettings:
        """Sizes of an insert."""


class Loader:
    """Moves events from one spool to the lake until it is cancelled. One per spool."""

    def __init__(self, context: LoaderContext, *, spool: Spool | None = None, name: str = "loader") -> None:
        """Load the context's spool, or another one, which then has a name of its own on the job board."""
        self._spool = spool or context.spool
        self._name = name
        self._engine = context.engine
        self._raw_arrived = context.raw_arrived
        self._redis = context.redis
        self._jobs = context.jobs
        self._max_rows = context.settings.loader_max_rows
        self._rows_now = self._max_rows
        self._longest_wait = context.settings.loader_wait_ms / 1000
        self._insert_seconds = 0.0
        """What the last insert took."""
        self._state = self._spool.loading
        self.report = BookReport(self._spool, context.engine)
        self._telling: asyncio.Task[None] | None = None
        self._schema_seen = False
        self._strange_in_a_row = 0
        self._doubt = Doubt(self._engine)
        self._ahead = Ahead(self._spool)
        self._recalled = False

    async def run(self) -> None:
        """Load for ever. When cancelled, load what can be loaded within some seconds; the rest waits in the spool."""
        self._say("idle", "started")
        try:
            while True:
                await self._wait()
                await self._gather()
                self._spool.arrived.clear()
                await self._load_all()
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._load_all(retry=False)
                    await self.report.send(now=True)
            raise
        finally:
            self._ahead.stop()
            self._say("stopped", f"{self._spool.depth} events wait in the spool")
            if self._telling is not None:
                await asyncio.wait({self._telling}, timeout=1.0)

    async def _wait(self) -> None:
        """Wait for events, or until changed books are to be reported."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS if self.report.seconds_left is None else self.report.seconds_left):
                await self._spool.arrived.wait()

    async def _load_all(self, *, retry: bool = True) -> None:
        """Load until the spool is empty, or until the first failure when `retry` is false."""
        while True:
            try:
                await self._recall()
                await self._ahead.wait()
                batch = await self._spool.next_batch(self._rows_now, MAX_BYTES)
                if batch is None:
                    self._say("idle", "the lake has everything")
                    await self.report.send()
                    return
                self._say("running", f"{self._spool.depth} events to load")
                await self._load(batch)
                self._tell_workers(batch.entry.batch_id)
                await self.report.send()
            except LakeError as error:
                pause = self._after(error)
            except PlanDamaged as damage:
                pause = await self._settle(damage.entry)
            except (SpoolError, apsw.Error, OSError) as error:
                pause = self._paused("failed", f"the spool can't be used: {error}", "Spool", _FIRST_DELAY)
            else:
                if retry:
                    await self._gather()
                continue
            if not retry:
                return
            await asyncio.sleep(pause)

    async def _gather(self) -> None:
        """Let events come together, the longer the more an insert takes: small blocks cost the lake the most each.

        What has waited as long already, behind a full block, goes at once.
        """
        oldest = self._spool.oldest()
        if oldest is not None and self._spool.depth < self._max_rows:
            wait = min(self._longest_wait, _WAITS * self._insert_seconds)
            # The clock may have been set back since.
            waited = max(0.0, (datetime.now(UTC) - oldest).total_seconds())
            await asyncio.sleep(max(0.0, wait - waited))

    async def _load(self, batch: Batch) -> None:
        """Bring one batch to an end: in the lake, or in two halves, or its only event refused."""
        try:
            block = await self._ahead.block(batch)
        except UNWRITABLE as error:
            await self._narrow(batch, f"the event can't be written: {error}", None, "InvalidRow")
            return
        if not self._schema_seen:
            # In a schema that is half made, events would reach the raw zone and not the fold's queue.
            await require_schema(self._engine)
            self._schema_seen = True
        try:
            await self._insert(batch, block)
        except LakeError as error:
            if error.outcome_unknown:
                self._doubt.about(batch.entry.batch_id)
            if not await self._may_narrow(error, batch):
                raise
            if isinstance(error, OutOfMemory):
                self._rows_now = max(1, len(batch.rows) // 2)
            await self._narrow(batch, str(error), error.code, type(error).__name__)

    async def _insert(self, batch: Batch, block: Ready) -> None:
        """Store one batch and note that it is stored."""
        started = time.perf_counter()
        # The books are read between inserts, so that no event is in two places at once.
        async with self._spool.inserting:
            self._ahead.begin(batch, self._rows_now)
            try:
                async with asyncio.timeout(INSERT_SECONDS):
                    await self._store(batch, block)
            except TimeoutError:
                raise QueryTimeout(f"the lake did not answer an insert within {INSERT_SECONDS:g} seconds") from None
            await self._spool.complete(batch)
        self._insert_seconds = time.perf_counter() - started
        self._state.loaded(len(batch.rows), self._insert_seconds)
        self._strange_in_a_row = 0
        self._rows_now = min(self._max_rows, self._rows_now * 2)

    async def _store(self, batch: Batch, block: Ready) -> None:
        """Insert a batch, unless it was tried before and is there."""
        name = batch.entry.batch_id
        repeat = self._doubt.concerns(name)
        if repeat and await self._doubt.is_stored(batch):
            return
        await insert_raw(self._engine, block, name)
        if repeat:
            await self._doubt.make_sure(batch, block)

    async def _recall(self) -> None:
        """After a start: what is planned may have been on its way to the lake when the last process ended."""
        if not self._recalled:
            planned = await self._spool.planned()
            if planned:
                self._doubt.about(planned[0].batch_id)
            self._recalled = True

    async def _settle(self, entry: BatchEntry) -> float:
        """Find out whether the lake has a block that the spool can't read any more; return how long to pause."""
        try:
            stored = await stored_in_range(self._engine, entry.batch_id, entry.first_seq, entry.last_seq)
        except LakeError as error:
            return self._after(error)
        if not stored and self._doubt.under_way(entry.batch_id):
            words = "a damaged block may still be on its way into the lake; what is left of it waits for that"
            return self._paused("waiting", words, "PlanDamaged", _FIRST_DELAY)
        await self._spool.settle_damaged(entry, stored=stored > 0)
        return 0.0

    async def _may_narrow(self, error: LakeError, batch: Batch) -> bool:
        """Tell whether it was a definite refusal of what is in the block, so that parts of it may fare better."""
        entry, alone = batch.entry, len(batch.rows) == 1
        if not isinstance(error, RowRejected):
            # What a row holds is refused again and again; this may have gone well in the try before.
            if self._doubt.under_way(entry.batch_id):
                return False
            if isinstance(error, OutOfMemory):
                if alone:
                    return False
            elif not await self._strange(error, alone=alone):
                return False
        # An earlier try whose answer was lost may have stored something: then only the same block may follow.
        return not await stored_in_range(self._engine, entry.batch_id, entry.first_seq, entry.last_seq)

    async def _strange(self, error: LakeError, *, alone: bool) -> bool:
        """Tell whether an error that we have no class for seems to lie in the events: it stays, and all else works."""
        if type(error) is not LakeError or error.code is None or self._state.attempts + 1 < _STRANGE_TRIES:
            return False
        await self._engine.ping()
        if alone and self._strange_in_a_row >= _STRANGE_IN_A_ROW:
            return False
        self._strange_in_a_row += alone
        return True

    async def _narrow(self, batch: Batch, reason: str, code: int | None, kind: str) -> None:
        """After a definite refusal: halve the batch, or set its only event apart with the reason."""
        self._state.failed(reason, kind)
        if len(batch.rows) > 1:
            await self._spool.split(batch)
            return
        row = batch.rows[0]
        log.error("the lake refuses event %d of %s (%s): kept apart", row.seq, row.source, reason)
        await self._spool.refuse(batch, reason, code)
        self._state.refused += 1

    def _after(self, error: LakeError) -> float:
        """Return how long to pause after a failure, in seconds, and say why."""
        kind = type(error).__name__
        words = f"{kind}: {error}"
        if isinstance(error, InsertVanished):
            self._paused("waiting", words, kind, _FIRST_DELAY)
            return _VANISHED_DELAY
        if isinstance(error, SchemaMismatch):
            self._schema_seen = False
        if isinstance(error, TooManyParts):
            self._state.breaker = "open"
            return self._paused("waiting", words, kind, _BREAKER_DELAY)
        return self._paused("waiting" if error.retryable else "failed", words, kind, _FIRST_DELAY)

    def _paused(self, state: str, words: str, kind: str, first: float) -> float:
        first_failure = self._state.attempts == 0 or self._state.last_error != words
        self._state.failed(words, kind)
        if self._state.attempts >= _BREAKER_FAILURES:
            self._state.breaker = "open"
        if first_failure:
            log.warning("loading pauses: %s", words)
        delay = min(_LONGEST_DELAY, first * 2.0 ** min(self._state.attempts - 1, 16))
        self._say("waiting" if state == "waiting" else "failed", words)
        return delay * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing

    def _say(self, state: str, detail: str) -> None:
        """Set the state, and show it on the job board without waiting for Redis."""
        changed = self._state.state != state
        self._state.state = state  # type: ignore[assignment]
        self._state.detail = detail
        if changed and (self._telling is None or self._telling.done()):
            ran = state == "idle" and self._state.batches > 0
            self._telling = asyncio.ensure_future(self._jobs.report(self._name, self._state.state, detail, ran=ran))

    def _tell_workers(self, batch_id: str) -> None:
        self._raw_arrived.set()
        if self._telling is None or self._telling.done():
            self._telling = asyncio.ensure_future(self._publish(batch_id))

    async def _publish(self, batch_id: str) -> None:
        try:
            await self._redis.publish(CHANNEL, batch_id)
        except RedisError as error:
            # Workers look by themselves twice a second; the announcement only makes it sooner.
            log.debug("inserts are not announced: %s", error)
