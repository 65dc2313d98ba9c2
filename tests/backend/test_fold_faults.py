"""The fold under faults: two workers, a lake that goes away midway, a job run twice. A clean run gives the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from backend.background import run_jobs
from backend.context import Context
from backend.microservices.worker import loop as worker_module
from backend.microservices.worker.loop import Worker
from backend.services.balance import balance
from backend.settings import BackendSettings
from salescommand_lake import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.fold import fold_pending
from salescommand_lake.hashes import ZoneHashes, zone_hashes
from salescommand_lake.model import NOUNS
from salescommand_lake.noun_tables import derived_tables
from salescommand_lake.schema import ensure_schema
from salescommand_lake.settings import LakeSettings
from tests.backend.conftest import fresh_context
from tests.backend.flow import Flow
from tests.backend.test_jobs import ended, start
from tests.backend.test_worker import changed, state_of, tasks
from tests.support.faulty_front import FaultyServer
from tests.support.lake_events import store
from tests.support.sales_history import history, rows
from tests.support.waiting import until

pytestmark = pytest.mark.faults
BATCHES = 8


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """One batch a step, and no long pauses."""
    monkeypatch.setattr(worker_module, "fold_pending", partial(fold_pending, max_events=1))
    monkeypatch.setattr(worker_module, "_FIRST_DELAY", 0.01)
    monkeypatch.setattr(worker_module, "_LONGEST_DELAY", 0.1)


async def arrive(engine: Engine) -> None:
    """Store a history out of order, in batches."""
    events = rows(history(11, deals=16))
    for number in range(BATCHES):
        await store(engine, events[number::BATCHES], f"b{number}")


async def folded(engine: Engine) -> int:
    """Return how many batches are in the ledger."""
    return int((await engine.query("SELECT uniqExact(batch_id) AS n FROM folded_batches"))[0]["n"])


async def clean(engine: Engine) -> ZoneHashes:
    """Forget the records and the ledger, fold everything at once, and return what that gives."""
    tables = [table for noun in NOUNS.values() for table in derived_tables(noun)]
    tables += [noun.merged_table for noun in NOUNS.values() if noun.merged]
    for table in [*tables, "canonical_records", "folded_batches", "applied_mappings", "fold_progress", "quarantine"]:
        await engine.command(f"TRUNCATE TABLE {table} SYNC")
    while (await fold_pending(engine)).more:
        pass
    return await zone_hashes(engine, arrivals=True)


async def as_a_clean_run(context: Context) -> None:
    """Check the books, that no version is there twice, and the hashes of the records."""
    books = await balance(context)
    assert books.totals.pending == 0
    found = await zone_hashes(context.engine, arrivals=True)
    twice = "SELECT canonical_id, ord, received_at, content_hash, count() AS n FROM canonical_records\n"
    assert await context.engine.query(f"{twice}GROUP BY ALL HAVING n > 1") == []
    wanted = await clean(context.engine)
    assert (found.states, found.histories) == (wanted.states, wanted.histories)


async def test_two_workers_and_the_right_to_fold_is_lost_again_and_again(context: Context) -> None:
    await ensure_schema(context.engine)
    await arrive(context.engine)
    others = [changed(context), changed(context)]
    async with tasks(*(Worker(each, lease_seconds=0.5).run() for each in others)):
        for number in range(BATCHES + 1):

            async def further(number: int = number) -> bool:
                return await folded(context.engine) >= min(number + 1, BATCHES)

            await until(further, seconds=60, what=f"batch {number}")
            await context.redis.delete("salescommand:lease:fold")
    await as_a_clean_run(context)


@pytest.fixture
def server(lake_home: Path, front: object) -> Iterator[FaultyServer]:
    del front  # keeps the folder open
    server = FaultyServer(str(LakeSettings(data_dir=lake_home).embedded_path))
    server.start()
    yield server
    server.close()


@pytest.fixture
async def served(server: FaultyServer, settings: BackendSettings) -> AsyncIterator[Context]:
    """A context whose lake is behind HTTP."""
    url = f"http://127.0.0.1:{server.port}"
    async with fresh_context(settings.model_copy(update={"clickhouse_url": url})) as opened:
        await ensure_schema(opened.engine)
        yield opened


async def test_the_lake_restarts_in_the_middle_of_a_fold(served: Context, server: FaultyServer) -> None:
    await arrive(served.engine)
    async with tasks(Worker(served).run()):
        for wanted in (1, BATCHES // 2):

            async def further(wanted: int = wanted) -> bool:
                try:
                    return await folded(served.engine) >= wanted
                except LakeError:
                    return False

            await until(further, seconds=60, what=f"{wanted} batches are folded")
            await asyncio.to_thread(server.stop)

            async def waits() -> bool:
                return (await state_of(served))[0] == "waiting"

            await until(waits, seconds=60, what="the worker waits for the lake")
            await asyncio.to_thread(server.start)

        async def done() -> bool:
            return await folded(served.engine) == BATCHES

        await until(done, seconds=60, what="everything is folded")
    await as_a_clean_run(served)


async def test_a_job_that_runs_twice(flow: Flow) -> None:
    """The queue gives one rebuild to two runs: the later leaves it to the first, which is at it."""
    engine = flow.context.engine
    await arrive(engine)
    while (await fold_pending(engine)).more:
        pass
    before = await zone_hashes(engine, arrivals=True)
    job = await start(flow, entities=["opportunity"])
    await flow.context.queue.enqueue("work", key="again", job_id=job["id"], timeout=0, retries=3, retry_delay=0.1)
    async with tasks(run_jobs(flow.context)):
        found = await ended(flow, job)
    assert (found["state"], found["attempts"]) == ("done", 1), found
    after = await zone_hashes(engine, arrivals=True)
    assert (after.states, after.histories) == (before.states, before.histories)
    await as_a_clean_run(flow.context)
