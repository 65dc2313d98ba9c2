"""Posts that wait for the lake: they are told the truth, also when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from backend.context import Context
from backend.microservices.ingest import front as front_module
from backend.microservices.ingest.loader import Loader
from salescommand_lake.schema import ensure_schema


@pytest.fixture
async def key(context: Context, control: httpx.AsyncClient) -> str:
    await ensure_schema(context.engine)
    return str((await control.post("/api/sources/crm/keys", json={"kind": "generic"})).json()["key"])


@pytest.fixture
async def loading(context: Context, key: str) -> AsyncIterator[None]:
    del key
    task = asyncio.create_task(Loader(context).run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def post(client: httpx.AsyncClient, key: str, number: int, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
    answer = await client.post("/api/microservices/ingest/crm/deal", json={"id": number}, headers=headers, **more)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.usefixtures("loading")
@pytest.mark.parametrize("how", [{"params": {"wait": "stored"}}, {"headers": {"Prefer": "respond-async, wait=stored"}}])
async def test_it_waits_for_the_lake(context: Context, control: httpx.AsyncClient, key: str, how: Any) -> None:
    answer = await post(control, key, 1, **how)
    assert answer.json()["stored"] is True
    assert answer.headers["preference-applied"] == "wait=stored"
    assert await context.engine.query("SELECT source_id FROM raw_events") == [{"source_id": "1"}]
    assert "stored" not in (await post(control, key, 2)).json()


async def test_it_says_when_the_lake_did_not_have_it_in_time(
    control: httpx.AsyncClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_module, "_WAIT_SECONDS", 0.02)  # nothing loads
    answer = await post(control, key, 1, headers={"Prefer": "wait=stored"})
    assert answer.json()["stored"] is False
    assert "preference-applied" not in answer.headers
