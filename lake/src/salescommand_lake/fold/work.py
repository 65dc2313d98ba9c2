"""What there is to do: pending batches, what is in them, and the mapping for each part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.mapping.catalog import Catalog, Effective

_MOST_PARTS = 2000
PART = "Array(Tuple(String, String, String))"
"""How parts of batches, or words of sources, are bound."""


@dataclass(frozen=True, slots=True)
class Part:
    """The events of one source and noun in one batch; the unit of the ledger."""

    batch_id: str
    source: str
    record_type: str
    events: int
    first_seq: int
    last_seq: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what identifies the part."""
        return self.batch_id, self.source, self.record_type


@dataclass(frozen=True, slots=True)
class Stream:
    """Events that always share a mapping: one source and kind, one resolved noun, one posted word."""

    source: str
    kind: str
    record_type: str
    entity_type: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what identifies the stream among the raw events of one kind."""
        return self.source, self.record_type, self.entity_type


@dataclass(slots=True)
class Reading:
    """Streams that are read by the same compiled mapping, in one statement."""

    effective: Effective
    streams: list[Stream] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def sources(self) -> list[str]:
        """Return the sources of the streams."""
        return sorted({stream.source for stream in self.streams})

    @property
    def words(self) -> list[str]:
        """Return the posted words of the streams."""
        return sorted({stream.entity_type for stream in self.streams})


@dataclass(slots=True)
class Work:
    """One step: the parts that it takes, and how each of their streams is read."""

    parts: list[Part]
    counts: dict[tuple[tuple[str, str, str], Stream], int]
    """Events of each stream in each part."""
    readings: dict[str, Reading]
    """By the hash of the mapping."""
    ignored: dict[tuple[str, str, str], int]
    """Events of each part that no mapping claims."""
    late: set[tuple[str, str, str]] = field(default_factory=set)
    """Parts that are not taken yet: ClickHouse shows what an insert feeds before the insert itself."""


@dataclass(frozen=True, slots=True)
class Applied:
    """By which mapping a stream was last read."""

    stream: Stream
    noun: str
    mapping_hash: str
    generation: int


async def pending_parts(
    engine: Engine,
    max_events: int,
    without: Collection[tuple[str, str]] = (),
    late: Collection[tuple[str, str, str]] = (),
) -> tuple[list[Part], bool]:
    """Return the oldest pending parts, together of about ``max_events`` events, and whether more wait.

    ``without`` names sources and nouns whose parts are left where they are, ``late`` single parts.
    """
    rows = await engine.query(
        "SELECT batch_id, source, record_type, sum(events) AS events, min(first_seq) AS first, max(last_seq) AS last\n"
        "FROM raw_batches WHERE loaded_at >= (SELECT max(mark) FROM fold_progress)\n"
        "  AND (batch_id, source, record_type) NOT IN (SELECT batch_id, source, record_type FROM folded_batches\n"
        # The clocks of the two may differ, though not by a day.
        "    WHERE folded_at >= (SELECT max(mark) FROM fold_progress) - INTERVAL 1 DAY)\n"
        "  AND (source, record_type) NOT IN {without:Array(Tuple(String, String))}\n"
        "  AND (batch_id, source, record_type) NOT IN {late:Array(Tuple(String, String, String))}\n"
        "GROUP BY batch_id, source, record_type\nORDER BY first, batch_id\n"
        f"LIMIT {_MOST_PARTS}",
        {"without": sorted(without), "late": sorted(late)},
    )
    parts = [
        Part(r["batch_id"], r["source"], r["record_type"], int(r["events"]), int(r["first"]), int(r["last"]))
        for r in rows
    ]
    taken: list[Part] = []
    events = 0
    for part in parts:
        if taken and events + part.events > max_events:
            return taken, True
        taken.append(part)
        events += part.events
    return taken, len(parts) == _MOST_PARTS


async def plan(engine: Engine, parts: list[Part], catalog: Catalog) -> Work:
    """Look into the parts and find the mapping of each stream. Parts whose events are not all there yet are late."""
    work = Work(parts, {}, {}, {})
    if not parts:
        return work
    rows = await engine.query(
        "SELECT batch_id, source, record_type, kind, entity_type, count() AS events FROM raw_events\n"
        "PREWHERE seq BETWEEN {first:UInt64} AND {last:UInt64} WHERE batch_id IN {batches:Array(String)}\n"
        "GROUP BY batch_id, source, record_type, kind, entity_type",
        {
            "first": min(part.first_seq for part in parts),
            "last": max(part.last_seq for part in parts),
            "batches": sorted({part.batch_id for part in parts}),
        },
    )
    there: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        there[row["batch_id"], row["source"], row["record_type"]] += int(row["events"])
    work.late = {part.key for part in parts if there[part.key] < part.events}
    work.parts = [part for part in parts if part.key not in work.late]
    by_key = {part.key: part for part in work.parts}
    for row in rows:
        part = by_key.get((row["batch_id"], row["source"], row["record_type"]))
        if part is None:
            continue
        stream = _stream(row)
        events = int(row["events"])
        work.counts[part.key, stream] = events
        effective = catalog.find(stream.source, stream.kind, stream.record_type, stream.entity_type)
        if effective is None:
            work.ignored[part.key] = work.ignored.get(part.key, 0) + events
            continue
        reading = work.readings.setdefault(effective.compiled.hash, Reading(effective))
        if stream not in reading.streams:
            reading.streams.append(stream)
        if part not in reading.parts:
            reading.parts.append(part)
    return work


def _stream(row: dict[str, Any]) -> Stream:
    return Stream(row["source"], row["kind"], row["record_type"], row["entity_type"])


async def applied_mappings(engine: Engine) -> dict[Stream, Applied]:
    """Return by which mapping each known stream was last read."""
    rows = await engine.query(
        "SELECT source, kind, record_type, entity_type, noun, mapping_hash, generation FROM applied_mappings FINAL"
    )
    return {
        _stream(row): Applied(_stream(row), row["noun"], row["mapping_hash"], int(row["generation"])) for row in rows
    }


def withdrawn(applied: dict[Stream, Applied], catalog: Catalog) -> dict[str, list[Stream]]:
    """Return the streams that no longer become the noun they have been, by that noun: none claims them, or another."""
    found: dict[str, list[Stream]] = {}
    for stream, last in applied.items():
        effective = catalog.find(stream.source, stream.kind, stream.record_type, stream.entity_type)
        if last.noun and (effective is None or effective.mapping.record_type != last.noun):
            found.setdefault(last.noun, []).append(stream)
    return found


def changed_readings(applied: dict[Stream, Applied], catalog: Catalog) -> dict[str, Reading]:
    """Return the streams whose mapping is no longer the one they were read by, with the mapping now in force."""
    readings: dict[str, Reading] = {}
    for stream, last in applied.items():
        effective = catalog.find(stream.source, stream.kind, stream.record_type, stream.entity_type)
        if effective is not None and effective.compiled.hash != last.mapping_hash:
            readings.setdefault(effective.compiled.hash, Reading(effective)).streams.append(stream)
    return readings
