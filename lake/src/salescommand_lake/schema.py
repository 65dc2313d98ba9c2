"""Making the schema, and telling what differs between the schema that is there and the one that is wanted.

Tables are made by CREATE ... IF NOT EXISTS, so that making them again changes nothing. What only adds (a column, an
index, a table's setting, the query of a view) is brought up to date in place; anything else (a type, a sort key) is a
difference for a person to decide about, and is never changed here.

The ledger says what was applied and for which version. Its row named ``schema`` is written last, so that a run which
stopped half-way leaves the old version behind and the next run repeats it.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from salescommand_lake.engine import Engine
from salescommand_lake.errors import SchemaAhead, SchemaBehind, SchemaDiffers, SchemaMismatch
from salescommand_lake.fold.fill import fill_intervals
from salescommand_lake.statements import Shape, Statement, all_statements, default_of, read_shape, type_of

SCHEMA_VERSION = 10
"""Goes up with every change of a statement; the snapshot of the DDL reminds of it."""

_WHOLE = "schema"
_LEDGER = "schema_ledger"
OWNER = "owner"
"""The ledger's row that says who declares this lake."""
RAW_RETENTION = "raw_retention_days"
"""The ledger's row that says after how many days raw events may go, for the worker that takes them away."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as wanted. ``remedy`` is the statement that repairs it, None when a person must decide."""

    table: str
    what: str
    want: str
    got: str
    remedy: str | None = None

    def __str__(self) -> str:
        """Say it in words."""
        if not self.got:
            return f"{self.table}: {self.what} is missing"
        return f"{self.table}: {self.what} differs: want {self.want}, got {self.got}"


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """What ensure_schema did. ``applied`` names the statements that were new or had changed."""

    version: int
    applied: tuple[str, ...]
    altered: tuple[str, ...]


async def ensure_schema(engine: Engine) -> SchemaReport:
    """Create what is missing and bring up to date what can be; doing it again changes nothing.

    Tables that are new and tell what there is already, the intervals, are filled before the version is written down.

    Raises:
        SchemaAhead: a newer program has made the schema.
        SchemaDiffers: something differs that only a person can decide about.
        LakeUnavailable: the engine can't be reached.
    """
    statements = all_statements()
    await engine.ensure_database()
    ledger = next(statement for statement in statements if statement.creates[1] == _LEDGER)
    await engine.command(ledger.sql)
    applied = await _ledger(engine)
    have = applied.get(_WHOLE, ("", 0))[1]
    if have > SCHEMA_VERSION:
        raise SchemaAhead(have, SCHEMA_VERSION)
    present = await _tables(engine)
    pending = [
        statement
        for statement in statements
        if applied.get(statement.name, ("", 0))[0] != statement.checksum or statement.creates[1] not in present
    ]
    for statement in pending:
        await engine.command(statement.sql)
    altered = await _bring_up_to_date(engine, statements)
    if pending:
        await fill_intervals(engine)
    await _record(engine, statements, pending, applied)
    if pending or altered:
        log.info("schema %d: %d statements applied, %d altered", SCHEMA_VERSION, len(pending), len(altered))
    return SchemaReport(SCHEMA_VERSION, tuple(statement.name for statement in pending), tuple(altered))


async def verify_schema(engine: Engine) -> list[Difference]:
    """Return what differs between the schema that is there and the one this program needs; empty when nothing does.

    More columns, tables and views than needed are no difference: a newer schema keeps serving an older program.
    """
    return await _differences(engine, all_statements())


async def schema_version(engine: Engine) -> int:
    """Return the version of the schema that is there, 0 when there is none."""
    try:
        return (await _ledger(engine)).get(_WHOLE, ("", 0))[1]
    except SchemaMismatch:
        return 0


async def require_schema(engine: Engine) -> None:
    """Return when the schema is one that this program can work with.

    Raises:
        SchemaBehind: it is older, or something is missing.
        SchemaAhead: it is more than one version newer; one version ahead is fine, since versions only add.
    """
    have = await schema_version(engine)
    if have > SCHEMA_VERSION + 1:
        raise SchemaAhead(have, SCHEMA_VERSION)
    differences = await verify_schema(engine) if have else []
    if have < SCHEMA_VERSION or differences:
        raise SchemaBehind(have, SCHEMA_VERSION, [str(difference) for difference in differences])


async def declared_raw_retention(engine: Engine) -> int | None:
    """Return after how many days raw events may go (0: never) by the lake's declaration, None when there is none.

    Raises:
        LakeError: the engine is away.
    """
    found = (await _ledger(engine)).get(RAW_RETENTION)
    return int(found[0]) if found else None


async def record_schema(engine: Engine, facts: Mapping[str, str]) -> None:
    """Write into the ledger that the whole schema is there, with ``facts`` beside it; nothing when it says so already.

    For whoever made the tables by a plan: a process that only verifies reads this.

    Raises:
        LakeError: the engine is away.
    """
    statements = all_statements()
    applied = await _ledger(engine)
    pending = [statement for statement in statements if applied.get(statement.name, ("", 0))[0] != statement.checksum]
    await _record(engine, statements, pending, applied, facts)


async def _ledger(engine: Engine) -> dict[str, tuple[str, int]]:
    """Return checksum and version of everything that was applied."""
    rows = await engine.query(f"SELECT name, checksum, version FROM {_LEDGER} FINAL")
    return {row["name"]: (row["checksum"], int(row["version"])) for row in rows}


async def _record(
    engine: Engine,
    statements: list[Statement],
    pending: list[Statement],
    applied: dict[str, tuple[str, int]],
    facts: Mapping[str, str] = MappingProxyType({}),
) -> None:
    whole = hashlib.sha256("\n".join(statement.checksum for statement in statements).encode()).hexdigest()
    entries = [*facts.items(), *((statement.name, statement.checksum) for statement in pending)]
    if applied.get(_WHOLE) != (whole, SCHEMA_VERSION):
        entries.append((_WHOLE, whole))
    now = datetime.now(UTC)
    rows = [
        {"name": name, "checksum": checksum, "version": SCHEMA_VERSION, "applied_at": now} for name, checksum in entries
    ]
    await engine.insert(_LEDGER, rows)


async def _bring_up_to_date(engine: Engine, statements: list[Statement]) -> list[str]:
    differences = await _differences(engine, statements)
    refused = [difference for difference in differences if difference.remedy is None]
    if refused:
        raise SchemaDiffers([str(difference) for difference in refused])
    for difference in differences:
        log.warning("schema: %s; repairing", difference)
        await engine.command(difference.remedy or "")
    remaining = await _differences(engine, statements) if differences else []
    if remaining:
        raise SchemaDiffers([str(difference) for difference in remaining])
    return [str(difference) for difference in differences]


async def _tables(engine: Engine) -> dict[str, str]:
    rows = await engine.query(
        "SELECT name, create_table_query FROM system.tables WHERE database = {database:String}",
        {"database": engine.database},
    )
    return {row["name"]: row["create_table_query"] for row in rows}


async def _differences(engine: Engine, statements: list[Statement]) -> list[Difference]:
    formatted = await engine.query(
        "SELECT formatQuerySingleLine(arrayJoin({statements:Array(String)})) AS sql",
        {"statements": [statement.sql for statement in statements]},
    )
    wanted = {
        statement.creates[1]: read_shape(row["sql"]) for statement, row in zip(statements, formatted, strict=True)
    }
    spelling = await _spellings(engine, wanted.values())
    present = await _tables(engine)
    declared = bool((await _ledger(engine)).get(OWNER, ("", 0))[0]) if _LEDGER in present else False
    found = []
    for statement in statements:
        kind, table = statement.creates
        if table not in present:
            found.append(Difference(table, f"the {kind}", kind, "", statement.sql))
        else:
            there = read_shape(present[table], engine.database)
            found += _compare(table, wanted[table], there, spelling, declared=declared)
    return found


async def _spellings(engine: Engine, shapes: Iterable[Shape]) -> dict[str, str]:
    """Ask the engine how it spells each type: ``Decimal64(4)`` is stored as ``Decimal(18, 4)``."""
    types = sorted({type_of(definition) for shape in shapes for definition in shape.columns.values()})
    columns = ", ".join(f"toTypeName(defaultValueOfTypeName({{t{number}:String}}))" for number in range(len(types)))
    parameters = {f"t{number}": name for number, name in enumerate(types)}
    rows = await engine.query(f"SELECT [{columns}] AS spelled", parameters)
    # toTypeName breaks tuples over lines; everything else writes them on one.
    spelled = (re.sub(r"\n\s*", "", re.sub(r",\n\s*", ", ", name)) for name in rows[0]["spelled"])
    return dict(zip(types, spelled, strict=True))


def _compare(table: str, want: Shape, got: Shape, spelling: dict[str, str], *, declared: bool) -> Iterator[Difference]:
    if want.kind != got.kind:
        yield Difference(table, "its kind", want.kind, got.kind)
    elif want.kind == "view":
        if want.select != got.select:
            yield Difference(
                table, "the query", want.select, got.select, f"ALTER TABLE {table} MODIFY QUERY {want.select}"
            )
    else:
        yield from _compare_columns(table, want, got, spelling)
        yield from _compare_clauses(table, want, got, declared=declared)


def _compare_columns(table: str, want: Shape, got: Shape, spelling: dict[str, str]) -> Iterator[Difference]:
    before = "FIRST"
    for name, definition in want.columns.items():
        remedy = f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS `{name}` {definition} {before}"
        before = f"AFTER `{name}`"
        if name not in got.columns:
            yield Difference(table, f"column {name}", definition, "", remedy)
            continue
        want_type, got_type = spelling[type_of(definition)], type_of(got.columns[name])
        if want_type != got_type:
            yield Difference(table, f"the type of column {name}", want_type, got_type)
        want_default, got_default = default_of(definition), default_of(got.columns[name])
        if want_default != got_default:
            change = f"ALTER TABLE {table} MODIFY COLUMN `{name}` " + (want_default or "REMOVE DEFAULT")
            yield Difference(
                table, f"the default of column {name}", want_default or "none", got_default or "none", change
            )


def _compare_clauses(table: str, want: Shape, got: Shape, *, declared: bool) -> Iterator[Difference]:
    """Yield what differs beside the columns; what a declaration says of a table is no matter of this program's."""
    names = {"ENGINE =": "the engine"}
    if not declared:
        names |= {"PARTITION BY": "the partition key", "TTL": "the retention"}
    for clause, what in names.items():
        wanted, there = want.clauses.get(clause, "none"), got.clauses.get(clause, "none")
        # A cluster keeps the same tables as Replicated..., with the same sort of engine behind the word.
        if wanted != there and not (clause == "ENGINE =" and _replicated(there) == _replicated(wanted)):
            yield Difference(table, what, wanted, there)
    if want.sort_key != got.sort_key:
        yield Difference(table, "the sort key", ", ".join(want.sort_key), ", ".join(got.sort_key))
    for name, definition in want.indexes.items():
        if name not in got.indexes:
            remedy = f"ALTER TABLE {table} ADD INDEX IF NOT EXISTS {name} {definition}"
            yield Difference(table, f"index {name}", definition, "", remedy)
    for name, value in want.settings.items():
        there = got.settings.get(name, "the default")
        if value != there and not declared:
            remedy = f"ALTER TABLE {table} MODIFY SETTING {name} = {value}"
            yield Difference(table, f"the setting {name}", value, there, remedy)


def _replicated(engine: str) -> str:
    """Return the family of an engine: ReplicatedReplacingMergeTree('/path', 'name', v) is a ReplacingMergeTree."""
    return engine.removeprefix("Replicated").partition("(")[0]
