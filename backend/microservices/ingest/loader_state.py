"""What the loader is doing, for health, metrics and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

__all__ = ["LoaderState"]


@dataclass(slots=True)
class LoaderState:
    """`waiting`: the lake is away or asks for a pause; `failed`: somebody has to change something. Both try again."""

    state: Literal["starting", "idle", "running", "waiting", "failed", "stopped"] = "stopped"
    detail: str = "not started"
    attempts: int = 0
    """Tries of the current batch that failed."""
    last_error: str | None = None
    last_error_at: datetime | None = None
    last_loaded_at: datetime | None = None
    batches: int = 0
    events: int = 0
    refused: int = 0
    insert_seconds: float = 0.0

    def loaded(self, events: int, seconds: float) -> None:
        """Count one insert."""
        self.batches += 1
        self.events += events
        self.insert_seconds += seconds
        self.attempts = 0
        self.last_loaded_at = datetime.now(UTC)

    def failed(self, error: str) -> None:
        """Count one try that failed."""
        self.attempts += 1
        self.last_error = error
        self.last_error_at = datetime.now(UTC)
