"""The books: where every record is that was ever received, per source, and whether the sums agree."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime

from backend.context import Context
from backend.microservices.ingest.spool_shapes import Counters
from salescommand_lake.batches import stored_by_source
from salescommand_lake.books import raw_books
from salescommand_lake.door_books import DoorBooks, moved_since, read_door_books

__all__ = ["Balance", "SourceBooks", "balance", "source_books"]

_TRIES = 6
_PAUSE_SECONDS = 0.15
_LOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SourceBooks:
    """One source, in records.

    received = accepted + rejected; accepted = duplicates + in_spool + raw + refused + damaged;
    raw = pending + applied + superseded + ignored + quarantined + expired.
    """

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    in_spool: int = 0
    raw: int = 0
    refused: int = 0
    damaged: int = 0
    pending: int = 0
    applied: int = 0
    superseded: int = 0
    ignored: int = 0
    quarantined: int = 0
    expired: int = 0

    @property
    def missing(self) -> dict[str, int]:
        """What each sum lacks (negative: has too much), without those that agree."""
        settled = self.applied + self.superseded + self.ignored + self.quarantined + self.expired
        gaps = {
            "received": self.received - self.accepted - self.rejected,
            "accepted": self.accepted - self.duplicates - self.in_spool - self.raw - self.refused - self.damaged,
            "raw": self.raw - self.pending - settled,
        }
        return {name: gap for name, gap in gaps.items() if gap}


@dataclass(frozen=True, slots=True)
class Balance:
    """The books of all sources at one moment."""

    sources: Mapping[str, SourceBooks]
    as_of: datetime
    totals: SourceBooks = field(init=False)

    def __post_init__(self) -> None:
        rows = [asdict(each) for each in self.sources.values()]
        sums = {each.name: sum(row[each.name] for row in rows) for each in fields(SourceBooks)}
        object.__setattr__(self, "totals", SourceBooks(**sums))

    @property
    def balanced(self) -> bool:
        """Whether every sum of every source agrees."""
        return not any(each.missing for each in self.sources.values())


async def source_books(context: Context) -> dict[str, SourceBooks]:
    """Return the books of every source.

    Raises:
        LakeError: the lake can't be asked.
    """
    return dict((await balance(context)).sources)


async def balance(context: Context) -> Balance:
    """Return the books of all instances, read so that no event is seen in two places or in none.

    This process's spool is read as it is, the others as they last reported (seconds ago, while they run) and with what
    reached the lake since. A spool that is gone for good is still in the books: what it held shows as `in_spool`.

    The loader stands still while they are read. The fold does not: if it moved events between two of the lake's
    tables meanwhile, they are read again, so that a sum which disagrees does so for a reason.

    Raises:
        LakeError: the lake can't be asked.
    """
    found = await _read(context)
    for _ in range(_TRIES - 1):
        if found.balanced:
            break
        await asyncio.sleep(_PAUSE_SECONDS)
        found = await _read(context)
    return found


async def _read(context: Context) -> Balance:
    spool, engine = context.local_spool, context.engine
    if spool is None:
        doors = _elsewhere(await read_door_books(engine), await moved_since(engine))
        return _join(doors, await raw_books(engine))
    held = await _hold(spool.inserting)
    try:
        # An insert whose answer was lost may be in the lake while it is still planned here.
        planned = [entry.batch_id for entry in await spool.planned()]
        mine = spool.books()
        twice = await stored_by_source(engine, planned)
        reports = await read_door_books(engine, without=spool.spool_id)
        doors = _elsewhere(reports, await moved_since(engine, without=spool.instance))
        for name, counters in mine.items():
            here = _door(counters)
            here["in_spool"] -= twice.get(name, 0)
            doors[name] = _sum(here, doors.get(name))
        return _join(doors, await raw_books(engine))
    finally:
        if held:
            spool.inserting.release()


def _door(counters: Counters | DoorBooks) -> dict[str, int]:
    return {name: getattr(counters, name) for name in _DOOR}


def _sum(one: dict[str, int], other: dict[str, int] | None) -> dict[str, int]:
    return one if other is None else {name: one[name] + other[name] for name in _DOOR}


def _elsewhere(reports: Sequence[DoorBooks], moved: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return the doors of other spools: as they reported, and with what was stored since, which the lake knows."""
    doors: dict[str, dict[str, int]] = {}
    for report in reports:
        doors[report.source] = _sum(_door(report), doors.get(report.source))
    for name, events in moved.items():
        door = doors.setdefault(name, dict.fromkeys(_DOOR, 0))
        # What is more than waited at the time of the report came after it.
        arrived = max(0, events - door["in_spool"])
        door["in_spool"] -= events - arrived
        door["accepted"] += arrived
        door["received"] += arrived
    return doors


async def _hold(lock: asyncio.Lock) -> bool:
    """Take the loader's lock; go on without it when an insert hangs, since reading again may help then."""
    try:
        async with asyncio.timeout(_LOCK_SECONDS):
            return await lock.acquire()
    except TimeoutError:
        return False


def _join(doors: Mapping[str, Mapping[str, int]], lake: Mapping[str, Mapping[str, int]]) -> Balance:
    sources = {}
    for name in sorted({*doors, *lake}):
        door, raw = doors.get(name, {}), lake.get(name, {})
        sources[name] = SourceBooks(
            **{each: door.get(each, 0) for each in _DOOR}, **{each: raw.get(each, 0) for each in _LAKE}
        )
    return Balance(sources, datetime.now(UTC))


_DOOR = ("received", "accepted", "rejected", "duplicates", "in_spool", "refused", "damaged")
_LAKE = ("raw", "pending", "applied", "superseded", "ignored", "quarantined", "expired")
