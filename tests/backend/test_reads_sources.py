"""Sources and the state of the system through the API."""

from __future__ import annotations

from tests.backend.conftest import problem
from tests.backend.test_reads_events import MAPPING


async def test_a_source_shows_where_its_records_are(flow):
    await flow.send("PUT", "/api/mappings", content=MAPPING)
    await flow.send("PUT", "/api/sources/crm", json={"kind": "generic", "label": "Our CRM"})
    await flow.post("crm", "deal", [{"id": "d1", "title": "A"}, {"id": "d2", "title": "B"}])
    await flow.post("crm", "weather", {"id": "w1", "sun": True})
    before = {item["source"]: item for item in (await flow.get("/api/sources"))["items"]}["crm"]
    assert (before["received"], before["accepted"], before["raw"], before["pending"]) == (3, 3, 3, 3)
    await flow.settle()
    item = (await flow.get("/api/sources"))["items"][0]
    assert (item["source"], item["kind"], item["label"]) == ("crm", "generic", "Our CRM")
    assert item["state"] == "fresh"
    assert (item["applied"], item["ignored"], item["pending"], item["in_spool"]) == (2, 1, 0, 0)
    assert item["events_today"] == sum(item["hours"]) == 3
    assert len(item["hours"]) == 12
    assert 0 <= item["lag_seconds"] < 60
    assert item["data_as_of"] >= item["last_event_at"]

    detail = await flow.get("/api/sources/crm")
    assert {key: detail[key] for key in ("source", "label", "applied")} == {
        "source": "crm",
        "label": "Our CRM",
        "applied": 2,
    }
    assert len(detail["keys"]) == 1
    assert [(one["status"], one["events"], one["entity_type"]) for one in detail["requests"]] == [
        (200, 1, "weather"),
        (200, 2, "deal"),
    ]


async def test_a_source_that_never_sent_is_silent(flow):
    await flow.send("POST", "/api/sources/new/keys", json={})
    item = (await flow.get("/api/sources"))["items"][0]
    assert (item["source"], item["state"], item["last_event_at"], item["lag_seconds"]) == ("new", "silent", None, None)
    problem(await flow.send("GET", "/api/sources/none"), 404)


async def test_the_system_tells_its_parts(flow):
    await flow.post("crm", "weather", {"id": "w1"})
    await flow.settle()
    system = await flow.get("/api/system")
    assert system["schema"]["have"] == system["schema"]["need"]
    assert system["schema"]["differences"] == []
    assert system["lake"] == {"driver": "embedded", "state": "connected", "error": None}
    assert system["stores"] == {"mongo": "connected", "redis": "connected"}
    raw = next(zone for zone in system["zones"] if zone["table"] == "raw_events")
    assert (raw["zone"], raw["rows"]) == ("raw", 1)
    assert (system["books"]["received"], system["books"]["ignored"]) == (1, 1)
    assert "loader" in {job["name"] for job in system["jobs"]}


async def test_the_system_page_works_before_the_schema_is_there(control, context):
    await context.engine.ensure_database()
    answer = await control.get("/api/system")
    assert answer.status_code == 200
    assert answer.json()["schema"]["have"] == 0
    assert answer.json()["books"] is None


async def test_freshness_is_measured(flow):
    from backend.main import create_metrics_app
    from tests.backend.conftest import client_of

    await flow.post("crm", "weather", {"id": "w1"})
    async with client_of(create_metrics_app(flow.context)) as client:
        text = (await client.get("/metrics")).text
    assert 'salescommand_source_state{source="crm",state="fresh"} 1.0' in text
    assert "salescommand_lake_up 1.0" in text
    assert 'salescommand_ingest_posts_total{status="200"} 1.0' in text
    assert "_created" not in text
    assert 'salescommand_ingest_records_total{outcome="accepted",source="crm"} 1.0' in text
