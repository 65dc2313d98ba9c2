"""Looking at a lake: what is there, how large it is, and how the server spells what is wanted. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from salescommand_lake.engine import Engine
from salescommand_lake.errors import SchemaMismatch
from salescommand_lake.plan.ages import ages, ttl_pending
from salescommand_lake.plan.spec import LakeSpec
from salescommand_lake.plan.wanted import Wanted
from salescommand_lake.schema import OWNER, RAW_RETENTION
from salescommand_lake.statements import Shape, read_shape, type_of

__all__ = ["Observed", "Table", "is_replicated", "normal_form", "observe"]

LEDGER = "schema_ledger"


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view that is there. Rows and bytes are those of its active parts."""

    shape: Shape
    rows: int = 0
    bytes: int = 0
    oldest: datetime | None = None
    """The oldest value of the zone's time column, UTC; None for other tables and empty ones."""
    unfinished: tuple[str, ...] = ()
    """Mutations that are still running, as the server words them."""
    past_retention: int = 0
    """Rows that a zone's declared retention would remove or fold together now."""
    ttl_pending: int = 0
    """Rows in parts that carry another expiry than the table's TTL says."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One server as it is."""

    exists: bool
    owner: str = ""
    """Who declared the lake that is there, '' when nobody said."""
    tables: Mapping[str, Table] = field(default_factory=dict)
    wanted: Mapping[str, Shape] = field(default_factory=dict)
    """What is wanted, as this server spells it."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Each wanted type, as this server spells it."""
    version: str = ""
    raw_retention: int = 0
    """After how many days raw events may go, as the worker is told; 0 for never."""
    schema_version: int = 0
    """The version of the schema that was made last, 0 when there is none."""


async def is_replicated(engine: Engine) -> bool:
    """Return whether this server keeps copies of its tables elsewhere: it knows its shard and its replica.

    Raises:
        LakeError: the engine is away.
    """
    rows = await engine.query("SELECT count() AS n FROM system.macros WHERE macro IN ('shard', 'replica')")
    return int(rows[0]["n"]) == 2


async def normal_form(engine: Engine, statements: Sequence[str]) -> list[str]:
    """Return statements as the server spells them, which is the only form in which they can be compared.

    Raises:
        LakeError: the engine is away, or can't read a statement.
    """
    rows = await engine.query(
        "SELECT formatQuerySingleLine(arrayJoin({statements:Array(String)})) AS sql", {"statements": list(statements)}
    )
    return [row["sql"] for row in rows]


async def observe(engine: Engine, spec: LakeSpec, objects: Sequence[Wanted]) -> Observed:
    """Return what is there of the lake, and how the server spells the objects that are wanted.

    The engine may be one of any database (``default``, when the lake's own does not exist yet): names are in full.

    Raises:
        LakeError: the engine is away.
    """
    shapes = {
        each.name: read_shape(text)
        for each, text in zip(objects, await normal_form(engine, [each.sql for each in objects]), strict=True)
    }
    types = await _spelled(engine, {type_of(text) for shape in shapes.values() for text in shape.columns.values()})
    found = await engine.query(
        "SELECT version() AS version, count() AS n FROM system.databases WHERE name = {database:String}",
        {"database": spec.database},
    )
    version, exists = found[0]["version"], bool(int(found[0]["n"]))
    if not exists:
        return Observed(False, wanted=shapes, types=types, version=version)
    facts = await _facts(engine, spec.database)
    return Observed(
        exists=True,
        owner=facts.get(OWNER, ""),
        raw_retention=int(facts.get(RAW_RETENTION, 0)),
        schema_version=int(facts.get("schema", 0)),
        tables=await _tables(engine, spec),
        wanted=shapes,
        types=types,
        version=version,
    )


async def _spelled(engine: Engine, types: Iterable[str]) -> dict[str, str]:
    """Ask the engine how it spells each type: ``Decimal64(4)`` is stored as ``Decimal(18, 4)``."""
    names = sorted(types)
    columns = ", ".join(f"toTypeName(defaultValueOfTypeName({{t{number}:String}}))" for number in range(len(names)))
    rows = await engine.query(f"SELECT [{columns}] AS spelled", {f"t{n}": name for n, name in enumerate(names)})
    # toTypeName breaks tuples over lines; everything else writes them on one.
    spelled = (re.sub(r"\n\s*", "", re.sub(r",\n\s*", ", ", name)) for name in rows[0]["spelled"])
    return dict(zip(names, spelled, strict=True))


async def _facts(engine: Engine, database: str) -> dict[str, str]:
    try:
        rows = await engine.query(
            f"SELECT name, if(name = 'schema', toString(version), checksum) AS fact FROM `{database}`.{LEDGER} FINAL\n"
            f"WHERE name IN ('{OWNER}', '{RAW_RETENTION}', 'schema')"
        )
    except SchemaMismatch:
        return {}
    return {row["name"]: row["fact"] for row in rows}


async def _tables(engine: Engine, spec: LakeSpec) -> dict[str, Table]:
    database = {"database": spec.database}
    created = await engine.query(
        "SELECT name, create_table_query AS sql FROM system.tables WHERE database = {database:String}", database
    )
    sizes = {
        row["table"]: (int(row["rows"]), int(row["bytes"]))
        for row in await engine.query(
            "SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts\n"
            "WHERE database = {database:String} AND active GROUP BY table",
            database,
        )
    }
    mutations: dict[str, list[str]] = {}
    for row in await engine.query(
        "SELECT table, command FROM system.mutations WHERE database = {database:String} AND NOT is_done", database
    ):
        mutations.setdefault(row["table"], []).append(row["command"])
    found = {}
    for row in created:
        name = row["name"]
        if not row["sql"].startswith("CREATE "):
            continue  # a dictionary or a temporary object that is nobody's table
        shape = read_shape(row["sql"], spec.database)
        rows, size = sizes.get(name, (0, 0))
        oldest, past = await ages(engine, name, shape, spec) if rows else (None, 0)
        pending = await ttl_pending(engine, name, shape, spec) if rows else 0
        found[name] = Table(shape, rows, size, oldest, tuple(mutations.get(name, ())), past, pending)
    return found
