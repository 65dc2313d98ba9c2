"""How old a table's rows are, and whether its parts carry the expiry that its TTL says. Reads only."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from salescommand_lake.engine import Engine
from salescommand_lake.plan.spec import LakeSpec
from salescommand_lake.statements import Shape, split

__all__ = ["ages", "ttl_days", "ttl_pending"]

_DAYS = re.compile(r"toIntervalDay\((\d+)\)")
_NEVER = "1970-01-01 00:00:00"
_MOVES = (" TO VOLUME ", " TO DISK ")


def ttl_days(ttl: str) -> int | None:
    """Return after how many days a TTL removes rows or folds them together: 0 for never, None for another form."""
    ends = [part for part in split(ttl) if " SET " in part or not any(move in part for move in _MOVES)]
    # The assignments of a GROUP BY TTL stand behind its first part, after commas.
    ends = [part for part in ends if "toInterval" in part]
    if not ends:
        return 0 if not ttl or any(move in ttl for move in _MOVES) else None
    found = _DAYS.search(ends[0])
    return int(found[1]) if found and len(ends) == 1 else None


async def ages(engine: Engine, name: str, shape: Shape, spec: LakeSpec) -> tuple[datetime | None, int]:
    """Return a zone's oldest time and how many rows its declared retention reaches; nothing for other tables."""
    zone = spec.zone_of(name)
    time = _time_of(shape)
    if zone is None or time is None:
        return None, 0
    past = f"countIf({time} < now('UTC') - toIntervalDay({{days:UInt32}}))" if zone.retention.days else "0"
    rows = await engine.query(
        f"SELECT toUnixTimestamp(min({time})) AS oldest, {past} AS past FROM `{spec.database}`.{name}",
        {"days": zone.retention.days},
    )
    return datetime.fromtimestamp(int(rows[0]["oldest"]), UTC), int(rows[0]["past"])


async def ttl_pending(engine: Engine, name: str, shape: Shape, spec: LakeSpec) -> int:
    """Count the rows whose parts carry another expiry than the table's TTL says.

    Parts written since the table was last altered carry it for certain; of older ones the newest time is read. A part
    says of a TTL that folds rows together which one it was written under, and of one that removes them when it ends.
    """
    time, ttl = _time_of(shape), shape.clauses.get("TTL", "")
    days = ttl_days(ttl)
    if spec.zone_of(name) is None or time is None or days is None:
        return 0
    parts = await engine.query(
        "SELECT p.name AS part, p.rows AS n, p.delete_ttl_info_max AS ends, p.`group_by_ttl_info.expression` AS folds\n"
        "FROM system.parts AS p INNER JOIN system.tables AS t ON t.database = p.database AND t.name = p.table\n"
        "WHERE p.database = {database:String} AND p.table = {table:String} AND p.active\n"
        "  AND p.modification_time <= t.metadata_modification_time",
        {"database": spec.database, "table": name},
    )
    if " GROUP BY " in ttl:
        return sum(int(row["n"]) for row in parts if not any(f"Day({days})" in fold for fold in row["folds"]))
    until = {row["part"]: _NEVER for row in parts}
    if days and parts:
        newest = await engine.query(
            f"SELECT _part AS part, toDateTime(max({time}) + toIntervalDay({{days:UInt32}}), 'UTC') AS until\n"
            f"FROM `{spec.database}`.{name} WHERE _part IN {{parts:Array(String)}} GROUP BY part",
            {"days": days, "parts": list(until)},
        )
        until = {row["part"]: row["until"] for row in newest}
    return sum(int(row["n"]) for row in parts if row["folds"] or until.get(row["part"], row["ends"]) != row["ends"])


def _time_of(shape: Shape) -> str | None:
    """Return the column that says how old a zone's rows are."""
    return next((each for each in ("ingested_at", "validated_at", "refreshed_at") if each in shape.columns), None)
