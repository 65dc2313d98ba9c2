"""Prometheus's text: the process's registry, and how fresh each source is, asked at scrape time."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from backend.context import Context
from backend.services.freshness import freshness
from salescommand_lake.activity import source_activity
from salescommand_lake.errors import LakeError

__all__ = ["SourceGauges", "create_metrics_app", "exposition"]

logger = logging.getLogger(__name__)
# Scrapers may come often; the lake is asked at most this often, and never keeps a scrape waiting longer than that.
ASK_SECONDS = 10.0
WAIT_SECONDS = 2.0


class SourceGauges:
    """Freshness per source, in a registry of its own that is filled before it is read."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asked_at = float("-inf")
        self.registry = CollectorRegistry()
        self._up = Gauge("salescommand_lake_up", "1 when the lake answers", registry=self.registry)
        self._silence = Gauge(
            "salescommand_source_silence_seconds",
            "Time since a source's last event",
            ["source"],
            registry=self.registry,
        )
        self._state = Gauge(
            "salescommand_source_state",
            "1 for the state a source is in: fresh, late, stale or silent",
            ["source", "state"],
            registry=self.registry,
        )

    async def refresh(self) -> None:
        """Ask the lake; when it does not answer, keep no old values."""
        if time.monotonic() - self._asked_at < ASK_SECONDS:
            return
        self._asked_at = time.monotonic()
        now = datetime.now(UTC)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                found = await source_activity(self._context.engine, now)
        except (LakeError, TimeoutError) as error:
            logger.info("Sources are missing in the metrics: %s", error)
            self._up.set(0)
            self._silence.clear()
            self._state.clear()
            return
        self._up.set(1)
        self._silence.clear()
        self._state.clear()
        for source, activity in found.items():
            self._silence.labels(source).set((now - activity.last_event_at).total_seconds())
            self._state.labels(source, freshness(activity.last_event_at, activity.usual_gap, now)).set(1)


async def exposition(context: Context, gauges: SourceGauges) -> Response:
    """Return everything this process measures."""
    await gauges.refresh()
    text = generate_latest(context.registry) + generate_latest(gauges.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def create_metrics_app(context: Context) -> ASGIApp:
    """Return the application of the metrics port: `/metrics` without credentials, for the machine or cluster only."""
    gauges = SourceGauges(context)

    async def metrics(_: Request) -> Response:
        return await exposition(context, gauges)

    return Starlette(routes=[Route("/metrics", metrics), Route("/", metrics)])
