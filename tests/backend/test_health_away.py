"""Health when everything is away or broken: always an answer, and the truth."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.context import open_context
from backend.main import create_app
from backend.microservices.ingest.adoption import spool_path
from backend.microservices.ingest.loader import Loader
from backend.settings import BackendSettings
from tests.backend.conftest import client_of
from tests.backend.test_loader import append
from tests.backend.test_loader import quick as quick  # noqa: PLC0414 - a fixture
from tests.support.waiting import until

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def cut_off(tmp_path: Path) -> BackendSettings:
    """Settings of a backend none of whose stores is there."""
    return BackendSettings.load(
        mongo_url=f"mongodb://{NOWHERE}/?serverSelectionTimeoutMS=200",
        redis_url=f"redis://{NOWHERE}/0",
        clickhouse_url=f"http://{NOWHERE}",
        data_dir=tmp_path,
    )


async def health(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await asyncio.wait_for(client.get("/api/microservices/health"), 5)
    assert answer.status_code == 200
    services: dict[str, Any] = answer.json()["services"]
    return services


async def test_with_every_store_away(cut_off: BackendSettings) -> None:
    async with open_context(cut_off) as context, client_of(create_app(context)) as client:
        await append(context, 1, 2)
        loading = asyncio.create_task(Loader(context).run())
        await until(lambda: context.spool.loading.breaker == "open")
        services = await health(client)
        loading.cancel()
        await asyncio.wait([loading])
    assert services["data_lake"]["clickhouse"] == "unavailable"
    ingest = services["ingest"]
    assert (ingest["status"], ingest["spool_events"]) == ("accepting", 2)
    assert ingest["oldest_seconds"] >= 0
    loader = ingest["loader"]
    # Between tries it waits; a try that is on its way just then is told as running.
    assert loader["state"] in {"waiting", "running"}
    assert loader["breaker"] == "open"
    assert "can't be reached" in loader["last_error"]


async def test_with_a_spool_that_rots_under_it(cut_off: BackendSettings) -> None:
    path = spool_path(cut_off.data_dir, 0)
    async with open_context(cut_off) as context:
        for n in range(40):
            await append(context, n, bodies=[b'{"id":%d,"x":"%s"}' % (n, b"x" * 3000)])
    async with open_context(cut_off) as context, client_of(create_app(context)) as client:
        data = path.read_bytes()
        with path.open("r+b") as file:
            for page in range(20, len(data) // 4096, 3):
                file.seek(page * 4096)
                file.write(b"\xff" * 4096)
        loading = asyncio.create_task(Loader(context).run())
        await until(lambda: context.spool.stats.damage is not None, what="the damage is noticed")
        ingest = (await health(client))["ingest"]
        loading.cancel()
        await asyncio.wait([loading])
    assert "what could be read was saved" in ingest["spool_damage"]
    assert ingest["damaged_events"] > 0
    assert ingest["status"] == "accepting"
