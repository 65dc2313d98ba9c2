"""The last requests of each source, in memory: what an integrator looks at when something doesn't arrive."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any

import msgspec

from salescommand_lake.identifiers import encode_event_id

__all__ = ["Outcome", "RecentRequests"]

_PER_SOURCE = 100
_SOURCES = 1000


class Outcome(msgspec.Struct, gc=False):
    """One request and what became of it. `at` is in seconds since 1970; payloads and keys are not kept."""

    at: float
    entity_type: str
    status: int = 200
    bytes: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reason: str = ""
    """Why the request, or its first bad record, was refused."""
    seq: int = 0
    """Number of the first record's event."""

    @property
    def word(self) -> str:
        """The outcome in one word."""
        if self.status >= 400:
            return "unavailable" if self.status >= 499 else "rejected"
        if self.rejected:
            return "partial"
        return "duplicate" if self.duplicates and self.duplicates == self.accepted else "accepted"


class RecentRequests:
    """Keeps the newest hundred requests of each source."""

    def __init__(self) -> None:
        self._sources: dict[str, deque[Outcome]] = {}

    def add(self, source: str, outcome: Outcome) -> None:
        """Remember a request of a source whose key was valid."""
        ring = self._sources.get(source)
        if ring is None:
            if len(self._sources) >= _SOURCES:
                del self._sources[next(iter(self._sources))]
            ring = self._sources[source] = deque(maxlen=_PER_SOURCE)
        ring.append(outcome)

    def of(self, source: str) -> list[dict[str, Any]]:
        """Return a source's requests, newest first: `Outcome` with `at` as a datetime and what follows."""
        return [
            {
                **msgspec.structs.asdict(each),
                "event_id": encode_event_id(each.seq) if each.seq else "",
                "at": datetime.fromtimestamp(each.at, UTC),
                "events": each.accepted + each.rejected,
                "outcome": each.word,
            }
            for each in reversed(self._sources.get(source, ()))
        ]
