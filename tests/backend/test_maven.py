"""A real CRM's 8,800 deals, posted and counted in four places: published views, API, records, and by hand from raw.

The truth is published with the data set: won 4,238 worth 10,005,534, lost 2,473, engaging 1,589, prospecting 500.
"""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from salescommand_lake.raw import get_body, list_events
from tests.backend.flow import Flow

ROOT = Path(__file__).resolve().parents[2]
DEALS = (
    Path(os.environ.get("SALESCOMMAND_TEST_DATA") or ROOT.parent / "shared" / "data") / "maven_crm/sales_pipeline.csv"
)
MAPPING = ROOT / "tests/data/mappings/maven_crm.yaml"
TRUTH = {"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}
BLOCK = 1000

pytestmark = [
    pytest.mark.testdata,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        not DEALS.exists(), reason=f"{DEALS.name} of the CRM data set is missing (SALESCOMMAND_TEST_DATA)"
    ),
]


def posts() -> list[dict[str, str]]:
    with DEALS.open(newline="", encoding="utf-8") as file:
        return [{**row, "id": row["opportunity_id"]} for row in csv.DictReader(file)]


async def post_all(flow: Flow) -> Counter[str]:
    """Post every deal; return how many were new and how many were repeats."""
    rows, found = posts(), Counter[str]()
    for start in range(0, len(rows), BLOCK):
        answer = await flow.post("maven_crm", "opportunity", rows[start : start + BLOCK])
        found += Counter(accepted=answer["accepted"], duplicates=answer["duplicates"])
    await flow.settle()
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def maven(shared_flow: Flow) -> AsyncIterator[Flow]:
    """The deals, posted before their mapping is there: it is applied to what has come in already."""
    assert (await post_all(shared_flow))["accepted"] == 8800
    answer = await shared_flow.send("PUT", "/api/mappings", content=MAPPING.read_bytes())
    assert answer.status_code == 200, answer.text
    await shared_flow.settle()
    yield shared_flow


async def number(flow: Flow, slug: str, **params: Any) -> Any:
    return (await flow.get(f"/api/metrics/{slug}", **params))["value"]


async def assert_truth(flow: Flow) -> None:
    assert Decimal(await number(flow, "won-value")) == 10_005_534
    assert await number(flow, "won-count") == 4238
    assert await number(flow, "lost-count") == 2473
    assert await number(flow, "win-rate") == "0.631501"
    assert await number(flow, "opportunity-count") == 8800
    stages = await flow.get("/api/metrics/opportunity-count", by="stage")
    assert {group["key"]["stage"]: group["value"] for group in stages["groups"]} == TRUTH


async def test_the_api_gives_the_published_totals(maven: Flow) -> None:
    await assert_truth(maven)


async def test_the_records_give_them(maven: Flow) -> None:
    for stage, count in TRUTH.items():
        page = await maven.get("/api/records/opportunity", **{"filter[stage]": stage, "limit": "1"})
        assert page["total"] == count


async def test_the_serving_zone_gives_them(maven: Flow) -> None:
    async def published(view: str) -> list[dict[str, Any]]:
        return (await maven.get("/api/serving", view=view))["rows"]

    assert [Decimal(row["value"]) for row in await published("won-value")] == [10_005_534]
    assert [row["value"] for row in await published("win-rate")] == ["0.631501"]
    by_stage = await published("opportunity-count-by-stage")
    assert {row["key"]["stage"]: int(row["rows"]) for row in by_stage} == TRUTH


async def test_raw_gives_them_by_hand(maven: Flow) -> None:
    engine = maven.context.engine
    stages, won = Counter[str](), Decimal(0)
    sample = await list_events(engine, None, None, 1)
    assert sample.items, "there are raw events"
    bodies = await engine.query("SELECT body FROM raw_events WHERE source = 'maven_crm'")
    for row in bodies:
        deal = json.loads(row["body"])
        stages[deal["deal_stage"]] += 1
        won += Decimal(deal["close_value"]) if deal["deal_stage"] == "Won" else 0
    assert (stages, won) == (TRUTH, 10_005_534)
    body = await get_body(engine, sample.items[0].event_id)
    assert body is not None
    assert json.loads(body) in posts()


async def test_posting_everything_again_changes_nothing(maven: Flow) -> None:
    assert await post_all(maven) == Counter(accepted=8800, duplicates=8800)
    await assert_truth(maven)
    balance = await maven.get("/api/microservices/balance")
    assert balance["balanced"]
    books = balance["sources"]["maven_crm"]
    assert (books["received"], books["duplicates"], books["raw"], books["applied"]) == (17_600, 8800, 8800, 8800)
