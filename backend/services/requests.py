"""The live tail of a source: its last requests as this process answered them, and those that come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from backend.context import Context
from backend.errors import Problem, not_found
from backend.microservices.ingest.recent import Outcome, RecentRequests, TooManyListeners, shown
from backend.services.keys import check_source

__all__ = ["RequestService"]

HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 900.0
"""After this a stream ends; clients of server-sent events connect again by themselves."""


class RequestService:
    """Reads and follows a source's requests. Payloads and secrets are not kept, so they can't be shown."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def last(self, source: str, outcome: str | None, limit: int) -> list[dict[str, Any]]:
        """Return the newest requests, newest first, all or those with one outcome.

        Raises:
            Problem: 404 when there is no such source.
        """
        recent = await self._recent(source)
        found = recent.of(source) if recent else []
        return [each for each in found if outcome in (None, each["outcome"])][:limit]

    async def follow(self, source: str, outcome: str | None) -> AsyncIterator[dict[str, Any] | None]:
        """Give each further request as it is answered, and None when nothing came for a while.

        Raises:
            Problem: 404 when there is no such source; 503 when this process takes no events or too many follow.
        """
        recent = await self._recent(source)
        if recent is None:
            raise Problem(503, "no-spool", "This process takes no events", "There is nothing to follow here.")
        return self._each(recent, source, outcome)

    async def _each(
        self, recent: RecentRequests, source: str, outcome: str | None
    ) -> AsyncIterator[dict[str, Any] | None]:
        ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
        with _following(recent, source) as queue:
            while asyncio.get_running_loop().time() < ends:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        found = await queue.get()
                except TimeoutError:
                    yield None
                    continue
                if outcome in (None, found.word):
                    yield shown(found)

    async def _recent(self, source: str) -> RecentRequests | None:
        if await self._context.keyring.source(check_source(source)) is None:
            raise not_found("source", source, hint="GET /api/sources lists them.")
        return self._context.local_spool.recent if self._context.local_spool else None


@contextmanager
def _following(recent: RecentRequests, source: str) -> Iterator[asyncio.Queue[Outcome]]:
    try:
        with recent.following(source) as queue:
            yield queue
    except TooManyListeners:
        detail = "Too many programs follow requests already."
        hint = "Close one of them, or read /requests now and then."
        raise Problem(503, "too-many-streams", "Too many streams", detail, hint=hint) from None
