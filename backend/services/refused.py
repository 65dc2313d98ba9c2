"""Events that the engine refused: kept in the spool with its words, until somebody has them tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.context import Context
from backend.errors import not_found
from backend.microservices.ingest.records import Row
from backend.microservices.ingest.spool import Spool
from backend.stores.trail import begin, note
from salescommand_lake.identifiers import decode_event_id, encode_event_id, seq_time

__all__ = ["RefusedEvent", "RefusedService"]

_PAGE = 500


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """One refused event. `reason` and `code` are the engine's; times are UTC."""

    event_id: str
    source: str
    entity_type: str
    source_id: str
    reason: str
    code: int | None
    received_at: datetime
    refused_at: datetime
    body: bytes


class RefusedService:
    """The refused events of this process's spools."""

    def __init__(self, context: Context) -> None:
        self._spools: list[Spool] = context.spools

    async def page(self, *, source: str = "", before: str | None = None, limit: int = 100) -> list[RefusedEvent]:
        """Return refused events, newest first.

        Raises:
            ValueError: `before` is not an event id.
        """
        bound = decode_event_id(before) if before else 2**63 - 1
        found = [
            _event(*each)
            for spool in self._spools
            for each in await spool.refused_events(limit, source=source, before=bound)
        ]
        return sorted(found, key=lambda event: event.event_id, reverse=True)[:limit]

    async def all(self, source: str = "") -> AsyncIterator[RefusedEvent]:
        """Give all refused events, page by page, so that they are never all in memory."""
        before: str | None = None
        while page := await self.page(source=source, before=before, limit=_PAGE):
            for event in page:
                yield event
            before = page[-1].event_id

    async def get(self, event_id: str) -> RefusedEvent:
        """Return one refused event.

        Raises:
            Problem: 404 when it is not among the refused ones.
        """
        try:
            seq = decode_event_id(event_id)
        except ValueError:
            seq = 0
        following = encode_event_id(seq + 1)
        found = await self.page(before=following, limit=1)
        if not found or found[0].event_id != event_id:
            raise not_found("refused event", event_id, hint="GET /api/microservices/refused lists them.")
        return found[0]

    async def retry(self, *, event_ids: list[str] | None, source: str) -> int:
        """Put refused events back among those that wait for the lake, the named ones or all (of a source).

        Raises:
            ValueError: one of the ids is not an event id.
        """
        if event_ids is not None:
            seqs = [decode_event_id(each) for each in event_ids]
        else:
            seqs = [decode_event_id(event.event_id) async for event in self.all(source)]
        if not seqs:
            return 0
        await begin()
        retried = sum([await spool.retry_refused(seqs) for spool in self._spools])
        note("refused events", source or "named", {"refused": len(seqs)}, {"retried": retried})
        return retried


def _event(row: Row, reason: str, code: int | None, at_ms: int) -> RefusedEvent:
    return RefusedEvent(
        event_id=encode_event_id(row.seq),
        source=row.source,
        entity_type=row.entity_type,
        source_id=row.source_id,
        reason=reason,
        code=code,
        received_at=seq_time(row.seq),
        refused_at=datetime.fromtimestamp(at_ms / 1000, UTC),
        body=row.body,
    )
