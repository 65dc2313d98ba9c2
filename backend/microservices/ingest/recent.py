"""The last requests of each source, in memory: what an integrator looks at when something doesn't arrive."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from salescommand_lake.identifiers import encode_event_id

__all__ = ["Outcome", "RecentRequests", "TooManyListeners", "shown"]

_PER_SOURCE = 100
_SOURCES = 1000
_LISTENERS = 50
_BEHIND = 1000
"""How many requests a listener may fall behind before the oldest of them are left out."""


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
            return _BY_STATUS.get(self.status) or ("unavailable" if self.status >= 499 else "rejected")
        if self.rejected:
            return "partial"
        return "duplicate" if self.duplicates and self.duplicates == self.accepted else "accepted"


_BY_STATUS = {401: "unauthorized", 403: "unauthorized", 429: "limited"}


class TooManyListeners(Exception):  # noqa: N818 - named for what it is
    """So many follow the requests already that another one would cost the posts too much."""


class RecentRequests:
    """Keeps the newest hundred requests of each source, and tells those who follow."""

    def __init__(self) -> None:
        self._sources: dict[str, deque[Outcome]] = {}
        self._listeners: list[tuple[str, asyncio.Queue[Outcome]]] = []

    def add(self, source: str, outcome: Outcome) -> None:
        """Remember a request of a source that exists."""
        if self._listeners:
            self._tell(source, outcome)
        ring = self._sources.get(source)
        if ring is None:
            if len(self._sources) >= _SOURCES:
                del self._sources[next(iter(self._sources))]
            ring = self._sources[source] = deque(maxlen=_PER_SOURCE)
        ring.append(outcome)

    def of(self, source: str) -> list[dict[str, Any]]:
        """Return a source's requests, newest first, as `shown` shows them."""
        return [shown(each) for each in reversed(self._sources.get(source, ()))]

    @contextmanager
    def following(self, source: str) -> Iterator[asyncio.Queue[Outcome]]:
        """Give a queue that gets each further request of a source.

        Raises:
            TooManyListeners: fifty follow already.
        """
        if len(self._listeners) >= _LISTENERS:
            raise TooManyListeners
        entry = (source, asyncio.Queue[Outcome](_BEHIND))
        self._listeners.append(entry)
        try:
            yield entry[1]
        finally:
            self._listeners.remove(entry)

    def _tell(self, source: str, outcome: Outcome) -> None:
        for wanted, queue in self._listeners:
            if wanted == source:
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(outcome)


def shown(outcome: Outcome) -> dict[str, Any]:
    """Return a request for people: `Outcome` with `at` as a datetime, its event's id, and the outcome in a word."""
    return {
        **msgspec.structs.asdict(outcome),
        "event_id": encode_event_id(outcome.seq) if outcome.seq else "",
        "at": datetime.fromtimestamp(outcome.at, UTC),
        "events": outcome.accepted + outcome.rejected,
        "outcome": outcome.word,
    }
