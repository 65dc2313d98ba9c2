"""Events: what came in, what became of it, and its exact bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from backend.context import Context
from backend.errors import Problem, bad_parameter, not_found
from salescommand_lake.effects import EventEffects, event_effects, event_statuses
from salescommand_lake.identifiers import decode_event_id, seq_time
from salescommand_lake.raw import EventFilters, RawEvent, get_body, get_event, list_events
from salescommand_lake.raw_exports import export_events, parse_event_fields
from salescommand_lake.reads.question import Filter, QueryError, single
from salescommand_lake.reads.scope import Scope
from salescommand_lake.records import is_seen
from salescommand_lake.records.question import DEFAULT_LIMIT, parse_limit
from salescommand_lake.retention import expired_before

__all__ = ["EventService", "ListedEvent"]

_FIELDS = {
    "source": "sources",
    "record_type": "record_types",
    "entity_type": "entity_types",
    "source_id": "source_ids",
}


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event in a list, with its status (see EventEffects.status)."""

    event: RawEvent
    status: str


class EventService:
    """Reads events from the raw zone."""

    def __init__(self, context: Context, scope: Scope | None = None) -> None:
        """Answer for everybody's events, or, one at a time, for those of records in a scope."""
        self._scope = scope
        self._engine = context.engine

    async def page(self, params: Iterable[tuple[str, str]]) -> tuple[list[ListedEvent], str | None]:
        """Return the newest events for the parameters of a query string, and the cursor of the next page.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        once, filters = single(params, ("limit", "cursor"))
        limit = parse_limit(once["limit"]) if "limit" in once else DEFAULT_LIMIT
        wanted = _wanted(filters)
        try:
            page = await list_events(self._engine, wanted, once.get("cursor") or None, limit)
        except ValueError as error:
            raise QueryError("cursor", str(error), "Take it from next_cursor of the page before.") from None
        statuses = await event_statuses(self._engine, page.items)
        return [ListedEvent(event, statuses[event.event_id]) for event in page.items], page.next_cursor

    async def export(
        self, params: Iterable[tuple[str, str]], fmt: str
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Return all events that match as a stream of the format ``fmt``.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        once, filters = single(params, ("fields",))
        return export_events(self._engine, _wanted(filters), fmt, parse_event_fields(once.get("fields")))

    async def one(self, event_id: str) -> tuple[RawEvent, EventEffects]:
        """Return an event and what it did.

        Raises:
            Problem: 400 for an id that is none, 404 when the lake has no such event, 410 when it has expired.
        """
        try:
            event = await get_event(self._engine, event_id)
        except ValueError as error:
            raise bad_parameter("event_id", str(error)) from None
        if event is None:
            raise await self._missing(event_id)
        effects = await event_effects(self._engine, event)
        await self._check(event_id, effects)
        return event, effects

    async def body(self, event_id: str) -> tuple[bytes, str]:
        """Return an event's exact bytes and their SHA-256, hexadecimal.

        Raises:
            Problem: 400 for an id that is none, 404 when the lake has no such event, 410 when it has expired.
        """
        try:
            event = await get_event(self._engine, event_id)
            body = await get_body(self._engine, event_id) if event else None
        except ValueError as error:
            raise bad_parameter("event_id", str(error)) from None
        if event is None or body is None:
            raise await self._missing(event_id)
        if self._scope is not None:
            await self._check(event_id, await event_effects(self._engine, event))
        return body, event.body_sha256

    async def _check(self, event_id: str, effects: EventEffects) -> None:
        """Hide an event whose record is not in scope, in the words for one that there is not.

        Raises:
            Problem: 404.
        """
        if self._scope is None:
            return
        record = effects.record
        if record is None or not await is_seen(self._engine, record.type, record.canonical_id, self._scope):
            raise _unknown(event_id)

    async def _missing(self, event_id: str) -> Problem:
        """Return why an event is not there: it has expired, or it never was."""
        expired = await expired_before(self._engine)
        if decode_event_id(event_id) >= expired:
            return _unknown(event_id)
        return Problem(
            410,
            "event-expired",
            "The event has expired",
            f"{event_id} arrived before {seq_time(expired):%Y-%m-%d}. The bytes of such events are not kept.",
            hint="What the event set is kept: see the history of its record.",
        )


def _wanted(filters: Iterable[Filter]) -> EventFilters:
    return EventFilters(**{_FIELDS[name]: values for name, values in _values(filters).items()})


def _values(filters: Iterable[Filter]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in filters:
        if one.field not in _FIELDS:
            raise QueryError(one.parameter, f"events have no filter {one.field!r}", f"use one of {', '.join(_FIELDS)}")
        if one.op != "eq" or one.field in found:
            raise QueryError(one.parameter, "events are filtered by equal values, once per field", "write a,b for any")
        found[one.field] = one.values
    return found


def _unknown(event_id: str) -> Problem:
    hint = "An event that was accepted a moment ago may still be on its way from the spool to the lake."
    return not_found("event", event_id, hint=hint)
