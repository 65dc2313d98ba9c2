"""What a mapping document would change, on real events, before it is applied. Nothing is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salescommand_lake.engine import Engine, Row
from salescommand_lake.fold.state_sql import marked, state_columns, states
from salescommand_lake.fold.work import Stream, applied_mappings
from salescommand_lake.mapping.catalog import Catalog, Effective, compiled, load_catalog
from salescommand_lake.mapping.compile import RAW_COLUMNS, Compiled
from salescommand_lake.metrics.compute import compute
from salescommand_lake.metrics.question import MetricQuery
from salescommand_lake.metrics.registry import REGISTRY
from salescommand_lake.model import Noun
from salescommand_lake.noun_tables import CHANGE_COLUMNS
from salescommand_lake.reads.values import plain

__all__ = ["MappingPreview", "NumberChange", "ReadingError", "RecordChange", "preview_mapping"]

_SHOWN = 20
_MOST_ERRORS = 50
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "opportunity": ("open-pipeline", "weighted-pipeline", "won-value", "won-count", "lost-count", "win-rate"),
    "invoice": ("invoiced",),
    "quota": ("quota",),
}
"""The numbers that a preview compares, by noun."""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A record that would change. ``fields`` holds what differs, as (before, after)."""

    canonical_id: str
    source: str
    source_id: str
    title: str
    change: str
    """added, removed or changed."""
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class ReadingError:
    """What the document could not read, and how often. An empty field means the whole event."""

    field: str
    reason: str
    events: int
    example: str


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A number of the whole lake, and what it would be with the previewed records."""

    metric: str
    unit: str
    before: str | int | None
    after: str | int | None


@dataclass(frozen=True, slots=True)
class MappingPreview:
    """What a document would change among the records of its newest events."""

    scope: str
    record_type: str
    records: int
    """Records that were looked at."""
    total: int
    """Records that the document concerns; where they are more, the numbers tell of those looked at only."""
    added: int
    removed: int
    changed: int
    fields: dict[str, int]
    """How many living records would have another value, by field."""
    errors: tuple[ReadingError, ...]
    examples: tuple[RecordChange, ...]
    numbers: tuple[NumberChange, ...]


async def preview_mapping(
    engine: Engine, text: str, *, limit: int = 500, currency: str = "USD", name: str = "mapping"
) -> MappingPreview:
    """Read the events of up to ``limit`` records, those that changed last, by a document and compare.

    Raises:
        MappingError: the document can't be used; names the line and the field.
        LakeError: the engine is away.
    """
    found = compiled(text, name)
    preview = _Preview(engine, found, await _streams(engine, found), limit)
    await preview.begin()
    summary = await preview.summary()
    return MappingPreview(
        scope=found.mapping.scope,
        record_type=found.mapping.record_type,
        records=summary["records"],
        total=summary["total"],
        added=summary["added"],
        removed=summary["removed"],
        changed=summary["changed"],
        fields={field.name: summary[field.name] for field in preview.noun.fields if summary[field.name]},
        errors=await preview.errors(),
        examples=await preview.examples(),
        numbers=await preview.numbers(currency),
    )


async def _streams(engine: Engine, found: Compiled) -> tuple[list[Stream], list[Stream]]:
    """Return the streams that the document would read, and those that its scope's present one would lose."""
    catalog = await load_catalog(engine)
    key = (found.mapping.scope, found.mapping.record_type)
    then = Catalog({**catalog.mappings, key: Effective(found, 0)}, {})
    gained, lost = [], []
    for stream in await applied_mappings(engine):
        at = (stream.source, stream.kind, stream.record_type, stream.entity_type)
        before, after = catalog.find(*at), then.find(*at)
        if after is not None and after.compiled is found:
            gained.append(stream)
        elif before is not None and before is catalog.mappings.get(key):
            lost.append(stream)
    return gained, lost


class _Preview:
    def __init__(self, engine: Engine, found: Compiled, streams: tuple[list[Stream], list[Stream]], limit: int) -> None:
        self.engine = engine
        self.compiled = found
        self.noun: Noun = found.mapping.noun
        self.parameters: dict[str, Any] = {
            "words": sorted({stream.entity_type for some in streams for stream in some}),
            "gained": [_key(stream) for stream in streams[0]],
            "concerned": [_key(stream) for some in streams for stream in some],
            "limit": limit,
        }

    async def begin(self) -> None:
        """Fix which events are looked at: those that are there now."""
        rows = await self.engine.query("SELECT toString(max(seq)) AS seq FROM raw_events")
        self.parameters["cut"] = int(rows[0]["seq"])

    def _raw(self, what: str, streams: str) -> str:
        return (
            f"SELECT {what} FROM raw_events PREWHERE entity_type IN {{words:Array(String)}}\n"
            "WHERE (source, kind, record_type, entity_type) IN"
            f" {{{streams}:Array(Tuple(String, String, String, String))}} AND seq <= {{cut:UInt64}}"
        )

    @property
    def _keys(self) -> str:
        """The condition for the records that are looked at: those of the newest events."""
        raw = self._raw("source, source_id", "concerned")
        return (
            f"(source, source_id) IN ({raw} GROUP BY source, source_id"
            " ORDER BY max(seq) DESC, source, source_id LIMIT {limit:UInt32})"
        )

    @property
    def _read(self) -> str:
        raw = f"{self._raw(RAW_COLUMNS, 'gained')} AND {self._keys}"
        return self.compiled.select(raw, version=0, generation=0)

    @property
    def _after(self) -> str:
        """The states with the document: its reading of the events, and the other events as they were read."""
        own = list(CHANGE_COLUMNS)
        for field in self.noun.fields:
            own += [(field.name, field.sql_type), (f"{field.name}_op", "UInt8")]
        made = ", ".join(
            f"CAST({name}, $${kind}$$) AS {name}"
            if name in self.compiled.columns
            else f"defaultValueOfTypeName($${kind}$$) AS {name}"
            for name, kind in own
        )
        changes = (
            f"SELECT {made} FROM ({self._read})\nUNION ALL\n"
            f"SELECT {', '.join(name for name, _ in own)} FROM {self.noun.changes_table} FINAL\n"
            f"WHERE {self._keys} AND seq NOT IN ({self._raw('seq', 'concerned')})"
        )
        return states(self.noun, marked(self.noun, "1", rows=changes), keep_empty=True)

    @property
    def _compared(self) -> str:
        """Both states of each record side by side: b before, a after."""
        fields = ", ".join(field.name for field in self.noun.fields)
        names = f"canonical_id, source, source_id, {fields}, NOT is_deleted AS living"
        before = f"SELECT {names} FROM {self.noun.table} FINAL WHERE {self._keys}"
        after = f"SELECT {names} FROM ({self._after})"
        sides = ", ".join(
            f"{side}.{name} AS {side}_{name}" for side in ("b", "a") for name in ("living", *_names(self.noun))
        )
        key = ", ".join(f"if(a.canonical_id != '', a.{one}, b.{one}) AS {one}" for one in ("canonical_id", *_KEY))
        return f"SELECT {key}, {sides} FROM ({after}) AS a FULL OUTER JOIN ({before}) AS b USING canonical_id"

    async def summary(self) -> dict[str, int]:
        """Count what would change."""
        differs = {field.name: f"NOT (b_{field.name} <=> a_{field.name})" for field in self.noun.fields}
        any_field = " OR ".join(differs.values())
        both = "b_living AND a_living"
        counts = [
            "count() AS records",
            "countIf(a_living AND NOT b_living) AS added",
            "countIf(b_living AND NOT a_living) AS removed",
            f"countIf({both} AND ({any_field})) AS changed",
            *(f"countIf({both} AND {differs[name]}) AS n_{name}" for name in differs),
        ]
        rows = await self.engine.query(f"SELECT {', '.join(counts)} FROM ({self._compared})", self.parameters)
        total = await self.engine.query(
            f"SELECT uniqExact(source, source_id) AS total FROM ({self._raw('source, source_id', 'concerned')})",
            self.parameters,
        )
        found = {name.removeprefix("n_"): int(value) for name, value in rows[0].items()}
        return found | {"total": int(total[0]["total"])}

    async def examples(self) -> tuple[RecordChange, ...]:
        """Return some records that would change."""
        differs = " OR ".join(f"NOT (b_{field.name} <=> a_{field.name})" for field in self.noun.fields)
        rows = await self.engine.query(
            f"SELECT * FROM ({self._compared}) WHERE (a_living OR b_living) AND (a_living != b_living OR {differs})\n"
            f"ORDER BY canonical_id LIMIT {_SHOWN}",
            self.parameters,
        )
        return tuple(self._example(row) for row in rows)

    def _example(self, row: Row) -> RecordChange:
        side = "a" if row["a_living"] else "b"
        change = "changed" if row["a_living"] and row["b_living"] else "added" if row["a_living"] else "removed"
        values = {
            field.name: (
                plain(field, row[f"b_{field.name}"]) if row["b_living"] else None,
                plain(field, row[f"a_{field.name}"]) if row["a_living"] else None,
            )
            for field in self.noun.fields
        }
        return RecordChange(
            canonical_id=row["canonical_id"],
            source=row["source"],
            source_id=row["source_id"],
            title=next((str(v) for name in self.noun.title if (v := row[f"{side}_{name}"])), row["source_id"]),
            change=change,
            fields={name: pair for name, pair in values.items() if pair[0] != pair[1]},
        )

    async def errors(self) -> tuple[ReadingError, ...]:
        """Return what the document could not read of these events."""
        rows = await self.engine.query(
            "SELECT e.1 AS field, e.3 AS reason, count() AS events, any(e.2) AS example\n"
            f"FROM ({self._read}) ARRAY JOIN errors AS e GROUP BY field, reason\n"
            f"ORDER BY events DESC, field, reason LIMIT {_MOST_ERRORS}",
            self.parameters,
        )
        return tuple(ReadingError(row["field"], row["reason"], int(row["events"]), row["example"]) for row in rows)

    async def numbers(self, currency: str) -> tuple[NumberChange, ...]:
        """Return the numbers that would change, over the whole lake with these records as they would be."""
        columns = ", ".join(state_columns(self.noun))
        instead = (
            f"(SELECT {columns} FROM {self.noun.table} FINAL WHERE NOT ({self._keys})\n"
            f"UNION ALL SELECT {columns} FROM ({self._after}))"
        )
        after = _Shadowed(self.engine, self.noun.table, instead, self.parameters)
        found = []
        for slug in _NUMBERS.get(self.noun.name, ()):
            old = await compute(self.engine, slug, MetricQuery(currency=currency))
            new = await compute(after, slug, MetricQuery(currency=currency))
            if old.value != new.value:
                found.append(NumberChange(slug, REGISTRY[slug].unit, old.value, new.value))
        return tuple(found)


_KEY = ("source", "source_id")


def _names(noun: Noun) -> list[str]:
    return [field.name for field in noun.fields]


def _key(stream: Stream) -> tuple[str, str, str, str]:
    return stream.source, stream.kind, stream.record_type, stream.entity_type


class _Shadowed:
    """The lake with other rows in one table of states, for reading only."""

    def __init__(self, engine: Engine, table: str, rows: str, parameters: Mapping[str, Any]) -> None:
        self._engine = engine
        self._table = re.compile(rf"\b{table} FINAL\b")
        self._rows = rows
        self._parameters = parameters

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Run a SELECT in which the table is replaced."""
        replaced = self._table.sub(lambda _: self._rows, sql)
        return await self._engine.query(replaced, {**self._parameters, **(parameters or {})}, settings)
