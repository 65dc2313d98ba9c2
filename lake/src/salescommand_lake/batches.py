"""What of an insert is in the raw zone: for the loader, before it splits or repeats one, and for the books.

A MergeTree notes an insert's token before it gives the part its name. Killed between the two, it takes the repeat for
one that it has and answers that all is well, with nothing stored. So an insert that was tried before is looked at
afterwards, table by table, and what is missing is restored.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from salescommand_lake.engine import Engine, Ready
from salescommand_lake.identifiers import seq_time

_FEEDS = {"raw_batches": "raw_batches_feed", "raw_batch_keys": "raw_batch_keys_feed"}
"""What each insert into raw_events writes besides, and the view that writes it."""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """How many events of one insert are in the raw zone, and how many its two indexes speak of."""

    raw_events: int
    raw_batches: int
    raw_batch_keys: int

    def lacks(self, events: int) -> bool:
        """Tell whether one of the tables has fewer than it should."""
        return min(self.raw_events, self.raw_batches, self.raw_batch_keys) < events


async def stored_batch(engine: Engine, batch_id: str, first_seq: int, last_seq: int) -> StoredBatch:
    """Return what is stored of the insert `batch_id`, whose numbers lie from `first_seq` to `last_seq`."""
    raw = await stored_in_range(engine, batch_id, first_seq, last_seq)
    counts = {}
    for table in _FEEDS:
        rows = await engine.query(
            f"SELECT sum(events) AS events FROM {table} WHERE batch_id = {{batch_id:String}}", {"batch_id": batch_id}
        )
        counts[table] = int(rows[0]["events"])
    return StoredBatch(raw, **counts)


async def restore_batch(engine: Engine, block: Ready, batch_id: str, stored: StoredBatch) -> None:
    """Store what is missing of an insert that the engine takes for a repeat. May be repeated once that has ended.

    Raises:
        LakeError: it is not all there yet; look again.
    """
    if stored.raw_events == 0:
        # The events bring their rows in the indexes with them; those of the try before would count twice.
        for table in _FEEDS:
            if getattr(stored, table):
                statement = f"DELETE FROM {table} WHERE batch_id = {{batch_id:String}}"
                await engine.command(statement, {"batch_id": batch_id})
        await engine.insert("raw_events", block, token=f"{batch_id}-{uuid.uuid4().hex}")
        return
    for table, view in _FEEDS.items():
        if getattr(stored, table) < stored.raw_events:
            rows = await engine.query(
                "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {view:String}",
                {"view": view},
            )
            await engine.command(
                f"INSERT INTO {table} SETTINGS insert_deduplication_token = '{uuid.uuid4().hex}'\n"
                f"SELECT * FROM ({rows[0]['as_select']}) WHERE batch_id = {{batch_id:String}}",
                {"batch_id": batch_id},
            )


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
