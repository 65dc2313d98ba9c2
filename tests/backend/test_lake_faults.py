"""A ClickHouse that fails in every way it has, over the real driver: everything arrives once, and the books balance."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from backend.context import Context
from backend.microservices.ingest import loader as loader_module
from backend.microservices.ingest.records import Ack
from backend.microservices.ingest.spool import Spool
from backend.services.balance import balance
from backend.settings import BackendSettings
from salescommand_lake.schema import ensure_schema
from salescommand_lake.settings import LakeSettings
from tests.backend.conftest import fresh_context
from tests.backend.test_loader import append, emptied, loading
from tests.backend.test_loader import quick as quick  # noqa: PLC0414 - a fixture
from tests.support.cutting_proxy import CuttingProxy
from tests.support.faulty_front import FaultyFront, FaultyServer
from tests.support.waiting import until

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def server(lake_home: Path, front: object) -> Iterator[FaultyServer]:
    del front  # keeps the folder open
    server = FaultyServer(str(LakeSettings(data_dir=lake_home).embedded_path))
    server.start()
    yield server
    server.close()


@pytest.fixture
async def proxy(server: FaultyServer) -> AsyncIterator[CuttingProxy]:
    """What can hang up between the lake and us."""
    async with CuttingProxy(server.port, b"insert_deduplication_token") as proxy:
        yield proxy


@pytest.fixture
async def away(
    make_settings: Callable[[], BackendSettings], server: FaultyServer, proxy: CuttingProxy
) -> AsyncIterator[Context]:
    """A context whose lake is the faulty one."""
    server.front.script.clear()
    server.front.poison = None
    settings = make_settings().model_copy(
        update={"clickhouse_url": f"http://127.0.0.1:{proxy.port}", "loader_max_rows": 30}
    )
    async with fresh_context(settings) as context:
        await ensure_schema(context.engine)
        yield context


async def check(context: Context, acks: list[Ack], *, refused: int = 0) -> None:
    rows = await context.engine.query("SELECT seq FROM raw_events")
    stored = Counter(int(row["seq"]) for row in rows)
    assert len(stored) == len(acks) - refused
    assert stored.keys() <= {ack.seq for ack in acks}
    assert max(stored.values()) == 1, "stored twice"
    found = await balance(context)
    assert found.balanced, [each.missing for each in found.sources.values()]
    assert (found.totals.refused, found.totals.in_spool) == (refused, 0)


SCRIPTS = {
    "too many parts": [252, 202, 252],
    "memory": [241, 241, 241],
    "read-only, then unknown": [242, 319, 319],
    "wrong password": [516, 516],
    "no such column": [16],
    "timeouts": [159, 209],
    "keeper": [999],
    "disk full there": [243],
    "a proxy": ["503", "503"],
    "hangs up after the insert": [],
    "memory after a lost answer": ["", 241, 241],
    "data error after a lost answer": ["", 117],
    "never answers": ["stall"],
    "a number nobody knows": [9999, 9999],
}


CUTS = {"hangs up after the insert": 5, "memory after a lost answer": 1, "data error after a lost answer": 1}
"""How many answers to inserts are lost on their way."""


@pytest.mark.parametrize("name", SCRIPTS)
async def test_everything_arrives_once(
    away: Context, server: FaultyServer, proxy: CuttingProxy, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    front: FaultyFront = server.front
    front.script.extend(SCRIPTS[name])
    cuts = proxy.cuts = CUTS.get(name, 0)
    if name == "never answers":
        monkeypatch.setattr(loader_module, "INSERT_SECONDS", 0.5)
    acks = await append(away, *range(50))
    async with loading(away):
        await until(lambda: len(front.script) < len(SCRIPTS[name]) or proxy.swallowed > 0, what="the first fault")
        acks += await append(away, *range(50, 90))
        await emptied(away)
        assert away.spool.loading.breaker == "closed"
    assert away.spool.loading.retries
    assert (len(front.script), proxy.swallowed) == (0, cuts)
    await check(away, acks)


async def test_a_try_that_is_at_work_still_when_the_next_one_lacks_memory(
    away: Context, server: FaultyServer, proxy: CuttingProxy
) -> None:
    """Halves must not go in while the whole may: the loader has to know of every hang-up, the driver's included."""
    front: FaultyFront = server.front
    front.script.extend(["hold", 241])
    acks = await append(away, *range(30))
    async with loading(away):
        await until(front.held.is_set, what="an insert is at work")
        proxy.hang_up()
        await emptied(away)
        front.release.set()
        await until(front.released.is_set, what="the first try ended")
    await check(away, acks)
    assert away.spool.loading.retries == {"LakeUnavailable": 1, "OutOfMemory": 1}


@pytest.mark.parametrize("code", [117, 27, 53, 6, 9999])
async def test_a_poisoned_event_is_set_apart(away: Context, server: FaultyServer, code: int) -> None:
    server.front.poison = (b'"name": "n33"', code)
    acks = await append(away, *range(60))
    async with loading(away):
        await emptied(away)
    await check(away, acks, refused=1)
    [(row, reason, number, _)] = await away.spool.refused_events()
    assert (row.source_id, number) == ("33", code)
    assert f"scripted failure {code}" in reason


async def test_a_lake_that_comes_and_goes(away: Context, server: FaultyServer) -> None:
    acks: list[Ack] = []
    async with loading(away):
        for round_ in range(3):
            acks += await append(away, *range(100 * round_, 100 * round_ + 40))
            await asyncio.to_thread(server.stop)
            acks += await append(away, *range(100 * round_ + 40, 100 * round_ + 80))
            await until(lambda: away.spool.loading.state == "waiting")
            await asyncio.to_thread(server.start)
        await emptied(away)
    await check(away, acks)


async def test_a_clock_that_steps(away: Context) -> None:
    """Back an hour, ahead over the end of the month, and back again, while events come and are loaded."""
    clock = [datetime(2026, 8, 31, 23, 30, tzinfo=UTC)]
    spool = Spool(away.settings.data_dir / "spool" / "events-9.sqlite", instance=9, now=lambda: clock[0])
    await spool.open()
    stepping = replace(away, registry=CollectorRegistry(), local_spool=spool)
    acks: list[Ack] = []
    async with loading(stepping):
        for round_, step in enumerate((0, -3600, 7200, -86_400, 40 * 86_400, -3600)):
            clock[0] += timedelta(seconds=step)
            acks += await append(stepping, *range(100 * round_, 100 * round_ + 35))
            if round_ % 2:
                await emptied(stepping)
        await emptied(stepping)
    seqs = [ack.seq for ack in acks]
    assert seqs == sorted(set(seqs))
    await check(stepping, acks)
    await spool.close()
