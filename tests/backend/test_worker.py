"""The worker: folds and publishes what arrives, one process at a time, through outages of whatever it needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from backend.context import Context
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.loader import Loader
from backend.microservices.ingest.prepare import Request, prepare
from backend.microservices.worker import loop as worker_module
from backend.microservices.worker.lease import Lease, LeaseLost
from backend.microservices.worker.loop import Worker, run_worker
from backend.stores.jobs import JobBoard
from backend.stores.redis import open_redis
from salescommand_lake.errors import LakeUnavailable, SchemaMismatch
from salescommand_lake.schema import ensure_schema
from tests.support.servers import free_port, redis_binary, running
from tests.support.waiting import until


def changed(context: Context, **changes: Any) -> Context:
    """Return the context with other parts; metrics can't be registered twice."""
    return replace(context, registry=CollectorRegistry(), **changes)


@asynccontextmanager
async def tasks(*work: Any) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Run work beside a test and stop it afterwards."""
    running_tasks = [asyncio.create_task(each) for each in work]
    try:
        yield running_tasks
    finally:
        for task in running_tasks:
            task.cancel()
        await asyncio.wait(running_tasks)


async def post(context: Context, *ids: int, stage: str = "Proposal") -> None:
    records = [{"id": each, "name": f"Deal {each}", "amount": "100.50", "stage": stage} for each in ids]
    body = json.dumps(records).encode()
    await context.spool.append(prepare(Request("crm", "deal", "generic", "", "", body), Limits()).submission)


async def deals(context: Context) -> int:
    [row] = await context.engine.query("SELECT count() AS deals FROM opportunities FINAL")
    return int(row["deals"])


async def state_of(context: Context, name: str = "worker") -> tuple[str, str]:
    found = {job.name: job for job in await context.jobs.all()}
    return (found[name].state, found[name].detail) if name in found else ("", "")


def has(context: Context, count: int) -> Callable[[], Any]:
    async def check() -> bool:
        try:
            return await deals(context) == count
        except (SchemaMismatch, LakeUnavailable):  # not made yet
            return False

    return check


async def test_from_the_door_to_the_numbers(context: Context) -> None:
    """The worker makes the schema, the loader waits for it, and what was posted before comes out published."""
    await post(context, 1, 2, 3)
    async with tasks(Loader(context).run(), run_worker(context)):
        await until(lambda: context.spool.depth == 0, what="loaded")
        await until(has(context, 3), what="folded")
        await post(context, 4)
        await until(has(context, 4), what="folded again")
        published = "SELECT count() AS rows FROM serving_views"

        async def shown() -> bool:
            return int((await context.engine.query(published))[0]["rows"]) > 0

        await until(shown, what="published")

        async def idle() -> bool:
            return (await state_of(context))[0] == "idle"

        await until(idle, what="idle")
    assert (await state_of(context))[0] == "stopped"


async def test_only_one_of_several_works(context: Context) -> None:
    await ensure_schema(context.engine)
    boards = [JobBoard(context.redis) for _ in range(2)]
    others = [changed(context, jobs=board) for board in boards]
    async with tasks(*(run_worker(each) for each in others)) as (first, second):

        async def one_waits() -> bool:
            found = [{job.name: job for job in await board.all()}.get("worker") for board in boards]
            return sorted(each.state for each in found if each is not None) == ["idle", "waiting"]

        await until(one_waits)
        states = [{job.name: job for job in await board.all()}["worker"].state for board in boards]
        leader, follower = (first, 1) if states[0] == "idle" else (second, 0)
        leader.cancel()
        await asyncio.wait([leader])

        async def takes_over() -> bool:
            return {job.name: job for job in await boards[follower].all()}["worker"].state == "idle"

        await until(takes_over, what="the other one takes over")


class Away:
    """A real engine that can be switched off."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.off = True

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        if not callable(found):
            return found

        async def call(*values: Any, **named: Any) -> Any:
            if self.off:
                raise LakeUnavailable("connection refused")
            return await found(*values, **named)

        return call


async def test_the_lake_away_and_back(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_FIRST_DELAY", 0.01)
    monkeypatch.setattr(worker_module, "_LONGEST_DELAY", 0.05)
    away = Away(context.engine)
    other = changed(context, engine=away)
    await post(context, 1, 2)
    async with tasks(Loader(other).run(), run_worker(other)):

        async def waits() -> bool:
            return (await state_of(other)) == ("waiting", "LakeUnavailable: connection refused")

        await until(waits)
        away.off = False
        await until(has(context, 2), what="folded once the lake is back")
        away.off = True
        await until(waits)
        await post(context, 3)
        away.off = False
        await until(has(context, 3), what="folded after a second outage")


async def test_redis_away_and_back(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_FIRST_DELAY", 0.01)
    monkeypatch.setattr(worker_module, "_LONGEST_DELAY", 0.1)
    binary = redis_binary()
    assert binary is not None
    port = free_port()
    redis = open_redis(f"redis://127.0.0.1:{port}/0")
    other = changed(context, redis=redis, jobs=JobBoard(redis))
    command = [binary, "--port", str(port), "--save", "", "--dir", str(tmp_path), "--logfile", ""]

    def answers() -> bool:
        import socket

        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await ensure_schema(context.engine)
    async with tasks(Loader(other).run(), Worker(other, lease_seconds=0.6).run()):

        async def state(wanted: str) -> bool:
            return (await state_of(other))[0] == wanted

        await until(lambda: state("waiting"), what="waits for Redis")
        await post(context, 1)
        with running(command, answers, tmp_path / "one.log"):
            await until(has(context, 1), what="works once Redis is there")
        await until(lambda: state("waiting"), what="stops working without Redis")
        await post(context, 2)
        with running(command, answers, tmp_path / "two.log"):
            await until(has(context, 2), what="works again")
    await redis.aclose()


async def test_the_lease(context: Context) -> None:
    one, two = (Lease(context.redis, "test", seconds=0.5) for _ in range(2))
    assert await one.acquire()
    assert not await two.acquire()
    await one.check()
    assert await one.run(lambda: asyncio.sleep(0.7, "kept alive")) == "kept alive"
    await one.release()
    assert await two.acquire()
    assert two.token > 0
    with pytest.raises(LeaseLost, match="another"):
        await one.check()
    await context.redis.flushdb()  # Redis lost everything
    with pytest.raises(LeaseLost):
        await two.check()
    held = two.token
    assert await one.acquire()
    assert one.token > held  # numbers grow all the same


async def test_a_step_ends_when_the_lease_is_lost(context: Context) -> None:
    lease = Lease(context.redis, "test", seconds=0.3)
    assert await lease.acquire()
    began, ended = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    running_step = asyncio.create_task(lease.run(step))
    await began.wait()
    await context.redis.delete("salescommand:lease:test")
    with pytest.raises(LeaseLost):
        await running_step
    assert ended.is_set()
    with pytest.raises(LeaseLost):  # the next one does not even begin
        await lease.run(lambda: pytest.fail("began without a lease"))
