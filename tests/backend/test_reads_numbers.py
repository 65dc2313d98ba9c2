"""Numbers, records and the quarantine through the API: each number opens to its rows, each field to its event."""

from __future__ import annotations

from decimal import Decimal

import pytest
import pytest_asyncio

from tests.backend.conftest import problem

MAPPING = """
source: crm
record_type: opportunity
entity_types: [deal]
fields:
  name: {path: $.title}
  stage: {path: $.stage}
  status: {path: $.stage, map: {Won: won, Lost: lost, Offer: open}, other: refuse}
  owner_name: {path: $.owner}
  amount: {path: $.amount}
  currency: {path: $.currency}
  close_date: {path: $.close}
"""
DEALS = [
    {"id": "d1", "title": "Pump", "stage": "Won", "owner": "Ada", "amount": "100.10", "currency": "USD"},
    {"id": "d2", "title": "Valve", "stage": "Won", "owner": "Bob", "amount": "50", "currency": "USD"},
    {"id": "d3", "title": "Hose", "stage": "Lost", "owner": "Ada", "amount": "7", "currency": "USD"},
    {"id": "d4", "title": "Tank", "stage": "Offer", "owner": "Ada", "amount": "20", "currency": "USD"},
    {"id": "d5", "title": "Seal", "stage": "Offer", "owner": "Bob", "amount": "9", "currency": "XTS"},
]


CRM = {"filter[source]": "crm"}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sold(shared_flow):
    """Five deals of the source crm. Tests that change something use sources of their own."""
    await shared_flow.send("PUT", "/api/mappings", content=MAPPING)
    await shared_flow.post("crm", "deal", [deal | {"close": "2026-03-01"} for deal in DEALS])
    await shared_flow.settle()
    return shared_flow


async def test_the_registry_says_what_each_number_means(sold):
    items = {item["slug"]: item for item in (await sold.get("/api/metrics"))["items"]}
    assert {"open-pipeline", "weighted-pipeline", "won-value", "won-count", "lost-count", "win-rate"} <= items.keys()
    for item in items.values():
        assert item["unit"] in {"currency", "count", "fraction", "days", "ratio"}
        assert item["label"]
        assert item["meaning"]
        assert item["formula"]
        assert item["owner"]


async def test_a_number_opens_to_exactly_its_rows(sold):
    answer = await sold.get("/api/metrics/won-value", by="owner", **CRM)
    assert (answer["metric"], answer["unit"], answer["currency"]) == ("won-value", "currency", "USD")
    assert Decimal(answer["value"]) == Decimal("150.10")
    assert (answer["rows"], answer["unpriced"]) == (2, 0)
    assert "crm" in answer["data_as_of"]
    assert {group["key"]["owner"]: Decimal(group["value"]) for group in answer["groups"]} == {
        "Ada": Decimal("100.10"),
        "Bob": Decimal(50),
    }
    for part in (answer, *answer["groups"]):
        rows = await sold.get(part["drill"])
        assert rows["total"] == part["rows"]
        assert sum(Decimal(item["value"]) for item in rows["items"]) == Decimal(part["value"])


async def test_a_rate_is_a_fraction_and_unpriced_rows_are_counted(sold):
    rate = await sold.get("/api/metrics/win-rate", **CRM)
    assert Decimal(rate["value"]) == Decimal("0.666667")
    assert rate["rows"] == 3
    pipeline = await sold.get("/api/metrics/open-pipeline", **CRM)
    assert Decimal(pipeline["value"]) == 20
    assert (pipeline["rows"], pipeline["unpriced"]) == (2, 1)


async def test_the_reporting_currency_is_a_setting(sold):
    await sold.send("PUT", "/api/settings", json={"reporting_currency": "EUR"})
    assert (await sold.get("/api/metrics/won-value"))["currency"] == "EUR"
    assert (await sold.get("/api/metrics/won-value", currency="USD"))["currency"] == "USD"
    await sold.send("PUT", "/api/settings", json={"reporting_currency": "USD"})


async def test_what_waits_in_the_spool_is_not_promised(sold):
    oldest = sold.context.spool.oldest()
    assert oldest is None
    answer = await sold.get("/api/metrics/won-count")
    assert answer["data_as_of"]["crm"].endswith("Z")


async def test_records_are_filtered_sorted_and_paged(sold):
    page = await sold.get("/api/records/opportunity", sort="-amount", limit=2, **CRM)
    assert [item["title"] for item in page["items"]] == ["Pump", "Valve"]
    assert page["total"] == 5
    titles = [item["title"] for item in page["items"]]
    while page["next_cursor"]:
        page = await sold.get("/api/records/opportunity", sort="-amount", limit=2, cursor=page["next_cursor"], **CRM)
        titles += [item["title"] for item in page["items"]]
    assert titles == ["Pump", "Valve", "Tank", "Seal", "Hose"]
    some = await sold.get(
        "/api/records/opportunity", **{"filter[status]": "won,lost", "filter[amount][gte]": "50"}, **CRM
    )
    assert {item["source_id"] for item in some["items"]} == {"d1", "d2"}
    assert (await sold.get("/api/records/opportunity", q="pum", **CRM))["total"] == 1


async def test_a_record_names_the_event_of_each_field(sold):
    await sold.send("PUT", "/api/mappings", content=MAPPING.replace("crm", "erp"))
    await sold.post("erp", "deal", DEALS[0])
    change = await sold.post("erp", "deal", {"id": "d1", "stage": "Lost"})
    await sold.settle()
    listed = (await sold.get("/api/records/opportunity", **{"filter[source]": "erp"}))["items"][0]
    record = await sold.get(f"/api/records/opportunity/{listed['canonical_id']}")
    assert record["fields"]["stage"]["value"] == "Lost"
    assert record["fields"]["stage"]["event_id"] == change["event_id"]
    first = record["fields"]["amount"]
    assert first["event_id"] != change["event_id"]
    assert (await sold.get(f"/api/events/{first['event_id']}"))["source_id"] == "d1"
    assert record["history"][0]["event_id"] == change["event_id"]
    assert record["history"][0]["changes"]["stage"] == {"from": "Won", "to": "Lost"}
    assert 0 <= record["quality"]["score"] <= 1
    assert record["quality"]["rules"]


async def test_kinds_of_records_come_from_the_model(sold):
    items = {item["type"]: item for item in (await sold.get("/api/records"))["items"]}
    assert {"account", "contact", "opportunity", "owner", "quota", "invoice", "exchange_rate"} | {
        "activity",
        "product",
        "order",
    } == set(items)
    amount = next(field for field in items["opportunity"]["fields"] if field["name"] == "amount")
    assert amount["type"] == "decimal"


async def test_the_quarantine_is_grouped_by_reason(sold):
    await sold.send("PUT", "/api/mappings", content=MAPPING.replace("crm", "shop"))
    await sold.post("shop", "deal", [{"id": "q1", "amount": "much"}, {"id": "q2", "amount": "more"}])
    await sold.settle()
    page = await sold.get("/api/quarantine", **{"filter[source]": "shop"})
    assert page["total"] == 2
    assert {item["value"] for item in page["items"]} == {"much", "more"}
    groups = (await sold.get("/api/quarantine"))["groups"]
    assert {(group["source"], group["field"], group["count"]) for group in groups} == {
        ("shop", "amount", 2),
        ("crm", "currency", 1),
    }
    assert all(group["reason"] for group in groups)


UNANSWERABLE = [
    ("/api/metrics/none", 404, "none"),
    ("/api/metrics/won-value?by=colour", 400, "colour"),
    ("/api/metrics/won-value?colour=red", 400, "colour"),
    ("/api/metrics/won-value?filter[colour]=red", 400, "filter[colour]"),
    ("/api/metrics/won-value?filter[stage][like]=x", 400, "filter[stage][like]"),
    ("/api/metrics/won-value?from=yesterday", 400, "from"),
    ("/api/metrics/won-value?currency=dollars", 400, "currency"),
    ("/api/records/spaceship", 400, "spaceship"),
    ("/api/records/opportunity?filter[colour]=red", 400, "filter[colour]"),
    ("/api/records/opportunity?sort=colour", 400, "sort"),
    ("/api/records/opportunity?limit=501", 400, "limit"),
    ("/api/records/opportunity?cursor=x", 400, "cursor"),
    ("/api/records/opportunity/opp_none", 404, "opp_none"),
    ("/api/records/spaceship/x", 400, "spaceship"),
    ("/api/quarantine?filter[colour]=red", 400, "filter[colour]"),
]


async def test_what_cannot_be_answered_is_named(sold):
    for path, status, words in UNANSWERABLE:
        body = problem(await sold.send("GET", path), status)
        assert words in body["detail"], path


async def test_what_was_published_is_what_is_computed(sold):
    served = await sold.get("/api/serving", view="won-value-by-owner")
    assert {row["key"]["owner"]: Decimal(row["value"]) for row in served["rows"]} == {
        "Ada": Decimal("100.10"),
        "Bob": Decimal(50),
    }
    assert served["refreshed_at"].endswith("Z")
    assert "won-value-by-owner" in (await sold.get("/api/serving"))["views"]
    problem(await sold.send("GET", "/api/serving?view=none"), 404)
