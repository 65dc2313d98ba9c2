"""The block after the one on its way: read before its turn, and never taken for another."""

from __future__ import annotations

from pathlib import Path

from tests.backend.test_spool import draft, opened, post


async def test_a_batch_that_is_read_ahead_is_the_one_that_comes_next(tmp_path: Path) -> None:
    async with opened(tmp_path / "spool.db") as spool:
        for n in range(4):
            await spool.append(post(*(draft(f"{n}-{k}") for k in range(10))))
        one = await spool.next_batch(10, 2**30)
        assert one is not None
        ahead = await spool.look_ahead(one, 20, 2**30)
        assert ahead is not None
        assert len(ahead.rows) == 20
        assert await spool.planned() == [one.entry]  # nothing of it is written down
        assert await spool.next_batch(10, 2**30) == one  # a block that did not go well comes again
        await spool.complete(one)
        two = await spool.next_batch(10, 2**30)  # smaller blocks are asked for by now
        assert two is not None
        assert two.rows == ahead.rows[:10]
        assert await spool.look_ahead(two, 20, 2**30) is not None
        await spool.complete(two)
        await spool.append(post(draft("later")))
        three = await spool.next_batch(20, 2**30)
        assert three is not None
        assert three.rows[:10] == ahead.rows[10:]
        await spool.complete(three)
        assert (await spool.next_batch(20, 2**30) is None) == (spool.depth == 0)
        while (rest := await spool.next_batch(20, 2**30)) is not None:
            await spool.complete(rest)
        books = spool.books()["crm"]
        assert (books.loaded, books.in_spool, spool.depth) == (41, 0, 0)
