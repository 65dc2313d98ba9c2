"""One step of the fold: take pending batches, read them, fold what they touch, write the ledger.

Every statement may be repeated, and the ledger comes last, so a step that stops anywhere is simply done again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from typing import Any

from salescommand_lake import identity
from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.fold.results import FailedMapping, FoldResult
from salescommand_lake.fold.work import (
    Applied,
    Part,
    Reading,
    Stream,
    applied_mappings,
    changed_readings,
    pending_parts,
    plan,
    withdrawn,
)
from salescommand_lake.fold.writes import Guard, Scope, Tally, Writer, scope_of_parts, scope_of_sources
from salescommand_lake.mapping.catalog import Catalog, load_catalog
from salescommand_lake.model import NOUNS, Noun, canonical_id_sql
from salescommand_lake.quarantine.pending import corrections_to_apply, mark_applied

log = logging.getLogger(__name__)


async def fold_pending(engine: Engine, *, max_events: int = 20_000, guard: Guard | None = None) -> FoldResult:
    """Bring pending batches, about ``max_events`` events of them and at least one batch, into the records.

    Streams whose mapping has changed are read again first. ``guard`` is awaited before each write and raises when this
    process has lost the right to fold. Only one process may fold at a time.

    Raises:
        LakeError: the engine is away or refuses for now; nothing is lost, call again. A mapping whose own statement
            fails is set aside instead, and named in the result.
    """
    catalog = await load_catalog(engine)
    applied = await applied_mappings(engine)
    generation = max([time.time_ns() // 1000, *(one.generation + 1 for one in applied.values())])
    step = _Step(engine, catalog, applied, Writer(engine, generation, guard))
    remapped = await step.remap()
    await identity.link_first(engine, guard)
    corrected = await step.apply_corrections()
    decided = await identity.apply_decisions(engine, guard)
    batches: set[str] = set()
    tally = Tally()
    while True:
        parts, more = await pending_parts(engine, max_events, step.stuck, step.late)
        if not parts and not step.stuck and not step.late:
            await step.writer.mark_progress()
            break
        before = len(step.stuck) + len(step.late)
        done, counted = await step.fold(parts)
        batches |= {part.batch_id for part in done}
        tally += counted
        if len(step.stuck) + len(step.late) == before:
            break  # else: what is behind the parts that are stuck or late gets its turn in this call
    return FoldResult(
        batches=len(batches),
        events=tally.events,
        applied=tally.mapped,
        quarantined=tally.quarantined,
        ignored=tally.ignored,
        remapped=remapped,
        decided=decided + corrected,
        more=more,
        failed=tuple(step.failed),
    )


class _Step:
    def __init__(self, engine: Engine, catalog: Catalog, applied: dict[Stream, Applied], writer: Writer) -> None:
        self.engine = engine
        self.catalog = catalog
        self.applied = applied
        self.writer = writer
        self.failed: list[FailedMapping] = []
        self.stuck: set[tuple[str, str]] = set()
        """Sources and nouns with a mapping that fails: their parts stay pending."""
        self.late: set[tuple[str, str, str]] = set()
        """Parts whose events are not all to be seen yet: they stay pending until a later call."""

    async def fold(self, parts: list[Part]) -> tuple[list[Part], Tally]:
        """Fold pending parts and return those that are done; those with a mapping that fails, or late, stay pending."""
        if not parts:
            return [], Tally()
        work = await plan(self.engine, parts, self.catalog)
        self.late |= work.late
        readings = await self._extract(work.readings.values())
        done = [part for part in work.parts if (part.source, part.record_type) not in self.stuck]
        if not done:
            return [], Tally()
        scope = scope_of_parts(done, readings)
        await self._fold_records(scope)
        await self._link(scope)
        finished = {part.key for part in done}
        streams = [stream for key, stream in work.counts if key in finished]
        ignored = [stream for stream in dict.fromkeys(streams) if self._mapping_hash(stream) == ""]
        await self.writer.quarantine_unclaimed(scope, ignored)
        tally = await self.writer.write_ledger(scope, ignored)
        await self._write_applied([stream for stream in dict.fromkeys(streams) if stream not in self.applied])
        return done, tally

    async def remap(self) -> int:
        """Read again the streams whose mapping has changed; return how many events that were."""
        changed, gone = changed_readings(self.applied, self.catalog), withdrawn(self.applied, self.catalog)
        if not changed and not gone:
            return 0
        readings = await self._extract(changed.values())
        streams = [stream for reading in readings for stream in reading.streams]
        left = {
            name: [one for one in some if one in streams or not self._mapping_hash(one)] for name, some in gone.items()
        }
        for name, some in left.items():
            await self.writer.withdraw(NOUNS[name], some)
        streams += [one for some in left.values() for one in some if one not in streams]
        if not streams:
            return 0
        sources = sorted({stream.source for stream in streams})
        scope = scope_of_sources(readings, self._nouns_of(readings, sources), sources)
        await self._fold_records(scope)
        await self._link(scope)
        for reading in readings:
            await self.writer.resolve_quarantine(reading)
        ignored = [stream for stream in self.applied if stream.source in sources and not self._mapping_hash(stream)]
        await self.writer.quarantine_unclaimed(scope, ignored)
        await self.writer.write_ledger(scope, ignored)
        await self._write_applied(streams)
        rows = await self.engine.query(
            "SELECT sum(events) AS events FROM raw_batch_keys WHERE (source, record_type, entity_type)"
            " IN {streams:Array(Tuple(String, String, String))}",
            {"streams": [stream.key for stream in streams]},
        )
        return int(rows[0]["events"])

    async def apply_corrections(self) -> int:
        """Fold again the records of events that were corrected, or whose correction was undone; return how many."""
        ids, records = await corrections_to_apply(self.engine)
        if not ids:
            return 0
        known = {record.record_type for record in records}
        nouns = tuple(noun for noun in NOUNS.values() if noun.name in known or not known <= NOUNS.keys())
        keys = sorted({(record.source, record.source_id) for record in records})
        scope = Scope(
            nouns,
            "(source, source_id) IN {records:Array(Tuple(String, String))}",
            "false",
            {"records": keys},
            read_again=True,
        )
        if keys:
            await self._fold_records(scope)
            await self._link(scope)
        await mark_applied(self.engine, ids)
        return len(ids)

    async def _extract(self, readings: Iterable[Reading]) -> list[Reading]:
        """Run each reading's statement; set aside those that fail and return the others."""
        good: list[Reading] = []
        for reading in readings:
            try:
                await self.writer.extract(reading)
            except LakeError as error:
                if error.retryable:
                    raise
                self._set_aside(reading, error)
                self.stuck |= {(stream.source, stream.record_type) for stream in reading.streams}
            else:
                good.append(reading)
        return good

    def _set_aside(self, reading: Reading, error: LakeError) -> None:
        mapping, version = reading.effective.mapping, reading.effective.version
        log.error("mapping %s/%s version %d is set aside: %s", mapping.scope, mapping.record_type, version, error)
        self.failed += [
            FailedMapping(source, mapping.record_type, mapping.scope, version, str(error)) for source in reading.sources
        ]

    async def _fold_records(self, scope: Scope) -> None:
        for noun in scope.nouns:
            await self.writer.derive(noun, scope)

    async def _link(self, scope: Scope) -> None:
        """Find which of the records are one with others."""
        for noun in scope.nouns:
            if noun.merged:
                touched = (
                    f"SELECT DISTINCT {canonical_id_sql(noun)} AS canonical_id FROM {noun.changes_table}"
                    f" WHERE {scope.keys}"
                )
                await identity.Step(self.engine, noun, self.writer.guard).run(touched, scope.parameters)

    def _nouns_of(self, readings: list[Reading], sources: Collection[str]) -> list[Noun]:
        """Return the nouns that the streams become now, and those that the sources' streams have been."""
        names = {reading.effective.mapping.noun.name for reading in readings}
        names |= {one.noun for one in self.applied.values() if one.stream.source in sources and one.noun}
        return [noun for noun in NOUNS.values() if noun.name in names]

    def _mapping_hash(self, stream: Stream) -> str:
        effective = self.catalog.find(stream.source, stream.kind, stream.record_type, stream.entity_type)
        return effective.compiled.hash if effective else ""

    async def _write_applied(self, streams: list[Stream]) -> None:
        await self.writer.write_applied(applied_rows(streams, self.catalog))


def applied_rows(streams: Iterable[Stream], catalog: Catalog) -> list[dict[str, Any]]:
    """Return the rows that say by which mapping each stream is read."""
    rows = []
    for stream in streams:
        found = catalog.find(stream.source, stream.kind, stream.record_type, stream.entity_type)
        rows.append(
            {
                "source": stream.source,
                "kind": stream.kind,
                "record_type": stream.record_type,
                "entity_type": stream.entity_type,
                "noun": found.mapping.record_type if found else "",
                "scope": found.mapping.scope if found else "",
                "mapping_hash": found.compiled.hash if found else "",
                "mapping_version": found.version if found else 0,
            }
        )
    return rows
