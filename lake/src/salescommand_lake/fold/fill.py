"""Intervals of records that have none: those of a lake whose records are older than its tables of intervals."""

from __future__ import annotations

import logging
import time

from salescommand_lake.engine import Engine
from salescommand_lake.fold.writes import Guard, Scope, Writer
from salescommand_lake.model import NOUNS
from salescommand_lake.noun_tables import LATEST_COLUMNS

__all__ = ["fill_intervals"]

_SLICE = 50_000
"""About how many records are filled by one statement."""
log = logging.getLogger(__name__)


async def fill_intervals(engine: Engine, guard: Guard | None = None) -> int:
    """Write the intervals of all records that have none and return how many records that were.

    Without them a past day would have no such records, silently. It may stop anywhere and be called again.

    Raises:
        LakeError: the engine is away or refuses for now.
    """
    filled = 0
    for noun in NOUNS.values():
        tables = [noun.intervals_table, *([noun.latest_table] if noun.name in LATEST_COLUMNS else [])]
        lacking = " OR ".join(f"canonical_id NOT IN (SELECT canonical_id FROM {table})" for table in tables)
        missing = f"SELECT source, source_id FROM {noun.table} FINAL WHERE events > 0 AND ({lacking})"
        found = await engine.query(f"SELECT count() AS n, groupUniqArray(source) AS sources FROM ({missing})")
        records = int(found[0]["n"])
        if not records:
            continue
        log.info("%s: %d records have no intervals yet; writing them", noun.table, records)
        slices = records // _SLICE + 1
        for number in range(slices):
            keys = (
                "source IN {sources:Array(String)} AND (source, source_id) IN\n"
                f"  (SELECT source, source_id FROM ({missing}) WHERE cityHash64(source_id) % {slices} = {number})"
            )
            writer = Writer(engine, time.time_ns() // 1000, guard)
            await writer.write_intervals(noun, Scope((noun,), keys, "false", {"sources": found[0]["sources"]}))
        filled += records
    return filled
