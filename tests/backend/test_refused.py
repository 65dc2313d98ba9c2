"""Events that the engine refuses: kept with its words, seen over the API, tried again, counted all the while."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from backend.auth.principal import CONTROL
from backend.context import Context
from backend.main import create_app
from backend.services.balance import balance
from salescommand_lake.errors import LakeError, RowRejected
from salescommand_lake.schema import ensure_schema
from tests.backend.conftest import client_of, problem
from tests.backend.test_loader import Troubled, append, check_exactly_once, emptied, engine_of, loading
from tests.support.waiting import until


def picky(*bad: str) -> Any:
    def refuse(rows: Sequence[Mapping[str, Any]]) -> LakeError | None:
        found = [row["source_id"] for row in rows if row["source_id"] in bad]
        return RowRejected(f"Code: 117. Cannot parse {found[0]}", code=117) if found else None

    return refuse


@pytest.fixture
async def troubled(context: Context) -> Context:
    await ensure_schema(context.engine)
    return replace(context, registry=CollectorRegistry(), engine=Troubled(context.engine))  # type: ignore[arg-type]


async def check_books(context: Context, *, refused: int) -> None:
    found = await balance(context)
    assert found.balanced, [each.missing for each in found.sources.values()]
    assert found.totals.refused == refused


async def test_refused_events_are_seen_exported_and_tried_again(troubled: Context) -> None:
    engine = engine_of(troubled)
    engine.before = picky("3", "7", "12")
    acks = await append(troubled, *range(20))
    base = "/api/microservices/refused"
    async with client_of(create_app(troubled, principal=CONTROL)) as client:
        async with loading(troubled):
            await emptied(troubled)
            await check_books(troubled, refused=3)
            page = (await client.get(base, params={"limit": 2})).json()
            assert [item["source_id"] for item in page["items"]] == ["12", "7"]
            assert page["items"][0]["reason"].endswith("Cannot parse 12")
            assert page["items"][0]["code"] == 117
            rest = (await client.get(base, params={"limit": 2, "cursor": page["next_cursor"], "source": "crm"})).json()
            assert [item["source_id"] for item in rest["items"]] == ["3"]
            assert rest["next_cursor"] is None
            third = rest["items"][0]["event_id"]
            assert (await client.get(f"{base}/{third}/body")).content == b'{"id": 3, "name": "n3"}'
            lines = [json.loads(line) for line in (await client.get(f"{base}/export")).text.splitlines()]
            assert [base64.b64decode(line["body"]) for line in lines] == [
                f'{{"id": {n}, "name": "n{n}"}}'.encode() for n in (12, 7, 3)
            ]
            # One is good now, one is not; the third is left alone.
            engine.before = picky("12")
            ids = [third, page["items"][0]["event_id"]]
            assert (await client.post(f"{base}/retry", json={"event_ids": ids})).json() == {"retried": 2}
            await emptied(troubled)
            await check_books(troubled, refused=2)
            await check_exactly_once(troubled, [ack for place, ack in enumerate(acks) if place not in {7, 12}])
        # Without a loader, what is to be tried again waits like any other event.
        assert (await client.post(f"{base}/retry", json={"source": "crm"})).json() == {"retried": 2}
        await check_books(troubled, refused=0)
        engine.before = picky()
        async with loading(troubled):
            await emptied(troubled)
        await check_books(troubled, refused=0)
        assert (await client.get(base)).json() == {"items": [], "next_cursor": None}
    await check_exactly_once(troubled, acks)


async def test_who_waits_for_the_lake_learns_of_a_refusal(troubled: Context) -> None:
    engine_of(troubled).before = picky("1")
    async with client_of(create_app(troubled, principal=CONTROL)) as client, loading(troubled):
        key = (await client.post("/api/sources/crm/keys", json={"kind": "generic"})).json()["key"]
        headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=stored"}
        answer = await client.post("/api/microservices/ingest/crm/deal", json={"id": 1}, headers=headers)
        await until(lambda: troubled.spool.depth == 0)
    assert answer.json()["stored"] is False
    assert "preference-applied" not in answer.headers


async def test_what_is_asked_wrongly_is_said(control: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    base = "/api/microservices/refused"
    problem(await control.get(base, params={"cursor": "x"}), 400)
    problem(await control.get(base, params={"limit": "0"}), 400)
    problem(await control.get(base, params={"sauce": "x"}), 400)
    problem(await control.get(f"{base}/ev_0000000000001/body"), 404)
    problem(await control.post(f"{base}/retry", json={"event_ids": ["x"]}), 400)
    problem(await client.get(base), 401)
