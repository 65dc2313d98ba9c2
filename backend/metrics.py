"""Prometheus metrics of the HTTP side: rate, errors and duration by route, and which build this is."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

__all__ = ["VERSION", "HttpMetrics"]

VERSION = version("salescommand-backend")
# A second series per counter that only says when it began would double the text of a scrape.
disable_created_metrics()  # type: ignore[no-untyped-call]
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class HttpMetrics:
    """Counts requests by method, route template and status. Raw paths never become labels."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "salescommand_http_requests", "Answered requests", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "salescommand_http_request_duration_seconds",
            "Time from request to the end of the answer",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        build = Gauge(
            "salescommand_build_info", "Always 1; the labels say what runs", ["version", "python"], registry=registry
        )
        self.posts: dict[int, int] = {}
        """Posts of events by the status of their answer, counted by every ingest front of the process."""
        registry.register(_Posts(self.posts))
        build.labels(VERSION, platform.python_version()).set(1)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class _Posts(Collector):
    """Reads the counts of the ingest fronts when somebody asks, so that counting costs a post next to nothing."""

    def __init__(self, answers: dict[int, int]) -> None:
        self._answers = answers

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Return the posts by status."""
        posts = CounterMetricFamily("salescommand_ingest_posts", "Answered posts", labels=["status"])
        for status, count in sorted(self._answers.items()):
            posts.add_metric([str(status)], count)
        yield posts
