"""Ingest's Prometheus metrics, read when somebody asks, so that counting costs a post nothing.

Sources are those with a valid key, so their names are safe as labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.spool import Spool

__all__ = ["IngestMetrics"]

_OUTCOMES = ("received", "accepted", "duplicates", "rejected", "loaded", "damaged")


class IngestMetrics(Collector):
    """The door's answers, the spool's books and the loader's work."""

    def __init__(self, spool: Spool, front: IngestFront | None = None) -> None:
        self._spool = spool
        self._front = front

    def describe(self) -> list[Metric]:
        """Name nothing in advance: the metrics are collected on demand."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return all metrics."""
        yield from self._records()
        yield from self._spool_itself()
        yield from self._loader()
        if self._front is not None:
            posts = CounterMetricFamily("salescommand_ingest_posts", "Answered posts", labels=["status"])
            for status, count in sorted(self._front.answers.items()):
                posts.add_metric([str(status)], count)
            yield posts

    def _records(self) -> Iterator[Metric]:
        records = CounterMetricFamily(
            "salescommand_ingest_records", "Records by what became of them", labels=["source", "outcome"]
        )
        waiting = GaugeMetricFamily("salescommand_spool_events", "Events that the lake lacks", labels=["source"])
        refused = GaugeMetricFamily(
            "salescommand_refused_events",
            "Events that the engine refused and nobody has tried again",
            labels=["source"],
        )
        for source, counters in sorted(self._spool.books().items()):
            for outcome in _OUTCOMES:
                records.add_metric([source, outcome], getattr(counters, outcome))
            waiting.add_metric([source], counters.in_spool)
            refused.add_metric([source], counters.refused)
        yield records
        yield refused
        yield waiting

    def _spool_itself(self) -> Iterator[Metric]:
        spool, stats = self._spool, self._spool.stats
        oldest = spool.oldest()
        age = 0.0 if oldest is None else max(0.0, (datetime.now(UTC) - oldest).total_seconds())
        gauge, counter = GaugeMetricFamily, CounterMetricFamily
        yield gauge("salescommand_spool_oldest_seconds", "Age of the oldest event that waits", age)
        yield gauge("salescommand_spool_bytes", "Size of the spool's content", spool.used_bytes)
        yield gauge("salescommand_spool_max_bytes", "Size above which posts are refused", spool.limits.spool_bytes)
        yield gauge("salescommand_spool_pending_bytes", "Posts that wait for the disk", spool.pending_bytes)
        yield gauge("salescommand_spool_remembered", "Marks that repeats are told by", spool.remembered)
        yield counter("salescommand_spool_commits", "Group commits", stats.groups)
        yield from stats.commits.collect()
        away = counter("salescommand_ingest_refused_posts", "Posts that the door refused", labels=["reason"])
        for reason, count in sorted(stats.turned_away.items()):
            away.add_metric([reason], count)
        yield away
        yield gauge("salescommand_spool_damage_found", "1 when the file was found damaged", float(bool(stats.damage)))
        yield counter("salescommand_spool_failures", "Groups that could not be written", stats.failures)

    def _loader(self) -> Iterator[Metric]:
        loading = self._spool.loading
        gauge, counter = GaugeMetricFamily, CounterMetricFamily
        yield counter("salescommand_loader_batches", "Inserts into the raw zone", loading.batches)
        yield counter("salescommand_loader_events", "Events inserted", loading.events)
        yield from loading.inserts.collect()
        yield gauge("salescommand_loader_attempts", "Failed tries of the current insert", loading.attempts)
        yield gauge("salescommand_loader_breaker_open", "1 while inserts pause", float(loading.breaker == "open"))
        retries = counter("salescommand_loader_retries", "Failed tries by class of error", labels=["class"])
        for kind, count in sorted(loading.retries.items()):
            retries.add_metric([kind], count)
        yield retries
        yield gauge("salescommand_loader_alarm", "1 while somebody has to act", float(loading.state == "failed"))
