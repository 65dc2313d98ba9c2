"""Prometheus's text: the process's registry, and what the stores are asked for at scrape time."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from backend.context import Context
from backend.services.balance import balance
from backend.services.freshness import freshness
from backend.services.jobs import JobService
from backend.services.probes import store_faults
from backend.stores.mongo import MongoUnavailable
from salescommand_lake.activity import source_activity
from salescommand_lake.books import waiting_since
from salescommand_lake.errors import LakeError

__all__ = ["AskedGauges", "create_metrics_app", "exposition"]

logger = logging.getLogger(__name__)
# Scrapers may come often; the lake is asked at most this often, and never keeps a scrape waiting longer than that.
ASK_SECONDS = 10.0
WAIT_SECONDS = 2.0
SUM_SECONDS = 60.0
SUM_WAIT_SECONDS = 20.0


class AskedGauges:
    """What the stores have to be asked for, in a registry of its own that is filled before it is read."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asked_at = float("-inf")
        self._summed_at = float("-inf")
        self._summing: asyncio.Task[None] | None = None
        self.registry = CollectorRegistry()
        self._up = self._gauge("lake_up", "1 when the lake answers")
        self._stores = self._gauge("store_up", "1 when the store answers", "store")
        self._silence = self._gauge("source_silence_seconds", "Time since a source's last event", "source")
        self._state = self._gauge(
            "source_state", "1 for the state a source is in: fresh, late, stale or silent", "source", "state"
        )
        self._behind = self._gauge(
            "source_behind_seconds", "How long the oldest event of a source in the lake waits for the records", "source"
        )
        self._jobs = self._gauge("jobs", "Started jobs by state", "state")
        self._oldest_job = self._gauge("job_queued_seconds", "How long the oldest queued job waits")
        self._gap = self._gauge(
            "books_difference", "Records that a sum of the books lacks (below 0: has too much)", "sum"
        )

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"salescommand_{name}", meaning, labels, registry=self.registry)

    async def refresh(self) -> None:
        """Ask; of what does not answer, keep no old values."""
        if time.monotonic() - self._asked_at < ASK_SECONDS:
            return
        self._asked_at = time.monotonic()
        await asyncio.gather(self._answering(), self._known_sources(), self._started_jobs())
        # The sums take longer than a scrape may: they are there at one of the next.
        if self._summing is None or self._summing.done():
            self._summing = asyncio.create_task(self._books())

    async def _answering(self) -> None:
        for store, fault in (await store_faults(self._context)).items():
            self._stores.labels(store).set(fault is None)

    async def _known_sources(self) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._sources(datetime.now(UTC))
            self._up.set(1)
        except (LakeError, TimeoutError) as error:
            logger.info("Sources are missing in the metrics: %s", error)
            self._up.set(0)
            self._forget(self._silence, self._state, self._behind)

    def _forget(self, *gauges: Gauge) -> None:
        for gauge in gauges:
            gauge.clear()

    async def _sources(self, now: datetime) -> None:
        found = await source_activity(self._context.engine, now)
        behind = await waiting_since(self._context.engine)
        self._forget(self._silence, self._state, self._behind)
        for source, activity in found.items():
            self._silence.labels(source).set((now - activity.last_event_at).total_seconds())
            self._state.labels(source, freshness(activity.last_event_at, activity.usual_gap, now)).set(1)
            since = behind.get(source)
            self._behind.labels(source).set(max(0.0, (now - since).total_seconds()) if since else 0)

    async def _started_jobs(self) -> None:
        self._forget(self._jobs)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                counts, oldest = await JobService(self._context).waiting()
        except (MongoUnavailable, TimeoutError) as error:
            logger.info("Jobs are missing in the metrics: %s", error)
            return
        for state, count in counts.items():
            self._jobs.labels(state).set(count)
        self._oldest_job.set(max(0.0, (datetime.now(UTC) - oldest).total_seconds()) if oldest else 0)

    async def _books(self) -> None:
        """Sum the books, once a minute, where no loader has to stand still for it."""
        if self._context.local_spool is not None or time.monotonic() - self._summed_at < SUM_SECONDS:
            return
        self._summed_at = time.monotonic()
        try:
            async with asyncio.timeout(SUM_WAIT_SECONDS):
                gaps = (await balance(self._context)).totals.missing
        except (LakeError, TimeoutError) as error:
            logger.info("The books are missing in the metrics: %s", error)
            self._forget(self._gap)
            return
        for name in ("received", "accepted", "raw"):
            self._gap.labels(name).set(gaps.get(name, 0))


async def exposition(context: Context, gauges: AskedGauges) -> Response:
    """Return everything this process measures."""
    await gauges.refresh()
    text = generate_latest(context.registry) + generate_latest(gauges.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def create_metrics_app(context: Context) -> ASGIApp:
    """Return the application of the metrics port: `/metrics`, `/health`, open, for the machine or cluster only."""
    gauges = AskedGauges(context)

    async def metrics(_: Request) -> Response:
        return await exposition(context, gauges)

    async def health(_: Request) -> Response:
        # For probes: asks nobody, so a store that is away does not look like a process that hangs.
        return PlainTextResponse("ok\n")

    return Starlette(routes=[Route("/metrics", metrics), Route("/", metrics), Route("/health", health)])
