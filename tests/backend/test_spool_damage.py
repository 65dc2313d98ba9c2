"""Spool files that were torn or rotted: what was acknowledged is kept, what is lost is counted, the rest loads."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from backend.microservices.ingest.spool import Spool
from backend.microservices.ingest.spool_errors import SpoolUnavailable, SpoolUnusable
from tests.backend.test_spool import draft, opened, post

pytestmark = pytest.mark.faults
PAGE = 4096
ROOTS = 12
"""The first pages hold the tables' roots: the state and the counters are no larger than that."""
SEED = time.time_ns()


def chance(number: int) -> random.Random:
    print(f"seed {SEED + number}")  # noqa: T201 - shown when the test fails
    return random.Random(SEED + number)  # noqa: S311


async def filled(path: Path, events: int, size: int = 3000) -> list[int]:
    """Make a spool that holds events, all of them in the file and none in its log."""
    seqs = []
    async with opened(path) as spool:
        for n in range(events):
            seqs += [ack.seq for ack in await spool.append(post(draft(str(n), b"%d:" % n + b"x" * (n * 37 % size))))]
    return seqs


async def load_all(spool: Spool) -> list[int]:
    """Take everything out of the spool as a loader does, past whatever turns out to be damaged on the way."""
    seqs: list[int] = []
    while True:
        try:
            batch = await spool.next_batch(50, 2**30)
            if batch is None:
                return seqs
            for row in batch.rows:
                assert row.body.startswith(row.source_id.encode() + b":"), "not the bytes that were posted"
            await spool.complete(batch)
            seqs += [row.seq for row in batch.rows]
        except (apsw.CorruptError, SpoolUnavailable):
            await asyncio.sleep(0)


def check(spool: Spool, kept: list[int], seqs: list[int]) -> int:
    """Check that what is lost is counted as such, and return how many events are."""
    assert len(set(seqs)) == len(seqs)
    assert set(seqs) <= set(kept)
    books = spool.books()["crm"]
    assert books.received == books.accepted + books.rejected
    assert books.accepted == books.loaded + books.damaged + books.duplicates + books.refused + books.in_spool
    assert books.damaged == len(kept) - len(seqs), "lost and not counted"
    return books.damaged


@pytest.mark.parametrize("number", range(8))
async def test_a_torn_log_loses_nothing_that_was_acknowledged(tmp_path: Path, number: int) -> None:
    """The file system may lose what was written and not yet fsynced: the log's end, in any state."""
    rng = chance(number)
    path = tmp_path / "events.sqlite"
    log = path.with_name(path.name + "-wal")
    copy = tmp_path / "after" / path.name
    copy.parent.mkdir()
    kept: list[int] = []
    async with opened(path) as spool:
        for n in range(rng.randint(1, 40)):
            kept += [
                ack.seq for ack in await spool.append(post(draft(str(n), b"%d:" % n + b"x" * rng.randint(0, 9000))))
            ]
        synced = log.stat().st_size
        shutil.copy(path, copy)
        whole = log.read_bytes()
    # What follows the last fsync: garbage of any length, as a power cut in the middle of a write leaves it.
    torn = whole[:synced] + rng.randbytes(rng.randint(0, 3 * PAGE))
    copy.with_name(copy.name + "-wal").write_bytes(torn)
    async with opened(copy) as spool:
        seqs = await load_all(spool)
        assert seqs == kept
        assert check(spool, kept, seqs) == 0


@pytest.mark.parametrize("number", range(12))
async def test_bit_rot_is_noticed_counted_and_the_rest_loads(tmp_path: Path, number: int) -> None:
    rng = chance(100 + number)
    path = tmp_path / "events.sqlite"
    kept = await filled(path, 120)
    data = bytearray(path.read_bytes())
    pages = range(len(data) // PAGE)
    # Not the pages of the state and the counters, of which no copy exists.
    struck = rng.sample([page for page in pages if page > ROOTS], 3)
    for page in struck:
        if rng.random() < 0.5:
            data[page * PAGE : (page + 1) * PAGE] = rng.randbytes(PAGE) if rng.random() < 0.5 else bytes(PAGE)
        else:
            data[page * PAGE + rng.randrange(PAGE)] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    async with opened(path) as spool:
        seqs = await load_all(spool)
        lost = check(spool, kept, seqs)
        assert lost <= 3 * 40, "one page hides no other"
        await spool.append(post(draft("after", b"after:")))
        assert len(await load_all(spool)) == 1
    async with opened(path) as spool:  # and it stays so
        books = spool.books()["crm"]
        assert (books.damaged, books.in_spool, books.accepted) == (lost, 0, len(kept) + 1)


async def test_damage_under_a_running_spool_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    kept = await filled(path, 120)
    async with opened(path) as spool:
        data = bytearray(path.read_bytes())
        frames = [page for page in range(ROOTS + 1, len(data) // PAGE) if data[page * PAGE] == 13]
        with path.open("r+b") as file:  # under SQLite's feet, past its cache
            for page in frames[2:4]:
                file.seek(page * PAGE)
                file.write(b"\xff" * PAGE)
        seqs = await load_all(spool)
        assert check(spool, kept, seqs) > 0
        assert spool.stats.damage
        assert list(path.parent.glob("*.damaged-*"))
        for _ in range(3):
            with suppress(SpoolUnavailable):
                await spool.append(post(draft("after", b"after:")))
        assert len(await load_all(spool)) == 1


async def test_a_spool_without_anything_readable_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    await filled(path, 30)
    data = path.read_bytes()
    path.write_bytes(data[:100] + random.Random(1).randbytes(len(data) - 100))  # noqa: S311
    before = path.read_bytes()
    with pytest.raises(SpoolUnusable, match=str(path)):
        await Spool(path).open()
    assert path.read_bytes() == before
