"""Reporting a spool's books to the lake, so that they are known where the spool is not, and stay when it is lost."""

from __future__ import annotations

import asyncio
import logging
import time

from backend.microservices.ingest.spool import Spool
from backend.microservices.ingest.spool_shapes import Counters
from salescommand_lake.door_books import DoorBooks, write_door_books
from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError

__all__ = ["BookReport"]

log = logging.getLogger(__name__)
_EVERY_SECONDS = 5.0
_PATIENCE_SECONDS = 10.0


class BookReport:
    """Reports a spool's books when they changed, at most every five seconds."""

    def __init__(self, spool: Spool, engine: Engine) -> None:
        self._spool = spool
        self._engine = engine
        self._reported: dict[str, Counters] = {}
        self._due = 0.0

    @property
    def pending(self) -> bool:
        """Whether the lake doesn't know the books as they are now."""
        return any(self._reported.get(name) != each for name, each in self._spool.books().items())

    @property
    def seconds_left(self) -> float | None:
        """Return how long to wait for the next report, None when there is nothing to report."""
        return max(0.0, self._due - time.monotonic()) if self.pending else None

    async def send(self, *, now: bool = False) -> None:
        """Report what changed, when it is time or `now`. Call it between inserts, when none may be on its way.

        A lake that does not take the report is asked again later: nothing depends on it but the sum of all instances.
        """
        if not self.pending or (not now and time.monotonic() < self._due):
            return
        self._due = time.monotonic() + _EVERY_SECONDS
        try:
            # Held, so that a report says of each event either that it waits or that it is stored.
            async with asyncio.timeout(_PATIENCE_SECONDS), self._spool.inserting:
                books = self._spool.books()
                changed = {name: each for name, each in books.items() if self._reported.get(name) != each}
                await write_door_books(self._engine, [self._entry(name, each) for name, each in changed.items()])
                self._reported |= changed
        except (LakeError, TimeoutError) as error:
            log.info("the books are reported later: %s", error)

    def _entry(self, source: str, counters: Counters) -> DoorBooks:
        return DoorBooks(
            spool_id=self._spool.spool_id,
            instance=self._spool.instance,
            source=source,
            received=counters.received,
            accepted=counters.accepted,
            duplicates=counters.duplicates,
            rejected=counters.rejected,
            refused=counters.refused,
            loaded=counters.loaded,
            damaged=counters.damaged,
            in_spool=counters.in_spool,
        )
