"""A disk that is full, as a small real file system: posts get 503, nothing is lost, and service resumes by itself."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.microservices.ingest.spool import Spool
from backend.microservices.ingest.spool_errors import SpoolUnavailable
from tests.backend.test_spool import draft, opened, post
from tests.backend.test_spool_damage import load_all
from tests.support.waiting import until

pytestmark = pytest.mark.faults


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of four megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no right to mount a small file system (tmpfs)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def posted(spool: Spool, kept: list[int]) -> bool:
    """Post as a client does that was turned away before."""
    try:
        kept += [
            ack.seq for ack in await spool.append(post(draft(f"again-{len(kept)}", f"again-{len(kept)}:".encode())))
        ]
    except SpoolUnavailable:
        return False
    return True


def fill_up(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


async def fill(spool: Spool, kept: list[int], start: int) -> None:
    """Post until the disk takes no more."""
    for n in range(start, start + 10_000):
        kept += [ack.seq for ack in await spool.append(post(draft(str(n), b"%d:" % n + b"x" * 20_000)))]


async def test_a_full_disk_loses_nothing_and_service_resumes(small_disk: Path) -> None:
    kept: list[int] = []
    loaded: list[int] = []
    async with opened(small_disk / "spool" / "events.sqlite") as spool:
        for start in (0, 10_000):
            with pytest.raises(SpoolUnavailable) as refused:
                await fill(spool, kept, start)
            assert refused.value.retry_after > 0
            # The loader takes what is there: for that there is room, and then there is room for posts.
            loaded += await load_all(spool)
            await until(lambda: posted(spool, kept), what="posts are taken again")
            assert not spool.disk_is_full
        kept += [ack.seq for ack in await spool.append(post(draft("after", b"after:")))]
    async with opened(small_disk / "spool" / "events.sqlite") as spool:
        loaded += await load_all(spool)
        books = spool.books()["crm"]
        assert (books.accepted, books.loaded, books.damaged) == (len(kept), len(kept), 0)
    assert loaded == kept


async def test_a_disk_that_others_fill_is_waited_for(small_disk: Path) -> None:
    """Not a byte is left, not even for the loader's notes, until somebody makes room."""
    kept: list[int] = []
    path = small_disk / "spool" / "events.sqlite"
    async with opened(path) as spool:
        kept += [ack.seq for ack in await spool.append(post(draft("1", b"1:")))]
        ballast = small_disk / "ballast"
        with pytest.raises(OSError, match="No space left"):
            fill_up(ballast)
        refusals = 0
        while refusals < 5:
            try:
                kept += [ack.seq for ack in await spool.append(post(draft(f"r{refusals}", b"r:" + b"x" * 9000)))]
            except SpoolUnavailable:
                refusals += 1
        ballast.unlink()
        for n in range(3):
            kept += [ack.seq for ack in await spool.append(post(draft(str(n + 2), b"%d:" % (n + 2))))]
        await asyncio.sleep(0)
    async with opened(path) as spool:
        batch = await spool.next_batch(1000, 2**30)
        assert batch is not None
        assert [row.seq for row in batch.rows] == kept
