"""What of an insert is in the raw zone: for the loader, before it splits one, and for the books."""

from __future__ import annotations

from collections.abc import Sequence

from salescommand_lake.engine import Engine
from salescommand_lake.identifiers import seq_time


async def stored_in_range(engine: Engine, batch_id: str, first_seq: int, last_seq: int) -> int:
    """Return how many events of the insert `batch_id` are stored, whose numbers lie from `first_seq` to `last_seq`."""
    rows = await engine.query(
        "SELECT count() AS events FROM raw_events WHERE seq BETWEEN {first:UInt64} AND {last:UInt64} "
        "AND ingested_at BETWEEN {since:DateTime('UTC')} AND {until:DateTime('UTC')} AND batch_id = {batch_id:String}",
        {
            "first": first_seq,
            "last": last_seq,
            "since": seq_time(first_seq).replace(microsecond=0),
            "until": seq_time(last_seq).replace(microsecond=0),
            "batch_id": batch_id,
        },
    )
    return int(rows[0]["events"])


async def stored_by_source(engine: Engine, batch_ids: Sequence[str]) -> dict[str, int]:
    """Return how many events of these inserts are stored, by source."""
    if not batch_ids:
        return {}
    rows = await engine.query(
        "SELECT source, sum(events) AS events FROM raw_batches WHERE batch_id IN {batch_ids:Array(String)} "
        "GROUP BY source",
        {"batch_ids": list(batch_ids)},
    )
    return {row["source"]: int(row["events"]) for row in rows}


async def stored_ids(engine: Engine, source: str) -> list[str]:
    """Return the record's id of every event of a source in the raw zone, one for each row: for checks after a run."""
    statement = "SELECT source_id FROM raw_events WHERE source = {source:String}"
    answer = await engine.stream_raw(statement, "TabSeparated", {"source": source})
    return answer.decode().splitlines()
