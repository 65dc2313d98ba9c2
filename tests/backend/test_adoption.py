"""Spools that were left behind: adopted, loaded with their own tokens, kept in the books, and then gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from backend.context import Context
from backend.microservices.ingest import adoption as adoption_module
from backend.microservices.ingest import reporting
from backend.microservices.ingest.adoption import Adoption, spool_files, spool_path
from backend.microservices.ingest.health import ingest_health
from backend.microservices.ingest.loader_ahead import block_of
from backend.microservices.ingest.records import Ack
from backend.microservices.ingest.spool import Spool
from backend.services.balance import SourceBooks, balance
from backend.services.refused import RefusedService
from salescommand_lake.raw import insert_raw
from salescommand_lake.schema import ensure_schema
from tests.backend.test_loader import append, check_exactly_once, loading
from tests.backend.test_loader import quick as quick  # noqa: PLC0414 - a fixture
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption_module, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(adoption_module, "_DRAINING_SECONDS", 0.01)
    monkeypatch.setattr(reporting, "_EVERY_SECONDS", 0.01)


@pytest.fixture
async def laked(context: Context) -> Context:
    await ensure_schema(context.engine)
    return context


@asynccontextmanager
async def instance(context: Context, number: int) -> AsyncIterator[Context]:
    """Another instance that used this data folder before."""
    spool = Spool(spool_path(context.settings.data_dir, number), instance=number)
    await spool.open()
    yield replace(context, registry=CollectorRegistry(), local_spool=spool)
    await spool.close()


@asynccontextmanager
async def adopting(context: Context) -> AsyncIterator[None]:
    task = asyncio.create_task(Adoption(context).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def gone(context: Context, *numbers: int) -> Callable[[], bool]:
    return lambda: not set(numbers) & spool_files(context.settings.data_dir).keys()


async def check_books(context: Context) -> SourceBooks:
    found = await balance(context)
    assert found.balanced, [each.missing for each in found.sources.values()]
    return found.totals


async def test_what_was_left_behind_is_loaded_once_and_stays_in_the_books(laked: Context) -> None:
    acks: list[Ack] = []
    async with instance(laked, 3) as third:
        async with loading(third):
            acks += await append(third, *range(10))
            await until(lambda: third.spool.depth == 0)
        acks += await append(third, *range(10, 15))
        await append(third, 14)  # a repeat
        # It dies when the lake has a block and the spool does not know it yet.
        batch = await third.spool.next_batch(3, 2**20)
        assert batch is not None
        name = batch.entry.batch_id
        await insert_raw(third.engine, block_of(batch.rows, name), name)
    acks += await append(laked, 100, 101)
    async with loading(laked), adopting(laked):
        await until(gone(laked, 3), what="the spool of instance 3 is gone")
        await until(lambda: laked.spool.depth == 0)
    await check_exactly_once(laked, acks)
    totals = await check_books(laked)
    assert (totals.received, totals.accepted, totals.duplicates, totals.raw) == (18, 18, 1, 17)


async def test_one_that_lives_is_left_alone(laked: Context) -> None:
    async with instance(laked, 1) as living:
        await append(living, 1)
        adoption = Adoption(laked)
        for _ in range(3):
            await adoption.look()
            assert laked.adopted == {}
        assert living.spool.depth == 1


async def test_refused_events_of_a_lost_instance_can_be_seen_and_tried_again(laked: Context) -> None:
    async with instance(laked, 2) as second:
        acks = await append(second, 1)
        batch = await second.spool.next_batch(1, 2**20)
        assert batch is not None
        await second.spool.refuse(batch, "the engine's words", 117)
    async with adopting(laked):
        await until(lambda: 2 in laked.adopted)
        service = RefusedService(laked)
        assert [event.reason for event in await service.page()] == ["the engine's words"]
        assert ingest_health(laked.spool, laked.adopted)["left_behind"] == {"2": 0}
        assert await service.retry(event_ids=None, source="") == 1
        await until(gone(laked, 2))
    await check_exactly_once(laked, acks)
    assert (await check_books(laked)).raw == 1


def foreign(path: Path) -> None:
    path.write_bytes(b"not a database " * 1000)


async def test_one_that_cannot_be_read_is_said_and_left(laked: Context) -> None:
    path = spool_path(laked.settings.data_dir, 7)
    foreign(path)
    before = path.read_bytes()

    async def told() -> bool:
        jobs: list[Any] = laked.jobs.mine()
        return any(job.name == "adoption" and job.state == "failed" and str(path) in job.detail for job in jobs)

    async with adopting(laked):
        await until(told)
    assert path.read_bytes() == before
