"""A rebuild from its plan to its place: slices of ids, read from raw into a second set of tables, then swapped in.

Live traffic goes on meanwhile. What it touches is read once more at the end: first with the fold running, then, for the
little that is left, and for the swap, without it. What raw no longer holds keeps the reading it had.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from salescommand_lake import identity
from salescommand_lake.engine import Engine
from salescommand_lake.fold.step import applied_rows
from salescommand_lake.fold.work import Applied, Reading, Stream, applied_mappings
from salescommand_lake.fold.writes import VERSIONS, Guard, Scope, Writer, scope_of_sources
from salescommand_lake.mapping.catalog import Catalog, load_catalog
from salescommand_lake.mapping.compile import RAW_COLUMNS
from salescommand_lake.model import NOUNS, Noun
from salescommand_lake.rebuild import ledger, shadow
from salescommand_lake.rebuild.ledger import Entry, Slice
from salescommand_lake.rebuild.scope import RebuildScope
from salescommand_lake.retention import expired_before

SLICE_EVENTS = 250_000
"""Events of a slice: small enough for its statements to take seconds, and some hundred MiB."""
_MARGIN = timedelta(minutes=2)
"""An insert may become visible this much after the moment that it carries."""
_KINDS = "(source, kind, record_type, entity_type) IN {kinds:Array(Tuple(String, String, String, String))}"
_TOUCHED = (
    "(source, source_id) IN (SELECT source, source_id FROM raw_batch_keys WHERE batch_id IN"
    " (SELECT batch_id FROM raw_batches WHERE loaded_at >= {touched_since:DateTime64(6, 'UTC')}))"
)
_ALL = Slice("", 0, "", None, 0)


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """How far a rebuild is, in events; ``what`` says what it does."""

    done: int
    total: int
    what: str


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What a rebuild did, or with a dry run would do."""

    events: int
    """Raw events that are read."""
    kept: int
    """Changes of events whose bytes have expired: they keep the reading that they had."""
    slices: int
    nouns: tuple[str, ...]
    resumed: bool = False
    seconds: float = 0.0


Exclusive = Callable[[], AbstractAsyncContextManager[Guard]]
"""Gives the right to fold, which nobody else then has, and how to check that it is still there."""
Report = Callable[[RebuildProgress], Awaitable[None]]


async def _free() -> None:
    """Do nothing: nobody else folds."""


async def _silent(_: RebuildProgress) -> None:
    """Tell nobody."""


async def plan_rebuild(engine: Engine, scope: RebuildScope) -> RebuildResult:
    """Return what a rebuild of the scope would read, and change nothing.

    Raises:
        LakeError: the engine is away.
    """
    plan = await _plan(engine, scope)
    return RebuildResult(plan.events, await _kept(engine, scope), len(plan.slices), _names(scope))


async def rebuild(
    engines: Sequence[Engine],
    scope: RebuildScope,
    *,
    resume: bool = False,
    exclusive: Exclusive | None = None,
    report: Report = _silent,
) -> RebuildResult:
    """Build the canonical zone again and put it in place.

    ``engines`` are connections to the same lake; as many slices are worked on at a time. With ``resume`` a rebuild of
    the same scope that was stopped goes on where it was, unless the mappings have changed since. ``exclusive`` keeps
    the live fold away while the tables are swapped; without it nobody else may fold.

    Raises:
        LakeError: the engine is away or refuses; call again with ``resume``.
    """
    started = time.monotonic()
    engine = engines[0]
    plan = await _plan(engine, scope)
    found = await ledger.unfinished(engine, scope.text, plan.fingerprint) if resume else None
    if found is not None and await shadow.there(engine, scope):
        entry, slices = found
        plan = replace(plan, slices=slices)
    else:
        found = None
        await shadow.make(engine, scope)
        entry = await ledger.begin(engine, scope.text, plan.fingerprint, plan.slices)
    work = _Rebuild(engines, scope, plan, entry, report)
    await work.build(resumed=found is not None)
    await work.put_in_place(exclusive or (lambda: nullcontext(_free)))
    kept = await _kept(engine, scope)
    return RebuildResult(
        plan.events, kept, len(plan.slices), _names(scope), found is not None, time.monotonic() - started
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    catalog: Catalog
    applied: dict[Stream, Applied]
    streams: list[Stream]
    readings: dict[str, list[Reading]]
    """By noun."""
    slices: list[Slice]
    events: int

    @property
    def fingerprint(self) -> str:
        """Return what identifies the mappings in force."""
        hashes = sorted({one.effective.compiled.hash for some in self.readings.values() for one in some})
        return hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:16]


def _names(scope: RebuildScope) -> tuple[str, ...]:
    return tuple(noun.name for noun in scope.taken_nouns)


async def _plan(engine: Engine, scope: RebuildScope) -> _Plan:
    catalog = await load_catalog(engine)
    applied = await applied_mappings(engine)
    where = "source IN {scope_sources:Array(String)}" if scope.sources else "true"
    rows = await engine.query(
        "SELECT source, kind, record_type, entity_type, count() AS events FROM raw_events\n"
        f"WHERE {where} GROUP BY source, kind, record_type, entity_type",
        {name: value for name, value in scope.parameters.items() if name == "scope_sources"},
    )
    found = {
        Stream(row["source"], row["kind"], row["record_type"], row["entity_type"]): int(row["events"]) for row in rows
    }
    by_noun: dict[str, dict[str, Reading]] = {noun.name: {} for noun in scope.taken_nouns}
    counts = dict.fromkeys(by_noun, 0)
    for stream, events in found.items():
        effective = catalog.find(stream.source, stream.kind, stream.record_type, stream.entity_type)
        if effective is not None and effective.mapping.record_type in by_noun:
            noun = effective.mapping.record_type
            by_noun[noun].setdefault(effective.compiled.hash, Reading(effective)).streams.append(stream)
            counts[noun] += events
    readings = {noun: list(some.values()) for noun, some in by_noun.items()}
    slices = [one for noun, some in readings.items() for one in await _slices(engine, noun, some, counts[noun])]
    return _Plan(catalog, applied, list(found), readings, slices, sum(counts.values()))


async def _slices(engine: Engine, noun: str, readings: list[Reading], events: int) -> list[Slice]:
    """Cut the ids of a noun into ranges of about equally many events, by a sample of them."""
    number = -(-events // SLICE_EVENTS)
    if number <= 1:
        return [Slice(noun, 0, "", None, events)]
    rows = await engine.query(
        "SELECT arraySort(groupArraySample(20000, 1)(source_id)) AS ids FROM raw_events\n"
        "PREWHERE entity_type IN {words:Array(String)}",
        {"words": sorted({word for reading in readings for word in reading.words})},
    )
    ids: list[str] = rows[0]["ids"]
    lows = ["", *dict.fromkeys(ids[len(ids) * n // number] for n in range(1, number))]
    return [
        Slice(noun, n, low, high, events // len(lows))
        for n, (low, high) in enumerate(zip(lows, [*lows[1:], None], strict=True))
    ]


async def _kept(engine: Engine, scope: RebuildScope) -> int:
    """Count the changes whose events have expired."""
    before = await expired_before(engine)
    if not before:
        return 0
    parts = " UNION ALL ".join(
        f"SELECT count() AS n FROM {noun.changes_table} FINAL WHERE seq < {{before:UInt64}} AND {scope.condition}"
        for noun in scope.taken_nouns
    )
    rows = await engine.query(f"SELECT sum(n) AS n FROM ({parts})", {"before": before, **scope.parameters})
    return int(rows[0]["n"])


class _Rebuild:
    def __init__(
        self, engines: Sequence[Engine], scope: RebuildScope, plan: _Plan, entry: Entry, report: Report
    ) -> None:
        self.engines = engines
        self.engine = engines[0]
        self.scope = scope
        self.plan = plan
        self.entry = entry
        self.report = report
        self.generation = max([time.time_ns() // 1000, *(one.generation + 1 for one in plan.applied.values())])
        self.done = sum(one.events for one in plan.slices if one.done)
        self.against: dict[str, tuple[str, ...]] = {}
        """By noun: the tables that may hold versions already."""
        self.expired = 0

    async def build(self, *, resumed: bool) -> None:
        """Fill the tables slice by slice; those that are done already are left out."""
        self.expired = await expired_before(self.engine)
        for noun in self.scope.taken_nouns:
            rows = await self.engine.query(
                f"SELECT count() AS n FROM (SELECT 1 FROM {VERSIONS} WHERE entity_type = {{noun:String}} LIMIT 1)",
                {"noun": noun.name},
            )
            own = (f"{shadow.PREFIX}{VERSIONS}",) if resumed else ()
            self.against[noun.name] = ((VERSIONS,) if int(rows[0]["n"]) else ()) + own
            await self._tell(f"taking over {noun.plural}" if not self.scope.whole else f"preparing {noun.plural}")
            await shadow.copy(self.engine, noun, self.scope)
        waiting = iter([one for one in self.plan.slices if not one.done])
        try:
            async with asyncio.TaskGroup() as group:
                for engine in self.engines:
                    group.create_task(self._work(engine, waiting))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _work(self, engine: Engine, waiting: Iterable[Slice]) -> None:
        for one in waiting:
            await self._slice(engine, one)
            await ledger.mark(engine, self.entry, [one])
            self.done += one.events
            await self._tell(f"{NOUNS[one.noun].plural}, slice {one.number + 1}")

    async def _slice(self, engine: Engine, one: Slice, keys: str = "true", more: dict[str, Any] | None = None) -> None:
        """Read the events of a slice into changes, take over those that have expired, and derive the rest."""
        noun = NOUNS[one.noun]
        writer = Writer(
            engine, self.generation, prefix=shadow.PREFIX, threads=1 if len(self.engines) > 1 and keys == "true" else 0
        )
        readings = self.plan.readings[noun.name]
        words = sorted({word for reading in readings for word in reading.words})
        sources = sorted({source for reading in readings for source in reading.sources})
        parameters = {**one.parameters, **self.scope.parameters, **(more or {}), "words": words}
        for reading in readings:
            raw = (
                f"SELECT {RAW_COLUMNS} FROM raw_events\n"
                f"PREWHERE entity_type IN {{own_words:Array(String)}} AND {one.range}"
                f" AND {self.scope.condition} AND {keys}\nWHERE {_KINDS}"
            )
            kinds = [(each.source, each.kind, each.record_type, each.entity_type) for each in reading.streams]
            await writer.read(reading, raw, {**parameters, "own_words": reading.words, "kinds": kinds})
        taken = f"{one.range} AND {self.scope.condition} AND {keys}"
        if self.expired:
            await self._carry(engine, noun, taken, parameters)
            taken_sources = "true"
        else:
            # Naming the sources lets the engine find the range of ids in each.
            taken_sources, parameters = "source IN {sources:Array(String)}", {**parameters, "sources": sources}
        if readings or self.expired:
            await writer.derive(noun, self._of(noun, f"{taken_sources} AND {taken}", parameters, again=bool(more)))

    def _of(self, noun: Noun, keys: str, parameters: dict[str, Any], *, again: bool) -> Scope:
        against = self.against[noun.name]
        if again:
            against = tuple(dict.fromkeys((*against, VERSIONS, f"{shadow.PREFIX}{VERSIONS}")))
        return Scope((noun,), keys, "", parameters, versions_in=against)

    async def _carry(self, engine: Engine, noun: Noun, taken: str, parameters: dict[str, Any]) -> None:
        """Take over the changes whose events raw does not hold any more."""
        await engine.command(
            f"INSERT INTO {shadow.PREFIX}{noun.changes_table} SELECT * FROM {noun.changes_table} FINAL\n"
            f"WHERE {taken} AND seq < {{expired:UInt64}} AND (source, source_id, seq) NOT IN (\n"
            "  SELECT source, source_id, seq FROM raw_events\n"
            f"  WHERE entity_type IN {{words:Array(String)}} AND {taken}\n"
            "    AND seq < {expired:UInt64})",
            {**parameters, "expired": self.expired},
        )

    async def put_in_place(self, exclusive: Exclusive) -> None:
        """Catch up with what arrived meanwhile, and swap; the last of it while nobody folds."""
        since = self.entry.started_at - _MARGIN
        again = await self._now()
        await self._catch_up(since)
        async with exclusive() as guard:
            await guard()
            await self._catch_up(max(since, again - _MARGIN))
            await self._tell("putting it in place")
            await shadow.swap(self.engine, self.scope, self.generation, guard)
            await self._settle(guard)
            await self._link(guard)
            await ledger.finish(self.engine, self.entry)
        await shadow.drop(self.engine, self.scope)
        await self._tell("done")

    async def _now(self) -> datetime:
        rows = await self.engine.query("SELECT now64(6, 'UTC') AS at")
        return datetime.fromisoformat(f"{rows[0]['at']}+00:00")

    async def _catch_up(self, since: datetime) -> None:
        """Read the records again that got events since then."""
        await self._tell("catching up with what arrived meanwhile")
        more = {"touched_since": since}
        self.generation = max(self.generation + 1, time.time_ns() // 1000)
        for noun in self.scope.taken_nouns:
            await shadow.copy(self.engine, noun, self.scope, _TOUCHED, more)
            await self._slice(self.engine, replace(_ALL, noun=noun.name), _TOUCHED, more)

    async def _link(self, guard: Guard) -> None:
        """Find which of the records are one with others, and write the merged records of them."""
        for noun in self.scope.taken_nouns:
            if noun.merged:
                touched = " UNION DISTINCT ".join(
                    f"SELECT canonical_id FROM {table} WHERE {self.scope.condition}"
                    for table in (noun.table, noun.merged_table)
                )
                await self._tell(f"finding which {noun.plural} are one")
                await identity.Step(self.engine, noun, guard).run(touched, self.scope.parameters)

    async def _settle(self, guard: Guard) -> None:
        """Enter by which mappings the streams are read now; where they changed, count again what became of events."""
        if self.scope.since is not None:
            return
        taken = set(_names(self.scope))
        changed, mine = [], []
        for stream in self.plan.streams:
            effective = self.plan.catalog.find(stream.source, stream.kind, stream.record_type, stream.entity_type)
            last = self.plan.applied.get(stream)
            nouns = {effective.mapping.record_type if effective else "", last.noun if last else ""} - {""}
            if not nouns <= taken or (effective is None and last is not None and last.mapping_hash):
                continue  # what lost its mapping is the fold's to withdraw
            mine.append(stream)
            if effective is not None and last is not None and last.mapping_hash != effective.compiled.hash:
                changed.append(Reading(effective, [stream]))
        writer = Writer(self.engine, self.generation, guard)
        if changed:
            scope = scope_of_sources(changed, list(NOUNS.values()))
            ignored = [
                stream
                for stream in self.plan.streams
                if stream.source in scope.parameters["sources"]
                and self.plan.catalog.find(stream.source, stream.kind, stream.record_type, stream.entity_type) is None
            ]
            await writer.write_ledger(scope, ignored)
        await writer.write_applied(applied_rows(mine, self.plan.catalog))

    async def _tell(self, what: str) -> None:
        await self.report(RebuildProgress(min(self.done, self.plan.events), self.plan.events, what))
