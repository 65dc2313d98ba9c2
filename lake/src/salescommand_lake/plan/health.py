"""How well a server and its copies of the lake are. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.plan.guard import Guarded
from salescommand_lake.schema import OWNER

__all__ = ["Health", "drop_lake", "health"]

_STUCK_AFTER = 10
"""Attempts after which a replication task counts as one that fails."""


@dataclass(frozen=True, slots=True)
class Health:
    """The replicated tables of a lake on one server; all zero where there are none."""

    readonly_tables: int = 0
    delay_seconds: int = 0
    queue: int = 0
    """Replication tasks that failed again and again."""
    missing: int = 0
    """Parts of other servers that it has yet to fetch, and entries of the shared log that it has yet to read.

    Merges, of which a busy server always has some in its queue, are not among them: they bring no rows.
    """
    keeper_error: str = ""
    """Why coordination does not work, '' when it does or there is none."""


async def health(engine: Engine, database: str, *, replicated: bool) -> Health:
    """Return how well the server is.

    Raises:
        LakeError: the engine is away.
    """
    if not replicated:
        return Health()
    reader = Guarded(engine)
    named = {"database": database}
    copies = await reader.query(
        "SELECT countIf(is_readonly) AS readonly, max(absolute_delay) AS delay,\n"
        "  countIf(is_session_expired) AS expired,\n"
        # log_pointer is the next entry that it will read, log_max_index the last that is there.
        "  sum(greatest(0, toInt64(log_max_index) + 1 - toInt64(log_pointer))) AS unread\n"
        "FROM system.replicas WHERE database = {database:String}",
        named,
    )
    tasks = await reader.query(
        "SELECT countIf(num_tries > {tries:UInt32} AND last_exception != '') AS stuck,\n"
        "  countIf(type IN ('GET_PART', 'ATTACH_PART')) AS unfetched\n"
        "FROM system.replication_queue WHERE database = {database:String}",
        {**named, "tries": _STUCK_AFTER},
    )
    error = f"{copies[0]['expired']} sessions with Keeper have expired" if int(copies[0]["expired"]) else ""
    try:
        await reader.query("SELECT count() AS n FROM system.zookeeper WHERE path = '/'")
    except LakeError as found:
        error = str(found)
    return Health(
        int(copies[0]["readonly"]),
        int(copies[0]["delay"]),
        int(tasks[0]["stuck"]),
        int(copies[0]["unread"]) + int(tasks[0]["unfetched"]),
        error,
    )


async def drop_lake(engine: Engine, database: str, owner: str) -> bool:
    """Drop the database when ``owner`` declared it; return whether it is gone. ``engine`` is one of another database.

    Raises:
        LakeError: the engine is away or refuses.
    """
    reader = Guarded(engine)
    there = await reader.query(
        "SELECT count() AS n FROM system.databases WHERE name = {database:String}", {"database": database}
    )
    if not int(there[0]["n"]):
        return True
    ledger = await reader.query(
        "SELECT count() AS n FROM system.tables WHERE database = {database:String} AND name = 'schema_ledger'",
        {"database": database},
    )
    if not int(ledger[0]["n"]):
        return False
    rows = await reader.query(f"SELECT checksum FROM `{database}`.schema_ledger FINAL WHERE name = '{OWNER}'")
    if not rows or rows[0]["checksum"] != owner:
        return False
    drop = f"DROP DATABASE IF EXISTS `{database}` SYNC"
    await Guarded(engine, [drop]).command(drop)
    return True
