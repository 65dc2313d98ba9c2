"""What became of events: what each one set, what of it still stands, and what was refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from salescommand_lake.engine import Engine, Row
from salescommand_lake.model import NOUNS, Noun, canonical_id
from salescommand_lake.noun_tables import WITHDRAWN
from salescommand_lake.quarantine.open_sql import ENTRIES, REPLACED
from salescommand_lake.raw import RawEvent
from salescommand_lake.reads.values import plain

__all__ = ["EventEffects", "FieldSet", "Refusal", "TouchedRecord", "event_effects", "event_statuses"]

_SEQ = (1 << 64) - 1
_CLEARED = 2
_NO_KEY = "0" * 32


@dataclass(frozen=True, slots=True)
class FieldSet:
    """A field that the event set; ``value`` is None when it cleared it. ``current``: no later event has changed it."""

    field: str
    value: str | int | bool | None
    current: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that could not be read. An empty field means the whole event."""

    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class TouchedRecord:
    """The record that the event belongs to, as it is now."""

    type: str
    canonical_id: str
    title: str


@dataclass(frozen=True, slots=True)
class EventEffects:
    """Everything that one event did."""

    status: str
    """pending, applied, superseded (a repeat, or corrected), ignored (no mapping claims it, or people ignored it) or
    quarantined (refused whole, or breaks its contract while no mapping claims it)."""
    record: TouchedRecord | None
    set: tuple[FieldSet, ...]
    quarantine: tuple[Refusal, ...]


async def event_statuses(engine: Engine, events: Sequence[RawEvent]) -> dict[str, str]:
    """Return the status of each event by its id; see EventEffects.status."""
    if not events:
        return {}
    folded = await _folded(engine, events)
    own: dict[str, list[RawEvent]] = defaultdict(list)
    for event in events:
        own[event.record_type].append(event)
    found: dict[int, str] = {}
    for name in own.keys() & NOUNS.keys():
        found |= await _change_statuses(engine, NOUNS[name], own[name])
    rest = [event for event in events if event.seq not in found and _folded_key(event) in folded]
    for noun in NOUNS.values() if rest else ():
        found |= await _change_statuses(engine, noun, rest)
    found |= await _unclaimed_statuses(engine, [one for one in rest if one.contract_error and one.seq not in found])
    return {
        event.event_id: (found.get(event.seq, "ignored") if _folded_key(event) in folded else "pending")
        for event in events
    }


async def event_effects(engine: Engine, event: RawEvent) -> EventEffects:
    """Return what one event did."""
    status = (await event_statuses(engine, [event]))[event.event_id]
    refusals = await _refusals(engine, event)
    for name in _nouns(event):
        noun = NOUNS[name]
        change = await _change(engine, noun, event)
        if change is not None:
            state = await _state(engine, noun, event)
            record = _record(noun, event, state) if state else None
            provenance = state["provenance"] if state else {}
            return EventEffects(status, record, tuple(_fields(noun, event, change, provenance)), refusals)
    return EventEffects(status, None, (), refusals)


def _nouns(event: RawEvent) -> Iterable[str]:
    """Return the nouns that the event may belong to, the one that the door resolved first.

    A source's own mapping may make another noun of the word that it was posted under.
    """
    return sorted(NOUNS, key=lambda name: name != event.record_type)


def _folded_key(event: RawEvent) -> tuple[str, str, str]:
    return event.batch_id, event.source, event.record_type


async def _folded(engine: Engine, events: Sequence[RawEvent]) -> set[tuple[str, str, str]]:
    rows = await engine.query(
        "SELECT DISTINCT batch_id, source, record_type FROM folded_batches WHERE batch_id IN {batches:Array(String)}",
        {"batches": sorted({event.batch_id for event in events})},
    )
    return {(row["batch_id"], row["source"], row["record_type"]) for row in rows}


async def _change_statuses(engine: Engine, noun: Noun, events: Sequence[RawEvent]) -> dict[int, str]:
    """Return the status of those events that became changes of this noun."""
    rows = await engine.query(
        f"SELECT seq, multiIf((source, seq) IN ({REPLACED}), 'superseded', "
        "(source, seq) IN (SELECT source, seq FROM quarantine_marks FINAL WHERE ignored AND field = ''), 'ignored', "
        "notEmpty(refused), 'quarantined', "
        "event_key != unhex({none:String}) AND seq != min(seq) OVER (PARTITION BY source, source_id, event_key), "
        "'superseded', 'applied') AS status "
        f"FROM {noun.changes_table} FINAL "
        "WHERE source IN {sources:Array(String)} AND source_id IN {ids:Array(String)}"
        f" AND refused != '{WITHDRAWN}'",
        {
            "sources": sorted({event.source for event in events}),
            "ids": sorted({event.source_id for event in events}),
            "none": _NO_KEY,
        },
    )
    return {int(row["seq"]): row["status"] for row in rows}


async def _unclaimed_statuses(engine: Engine, events: Sequence[RawEvent]) -> dict[int, str]:
    """Return the status of those events that are in the quarantine though no mapping claims them."""
    if not events:
        return {}
    rows = await engine.query(
        "SELECT seq, multiIf(state = 'corrected', 'superseded', state = 'ignored', state, 'quarantined') AS status\n"
        f"FROM ({ENTRIES}) WHERE field = '' AND source IN {{sources:Array(String)}} AND seq IN {{seqs:Array(UInt64)}}",
        {"sources": sorted({event.source for event in events}), "seqs": [event.seq for event in events]},
    )
    return {int(row["seq"]): row["status"] for row in rows}


async def _change(engine: Engine, noun: Noun, event: RawEvent) -> Row | None:
    rows = await engine.query(
        f"SELECT * EXCEPT (errors, event_key) FROM {noun.changes_table} FINAL "
        "WHERE source = {source:String} AND source_id = {source_id:String} AND seq = {seq:UInt64}"
        f" AND refused != '{WITHDRAWN}'",
        {"source": event.source, "source_id": event.source_id, "seq": event.seq},
    )
    return rows[0] if rows else None


async def _state(engine: Engine, noun: Noun, event: RawEvent) -> Row | None:
    title = ", ".join(f"toString({name})" for name in noun.title)
    rows = await engine.query(
        f"SELECT coalesce({title}, '') AS title, provenance FROM {noun.table} FINAL WHERE canonical_id = {{id:String}}",
        {"id": canonical_id(event.source, noun.name, event.source_id)},
    )
    return rows[0] if rows else None


async def _refusals(engine: Engine, event: RawEvent) -> tuple[Refusal, ...]:
    rows = await engine.query(
        "SELECT field, value, reason FROM quarantine FINAL "
        "WHERE source = {source:String} AND seq = {seq:UInt64} AND NOT resolved ORDER BY field",
        {"source": event.source, "seq": event.seq},
    )
    return tuple(Refusal(row["field"], row["value"], row["reason"]) for row in rows)


def _record(noun: Noun, event: RawEvent, state: Row) -> TouchedRecord:
    return TouchedRecord(
        noun.name, canonical_id(event.source, noun.name, event.source_id), state["title"] or event.source_id
    )


def _fields(noun: Noun, event: RawEvent, change: Row, provenance: Row) -> Iterable[FieldSet]:
    for field in noun.fields:
        op = int(change[f"{field.name}_op"])
        if op:
            current = field.name in provenance and int(provenance[field.name]) & _SEQ == event.seq
            yield FieldSet(field.name, None if op == _CLEARED else plain(field, change[field.name]), current)
