"""Rates that are entered or loaded from a file count in the next number."""

from __future__ import annotations

import itertools

import pytest
import pytest_asyncio

from tests.backend.conftest import problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
ECB = "Date,USD,JPY,CYP,\n2026-01-02,1.1000,160.5,N/A,\n2026-01-05,1.2,161,N/A,\n\n"
_markers = itertools.count()
DEAL = {"status": "won", "amount": "100", "currency": "EUR"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def flow(shared_flow):
    deals = [{**DEAL, "id": f"r{day}", "close_date": f"2026-01-0{day}"} for day in (1, 3, 5)]
    await shared_flow.post("fx", "deal", deals)
    await shared_flow.settle()
    return shared_flow


async def stored(flow):
    # An event of any source behind the rates is in the lake only after them.
    await flow.post("marker", "deal", {"id": f"m{next(_markers)}", "name": "after"})
    await flow.settle()


async def won(flow, currency):
    answer = await flow.get("/api/metrics/won-value", currency=currency, **{"filter[source]": "fx"})
    return answer["value"], answer["unpriced"], answer["unpriced_currencies"]


async def test_a_file_of_the_central_bank_and_a_single_rate(flow):
    assert await won(flow, "USD") == ("0.00", 3, ["EUR"])
    loaded = await flow.send("POST", "/api/rates/file", content=ECB, headers={"Content-Type": "text/csv"})
    assert (loaded.status_code, loaded.json()) == (201, {"rates": 4})
    await stored(flow)
    assert await won(flow, "USD") == ("230.00", 1, ["EUR"])
    rate = {"base": "EUR", "quote": "USD", "day": "2026-01-01", "rate": "1.05"}
    assert (await flow.send("POST", "/api/rates", json=rate)).status_code == 201
    await stored(flow)
    assert await won(flow, "USD") == ("335.00", 0, [])
    assert (await flow.send("POST", "/api/rates", json={**rate, "rate": "1"})).status_code == 201
    await stored(flow)
    assert await won(flow, "USD") == ("330.00", 0, [])


async def test_columns_of_pairs(flow):
    text = "base,quote,day,rate\nGBP,USD,2026-01-02,1.25\n"
    assert (await flow.send("POST", "/api/rates/file", content=text)).json() == {"rates": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour,size\n", "header"),
        ("Date,USD\n2026-02-30,1\n", "Line 2, day"),
        ("Date,USD\n2026-02-03,-1\n", "Line 2, USD"),
        ("Date,USD\n2026-02-03,1\n2026-02-04,NaN\n", "Line 3, USD"),
        ("base,quote,day,rate\nEUR,US,2026-01-01,1\n", "Line 2, currency"),
        ("base,quote,day,rate\nEUR,USD\n", "Line 2"),
        ("\x94#\rx", "header"),
        ("Date,USD\r2026-02-03,-1\r", "Line 2, USD"),
        ("Date,USD\n2026-02-03," + "1" * 200_000, "file: is not CSV"),
    ],
)
async def test_what_can_not_be_read_is_named_and_nothing_taken(flow, text, words):
    body = problem(await flow.send("POST", "/api/rates/file", content=text), 400)
    assert words in body["detail"]
