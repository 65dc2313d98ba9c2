"""Contracts: what breaks them is refused or quarantined, they have versions, and they can be drafted from events."""

from __future__ import annotations

import asyncio
import json

import jsonschema_rs
from hypothesis import given
from hypothesis import strategies as st

from backend.services.drafts import draft
from backend.stores.keyring import KeyRing
from tests.backend.conftest import problem
from tests.backend.test_reads_events import MAPPING

SCHEMA = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {
        "title": {"type": "string", "maxLength": 20},
        "amount": {"type": ["number", "string"], "pattern": "^[0-9.]+$"},
        "lines": {"type": "array", "items": {"properties": {"net price": {"type": "number"}}}},
        "closed": {"format": "date"},
    },
}
BASE = "/api/sources/crm/contracts/deal"


async def post(flow, body, **headers):
    key = await flow.key("crm")
    url = "/api/microservices/ingest/crm/deal?wait=stored"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await flow.client.post(url, content=content, headers={"X-Write-Key": key, **headers})


async def test_what_breaks_a_contract_is_refused_with_its_path(flow):
    await flow.key("crm")
    made = await flow.send("PUT", BASE, json={"schema": SCHEMA})
    assert (made.json()["version"], made.json()["action"]) == (1, "refuse")
    one = await post(flow, {"id": 1, "title": "x" * 21})
    assert one.status_code == 422
    assert one.json()["errors"][0]["field"] == "$.title"
    assert "longer than 20" in one.json()["detail"]
    assert "xxxx" not in one.text  # reasons are shown to others too, so they repeat no value
    batch = [
        {"id": 1, "title": "A", "amount": "12.50", "closed": "2025-01-31"},
        {"id": 2},
        {"id": 3, "title": "C", "lines": [{}, {"net price": "9"}]},
        {"id": 4, "title": "D", "closed": "2025-02-30"},
    ]
    answer = (await post(flow, batch)).json()
    assert (answer["status"], answer["accepted"]) == ("partial", 1)
    assert [(each["index"], each["path"]) for each in answer["rejected"]] == [
        (1, "$"),
        (2, '$.lines[1]["net price"]'),
        (3, "$.closed"),
    ]
    assert "version 1" in answer["rejected"][0]["hint"]
    requests = await flow.get("/api/sources/crm/requests", outcome="partial")
    assert '"title" is a required property' in requests["items"][0]["reason"]
    other = await flow.post("crm", "weather", {"id": "w", "anything": [None]})
    assert other["status"] == "accepted"


async def test_what_breaks_a_contract_is_kept_and_quarantined(flow):
    await flow.send("PUT", "/api/mappings", content=MAPPING)
    await flow.key("crm")
    await flow.send("PUT", BASE, json={"schema": SCHEMA, "action": "quarantine"})
    good, bad = {"id": "d1", "title": "Good"}, {"id": "d2", "title": "Bad", "lines": [{"net price": "9"}]}
    answer = await flow.post("crm", "deal", [good, bad])
    assert (answer["status"], answer["accepted"]) == ("accepted", 2)
    broken = answer["events"][1]["event_id"]
    await flow.settle()
    records = await flow.get("/api/records/opportunity")
    assert records["total"] == 1
    books = await flow.get("/api/microservices/balance")
    assert books["balanced"]
    assert (books["sources"]["crm"]["applied"], books["sources"]["crm"]["quarantined"]) == (1, 1)
    event = await flow.get(f"/api/events/{broken}")
    assert event["status"] == "quarantined"
    assert event["contract_error"].startswith('$.lines[0]["net price"]: ')
    assert event["quarantine"][0]["reason"] == event["contract_error"]
    assert "(contract, version 1)" in event["contract_error"]


async def test_what_breaks_a_contract_is_quarantined_before_a_mapping_claims_it(flow):
    await flow.key("crm")
    await flow.send("PUT", BASE.replace("deal", "visit"), json={"schema": SCHEMA, "action": "quarantine"})
    answer = await flow.post("crm", "visit", [{"id": "d1", "title": "Good"}, {"id": "d2"}])
    broken = answer["events"][1]["event_id"]
    await flow.settle()

    async def outcome():
        books = await flow.get("/api/microservices/balance")
        assert books["balanced"]
        event = await flow.get(f"/api/events/{broken}")
        return {
            **{name: books["sources"]["crm"][name] for name in ("applied", "ignored", "quarantined")},
            "status": event["status"],
            "reasons": [one["reason"] == event["contract_error"] for one in event["quarantine"]],
        }

    unclaimed = {"applied": 0, "ignored": 1, "quarantined": 1, "status": "quarantined", "reasons": [True]}
    assert await outcome() == unclaimed
    await flow.post("crm", "storm", {"id": "w"})
    await flow.settle()  # what was set aside is counted once, however often the fold goes by
    assert await outcome() == unclaimed | {"ignored": 2}
    await flow.send("PUT", "/api/mappings", content=MAPPING.replace("deal", "visit"))
    await flow.settle()
    claimed = unclaimed | {"ignored": 1, "applied": 1}
    assert await outcome() == claimed
    await flow.send("DELETE", "/api/mappings/source:crm/opportunity")
    await flow.settle()
    assert await outcome() == unclaimed | {"ignored": 2}
    which = {"filter[source]": "crm", "filter[field]": ""}
    done = await flow.send("POST", "/api/quarantine/ignore", params=which, json={"reason": "a test"})
    assert done.status_code == 200, done.text
    assert await outcome() == unclaimed | {"ignored": 3, "quarantined": 0, "status": "ignored"}


async def test_versions(flow):
    await flow.key("crm")
    await flow.send("PUT", BASE, json={"schema": SCHEMA})
    same = (await flow.send("PUT", BASE, json={"schema": SCHEMA})).json()
    assert same["version"] == 1
    await flow.send("PUT", BASE, json={"schema": {"required": ["stage"]}, "action": "quarantine"})
    back = await flow.send("POST", f"{BASE}/rollback", json={"version": 1})
    assert (back.json()["version"], back.json()["schema"], back.json()["action"]) == (3, SCHEMA, "refuse")
    listed = await flow.get(f"{BASE}/versions")
    assert [(one["version"], one["action"]) for one in listed["items"]] == [
        (3, "refuse"),
        (2, "quarantine"),
        (1, "refuse"),
    ]
    assert (await flow.get(f"{BASE}/versions/2"))["schema"] == {"required": ["stage"]}
    assert (await post(flow, {"id": 1})).status_code == 422
    assert (await flow.send("DELETE", BASE)).status_code == 204
    problem(await flow.send("GET", BASE), 404)
    assert (await post(flow, {"id": 1})).status_code == 200
    assert (await flow.send("PUT", BASE, json={"schema": SCHEMA})).json()["version"] == 4
    assert [one["entity_type"] for one in (await flow.get("/api/sources/crm/contracts"))["items"]] == ["deal"]
    problem(await flow.send("POST", f"{BASE}/rollback", json={"version": 9}), 404)
    problem(await flow.send("PUT", "/api/sources/none/contracts/deal", json={"schema": {}}), 404)


async def test_other_processes_hear_of_a_contract(flow):
    await flow.key("crm")
    other = KeyRing(flow.context.mongo, flow.context.sealer)
    assert (await other.source("crm")).contracts == {}
    await flow.send("PUT", BASE, json={"schema": SCHEMA})
    other._loaded_at -= 5.0  # its five seconds are over
    first = (await other.source("crm")).contracts["deal"]
    other._loaded_at -= 5.0
    assert (await other.source("crm")).contracts["deal"] is first  # compiled once


async def test_what_cannot_be_a_contract(flow):
    await flow.key("crm")
    for schema, words in (
        ({"type": "nope"}, "$.type"),
        ({"$ref": "https://example.com/deal.json"}, "outside the document"),
        ({"$ref": "file:///etc/passwd"}, "outside the document"),
        ({"properties": {"a": {"$ref": "#/$defs/gone"}}}, "/$defs/gone"),
        ({"pattern": "(?=look)ahead"}, "$.pattern"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "2020-12"),
        ({"description": "x" * 300_000}, "allowed"),
    ):
        fault = problem(await flow.send("PUT", BASE, json={"schema": schema}), 400)
        assert words in fault["errors"][0]["message"]
        assert fault["errors"][0]["field"] == "schema"
    assert (await flow.send("PUT", BASE, json={"schema": {"$defs": {"a": {}}, "$ref": "#/$defs/a"}})).status_code == 200


async def test_a_slow_pattern_is_fast(flow):
    await flow.key("crm")
    await flow.send("PUT", BASE, json={"schema": {"properties": {"title": {"pattern": "^(a+)+$"}}}})
    async with asyncio.timeout(5):
        assert (await post(flow, {"id": 1, "title": "a" * 50_000 + "!"})).status_code == 422


async def test_a_contract_is_drafted_tried_and_applied(flow):
    await flow.key("crm")
    problem(await flow.send("GET", f"{BASE}/draft"), 404)
    deals = [
        {
            "id": f"d{number}",
            "title": f"Deal {number}",
            "stage": ("open", "won", "lost")[number % 3],
            "amount": number * 1.5,
            "updated_at": f"2025-01-01T00:{number:02}:00Z",
            "owner": None if number % 2 else f"o{number}@example.com",
            **({"note": "late"} if number > 30 else {}),
        }
        for number in range(40)
    ]
    await flow.post("crm", "deal", deals)
    found = await flow.get(f"{BASE}/draft", events=30)
    assert found["events"] == 30
    schema = found["schema"]
    assert schema["properties"]["stage"] == {"type": "string", "enum": ["lost", "open", "won"]}
    assert schema["properties"]["updated_at"] == {"type": "string", "format": "date-time"}
    assert "format" not in schema["properties"]["title"]
    assert sorted(schema["required"]) == ["amount", "id", "owner", "stage", "title", "updated_at"]
    tried = await flow.send("POST", f"{BASE}/check", json={"schema": schema, "sample": {**deals[0], "stage": "maybe"}})
    assert tried.json()["valid"] is False
    assert tried.json()["flaws"][0]["path"] == "$.stage"
    problem(await flow.send("POST", f"{BASE}/check", json={"sample": deals[0]}), 404)
    assert (await flow.send("PUT", BASE, json={"schema": schema})).status_code == 200
    assert (await flow.send("POST", f"{BASE}/check", json={"sample": deals[0]})).json() == {"valid": True, "flaws": []}
    assert (await post(flow, {**deals[0], "amount": "much"})).json()["errors"][0]["field"] == "$.amount"
    problem(await flow.send("GET", f"{BASE}/draft?events=0"), 400)
    problem(await flow.send("GET", f"{BASE}/draft?event=5"), 400)


WORDS = ["2025-01-01", "2025-13-01", "a@b.co", "https://example.com/a", "urn:x", "2025-01-01T00:00:00Z"]
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=12) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=5), min_size=1, max_size=8))
def test_a_draft_fits_what_it_was_drafted_from(records):
    checker = jsonschema_rs.Draft202012Validator(draft(records * 3), validate_formats=True)
    for record in records:
        assert checker.is_valid(record)
