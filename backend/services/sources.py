"""Sources: what posts here, whether it still does, and where its events are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from backend.context import Context
from backend.errors import not_found
from backend.services.balance import SourceBooks, source_books
from backend.services.freshness import Freshness, freshness
from backend.services.keys import KeyService, WriteKey, check_kind, check_source
from backend.services.watermark import lowered
from backend.stores.mongo import Document
from salescommand_lake.activity import HOURS, Activity, source_activity
from salescommand_lake.books import data_as_of

__all__ = ["Source", "SourceDetail", "SourceService"]


@dataclass(frozen=True, slots=True)
class Source:
    """One source. Times are UTC; `lag_seconds` is the silence since its last event."""

    source: str
    kind: str
    label: str
    state: Freshness
    last_event_at: datetime | None
    usual_gap_seconds: float | None
    data_as_of: datetime | None
    lag_seconds: float | None
    events_today: int
    hours: tuple[int, ...]
    books: SourceBooks


@dataclass(frozen=True, slots=True)
class SourceDetail:
    """One source with its keys and the last requests that this process answered."""

    source: Source
    keys: list[WriteKey]
    requests: list[dict[str, Any]]


class SourceService:
    """Lists, describes and names sources."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def all(self) -> list[Source]:
        """Return every source that was set up or ever sent something, by name."""
        now = datetime.now(UTC)
        named, books, activity, moments = await asyncio.gather(
            self._context.mongo.sources.find(),
            source_books(self._context),
            source_activity(self._context.engine, now),
            data_as_of(self._context.engine),
        )
        documents = {document["_id"]: document for document in named}
        moments = lowered(self._context, moments)
        found = []
        for name in sorted({*documents, *books, *activity}):
            each = _source(name, documents.get(name), activity.get(name), now)
            found.append(replace(each, data_as_of=moments.get(name), books=books.get(name, SourceBooks())))
        return found

    async def get(self, source: str) -> SourceDetail:
        """Return one source with its keys and last requests.

        Raises:
            Problem: 404 when nothing of that name was set up or ever sent something.
        """
        for one in await self.all():
            if one.source == source:
                keys = await KeyService(self._context).of(source)
                return SourceDetail(one, keys, self._requests(source))
        raise not_found("source", source, hint="GET /api/sources lists them.")

    def _requests(self, source: str) -> list[dict[str, Any]]:
        spool = self._context.local_spool
        return spool.recent.of(source) if spool else []

    async def put(self, source: str, kind: str, label: str | None) -> Document:
        """Set up a source, or change its kind and label, and return how it is kept.

        Raises:
            Problem: 400 when the name or the kind can't be used.
        """
        check_source(source)
        check_kind(kind)
        change: Document = {"kind": kind} | ({"label": label} if label is not None else {})
        made: Document = {"created_at": datetime.now(UTC)} | ({} if label is not None else {"label": source})
        stored = await self._context.mongo.sources.update(
            {"_id": source}, {"$set": change, "$setOnInsert": made}, upsert=True
        )
        self._context.keyring.forget()
        return stored or {"_id": source} | made | change


def _source(name: str, document: Document | None, activity: Activity | None, now: datetime) -> Source:
    last = activity.last_event_at if activity else None
    gap = activity.usual_gap if activity else None
    return Source(
        source=name,
        kind=document["kind"] if document else "generic",
        label=document["label"] if document else name,
        state=freshness(last, gap, now),
        last_event_at=last,
        usual_gap_seconds=gap.total_seconds() if gap else None,
        data_as_of=None,
        lag_seconds=max(0.0, (now - last).total_seconds()) if last else None,
        events_today=activity.today if activity else 0,
        hours=activity.hours if activity else (0,) * HOURS,
        books=SourceBooks(),
    )
