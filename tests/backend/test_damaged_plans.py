"""A block whose answer was lost, and of which the spool lost some before it came again: never twice in the lake."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from backend.context import Context
from backend.microservices.ingest import loader_doubt
from backend.microservices.ingest.loader_ahead import block_of
from backend.microservices.ingest.spool_errors import PlanDamaged
from backend.services.balance import balance
from salescommand_lake.raw import insert_raw
from tests.backend.test_loader import append, emptied, loading
from tests.backend.test_loader import quick as quick  # noqa: PLC0414 - a fixture
from tests.backend.test_loader import troubled as troubled  # noqa: PLC0414 - a fixture
from tests.backend.test_spool import draft, opened, post

pytestmark = pytest.mark.faults
EVENTS, LOST = 50, 10


async def planned(context: Context, *, stored: bool) -> None:
    """Plan one insert of five groups, let the lake have it or not, and damage the third group."""
    for first in range(0, EVENTS, LOST):
        await append(context, *range(first, first + LOST))
    batch = await context.spool.next_batch(1000, 2**30)
    assert batch is not None
    assert len(batch.rows) == EVENTS
    if stored:
        await insert_raw(context.engine, block_of(batch.rows, batch.entry.batch_id), batch.entry.batch_id)
    with_frames(context.spool.path, "UPDATE frames SET checksum = checksum + 1 WHERE first_seq = ?", 2)


def with_frames(path: Path, statement: str, place: int) -> None:
    """Run a statement on the frame at this place."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(5000)
    found = connection.execute("SELECT first_seq FROM frames ORDER BY first_seq LIMIT 1 OFFSET ?", (place,)).fetchall()
    connection.execute(statement, found[0])
    connection.close()


@pytest.mark.parametrize("stored", [True, False])
async def test_the_lake_is_asked_before_what_is_left_goes_in(
    troubled: Context, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    monkeypatch.setattr(loader_doubt, "_UNDER_WAY_SECONDS", 0.2)
    await planned(troubled, stored=stored)
    async with loading(troubled):
        await emptied(troubled)
        assert stored or "PlanDamaged" in troubled.spool.loading.retries, "it may still be on its way: wait"
    rows = await troubled.engine.query("SELECT count() AS events, uniqExact(seq) AS different FROM raw_events")
    kept = EVENTS if stored else EVENTS - LOST
    assert rows == [{"events": str(kept), "different": str(kept)}]
    found = await balance(troubled)
    assert found.balanced, [each.missing for each in found.sources.values()]
    assert (found.totals.raw, found.totals.damaged, found.totals.in_spool) == (kept, EVENTS - kept, 0)


async def test_what_was_counted_as_lost_is_loaded_when_the_lake_has_it(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    async with opened(path) as spool:
        for number in range(5):
            await spool.append(post(draft(str(number), b"{}")))
        assert await spool.next_batch(1000, 2**30) is not None
    with_frames(path, "DELETE FROM frames WHERE first_seq = ?", 2)  # as saving a damaged file leaves it
    async with opened(path) as spool:
        assert (spool.books()["crm"].damaged, spool.depth) == (1, 4)
        with pytest.raises(PlanDamaged) as told:
            await spool.next_batch(1000, 2**30)
        await spool.settle_damaged(told.value.entry, stored=True)
        assert await spool.next_batch(1000, 2**30) is None
    async with opened(path) as spool:
        books = spool.books()["crm"]
        assert (books.accepted, books.loaded, books.damaged, books.in_spool) == (5, 5, 0, 0)
