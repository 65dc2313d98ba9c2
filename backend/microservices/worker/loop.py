"""The worker: folds what arrived in the raw zone into records and publishes the numbers, for ever."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.cancelling import stop_if_cancelled
from backend.microservices.worker.exclusive import fold_is_wanted
from backend.microservices.worker.lease import Lease, LeaseLost
from backend.settings import BackendSettings
from backend.stores.jobs import JobBoard
from backend.stores.mongo import Database, MongoUnavailable
from salescommand_lake import serving
from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.fold import FoldResult, fill_intervals, fold_pending
from salescommand_lake.schema import ensure_schema, require_schema

__all__ = ["CHANNEL", "Worker", "WorkerContext", "run_worker"]

log = logging.getLogger(__name__)
CHANNEL = "salescommand:raw"
"""Redis channel on which loaders announce their inserts."""
POLL_SECONDS = 0.5
REFRESH_SECONDS = 3.0
"""While events keep coming the numbers are published at least this often."""
_FIRST_DELAY, _LONGEST_DELAY = 0.25, 10.0


class WorkerContext(Protocol):
    """What the worker needs of the process's context."""

    @property
    def engine(self) -> Engine:
        """The lake."""

    @property
    def redis(self) -> Redis:
        """Where the lease is, and inserts are announced."""

    @property
    def mongo(self) -> Database:
        """Where the reporting currency is."""

    @property
    def jobs(self) -> JobBoard:
        """Where the state is shown."""

    @property
    def raw_arrived(self) -> asyncio.Event:
        """Set when a loader of this process inserted something."""

    @property
    def settings(self) -> BackendSettings:
        """How the schema is treated, and the default currency."""

    @property
    def registry(self) -> CollectorRegistry:
        """Where the metrics go."""


async def run_worker(context: WorkerContext) -> None:
    """Work until cancelled."""
    await Worker(context).run()


class WorkerMetrics:
    """Counts of the worker's steps."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.events = Counter("salescommand_fold_events", "Events folded", ["outcome"], registry=registry)
        self.folds = Counter("salescommand_folds", "Steps of the fold", registry=registry)
        self.fold_seconds = Counter("salescommand_fold_seconds", "Time in the fold", registry=registry)
        self.refreshes = Counter("salescommand_refreshes", "Times the numbers were published", registry=registry)
        self.failures = Counter("salescommand_worker_failures", "Steps that failed", ["reason"], registry=registry)
        self.failed_mappings = Gauge("salescommand_failed_mappings", "Mappings set aside", registry=registry)
        self.leader = Gauge("salescommand_worker_leader", "1 while this process holds the lease", registry=registry)


class Worker:
    """One worker. Of all that run, the one with the lease works, the others wait."""

    def __init__(self, context: WorkerContext, *, lease_seconds: float = 10.0) -> None:
        self._context = context
        self._lease = Lease(context.redis, "fold", seconds=lease_seconds)
        self._metrics = WorkerMetrics(context.registry)
        self._delay = _FIRST_DELAY
        self._published_for = ""
        self._marks: dict[str, str] = {}
        self._published_at = float("-inf")
        self._stale = True
        self._schema_done = False

    async def run(self) -> None:
        """Work until cancelled; whatever is away is waited for."""
        await self._say("starting", "looking at the schema")
        listener = asyncio.create_task(self._listen(), name="announcements")
        try:
            while True:
                try:
                    stop_if_cancelled()
                    await self._turn()
                    self._delay = _FIRST_DELAY
                except (LakeError, RedisError, MongoUnavailable, LeaseLost) as error:
                    await self._pause(error)
        finally:
            while not listener.done():
                listener.cancel()
                await asyncio.wait({listener}, timeout=0.5)
            self._metrics.leader.set(0)
            await self._lease.release()
            await self._say("stopped", "stopped")

    async def _turn(self) -> None:
        """Take the lease and work until something fails."""
        if await fold_is_wanted(self._context.redis) or not await self._lease.acquire():
            await self._say("waiting", "another process has the lease")
            await asyncio.sleep(0.5)
            return
        self._metrics.leader.set(1)
        self._stale = True  # whoever had the lease meanwhile may have changed records
        try:
            if not self._schema_done:
                await self._lease.run(self._schema)
                self._schema_done = True
            await self._say("idle", "everything is folded")
            while True:
                stop_if_cancelled()
                if await fold_is_wanted(self._context.redis):
                    return
                if not await self._step():
                    await self._wait()
        finally:
            self._metrics.leader.set(0)
            await self._lease.release()

    async def _schema(self) -> None:
        if self._context.settings.schema_mode == "ensure":
            await ensure_schema(self._context.engine)
        else:
            await require_schema(self._context.engine)
        await fill_intervals(self._context.engine, self._lease.check)

    async def _step(self) -> bool:
        """Fold one portion and publish when it is due; tell whether there was something to do."""
        started = time.perf_counter()
        result = await self._lease.run(lambda: fold_pending(self._context.engine, guard=self._lease.check))
        self._count(result, time.perf_counter() - started)
        if result.changed:
            self._stale = True
            detail = f"{result.events} events folded" + (", more wait" if result.more else "")
            await self._say("running", detail, ran=True)
        await self._publish(settled=not result.more)
        if result.failed:
            names = ", ".join(f"{each.scope}/{each.record_type}: {each.error}" for each in result.failed)
            await self._say("failed", f"mappings set aside: {names}")
        elif not result.changed:
            await self._say("idle", "everything is folded")
        # Parts that a broken mapping holds up are pending too, but don't get better by haste.
        return result.more and result.batches > 0

    async def _publish(self, *, settled: bool) -> None:
        """Publish the numbers when they may have changed: once all is folded, or every few seconds on the way."""
        currency = await self._currency()
        due = self._stale and (settled or time.monotonic() - self._published_at > REFRESH_SECONDS)
        if not due and currency == self._published_for:
            return
        await self._lease.run(lambda: serving.refresh(self._context.engine, currency, self._marks))
        self._metrics.refreshes.inc()
        self._published_for, self._published_at = currency, time.monotonic()
        self._stale = not settled

    async def _currency(self) -> str:
        """Return the reporting currency: an admin's choice, else the setting."""
        document = await self._context.mongo.settings.get({"_id": "reporting_currency"})
        return str(document["value"]) if document else self._context.settings.reporting_currency

    async def _wait(self) -> None:
        """Wait until a loader says that something arrived, or a moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._context.raw_arrived.wait()
        self._context.raw_arrived.clear()

    async def _listen(self) -> None:
        """Pass on what loaders of other processes announce. Without it the worker looks twice a second."""
        while True:
            try:
                async with self._context.redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._context.raw_arrived.set()
            except RedisError as error:
                log.debug("announcements are not heard: %s", error)
                await asyncio.sleep(_LONGEST_DELAY / 2)

    async def _pause(self, error: Exception) -> None:
        """Say what is wrong and wait, longer each time."""
        self._metrics.failures.labels(type(error).__name__).inc()
        waiting = not isinstance(error, LakeError) or error.retryable
        words = f"{type(error).__name__}: {error}"
        if self._delay == _FIRST_DELAY:
            log.warning("the worker pauses: %s", words)
        await self._say("waiting" if waiting else "failed", words)
        await asyncio.sleep(self._delay)
        self._delay = min(_LONGEST_DELAY, self._delay * 2)

    def _count(self, result: FoldResult, seconds: float) -> None:
        self._metrics.folds.inc()
        self._metrics.fold_seconds.inc(seconds)
        self._metrics.failed_mappings.set(len(result.failed))
        for outcome in ("applied", "ignored", "quarantined"):
            self._metrics.events.labels(outcome).inc(getattr(result, outcome))

    async def _say(self, state: str, detail: str, *, ran: bool = False) -> None:
        await self._context.jobs.report("worker", state, detail, ran=ran)  # type: ignore[arg-type]
