"""The second set of the canonical tables: made, filled with what is not read again, put in place, dropped.

A table is put in place by replacing its whole (only) partition, which is atomic, keeps the table itself and whatever
reads from it, and works on every kind of database and on replicated tables; exchanging tables would leave materialized
views at the old ones. Versions move, since they are only ever added to; moving twice adds nothing.
"""

from __future__ import annotations

from salescommand_lake.engine import Engine
from salescommand_lake.fold.writes import VERSIONS, Guard
from salescommand_lake.model import Noun
from salescommand_lake.noun_tables import derived_tables, quarantined
from salescommand_lake.rebuild.scope import RebuildScope

PREFIX = "rebuild_"


def shadowed(scope: RebuildScope) -> list[str]:
    """Return the tables that the rebuild fills a second time."""
    return [table for noun in scope.taken_nouns for table in derived_tables(noun)] + [VERSIONS]


async def make(engine: Engine, scope: RebuildScope) -> None:
    """Make the tables, empty. Their parts are merged once they are in place, not while they are written."""
    for table in shadowed(scope):
        await engine.command(f"DROP TABLE IF EXISTS {PREFIX}{table} SYNC")
        await engine.command(f"CREATE TABLE {PREFIX}{table} AS {table}")
        await engine.command(f"SYSTEM STOP MERGES {PREFIX}{table}")


async def there(engine: Engine, scope: RebuildScope) -> bool:
    """Tell whether the tables of a stopped rebuild are still there."""
    rows = await engine.query(
        "SELECT count() AS n FROM system.tables WHERE database = {database:String} AND name IN {names:Array(String)}",
        {"database": engine.database, "names": [f"{PREFIX}{table}" for table in shadowed(scope)]},
    )
    return int(rows[0]["n"]) == len(shadowed(scope))


async def drop(engine: Engine, scope: RebuildScope) -> None:
    """Drop the tables."""
    for table in shadowed(scope):
        await engine.command(f"DROP TABLE IF EXISTS {PREFIX}{table} SYNC")


async def copy(engine: Engine, noun: Noun, scope: RebuildScope, keys: str = "true", more: object = None) -> None:
    """Take over the rows of the records that the rebuild does not read again; ``keys`` limits them further."""
    if scope.whole:
        return
    parameters = scope.parameters | (more if isinstance(more, dict) else {})
    for table in derived_tables(noun):
        await engine.command(
            f"INSERT INTO {PREFIX}{table} SELECT * FROM {table} WHERE NOT ({scope.condition}) AND {keys}", parameters
        )


async def swap(engine: Engine, scope: RebuildScope, generation: int, guard: Guard) -> None:
    """Put the tables in place. Each is replaced at once; it may be repeated as long as nothing else wrote meanwhile."""
    for noun in scope.taken_nouns:
        for table in derived_tables(noun):
            await guard()
            rows = await engine.query(f"SELECT count() AS n FROM {PREFIX}{table}")
            if int(rows[0]["n"]):
                await engine.command(f"ALTER TABLE {table} REPLACE PARTITION tuple() FROM {PREFIX}{table}")
            else:
                await engine.command(f"TRUNCATE TABLE {table} SYNC")
        await _settle_quarantine(engine, noun, scope, generation, guard)
    await guard()
    await engine.command(f"ALTER TABLE {PREFIX}{VERSIONS} MOVE PARTITION tuple() TO TABLE {VERSIONS}")


async def _settle_quarantine(engine: Engine, noun: Noun, scope: RebuildScope, generation: int, guard: Guard) -> None:
    """Enter what was refused now, and resolve what was refused before and is not any more."""
    await guard()
    columns = (
        "source, seq, field, event_id, record_type, source_id, value, reason, mapping_hash, mapping_version,"
        " received_at, generation, resolved"
    )
    refused = f"SELECT {columns} FROM ({quarantined(noun, f'{noun.changes_table} FINAL')}) WHERE {scope.condition}"
    await engine.command(
        f"INSERT INTO quarantine ({columns})\nSELECT * REPLACE (toUInt64({generation}) AS generation) FROM ({refused})"
        " WHERE (source, seq, field, mapping_hash, reason) NOT IN"
        " (SELECT source, seq, field, mapping_hash, reason FROM quarantine FINAL WHERE NOT resolved)",
        scope.parameters,
    )
    await guard()
    await engine.command(
        f"INSERT INTO quarantine ({columns})\n"
        f"SELECT {columns.replace('generation, resolved', f'toUInt64({generation}) AS generation, true AS resolved')}\n"
        f"FROM (SELECT * FROM quarantine FINAL WHERE record_type = '{noun.name}' AND NOT resolved)\n"
        f"WHERE {scope.condition} AND (source, seq, field) NOT IN (SELECT source, seq, field FROM ({refused}))",
        scope.parameters,
    )
