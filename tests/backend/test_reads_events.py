"""Events and mappings through the API: from a post to what it set and back to its bytes."""

from __future__ import annotations

import hashlib

import pytest

from tests.backend.conftest import problem

MAPPING = """
source: crm
record_type: opportunity
entity_types: [deal]
fields:
  name: {path: $.title}
  stage: {path: $.stage}
  amount: {path: $.amount}
  currency: {value: USD}
  close_date: {path: $.close}
"""
BODY = b'{ "id": "d1", "title": "Pump \xc3\xa9",  "stage":"Offer", "amount": "1.10", "close":"2026-03-01" }'


@pytest.fixture
async def mapped(flow):
    answer = await flow.send("PUT", "/api/mappings", content=MAPPING, headers={"Content-Type": "text/yaml"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"scope": "source:crm", "record_type": "opportunity", "version": 1, "changed": True}
    return flow


async def test_an_event_opens_to_what_it_set_and_to_its_bytes(mapped):
    posted = await mapped.post("crm", "deal", BODY)
    await mapped.settle()
    event = await mapped.get(f"/api/events/{posted['event_id']}")
    assert event["status"] == "applied"
    assert (event["source"], event["entity_type"], event["source_id"]) == ("crm", "deal", "d1")
    assert event["bytes"] == len(BODY)
    assert event["record"]["type"] == "opportunity"
    assert event["record"]["title"] == "Pump é"
    assert event["record"]["canonical_id"].startswith("opp_")
    assert {one["field"]: (one["value"], one["current"]) for one in event["set"]} == {
        "name": ("Pump é", True),
        "stage": ("Offer", True),
        "amount": ("1.1", True),
        "currency": ("USD", True),
        "close_date": ("2026-03-01", True),
    }
    assert event["quarantine"] == []

    answer = await mapped.send("GET", f"/api/events/{posted['event_id']}/body")
    assert answer.content == BODY
    assert answer.headers["content-type"] == "application/json"
    sha256 = hashlib.sha256(BODY).hexdigest()
    assert event["body_sha256"] == sha256
    assert answer.headers["etag"] == f'"{sha256}"'
    again = await mapped.send("GET", f"/api/events/{posted['event_id']}/body", headers={"If-None-Match": f'"{sha256}"'})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_later_event_takes_fields_over_and_refused_values_are_named(mapped):
    first = await mapped.post("crm", "deal", BODY)
    second = await mapped.post("crm", "deal", {"id": "d1", "stage": "Won", "amount": "a lot"})
    await mapped.settle()
    old = await mapped.get(f"/api/events/{first['event_id']}")
    current = {one["field"]: one["current"] for one in old["set"]}
    assert current["stage"] is False
    assert current["amount"] is True
    new = await mapped.get(f"/api/events/{second['event_id']}")
    assert [(one["field"], one["value"]) for one in new["quarantine"]] == [("amount", "a lot")]
    assert new["quarantine"][0]["reason"]
    assert "amount" not in {one["field"] for one in new["set"]}


async def test_lists_are_filtered_paged_and_say_what_became_of_each(mapped):
    for number in range(5):
        await mapped.post("crm", "deal", {"id": f"d{number}", "title": f"Deal {number}"})
    await mapped.post("crm", "weather", {"id": "w1", "sun": True})
    pending = await mapped.get("/api/events")
    assert {item["status"] for item in pending["items"]} == {"pending"}
    await mapped.settle()
    page = await mapped.get("/api/events", limit=4)
    assert len(page["items"]) == 4
    assert page["items"][0]["status"] == "ignored"
    assert {item["status"] for item in page["items"][1:]} == {"applied"}
    rest = await mapped.get("/api/events", limit=4, cursor=page["next_cursor"])
    ids = [item["event_id"] for item in page["items"] + rest["items"]]
    assert len(ids) == len(set(ids)) == 6
    assert ids == sorted(ids, reverse=True)
    assert rest["next_cursor"] is None
    one = await mapped.get("/api/events", **{"filter[source]": "crm", "filter[source_id]": "d1,d2"})
    assert {item["source_id"] for item in one["items"]} == {"d1", "d2"}


async def test_a_repeat_is_not_applied_twice(mapped):
    first = await mapped.post("crm", "deal", {"id": "d1", "title": "A", "amount": "1"})
    again = await mapped.post("crm", "deal", {"id": "d1", "title": "A", "amount": "1"})
    assert again["duplicate"] is True
    assert again["event_id"] == first["event_id"]


UNANSWERABLE = [
    ("/api/events/nonsense", 400, "nonsense"),
    ("/api/events/nonsense/body", 400, "nonsense"),
    ("/api/events/ev_0000000000000", 404, "ev_0000000000000"),
    ("/api/events/ev_0000000000000/body", 404, "ev_0000000000000"),
    ("/api/events?colour=red", 400, "colour"),
    ("/api/events?filter[colour]=red", 400, "filter[colour]"),
    ("/api/events?filter[source][gt]=crm", 400, "filter[source][gt]"),
    ("/api/events?limit=0", 400, "limit"),
    ("/api/events?limit=9999", 400, "limit"),
    ("/api/events?cursor=x", 400, "cursor"),
]


async def test_what_cannot_be_answered_is_named(flow):
    for path, status, words in UNANSWERABLE:
        body = problem(await flow.send("GET", path), status)
        assert words in body["detail"], path


async def test_mappings_are_listed_versioned_and_read_back(mapped):
    items = (await mapped.get("/api/mappings"))["items"]
    own = next(item for item in items if item["scope"] == "source:crm")
    assert (own["version"], own["origin"]) == (1, "applied")
    assert own["fields"] == ["name", "stage", "amount", "currency", "close_date"]
    assert any(item["origin"] == "shipped" and item["version"] == 0 for item in items)
    same = await mapped.send("PUT", "/api/mappings", content=MAPPING)
    assert same.json()["changed"] is False
    assert (await mapped.get("/api/mappings/source:crm/opportunity"))["text"] == MAPPING
    newer = await mapped.send("PUT", "/api/mappings", content=MAPPING + "  status: {value: open}\n")
    assert newer.json()["version"] == 2
    problem(await mapped.send("GET", "/api/mappings/source:none/opportunity"), 404)


async def test_a_new_mapping_reads_old_events_again(mapped):
    posted = await mapped.post("crm", "deal", {"id": "d1", "title": "A", "loss": "price"})
    await mapped.settle()
    await mapped.send("PUT", "/api/mappings", content=MAPPING + "  lost_reason: {path: $.loss}\n")
    await mapped.settle()
    event = await mapped.get(f"/api/events/{posted['event_id']}")
    assert ("lost_reason", "price") in {(one["field"], one["value"]) for one in event["set"]}


BAD_MAPPINGS = [
    ("source: crm\nrecord_type: opportunity\nfields:\n  colour: {path: $.c}\n", 4, "colour"),
    ("source: crm\nrecord_type: spaceship\nfields: {}\n", 2, "record_type"),
    ("source: [\n", None, None),
    ("", None, None),
]


async def test_a_bad_mapping_is_refused_by_line_and_field(flow):
    for text, line, field in BAD_MAPPINGS:
        body = problem(await flow.send("PUT", "/api/mappings", content=text), 400)
        fault = body["errors"][0]
        if line:
            assert fault["line"] == line
            assert field in fault["field"]
    problem(await flow.send("PUT", "/api/mappings", content=b"x" * 300_000), 413)
    problem(await flow.send("PUT", "/api/mappings", content=b"\xff\xfe"), 400)
    items = (await flow.get("/api/mappings"))["items"]
    assert all(item["origin"] == "shipped" for item in items)
