"""The last requests of each source, in memory: what an integrator looks at when something doesn't arrive."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any, NamedTuple

__all__ = ["RecentRequests", "Request"]

_PER_SOURCE = 100
_SOURCES = 1000


class Request(NamedTuple):
    """One request and its outcome. `at` is in seconds since 1970; payloads and keys are not kept."""

    at: float
    entity_type: str
    status: int
    bytes: int
    accepted: int
    duplicates: int
    rejected: int
    reason: str
    event_id: str


class RecentRequests:
    """Keeps the newest hundred requests of each source."""

    def __init__(self) -> None:
        self._sources: dict[str, deque[Request]] = {}

    def add(self, source: str, request: Request) -> None:
        """Remember a request of a source whose key was valid."""
        ring = self._sources.get(source)
        if ring is None:
            if len(self._sources) >= _SOURCES:
                del self._sources[next(iter(self._sources))]
            ring = self._sources[source] = deque(maxlen=_PER_SOURCE)
        ring.append(request)

    def of(self, source: str) -> list[dict[str, Any]]:
        """Return a source's requests, newest first, with times as datetimes and an outcome in one word."""
        return [
            {**request._asdict(), "at": datetime.fromtimestamp(request.at, UTC), "outcome": _outcome(request)}
            for request in reversed(self._sources.get(source, ()))
        ]


def _outcome(request: Request) -> str:
    if request.status >= 500:
        return "unavailable"
    if request.status >= 400:
        return "rejected"
    if request.rejected:
        return "partial"
    return "duplicate" if request.duplicates and request.duplicates == request.accepted else "accepted"
