"""The books and the health of ingest, over the API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from backend.auth.principal import CONTROL
from backend.context import Context
from backend.main import create_app
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.loader import Loader
from backend.microservices.ingest.loader_ahead import block_of
from backend.microservices.ingest.metrics import IngestMetrics
from backend.microservices.ingest.prepare import Request, prepare
from backend.microservices.ingest.spool import Spool
from backend.services.balance import SourceBooks, balance
from salescommand_lake.errors import LakeUnavailable
from salescommand_lake.fold import fold_pending
from salescommand_lake.raw import insert_raw
from salescommand_lake.schema import ensure_schema
from tests.backend.conftest import client_of
from tests.support.waiting import until


@pytest.fixture
async def laked(context: Context) -> Context:
    await ensure_schema(context.engine)
    return context


async def post(context: Context, *records: Any, source: str = "crm", word: str = "deal") -> None:
    body = json.dumps(list(records)).encode()
    await context.spool.append(prepare(Request(source, word, "generic", "", "", body), Limits()).submission)


async def load(context: Context) -> None:
    loading = asyncio.create_task(Loader(context).run())
    await until(lambda: context.spool.depth == 0, what="loaded")
    loading.cancel()
    await asyncio.wait([loading])


async def test_the_books_balance_at_every_stage(laked: Context) -> None:
    found = await balance(laked)
    assert (found.sources, found.balanced) == ({}, True)
    await post(laked, {"id": 1, "amount": "1"}, {"id": 1, "amount": "1"}, {"id": 2, "amount": "x"}, 7)
    await post(laked, {"id": 3}, source="erp", word="ticket")
    found = await balance(laked)
    assert found.balanced
    assert found.sources["crm"] == SourceBooks(received=4, accepted=3, rejected=1, duplicates=1, in_spool=2)
    await load(laked)
    found = await balance(laked)
    assert found.balanced
    assert (found.sources["crm"].in_spool, found.sources["crm"].raw, found.sources["crm"].pending) == (0, 2, 2)
    await fold_pending(laked.engine)
    await post(laked, {"id": 9})
    found = await balance(laked)
    assert found.balanced, [each.missing for each in found.sources.values()]
    crm, erp = found.sources["crm"], found.sources["erp"]
    assert (crm.raw, crm.pending, crm.applied, crm.in_spool) == (2, 0, 2, 1)
    assert (erp.raw, erp.ignored) == (1, 1)
    assert found.totals.received == crm.received + erp.received == 6


async def test_the_books_balance_while_everything_moves(laked: Context) -> None:
    async def posting() -> None:
        for n in range(60):
            await post(laked, *({"id": f"{n}-{k}", "amount": "5"} for k in range(20)))

    async def folding() -> None:
        while True:
            await fold_pending(laked.engine)

    loading, folds = asyncio.create_task(Loader(laked).run()), asyncio.create_task(folding())
    posts = asyncio.create_task(posting())
    reads = 0
    while not posts.done() or reads < 3:
        found = await balance(laked)
        assert found.balanced, [each.missing for each in found.sources.values()]
        reads += 1
    await until(lambda: laked.spool.depth == 0)
    for task in (loading, folds):
        task.cancel()
    await asyncio.wait([loading, folds])
    while (await fold_pending(laked.engine)).more:
        pass
    found = await balance(laked)
    assert found.balanced
    assert found.sources["crm"].applied == 1200


async def test_an_insert_whose_answer_was_lost_is_counted_once(laked: Context) -> None:
    """The lake has the block, the spool plans it still."""
    await post(laked, {"id": 1}, {"id": 2})
    batch = await laked.spool.next_batch(100, 2**20)
    assert batch is not None
    await insert_raw(laked.engine, block_of(batch.rows, batch.entry.batch_id), batch.entry.batch_id)
    found = await balance(laked)
    assert found.balanced
    assert (found.sources["crm"].in_spool, found.sources["crm"].raw) == (0, 2)


def test_what_is_missing_is_named() -> None:
    assert SourceBooks(received=2, accepted=2, raw=1, applied=1).missing == {"accepted": 1}
    assert SourceBooks(received=2, accepted=1, raw=2, pending=1).missing == {"received": 1, "accepted": -1, "raw": 1}


@pytest.fixture
async def reader(laked: Context) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(laked, principal=CONTROL)) as client:
        yield client


async def test_the_balance_route(laked: Context, reader: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    await post(laked, {"id": 1})
    answer = await reader.get("/api/microservices/balance")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["balanced"] is True
    assert body["as_of"]
    expected = {
        "received": 1,
        "accepted": 1,
        "rejected": 0,
        "duplicates": 0,
        "in_spool": 1,
        "raw": 0,
        "refused": 0,
        "damaged": 0,
        "pending": 0,
        "applied": 0,
        "superseded": 0,
        "ignored": 0,
        "quarantined": 0,
        "expired": 0,
        "missing": {},
    }
    assert body["sources"] == {"crm": expected}
    assert body["totals"] == expected
    assert (await client.get("/api/microservices/balance")).status_code == 401


async def test_health_is_open_and_tells_the_depth(laked: Context, client: httpx.AsyncClient) -> None:
    await post(laked, {"id": 1}, {"id": 2})
    answer = await client.get("/api/microservices/health")
    assert answer.status_code == 200
    services = answer.json()["services"]
    assert services["data_lake"]["clickhouse"] == "connected"
    ingest = services["ingest"]
    assert (ingest["status"], ingest["spool_events"]) == ("accepting", 2)
    assert ingest["oldest_seconds"] >= 0
    assert ingest["loader"]["state"] == "stopped"


class Hanging:
    """An engine whose server accepts connections and says nothing, or is gone."""

    name = "http"

    def __init__(self, *, hang: bool) -> None:
        self._hang = hang

    async def ping(self) -> None:
        if self._hang:
            await asyncio.Event().wait()
        raise LakeUnavailable("connection refused")


@pytest.mark.parametrize(("hang", "words"), [(True, "no answer within"), (False, "connection refused")])
async def test_health_tells_the_truth_when_the_lake_is_away(context: Context, hang: bool, words: str) -> None:
    engine: Any = Hanging(hang=hang)
    away = replace(context, registry=CollectorRegistry(), engine=engine)
    async with client_of(create_app(away)) as client:
        answer = await asyncio.wait_for(client.get("/api/microservices/health"), 4)
    assert answer.status_code == 200
    lake = answer.json()["services"]["data_lake"]
    assert lake["clickhouse"] == "unavailable"
    assert words in lake["error"]


async def test_metrics_name_known_sources_only(laked: Context) -> None:
    await post(laked, {"id": 1}, {"id": 1}, "bad")
    registry = CollectorRegistry()
    registry.register(IngestMetrics(laked.spool))
    text = generate_latest(registry).decode()
    for line in (
        'salescommand_ingest_records_total{outcome="accepted",source="crm"} 2.0',
        'salescommand_ingest_records_total{outcome="duplicates",source="crm"} 1.0',
        'salescommand_ingest_records_total{outcome="rejected",source="crm"} 1.0',
        'salescommand_spool_events{source="crm"} 1.0',
        "salescommand_loader_alarm 0.0",
        "salescommand_loader_breaker_open 0.0",
        'salescommand_refused_events{source="crm"} 0.0',
        "salescommand_spool_commit_duration_seconds_count ",
        "salescommand_loader_insert_duration_seconds_count 0.0",
    ):
        assert line in text


@asynccontextmanager
async def another(context: Context, instance: int) -> AsyncIterator[Context]:
    """Another instance on the same lake, with a spool of its own."""
    async with opened_spool(context.settings.data_dir / "spool" / f"events-{instance}.sqlite", instance) as spool:
        yield replace(context, registry=CollectorRegistry(), local_spool=spool)


@asynccontextmanager
async def opened_spool(path: Path, instance: int) -> AsyncIterator[Spool]:
    spool = Spool(path, instance=instance)
    await spool.open()
    yield spool
    await spool.close()


async def test_the_books_of_all_instances_add_up(laked: Context) -> None:
    """Each instance sees the others' books, those of one that is gone, and what moved since they last told."""
    await post(laked, {"id": 1}, {"id": 2})
    async with another(laked, 1) as second:
        await post(second, {"id": 3}, {"id": 3}, "bad")
        await load(second)
        await post(second, {"id": 4})
        await post(second, {"id": 5}, source="erp")
        found = await balance(laked)
        assert found.balanced, [each.missing for each in found.sources.values()]
        # What the second took since its last report is not known here yet.
        assert found.sources["crm"] == SourceBooks(
            received=5, accepted=4, rejected=1, duplicates=1, in_spool=2, raw=1, pending=1
        )
        await load(laked)
        found = await balance(second)
        assert found.balanced, [each.missing for each in found.sources.values()]
        assert found.sources["crm"] == SourceBooks(
            received=6, accepted=5, rejected=1, duplicates=1, in_spool=1, raw=3, pending=3
        )
        assert found.sources["erp"].in_spool == 1
        # It loads, and is lost before it could report: the lake knows what came.
        batch = await second.spool.next_batch(100, 2**20)
        assert batch is not None
        await insert_raw(second.engine, block_of(batch.rows, "lost"), "lost")
    for looking in (laked, replace(laked, registry=CollectorRegistry(), local_spool=None)):
        found = await balance(looking)
        assert found.balanced, [each.missing for each in found.sources.values()]
        assert (found.totals.received, found.totals.accepted, found.totals.raw, found.totals.in_spool) == (7, 6, 5, 0)


async def test_events_that_the_lake_lost_are_missing_in_the_books(laked: Context) -> None:
    async with another(laked, 1) as second:
        await post(second, {"id": 1}, {"id": 2})
        await load(second)
    await laked.engine.command("TRUNCATE TABLE raw_batches")
    found = await balance(laked)
    assert found.sources["crm"].missing == {"accepted": 2}
