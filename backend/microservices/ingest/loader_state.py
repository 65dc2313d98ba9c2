"""What the loader is doing, for health, metrics and people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from prometheus_client import Histogram

__all__ = ["LoaderState", "seconds_histogram"]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def seconds_histogram(name: str, meaning: str) -> Histogram:
    """Make a histogram of seconds that no registry holds: whoever collects reads it where it is kept."""
    return Histogram(name, meaning, buckets=_BUCKETS, registry=None)


def _inserts() -> Histogram:
    return seconds_histogram("salescommand_loader_insert_duration_seconds", "Time of one insert into the raw zone")


@dataclass(slots=True)
class LoaderState:
    """`waiting`: the lake is away or asks for a pause; `failed`: somebody has to change something. Both try again."""

    state: Literal["starting", "idle", "running", "waiting", "failed", "stopped"] = "stopped"
    detail: str = "not started"
    breaker: Literal["closed", "open"] = "closed"
    """Open: the lake gets no insert for a while, because it asked for a pause or keeps failing."""
    attempts: int = 0
    """Tries of the current batch that failed."""
    last_error: str | None = None
    last_error_at: datetime | None = None
    last_loaded_at: datetime | None = None
    batches: int = 0
    events: int = 0
    refused: int = 0
    retries: dict[str, int] = field(default_factory=dict)
    """Failed tries by class of error."""
    inserts: Histogram = field(default_factory=_inserts)

    def loaded(self, events: int, seconds: float) -> None:
        """Count one insert."""
        self.batches += 1
        self.events += events
        self.inserts.observe(seconds)
        self.attempts = 0
        self.breaker = "closed"
        self.last_loaded_at = datetime.now(UTC)

    def failed(self, error: str, kind: str) -> None:
        """Count one try that failed; `kind` is the class of the error."""
        self.attempts += 1
        self.retries[kind] = self.retries.get(kind, 0) + 1
        self.last_error = error
        self.last_error_at = datetime.now(UTC)
