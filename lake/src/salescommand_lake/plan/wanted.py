"""From a declaration to objects: every table and view of the schema, with what the zones declare laid over them. Pure.

The schema's own DDL files stay the only DDL: they come in as the server spells them (`normal`), are laid over as
shapes, and go out again as CREATE statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from salescommand_lake.plan.spec import ZONE_TABLES, LakeSpec, PartitionBy, PromotedColumn, SkipIndex, Zone, ZoneSpec
from salescommand_lake.statements import Shape, Statement, read_shape

__all__ = ["PROMOTED", "Wanted", "render", "wanted"]

PROMOTED = "promoted from "
"""How the comment of a promoted column begins, so that it is known as one later."""
REPLICA_PATH = "/clickhouse/tables/{shard}/{database}/{table}"
"""Always explicit: ClickHouse's default holds a UUID that is refused where a replica creates its table by itself."""
DEDUPLICATION_SECONDS = 7 * 24 * 3600
"""How long a replicated table knows insert tokens again: as long as a spool may be behind."""

_TIME: Mapping[Zone, str] = MappingProxyType(
    {Zone.RAW: "ingested_at", Zone.CANONICAL: "validated_at", Zone.SERVING: "refreshed_at"}
)
_PARTITIONS: Mapping[PartitionBy, str] = MappingProxyType(
    {
        PartitionBy.DAY: "toYYYYMMDD({time}, 'UTC')",
        PartitionBy.WEEK: "toStartOfWeek({time}, 1, 'UTC')",
        PartitionBy.MONTH: "toYYYYMM({time}, 'UTC')",
    }
)
_INDEXES: Mapping[SkipIndex, str] = MappingProxyType(
    {
        SkipIndex.MINMAX: "{column} TYPE minmax GRANULARITY 1",
        SkipIndex.SET: "{column} TYPE set(1000) GRANULARITY 1",
        SkipIndex.BLOOM_FILTER: "{column} TYPE bloom_filter GRANULARITY 1",
    }
)
_CLAUSES = ("ENGINE =", "PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY", "TTL", "SETTINGS", "COMMENT")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object of the schema: a table (``shape`` says how it is) or a view, and the statement that creates it."""

    name: str
    kind: str
    shape: Shape
    sql: str


def wanted(spec: LakeSpec, statements: Sequence[Statement], normal: Sequence[str]) -> tuple[Wanted, ...]:
    """Return the objects in the order in which they can be created. ``normal[i]`` is ``statements[i]`` as spelled.

    Raises:
        ValueError: the declaration names a column that the table does not have, or has already.
    """
    found = []
    for statement, text in zip(statements, normal, strict=True):
        kind, name = statement.creates
        shape = read_shape(text)
        if kind == "table":
            shape = _laid_over(name, shape, spec)
            found.append(Wanted(name, kind, shape, render(name, shape)))
        else:
            found.append(Wanted(name, kind, shape, statement.sql))
    return tuple(found)


def render(name: str, shape: Shape) -> str:
    """Return the CREATE statement of a table's shape."""
    parts = [f"`{column}` {rest}" for column, rest in shape.columns.items()]
    parts += [f"INDEX {index} {rest}" for index, rest in shape.indexes.items()]
    parts += [f"PROJECTION {projection} {rest}" for projection, rest in shape.projections.items()]
    clauses = [f"{word} {shape.clauses[word]}" for word in _CLAUSES if word in shape.clauses]
    return f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(parts)}) {' '.join(clauses)}"


def _laid_over(name: str, shape: Shape, spec: LakeSpec) -> Shape:
    for zone, table in ZONE_TABLES.items():
        if table == name and zone in spec.zones:
            shape = _zone(zone, name, shape, spec.zones[zone])
    return _replicated(shape) if spec.replicated else shape


def _zone(zone: Zone, table: str, shape: Shape, declared: ZoneSpec) -> Shape:
    columns, indexes, projections = dict(shape.columns), dict(shape.indexes), dict(shape.projections)
    for column in declared.promoted_columns:
        if column.name in columns:
            msg = f"{zone}.promotedColumns[{column.name}]: {table} has a column of that name already; choose another"
            raise ValueError(msg)
        columns[column.name] = _promoted(column, "body" if "body" in shape.columns else "toString(payload)")
        if column.index is not SkipIndex.NONE:
            indexes[f"promoted_{column.name}"] = _INDEXES[column.index].format(column=column.name)
    for projection in declared.projections:
        unknown = [each for each in (*projection.order_by, *projection.group_by) if each not in columns]
        if unknown:
            msg = f"{zone}.projections[{projection.name}]: {table} has no column {unknown[0]}"
            raise ValueError(msg)
        projections[projection.name] = f"({projection.sql})"
    return replace(
        shape,
        columns=columns,
        indexes=indexes,
        projections=projections,
        clauses=_zone_clauses(zone, shape, declared),
    )


def _promoted(column: PromotedColumn, text: str) -> str:
    """Return the definition of a promoted column: read from the bytes where the table has them, they are exact."""
    path = ", ".join(f"'{part}'" for part in column.path.split("."))
    return f"{column.type} DEFAULT JSONExtract({text}, {path}, '{column.type}') COMMENT '{PROMOTED}{column.path}'"


def _zone_clauses(zone: Zone, shape: Shape, declared: ZoneSpec) -> dict[str, str]:
    clauses, time = dict(shape.clauses), _TIME[zone]
    if declared.partition_by is PartitionBy.NONE:
        clauses.pop("PARTITION BY", None)
    elif declared.partition_by is not None:
        clauses["PARTITION BY"] = _PARTITIONS[declared.partition_by].format(time=time)
    ttl = _ttl(zone, shape, declared)
    if ttl:
        clauses["TTL"] = ttl
    if declared.settings:
        merged = shape.settings | dict(declared.settings)
        clauses["SETTINGS"] = ", ".join(f"{name} = {value}" for name, value in merged.items())
    return clauses


def _ttl(zone: Zone, shape: Shape, declared: ZoneSpec) -> str:
    """Return the table's TTL, empty without one.

    Raw events never expire by TTL, which would not wait for the fold: their partitions are dropped by the lake, once
    what records take from them is carried forward. Of a record's versions that are past their retention the newest
    stays, so that the current version is never deleted.
    """
    keep, time = declared.retention, _TIME[zone]
    parts = []
    if keep.cold_after_days is not None:
        parts.append(f"{time} + toIntervalDay({keep.cold_after_days}) TO VOLUME '{keep.cold_volume}'")
    if keep.days and zone is Zone.SERVING:
        parts.append(f"{time} + toIntervalDay({keep.days})")
    elif keep.days and zone is Zone.CANONICAL:
        key = ("entity_type", "canonical_id")
        newest = [
            f"{name} = {'max' if name in ('validated_at', 'ord') else 'argMax'}({name}"
            + (")" if name in ("validated_at", "ord") else ", ord)")
            for name in shape.columns
            if name not in key
        ]
        parts.append(f"{time} + toIntervalDay({keep.days}) GROUP BY {', '.join(key)} SET {', '.join(newest)}")
    return ", ".join(parts)


def _replicated(shape: Shape) -> Shape:
    """Return the shape as a Replicated engine with an explicit path, and a token memory that outlasts outages."""
    clauses = dict(shape.clauses)
    family, _, rest = clauses["ENGINE ="].partition("(")
    arguments = ", ".join(each for each in (f"'{REPLICA_PATH}'", "'{replica}'", rest.removesuffix(")")) if each)
    clauses["ENGINE ="] = f"Replicated{family}({arguments})"
    settings = dict(shape.settings)
    window = settings.pop("non_replicated_deduplication_window", None)
    if window is not None:
        settings |= {
            "replicated_deduplication_window": window,
            "replicated_deduplication_window_seconds": str(DEDUPLICATION_SECONDS),
        }
    clauses["SETTINGS"] = ", ".join(f"{name} = {value}" for name, value in settings.items())
    return replace(shape, clauses=clauses)
