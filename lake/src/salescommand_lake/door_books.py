"""What each spool last reported of its books, so that the books of all instances add up, also of lost ones."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from salescommand_lake.engine import Engine

__all__ = ["DoorBooks", "moved_since", "read_door_books", "write_door_books"]

_COUNTS = ("received", "accepted", "duplicates", "rejected", "refused", "loaded", "damaged", "in_spool")
_INSTANCE_MASK = 1023


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorBooks:
    """One source's books at the door of one spool, in records."""

    spool_id: str
    instance: int
    source: str
    received: int
    accepted: int
    duplicates: int
    rejected: int
    refused: int
    loaded: int
    damaged: int
    in_spool: int

    @property
    def progress(self) -> int:
        """Return what grows with every event that comes or moves on."""
        return self.received + self.refused + 2 * (self.loaded + self.damaged)


async def write_door_books(engine: Engine, books: Sequence[DoorBooks]) -> None:
    """Report the books of sources of one spool.

    They are to be those of a moment without an insert on its way: then all of the spool's events that were stored
    before the report are `loaded` in it, and those stored later are not.

    Raises:
        LakeError: the lake is away.
    """
    rows = [{**asdict(each), "progress": each.progress} for each in books]
    await engine.insert("door_books", rows, token=uuid.uuid4().hex)


async def read_door_books(engine: Engine, *, without: str = "") -> list[DoorBooks]:
    """Return the last report of every spool but the spool `without`.

    Raises:
        LakeError: the lake is away.
    """
    rows = await engine.query(
        f"SELECT spool_id, instance, source, {', '.join(_COUNTS)} FROM door_books FINAL "
        "WHERE spool_id != {without:String} ORDER BY spool_id, source",
        {"without": without},
    )
    return [
        DoorBooks(
            spool_id=row["spool_id"],
            instance=int(row["instance"]),
            source=row["source"],
            **{name: int(row[name]) for name in _COUNTS},
        )
        for row in rows
    ]


async def moved_since(engine: Engine, *, without: int | None = None) -> dict[str, int]:
    """Return per source how many events were stored since their instance's last report, but of instance `without`.

    Raises:
        LakeError: the lake is away.
    """
    rows = await engine.query(
        "SELECT source, sum(events) AS events FROM raw_batches AS stored LEFT JOIN (\n"
        "  SELECT toUInt64(instance) AS number, max(reported_at) AS reported FROM door_books GROUP BY number) AS last\n"
        f"  ON bitAnd(stored.first_seq, {_INSTANCE_MASK}) = last.number\n"
        f"WHERE loaded_at > reported AND bitAnd(first_seq, {_INSTANCE_MASK}) != {{without:Int64}} GROUP BY source",
        {"without": -1 if without is None else without},
    )
    return {row["source"]: int(row["events"]) for row in rows}
