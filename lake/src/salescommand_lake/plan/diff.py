"""From what is wanted and what is there to steps, in an order in which they can run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from salescommand_lake.plan.columns import column_steps
from salescommand_lake.plan.drops import dropped
from salescommand_lake.plan.observe import Observed, Table
from salescommand_lake.plan.retention import raw_retention_steps, retention_steps
from salescommand_lake.plan.spec import LakeSpec, Zone, ZoneSpec
from salescommand_lake.plan.steps import Action, Risk, Step
from salescommand_lake.plan.wanted import Wanted
from salescommand_lake.statements import Shape

__all__ = ["steps"]

_SERVERS_OWN = frozenset({"index_granularity", "storage_policy", "disk"})
"""Settings that a server writes into every CREATE statement, and that no ALTER takes back."""
_WAY_OUT = "Declare a new database and rebuild it from raw, or undo what was changed by hand."


def steps(spec: LakeSpec, objects: Sequence[Wanted], seen: Observed) -> Iterator[Step]:
    """Yield every step from what is there to what is wanted; none when they agree."""
    if not seen.exists:
        sql = f"CREATE DATABASE IF NOT EXISTS `{spec.database}`"
        yield Step(Action.CREATE_DATABASE, spec.database, Risk.SAFE, "there is no such database", sql)
    for each in objects:
        want, table = seen.wanted[each.name], seen.tables.get(each.name)
        if table is None:
            action = Action.CREATE_TABLE if each.kind == "table" else Action.CREATE_VIEW
            yield Step(action, each.name, Risk.SAFE, f"there is no such {each.kind}", each.sql)
        elif want.kind != table.shape.kind:
            yield _impossible(each.name, f"it is a {table.shape.kind}", want.kind, table.shape.kind)
        elif want.kind == "view":
            yield from _view(each, want, table.shape)
        else:
            yield from _table(spec, each.name, want, table, seen)
    days = spec.zones.get(Zone.RAW, ZoneSpec()).retention.days
    raw = seen.tables.get("raw_events", Table(Shape("table")))
    yield from raw_retention_steps(days, seen.raw_retention, raw, freeze=spec.policy.freeze_before)


def _table(spec: LakeSpec, name: str, want: Shape, table: Table, seen: Observed) -> Iterator[Step]:
    declared = spec.zone_of(name)
    yield from _fixed(name, want, table.shape)
    drops, table = dropped(name, want, table, seen.types)
    yield from drops
    yield from column_steps(name, want, table, seen.types, declared)
    yield from _indexes(name, want, table.shape)
    yield from _projections(name, want, table, declared)
    yield from _settings(name, want, table.shape)
    yield from retention_steps(name, want.clauses.get("TTL", ""), table, freeze=spec.policy.freeze_before)


def _fixed(name: str, want: Shape, got: Shape) -> Iterator[Step]:
    """Yield what differs and no statement can change."""
    keys = {"PARTITION BY": "the partition key", "ORDER BY": "the sort key"}
    wanted_engine, engine = want.clauses.get("ENGINE =", ""), got.clauses.get("ENGINE =", "")
    if wanted_engine != engine:
        yield _impossible(name, "the engine", wanted_engine, engine)
    for clause, what in keys.items():
        wanted, there = want.clauses.get(clause, "none"), got.clauses.get(clause, "none")
        if wanted != there:
            yield _impossible(name, what, wanted, there)


def _impossible(name: str, what: str, want: str, got: str) -> Step:
    reason = f"ClickHouse can't change this of a table: {what}. {_WAY_OUT}"
    return Step(Action.REBUILD, name, Risk.IMPOSSIBLE, reason, want=want, got=got)


def _view(each: Wanted, want: Shape, got: Shape) -> Iterator[Step]:
    if want.select == got.select:
        return
    if each.sql.startswith("CREATE MATERIALIZED VIEW"):
        sql = f"ALTER TABLE {each.name} MODIFY QUERY {want.select}"
    else:
        sql = f"CREATE OR REPLACE VIEW {each.name} AS {want.select}"
    reason = "the query differs; rows that were written stay as they are"
    yield Step(Action.MODIFY_QUERY, each.name, Risk.SAFE, reason, sql, want=want.select, got=got.select)


def _indexes(name: str, want: Shape, got: Shape) -> Iterator[Step]:
    for index, definition in want.indexes.items():
        if index not in got.indexes:
            sql = f"ALTER TABLE {name} ADD INDEX IF NOT EXISTS {index} {definition}"
            yield Step(Action.ADD_INDEX, f"{name}.{index}", Risk.SAFE, "for parts written from now on", sql)


def _projections(name: str, want: Shape, table: Table, declared: ZoneSpec | None) -> Iterator[Step]:
    backfill = {each.name for each in declared.projections if each.backfill} if declared else set()
    for projection, query in want.projections.items():
        if projection in table.shape.projections:
            continue
        place = f"{name}.{projection}"
        sql = f"ALTER TABLE {name} ADD PROJECTION IF NOT EXISTS {projection} {query}"
        yield Step(Action.ADD_PROJECTION, place, Risk.SAFE, "for parts written from now on", sql, want=query)
        if projection in backfill and table.rows:
            sql = f"ALTER TABLE {name} MATERIALIZE PROJECTION {projection}"
            reason = "the projection is written for the parts that are there"
            yield Step(Action.MATERIALIZE_PROJECTION, place, Risk.COSTLY, reason, sql, table.rows, table.bytes)


def _settings(name: str, want: Shape, got: Shape) -> Iterator[Step]:
    for setting, value in want.settings.items():
        there = got.settings.get(setting)
        if value != there:
            sql = f"ALTER TABLE {name} MODIFY SETTING {setting} = {value}"
            place, shown = f"{name}.{setting}", there or "the default"
            yield Step(Action.MODIFY_SETTING, place, Risk.SAFE, "metadata only", sql, want=value, got=shown)
    for setting, value in got.settings.items():
        if setting not in want.settings and setting not in _SERVERS_OWN:
            sql = f"ALTER TABLE {name} RESET SETTING {setting}"
            reason = "no longer declared; metadata only"
            yield Step(
                Action.MODIFY_SETTING, f"{name}.{setting}", Risk.SAFE, reason, sql, want="the default", got=value
            )
