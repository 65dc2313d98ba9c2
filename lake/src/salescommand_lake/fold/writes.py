"""The statements that carry rows from zone to zone. Each may be repeated: it adds nothing that is there already.

Repeats are harmless by what the rows are, not by tokens: changes and states replace themselves, versions are written
where the same one is not there. Tokens are new for every attempt. They make a statement that a driver sends twice count
once; a token that outlived the attempt would drop rows, since an INSERT SELECT that failed half-way selects others the
next time.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

from salescommand_lake.books import EXPIRED
from salescommand_lake.engine import Engine
from salescommand_lake.fold.intervals import interval_columns, intervals, latest, latest_columns
from salescommand_lake.fold.state_sql import histories, marked, payload, state_columns, states
from salescommand_lake.fold.work import PART, Part, Reading, Stream
from salescommand_lake.mapping.compile import RAW_COLUMNS
from salescommand_lake.model import Noun, canonical_id_sql
from salescommand_lake.noun_tables import CHANGE_COLUMNS, EVENT_ID_SQL, LATEST_COLUMNS, WITHDRAWN

Guard = Callable[[], Awaitable[None]]
"""Called before each write; it raises when this process may not write any more."""

VERSIONS = "canonical_records"
_IN_BATCHES = "batch_id IN {batches:Array(String)}"
_IN_STREAMS = f"(source, record_type, entity_type) IN {{streams:{PART}}}"
_IN_PARTS = f"(batch_id, source, record_type) IN {{parts:{PART}}}"
_PLANNING = "optimize_move_to_prewhere = 0, query_plan_merge_expressions = 0"
"""Conditions stay where they are written: moved beside JSON work they made it run on every row. And the engine does not
merge our layers into one, which takes longer than a small batch takes to run."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of events, as the ledger has it."""

    events: int = 0
    mapped: int = 0
    ignored: int = 0
    quarantined: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Add up."""
        return Tally(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


class Writer:
    """The writes of one step, all of one generation.

    ``prefix`` names a second set of the canonical tables, which a rebuild fills beside the first; ``threads`` limits
    those of a statement (0: as the engine is set).
    """

    def __init__(
        self, engine: Engine, generation: int, guard: Guard | None = None, *, prefix: str = "", threads: int = 0
    ) -> None:
        self.engine = engine
        self.generation = generation
        self.guard = guard
        self._prefix = prefix
        self._settings = f"{_PLANNING}, max_threads = {threads}" if threads else _PLANNING

    def table(self, name: str) -> str:
        """Return the name of a canonical table in the set that this writer fills."""
        return f"{self._prefix}{name}"

    async def extract(self, reading: Reading) -> None:
        """Read the events of the reading's parts into changes; without parts, all events of its streams."""
        conditions = [
            "source_id IN (SELECT source_id FROM raw_batch_keys WHERE " + _IN_BATCHES + " AND " + _IN_STREAMS + ")"
        ]
        where = ["(source, kind, record_type, entity_type) IN {kinds:Array(Tuple(String, String, String, String))}"]
        parameters: dict[str, Any] = {
            "words": reading.words,
            "streams": [stream.key for stream in reading.streams],
            "kinds": [
                (stream.source, stream.kind, stream.record_type, stream.entity_type) for stream in reading.streams
            ],
        }
        if reading.parts:
            where.append(_IN_PARTS)
            parameters |= _batches(reading.parts)
        else:
            conditions = []
        prewhere = " AND ".join(["entity_type IN {words:Array(String)}", *conditions])
        raw = f"SELECT {RAW_COLUMNS} FROM raw_events PREWHERE {prewhere} WHERE {' AND '.join(where)}"
        await self.read(reading, raw, parameters)

    async def read(self, reading: Reading, raw: str, parameters: dict[str, Any]) -> None:
        """Write the changes that the reading's mapping makes of the raw rows of the SELECT ``raw``."""
        compiled = reading.effective.compiled
        select = compiled.select(raw, version=reading.effective.version, generation=self.generation)
        table = self.table(reading.effective.mapping.noun.changes_table)
        await self._insert(table, compiled.columns, select, parameters)

    async def derive(self, noun: Noun, scope: Scope) -> None:
        """Write everything that follows from the changes of the records of the scope.

        This is the one list of it, for the live fold and for a rebuild; ``derived_tables`` names the tables.
        """
        await self._fold_states(noun, scope)
        await self.write_intervals(noun, scope)
        await self._add_versions(noun, scope)

    async def _fold_states(self, noun: Noun, scope: Scope) -> None:
        """Write the current state of the records of the scope."""
        select = states(noun, self._marked(noun, scope), keep_empty=scope.read_again)
        await self._insert(self.table(noun.table), state_columns(noun), select, scope.parameters)

    async def write_intervals(self, noun: Noun, scope: Scope) -> None:
        """Write the whole histories of the records of the scope as intervals; those of before are replaced."""
        changes = self._marked(noun, scope)
        await self._write_kept(noun.intervals_table, interval_columns(noun), intervals(noun, changes), scope)
        if noun.name in LATEST_COLUMNS:
            await self._write_kept(noun.latest_table, latest_columns(noun), latest(noun, changes), scope)

    async def _write_kept(self, table: str, columns: list[str], select: str, scope: Scope) -> None:
        select = f"SELECT {', '.join(columns)}, toUInt64({self.generation}) AS generation FROM ({select})"
        await self._insert(self.table(table), [*columns, "generation"], select, scope.parameters)

    def _marked(self, noun: Noun, scope: Scope) -> str:
        return marked(noun, scope.keys, self.table(noun.changes_table))

    async def _add_versions(self, noun: Noun, scope: Scope) -> None:
        """Add the versions of the records of the scope that are not there yet, or not as they are now."""
        select = (
            f"SELECT canonical_id, '{noun.name}' AS entity_type, CAST(text, 'JSON') AS payload, quality_score,\n"
            "  toDateTime(known_at) AS validated_at, source, source_id, seq, ord, source_time,\n"
            "  known_at AS received_at, operation, is_deleted, provenance, failed_rules, content_hash,\n"
            "  merged_into,\n"
            f"  toUInt64({self.generation}) AS generation\n"
            f"FROM (SELECT *, {payload(noun)} AS text,\n"
            "    cityHash64(is_deleted, concat(text, merged_into)) AS content_hash\n"
            f"  FROM ({histories(noun, self._marked(noun, scope))}))\n"
            f"{self._not_there(noun, scope)}"
        )
        columns = (
            *("canonical_id", "entity_type", "payload", "quality_score", "validated_at", "source", "source_id", "seq"),
            *("ord", "source_time", "received_at", "operation", "is_deleted", "provenance", "failed_rules"),
            *("content_hash", "merged_into", "generation"),
        )
        await self._insert(self.table(VERSIONS), columns, select, scope.parameters)

    def _not_there(self, noun: Noun, scope: Scope) -> str:
        """Return the condition that leaves out versions which ``scope.versions_in`` has as they are."""
        if not scope.versions_in:
            return ""
        found = " UNION ALL ".join(
            "SELECT canonical_id, ord, received_at, content_hash, generation FROM "
            f"{table} WHERE entity_type = '{noun.name}' AND canonical_id IN (SELECT DISTINCT {canonical_id_sql(noun)}"
            f" FROM {self.table(noun.changes_table)} WHERE {scope.keys})"
            for table in scope.versions_in
        )
        return (
            "WHERE (canonical_id, ord, known_at, content_hash) NOT IN (\n"
            f"  SELECT canonical_id, ord, received_at, argMax(content_hash, generation) FROM ({found})\n"
            "  GROUP BY canonical_id, ord, received_at)"
        )

    async def withdraw(self, noun: Noun, streams: Sequence[Stream]) -> None:
        """Take the events of streams out of a noun that they no longer become: their changes say nothing any more."""
        columns = [name for name, _ in CHANGE_COLUMNS]
        kept = [name for name in columns if name not in {"generation", "refused", "errors"}]
        select = (
            f"SELECT {', '.join(kept)}, toUInt64({self.generation}) AS generation, '{WITHDRAWN}' AS refused,\n"
            "  CAST([], 'Array(Tuple(field String, value String, reason String))') AS errors\n"
            f"FROM {self.table(noun.changes_table)} FINAL WHERE source IN {{sources:Array(String)}} AND seq IN (\n"
            "  SELECT seq FROM raw_events PREWHERE entity_type IN {words:Array(String)}\n"
            "  WHERE (source, kind, record_type, entity_type) IN"
            " {kinds:Array(Tuple(String, String, String, String))})"
        )
        parameters = {
            "sources": sorted({stream.source for stream in streams}),
            "words": sorted({stream.entity_type for stream in streams}),
            "kinds": [(one.source, one.kind, one.record_type, one.entity_type) for one in streams],
        }
        if streams:
            columns = [*kept, "generation", "refused", "errors"]
            await self._insert(self.table(noun.changes_table), columns, select, parameters)
            await self._resolve(noun, sorted({stream.source for stream in streams}))

    async def resolve_quarantine(self, reading: Reading) -> None:
        """Take out of the quarantine what an older reading of these streams put there and this one did not."""
        await self._resolve(reading.effective.mapping.noun, reading.sources)

    async def _resolve(self, noun: Noun, sources: Sequence[str]) -> None:
        columns = (
            *("source", "seq", "field", "event_id", "record_type", "source_id", "value", "reason", "mapping_hash"),
            *("mapping_version", "received_at", "generation", "resolved"),
        )
        select = (
            "SELECT source, seq, field, event_id, record_type, source_id, value, reason, mapping_hash,\n"
            f"  mapping_version, received_at, toUInt64({self.generation}) AS generation, true AS resolved\n"
            "FROM quarantine AS q FINAL\n"
            f"WHERE source IN {{sources:Array(String)}} AND q.generation < {self.generation} AND NOT q.resolved\n"
            f"  AND (source, seq) IN (SELECT source, seq FROM {noun.changes_table}\n"
            f"    WHERE source IN {{sources:Array(String)}} AND generation = {self.generation})"
        )
        await self._insert("quarantine", columns, select, {"sources": list(sources)})

    async def quarantine_unclaimed(self, scope: Scope, ignored: Sequence[Stream]) -> None:
        """Put events that break their contract into the quarantine though no mapping claims them."""
        if not ignored:
            return
        select = (
            f"SELECT source, seq, '' AS field, {EVENT_ID_SQL} AS event_id, record_type, source_id,\n"
            "  substringUTF8(body, 1, 200) AS value, contract_error AS reason, received_at,\n"
            f"  toUInt64({self.generation}) AS generation, false AS resolved\n"
            f"FROM raw_events {_unclaimed(scope)}"
        )
        columns = (
            *("source", "seq", "field", "event_id", "record_type", "source_id", "value", "reason", "received_at"),
            *("generation", "resolved"),
        )
        await self._insert("quarantine", columns, select, _with_ignored(scope, ignored))

    async def write_ledger(self, scope: Scope, ignored: Sequence[Stream]) -> Tally:
        """Count what became of the events of the scope's parts, where they now are, and enter it in the ledger."""
        # Parts that are folded for the first time have nothing expired.
        gone = f" AND NOT {EXPIRED}" if scope.read_again else ""
        expired = (
            "UNION ALL SELECT batch_id, source, record_type, 0, 0, 0, 0, expired FROM folded_batches FINAL\n"
            f"  WHERE {scope.parts} AND expired > 0\n"
            if scope.read_again
            else ""
        )
        broken = (
            "UNION ALL SELECT batch_id, source, record_type, 0, 0, -toInt64(count()), count(), 0\n"
            f"  FROM raw_events {_unclaimed(scope)}{gone} GROUP BY batch_id, source, record_type\n"
            if ignored
            else ""
        )
        changes = "".join(
            "UNION ALL SELECT batch_id, source, record_type, 0, countIf(refused = ''), 0,\n"
            f"  countIf(refused NOT IN ('', '{WITHDRAWN}')), 0\n"
            f"  FROM {noun.changes_table} FINAL WHERE {scope.keys} AND {scope.parts}{gone}\n"
            "  GROUP BY batch_id, source, record_type\n"
            for noun in scope.nouns
        )
        rows = await self.engine.query(
            "SELECT batch_id, source, record_type, sum(e) AS events, sum(m) AS mapped, sum(x) AS expired,\n"
            "  toUInt64(if(expired > 0, greatest(0, toInt64(events) - expired - mapped - quarantined), sum(i)))\n"
            "  AS ignored,"
            " sum(q) AS quarantined FROM (\n"
            "  SELECT batch_id, source, record_type, sum(events) AS e, 0 AS m, toInt64(0) AS i, 0 AS q, 0 AS x\n"
            f"  FROM raw_batches WHERE {scope.parts} GROUP BY batch_id, source, record_type\n"
            f"{changes}{broken}{expired}"
            "UNION ALL SELECT batch_id, source, record_type, 0, 0, toInt64(sum(events)), 0, 0\n"
            f"  FROM raw_batch_keys WHERE {scope.parts} AND (source, record_type, entity_type) IN {{ignored:{PART}}}\n"
            "  GROUP BY batch_id, source, record_type)\nGROUP BY batch_id, source, record_type",
            _with_ignored(scope, ignored),
        )
        now = datetime.now(UTC)
        await self._insert_rows("folded_batches", [{**row, "folded_at": now} for row in rows])
        return Tally(*(sum(int(row[name]) for row in rows) for name in ("events", "mapped", "ignored", "quarantined")))

    async def write_applied(self, rows: Sequence[dict[str, Any]]) -> None:
        """Say by which mapping streams were read."""
        await self._insert_rows("applied_mappings", [{**row, "generation": self.generation} for row in rows])

    async def mark_progress(self) -> None:
        """Remember, now and then, that nothing is pending, so that a next step need not look at the whole ledger.

        The mark stays an hour behind: a batch carries the moment of its insert, and no insert takes that long.
        """
        due = await self.engine.query("SELECT max(mark) < now64(6) - INTERVAL 2 HOUR AS due FROM fold_progress")
        if int(due[0]["due"]):
            select = "SELECT now64(6) - INTERVAL 1 HOUR AS mark, now64(6) AS marked_at"
            await self._insert("fold_progress", ("mark", "marked_at"), select, {})

    async def _insert_rows(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            await self._check()
            await self.engine.insert(table, rows, token=_token())

    async def _insert(self, table: str, columns: Sequence[str], select: str, parameters: dict[str, Any]) -> None:
        await self._check()
        await self.engine.command(
            f"INSERT INTO {table} ({', '.join(columns)})\n"
            f"SETTINGS insert_deduplication_token = '{_token()}', {self._settings}\n{select}",
            parameters,
        )

    async def _check(self) -> None:
        if self.guard is not None:
            await self.guard()


def _token() -> str:
    return uuid.uuid4().hex


def _batches(parts: Sequence[Part]) -> dict[str, Any]:
    return {"batches": sorted({part.batch_id for part in parts}), "parts": [part.key for part in parts]}


@dataclass(frozen=True, slots=True)
class Scope:
    """Some records and some parts of batches, as conditions with their parameters."""

    nouns: tuple[Noun, ...]
    keys: str
    """On changes: which records."""
    parts: str
    """On raw_batches, raw_batch_keys, raw_events and changes: which parts of which batches."""
    parameters: dict[str, Any]
    read_again: bool = False
    """Whether the changes were there before, so that states may have to go."""
    versions_in: tuple[str, ...] = (VERSIONS,)
    """The tables whose versions need not be written again."""


def scope_of_parts(parts: Sequence[Part], readings: Sequence[Reading]) -> Scope:
    """Return the parts, and the records that the readings touch in them."""
    streams = sorted({stream.key for reading in readings for stream in reading.streams})
    keys = (
        "source IN {sources:Array(String)} AND (source, source_id) IN (SELECT source, source_id FROM raw_batch_keys"
        f" WHERE {_IN_BATCHES} AND {_IN_STREAMS})"
    )
    parameters = {
        "sources": sorted({stream[0] for stream in streams}),
        "streams": streams,
        "first": min(part.first_seq for part in parts),
        "last": max(part.last_seq for part in parts),
        **_batches(parts),
    }
    return Scope(_nouns(readings), keys, f"{_IN_BATCHES} AND {_IN_PARTS}", parameters)


def scope_of_sources(readings: Sequence[Reading], nouns: Sequence[Noun], more: Sequence[str] = ()) -> Scope:
    """Return all records of the readings' sources and ``more``, and all their parts that are in the ledger."""
    sources = sorted({source for reading in readings for source in reading.sources} | set(more))
    parts = (
        "source IN {sources:Array(String)} AND (batch_id, source, record_type) IN"
        " (SELECT batch_id, source, record_type FROM folded_batches)"
    )
    return Scope(tuple(nouns), "source IN {sources:Array(String)}", parts, {"sources": list(sources)}, read_again=True)


def _unclaimed(scope: Scope) -> str:
    """Return the condition for the scope's raw events that break their contract and are of an `ignored` stream."""
    near = "seq BETWEEN {first:UInt64} AND {last:UInt64}" if "first" in scope.parameters else "true"
    return (
        f"PREWHERE contract_error != '' AND {near}\n"
        f"  WHERE (source, record_type, entity_type) IN {{ignored:{PART}}} AND {scope.parts}"
    )


def _with_ignored(scope: Scope, ignored: Sequence[Stream]) -> dict[str, Any]:
    return {**scope.parameters, "ignored": [stream.key for stream in ignored]}


def _nouns(readings: Sequence[Reading]) -> tuple[Noun, ...]:
    return tuple({reading.effective.mapping.noun.name: reading.effective.mapping.noun for reading in readings}.values())
