"""Kept answers: never older than the data, shared through Redis, and not sent twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
import pytest_asyncio

from backend.services.answers import Answers
from salescommand_lake.watermark import watermark

pytestmark = pytest.mark.asyncio(loop_scope="module")
DEAL = {"id": "k1", "name": "Pump", "status": "open", "stage": "Offer", "amount": "100.00", "currency": "USD"}
MINE = {"filter[source]": "kept"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def flow(shared_flow):
    await shared_flow.post("kept", "deal", DEAL)
    await shared_flow.settle()
    return shared_flow


async def test_a_kept_number_never_outlives_new_data(flow):
    for amount in ("100.00", "120.00", "90.50"):
        await flow.post("kept", "deal", DEAL | {"amount": amount})
        await flow.settle()
        for _ in range(2):
            answer = await flow.get("/api/metrics/open-pipeline", **MINE)
            assert Decimal(answer["value"]) == Decimal(amount)


async def test_an_answer_is_kept_while_nothing_changes(flow):
    await flow.get("/api/metrics/open-count", **MINE)
    kept = dict(flow.context.answers)
    before = await watermark(flow.context.engine)
    first = await flow.get("/api/metrics/open-count", **MINE)
    second = await flow.get("/api/metrics/open-count", **MINE)
    assert first["value"] == second["value"] == 1
    # A merge in between makes a new watermark, which costs a computation and no more.
    if await watermark(flow.context.engine) == before:
        assert set(flow.context.answers) == set(kept)


async def test_another_process_finds_the_answer_in_redis(flow):
    answers = Answers(flow.context)

    async def never():
        raise AssertionError("computed again")

    async def work():
        return {"value": "1"}

    # A merge may move the watermark between two calls; then the question is another one.
    for attempt in range(5):
        before = await watermark(flow.context.engine)
        await answers.answer(("probe", attempt), (), work)
        flow.context.answers.clear()
        if await watermark(flow.context.engine) == before:
            found = await answers.answer(("probe", attempt), (), never)
            assert found.body is not None
            assert found.body["value"] == "1"
            return
    pytest.fail("the watermark never stood still")


@pytest.mark.parametrize(
    "path",
    [
        "/api/metrics/open-pipeline?filter[source]=kept",
        "/api/records/opportunity?filter[source]=kept",
        "/api/metrics/bridge?from=2026-01-01&to=2026-02-01&filter[source]=kept",
    ],
)
async def test_an_unchanged_answer_is_not_sent_again(flow, path):
    first = await flow.send("GET", path)
    assert first.status_code == 200, first.text
    for _ in range(5):
        again = await flow.send("GET", path, headers={"If-None-Match": first.headers["etag"]})
        if again.status_code == 304:
            break
        first = again  # a merge of parts made a new watermark
    assert (again.status_code, again.content) == (304, b"")
    await flow.post("kept", "deal", {**DEAL, "id": path[:20]})
    await flow.settle()
    assert (await flow.send("GET", path, headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_the_bridge_leads_from_day_to_day(flow):
    await flow.post("moved", "deal", {**DEAL, "id": "m1", "amount": "10.00"})
    await flow.settle()
    params = {"from": "2026-01-01", "to": "2290-01-01", "filter[source]": "moved"}
    answer = await flow.get("/api/metrics/bridge", **params)
    assert (answer["opening"]["value"], answer["closing"]["value"]) == ("0.00", "10.00")
    created = next(bar for bar in answer["movements"] if bar["movement"] == "created")
    assert (created["value"], created["rows"]) == ("10.00", 1)
    deals = await flow.get(created["drill"])
    assert [(item["title"], item["change"]) for item in deals["items"]] == [("Pump", "10.00")]


async def test_quarters_follow_the_fiscal_calendar(flow):
    await flow.send("PUT", "/api/settings", json={"reporting_currency": "USD", "fiscal_year_start": 4})
    await flow.post("year", "deal", {**DEAL, "id": "y1", "close_date": "2026-05-01"})
    await flow.settle()
    answer = await flow.get("/api/metrics/open-count", by="quarter", **{"filter[source]": "year"})
    assert [group["key"]["quarter"] for group in answer["groups"]] == ["FY2027-Q1"]
    assert (await flow.get(answer["groups"][0]["drill"]))["total"] == 1
    await flow.send("PUT", "/api/settings", json={"reporting_currency": "USD", "fiscal_year_start": 1})
