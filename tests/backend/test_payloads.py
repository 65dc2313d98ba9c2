"""Whatever is posted is stored byte for byte, once, or refused with a reason; and what is stored reaches the lake."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.main import create_app
from backend.microservices.ingest.kinds import kind_names
from salescommand_lake.identifiers import decode_event_id
from tests.backend.conftest import client_of
from tests.backend.flow import Flow
from tests.backend.payloads import BODIES, SAMPLES, kind_and_word, mutated, sample
from tests.support.depth import deep

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUICK = settings(max_examples=deep(13), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
CLAIM = """
source: shop
record_type: opportunity
entity_types: [order]
fields:
  name: {path: $.title}
"""


async def post(flow: Flow, source: str, word: str, body: bytes, kind: str, **headers: str) -> Any:
    """Post through the whole application, as a vendor does."""
    async with client_of(create_app(flow.context)) as client:
        return await client.post(
            f"/api/microservices/ingest/{source}/{word}",
            content=body,
            headers={"Authorization": f"Bearer {await flow.key(source, kind)}", **headers},
        )


async def check_stored(flow: Flow, accepted: dict[int, bytes]) -> None:
    """Check that the raw zone has each of these events once, with bytes that are a part of what was posted."""
    if accepted:
        await flow.context.spool.stored(max(accepted))
    rows = await flow.context.engine.query(
        "SELECT seq, hex(body) AS body, hex(body_sha256) AS sha FROM raw_events WHERE seq IN {seqs:Array(UInt64)}",
        {"seqs": sorted(accepted)},
    )
    assert sorted(int(row["seq"]) for row in rows) == sorted(accepted)
    for row in rows:
        body = bytes.fromhex(row["body"])
        assert body in accepted[int(row["seq"])]
        assert hashlib.sha256(body).hexdigest().upper() == row["sha"]


def check(answer: Any, body: bytes) -> dict[int, bytes]:
    """Check an answer, and return the new events by number, with the body that each came in."""
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
    content = answer.json()
    if answer.status_code != 200:
        assert content["detail"]
        assert content["hint"]
        return {}
    assert content["status"] in {"accepted", "partial"}
    for fault in content.get("rejected", []):
        assert fault["reason"]
        assert fault["hint"]
    events = content.get("events", [content])
    assert all(isinstance(each["source_id"], str) and each["source_id"] for each in events)
    return {decode_event_id(each["event_id"]): body for each in events if not each["duplicate"]}


@pytest.mark.testdata
async def test_all_samples_as_they_are_and_again(shared_flow: Flow) -> None:
    accepted: dict[int, bytes] = {}
    for name in SAMPLES:
        kind, word = kind_and_word(name)
        body = sample(name)
        new = check(await post(shared_flow, f"as-is-{kind}", word, body, kind), body)
        assert new
        accepted |= new
        assert check(await post(shared_flow, f"as-is-{kind}", word, body, kind), body) == {}
    await check_stored(shared_flow, accepted)
    await shared_flow.settle()
    for kind in {kind_and_word(name)[0] for name in SAMPLES}:
        found = (await shared_flow.get("/api/events", **{"filter[source]": f"as-is-{kind}"}))["items"]
        assert {each["status"] for each in found} <= {"applied", "ignored"}


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "GET", "PUT", "DELETE", "TRACE"])
async def test_only_post_is_for_events(shared_flow: Flow, method: str) -> None:
    async with client_of(create_app(shared_flow.context)) as client:
        answer = await client.request(method, "/api/microservices/ingest/crm/deal")
    assert answer.status_code == 405, answer.text
    assert answer.headers["allow"] == "POST"


async def test_nouns_that_the_lake_may_not_know_hold_nothing_up(shared_flow: Flow) -> None:
    body = b'[{"id":"1","properties":{"hs_task_subject":"Call"}},{"id":"2","properties":{"hs_task_subject":"Mail"}}]'
    tasks = check(await post(shared_flow, "hub", "tasks", body, "hubspot"), body)
    assert len(tasks) == 2
    deal = b'{"id":"9","properties":{"dealname":"Big","dealstage":"won"}}'
    await check_stored(shared_flow, tasks | check(await post(shared_flow, "hub", "deal", deal, "hubspot"), deal))
    await shared_flow.settle()
    assert (await shared_flow.get("/api/records/opportunity", **{"filter[source]": "hub"}))["total"] == 1


async def test_a_sources_own_document_claims_a_word_that_the_kind_knows_too(shared_flow: Flow) -> None:
    answer = await shared_flow.send("PUT", "/api/mappings", content=CLAIM, headers={"Content-Type": "text/yaml"})
    assert answer.status_code == 200, answer.text
    posted = await shared_flow.post("shop", "order", {"id": "o-1", "title": "Ten chairs"})
    await shared_flow.settle()
    event = await shared_flow.get(f"/api/events/{posted['event_id']}")
    assert (event["status"], event["record"]["type"], event["record"]["title"]) == (
        "applied",
        "opportunity",
        "Ten chairs",
    )
    [listed] = (await shared_flow.get("/api/events", **{"filter[source]": "shop"}))["items"]
    assert listed["status"] == "applied"


TYPES = st.sampled_from(["", "application/json", "application/x-ndjson", "text/plain; charset=latin-1"])


@QUICK
@given(kind=st.sampled_from(kind_names()), posts=st.lists(st.tuples(BODIES, TYPES), min_size=5, max_size=10))
async def test_any_body_under_any_kind(shared_flow: Flow, kind: str, posts: list[tuple[bytes, str]]) -> None:
    accepted: dict[int, bytes] = {}
    for body, content_type in posts:
        answer = await post(shared_flow, f"any-{kind}", "deal", body, kind, **{"Content-Type": content_type})
        accepted |= check(answer, body)
    await check_stored(shared_flow, accepted)


@pytest.mark.testdata
@QUICK
@given(names=st.lists(st.sampled_from(SAMPLES), min_size=4, max_size=8), data=st.data())
async def test_samples_that_lost_or_moved_members(shared_flow: Flow, names: list[str], data: st.DataObject) -> None:
    accepted: dict[int, bytes] = {}
    for name in names:
        kind, word = kind_and_word(name)
        body = data.draw(mutated(sample(name)))
        accepted |= check(await post(shared_flow, f"bent-{kind}", word, body, kind), body)
    await check_stored(shared_flow, accepted)


async def test_none_of_it_stops_the_fold_or_unbalances_the_books(shared_flow: Flow) -> None:
    await shared_flow.settle()
    balance = await shared_flow.get("/api/microservices/balance")
    assert balance["balanced"], balance
