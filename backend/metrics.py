"""Prometheus metrics of the HTTP side: rate, errors and duration by route, and which build this is."""

from __future__ import annotations

import platform
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["VERSION", "HttpMetrics"]

VERSION = version("salescommand-backend")
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
        build.labels(VERSION, platform.python_version()).set(1)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
