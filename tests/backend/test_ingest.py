"""The door: the documented contract, who may post, what is taken, what is refused and why."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.policy import Grant, SourcePolicy
from salescommand_lake.identifiers import decode_event_id
from tests.support.door import KEY, LIMITS, Door, elsewhere, problem

# -- the documented contract ------------------------------------------------------------------------------------------


async def test_one_object(door: Door) -> None:
    body = b'{"id": "external-id-123", "name": "Acme Corp", "updated_at": "2025-01-01T00:00:00Z"}\n'
    answer = await door.post(body, "crm/account")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    content = answer.json()
    assert content.pop("event_id").startswith("ev_")
    assert content == {"status": "accepted", "source_id": "external-id-123", "duplicate": False}
    [row] = await door.rows()
    assert row.body == body  # every byte, the last newline too
    assert row.body_sha256 == row.request_sha256 == hashlib.sha256(body).digest()
    assert (row.source, row.entity_type, row.record_type, row.source_id) == (
        "crm",
        "account",
        "account",
        "external-id-123",
    )
    assert (row.operation, row.source_time_ms, row.body_index) == ("full", 1735689600000, 0)
    assert row.seq == decode_event_id(answer.json()["event_id"])


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "text/plain", "application/x-www-form-urlencoded"]
)
@pytest.mark.parametrize("slash", ["", "/"])
async def test_any_content_type_and_a_trailing_slash(door: Door, content_type: str | None, slash: str) -> None:
    headers = {} if content_type is None else {"content_type": content_type}
    answer = await door.post(b'{"id":0}', f"crm/deal{slash}", **headers)
    assert answer.json()["source_id"] == "0"


async def test_an_id_is_made_and_said(door: Door) -> None:
    one, two = [(await door.post({"name": "no id"})).json() for _ in range(2)]
    assert one["generated"] is True
    assert one["source_id"] != two["source_id"]
    keyed = [(await door.post({"name": "no id"}, idempotency_key="k")).json() for _ in range(2)]
    assert keyed[0]["source_id"] == keyed[1]["source_id"]
    assert keyed[1] | {"duplicate": False} == keyed[0]


async def test_repeats(door: Door) -> None:
    first, again = [(await door.post({"id": 1, "updated_at": "2025-01-01"})).json() for _ in range(2)]
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert first["event_id"] == again["event_id"]
    assert len(await door.rows()) == 1


async def test_a_key_used_again_for_other_content(door: Door) -> None:
    assert (await door.post({"id": 1}, idempotency_key="order-1")).status_code == 200
    assert (await door.post({"id": 1}, idempotency_key="order-1")).json()["duplicate"] is True
    problem(await door.post({"id": 2}, idempotency_key="order-1"), 422, "Idempotency-Key")
    problem(await door.post({"id": 1}, "crm/account", idempotency_key="order-1"), 422)
    assert (
        problem(await door.post({"id": 1}, idempotency_key="x" * 300), 400)["errors"][0]["field"] == "Idempotency-Key"
    )
    books = door.spool.books()["crm"]
    assert (books.received, books.accepted, books.duplicates, books.rejected) == (5, 2, 1, 3)


async def test_everything_else_passes_on(door: Door) -> None:
    for path in ("/", "/api/microservices/health", "/api/microservices/ingestion"):
        assert (await door.client.get(path)).status_code == 299
    answer = await door.client.get("/api/microservices/ingest/crm/deal")
    problem(answer, 405, "GET")
    assert answer.headers["allow"] == "POST"
    problem(await door.post({}, "crm"), 404)
    problem(await door.post({}, "crm/deal/7"), 404)


# -- several records --------------------------------------------------------------------------------------------------


async def test_a_list_with_bad_records_in_it(door: Door) -> None:
    good, other = b'{"id": 1,   "a": 1.10}', '{"id":"ü"}'.encode()
    deep = b'{"id":3,"x":' + b"[" * 60 + b"]" * 60 + b"}"
    long = json.dumps({"id": 4, "x": "y" * 60_000}).encode()
    bad = b'{"id": 5, "x": NaN}'
    broken = b'{"id": "\xff"}'
    body = b"[ " + b" , ".join([good, b"7", deep, long, bad, broken, other, b'{"id":"' + b"z" * 600 + b'"}']) + b"]\n"
    answer = await door.post(body)
    assert answer.status_code == 200
    content = answer.json()
    assert (content["status"], content["accepted"], content["duplicates"]) == ("partial", 2, 0)
    assert [(each["index"], each["source_id"]) for each in content["events"]] == [(0, "1"), (6, "ü")]
    assert [each["index"] for each in content["rejected"]] == [1, 2, 3, 4, 5, 7]
    reasons = [each["reason"] for each in content["rejected"]]
    for word, reason in zip(["a number", "deeper", "bytes", "NaN", "UTF-8", "longer"], reasons, strict=True):
        assert word in reason
    assert all(each["hint"] for each in content["rejected"])
    rows = await door.rows()
    assert [(row.body, row.body_index) for row in rows] == [(good, 0), (other, 6)]
    assert {row.request_sha256 for row in rows} == {hashlib.sha256(body).digest()}
    books = door.spool.books()["crm"]
    assert (books.received, books.accepted, books.rejected) == (8, 2, 6)


async def test_a_list_of_one_answers_like_one(door: Door) -> None:
    content = (await door.post([{"id": 8}])).json()
    assert (content["source_id"], content["accepted"], content["duplicate"]) == ("8", 1, False)
    assert (await door.post([])).json()["accepted"] == 0


async def test_lines(door: Door) -> None:
    body = b'{"id":1}\r\n\n  {"id":2} \nnonsense\n{"id":3}'
    for headers in ({"content_type": "application/x-ndjson; charset=utf-8"}, {}):
        content = (await door.post(body, "crm/" + ("a" if headers else "b"), **headers)).json()
        assert (content["accepted"], [each["index"] for each in content["rejected"]]) == (3, [2])
    assert [row.body for row in await door.rows()] == [b'{"id":1}', b'{"id":2}', b'{"id":3}'] * 2
    # What editors and exporters of Windows write: a byte order mark, and lines that end in two characters.
    marked = b'\xef\xbb\xbf{"id":4}\r\n{"id":5}\r\n// no comments\r\n'
    for headers in ({"content_type": "application/x-ndjson"}, {}):
        content = (await door.post(marked, "crm/" + ("c" if headers else "d"), **headers)).json()
        assert [each["source_id"] for each in content["events"]] == ["4", "5"]
        assert "not JSON" in content["rejected"][0]["reason"]


async def test_all_records_bad(door: Door) -> None:
    body = problem(await door.post([1, "x"]), 422, "All 2 records")
    assert [each["field"] for each in body["errors"]] == ["[0]", "[1]"]
    assert door.spool.books()["crm"].rejected == 2
    problem(await door.post([{"id": n} for n in range(600)]), 413, "600 records")


async def test_a_vendors_envelope(door: Door) -> None:
    door.keyring.grants["sf"] = Grant("key_2", SourcePolicy("sales", "salesforce"))
    record = b'{"Id" : "001dM00003jU9GyQAK", "attributes":{"type":"Account"}}'
    body = b'{"totalSize": 1, "records": [ ' + record + b" ]}"
    answer = await door.post(body, "sales/whatever", authorization="Bearer sf")
    assert answer.json()["source_id"] == "001dM00003jU9GyQAK"
    [row] = await door.rows()
    assert (row.body, row.record_type, row.kind) == (record, "account", "salesforce")


async def test_one_event_for_several_records(door: Door) -> None:
    door.keyring.grants["sf"] = Grant("key_2", SourcePolicy("sales", "salesforce"))
    header = {
        "recordIds": ["006dM00000Mw7VtQAJ", "006dM00000Mw7VuQAJ"],
        "entityName": "Opportunity",
        "changeType": "DELETE",
    }
    answer = await door.post({"ChangeEventHeader": header}, "sales/opportunity", authorization="Bearer sf")
    assert answer.json()["source_id"] == header["recordIds"][0]
    assert [each["source_id"] for each in answer.json()["events"]] == header["recordIds"]
    rows = await door.rows()
    assert len({row.event_key for row in rows}) == len(rows) == 2
    assert rows[0].body == rows[1].body


# -- who may post -----------------------------------------------------------------------------------------------------

BASIC = base64.b64encode(f"{KEY}:".encode()).decode()
AS_PASSWORD = base64.b64encode(f":{KEY}".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": f"Bearer {KEY}"}, ""),
        ({"authorization": f"bearer  {KEY}"}, ""),
        ({"x-write-key": KEY}, ""),
        ({"authorization": f"Basic {BASIC}"}, ""),
        ({"authorization": f"Basic {AS_PASSWORD}"}, ""),
        ({}, f"?key={KEY}"),
        ({}, f"?token={KEY}&x=1"),
    ],
)
async def test_ways_to_send_a_key(door: Door, headers: dict[str, str], query: str) -> None:
    url = f"/api/microservices/ingest/crm/deal{query}"
    assert (await door.client.post(url, content=b'{"id":1}', headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer "},
        {"authorization": "Basic %%%"},
        {"authorization": "Digest x"},
        {"x-write-key": "sc_wk_crm2"},
    ],
)
async def test_without_a_valid_key_nothing_is_stored(door: Door, headers: dict[str, str]) -> None:
    answer = await door.client.post("/api/microservices/ingest/crm/deal", content=b'{"id":1}', headers=headers)
    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "wrong" not in answer.text
    assert door.spool.books() == {}
    assert await door.rows() == []


async def test_a_key_is_for_its_source(door: Door) -> None:
    problem(await door.post({"id": 1}, "erp/deal"), 403, "erp")
    assert door.spool.books() == {}


async def test_a_key_in_the_address_is_kept_from_logs(door: Door) -> None:
    seen: dict[str, Any] = {}

    async def remember(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await IngestFront(elsewhere, door, LIMITS)(scope, receive, send)
        seen["query_string"] = scope["query_string"]  # what an access log reads after the answer

    async with httpx.AsyncClient(transport=httpx.ASGITransport(remember), base_url="http://test") as client:
        await client.post(f"/api/microservices/ingest/crm/deal?key={KEY}", content=b'{"id":1}')
    assert KEY.encode() not in seen["query_string"]


async def test_keys_that_cannot_be_checked(door: Door) -> None:
    door.keyring.away = True
    answer = await door.post({"id": 1})
    problem(answer, 503, "no servers found")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("name", ["a b", "ü", "x" * 129, "-x", "a%00b", "<script>"])
async def test_names_that_cannot_be_used(door: Door, name: str) -> None:
    answer = await door.post({"id": 1}, f"crm/{name}")
    assert problem(answer, 400)["errors"][0]["field"] == "entity_type"
    assert problem(await door.post({"id": 1}, f"{name}/deal"), 400)["errors"][0]["field"] == "source"


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "empty"),
        (b"  \n", 400, "empty"),
        (b"nonsense", 400, "not JSON"),
        (b'<?xml version="1.0"?><soapenv:Envelope/>', 400, "XML"),
        (b'{"id":1', 400, "not JSON"),
        (b'{"id":1}}', 400, "not JSON"),
        (b'{"id":NaN}', 400, "NaN"),
        (b'{"id":1,"x":-Infinity}', 400, "Infinity"),
        (b'\xef\xbb\xbf{"id":1}', 400, "byte order mark"),
        (b'{"id":"\x00"}', 400, "NUL"),
        (b"\x00", 400, "NUL"),
        (b'{"id":"\xff"}', 400, "UTF-8"),
        (b'{"id":"\x01"}', 400, "not JSON"),
        ('{"id":1}'.encode("utf-16"), 400, "UTF-8"),
        (b'"text"', 422, "a string"),
        (b"12", 422, "a number"),
        (b"null", 422, "null"),
        (b'{"x":' * 60 + b"1" + b"}" * 60, 422, "deeper than 50"),
        (b'{"x":' * 30_000, 422, "deeper than 50"),
        (b"[" * 100_000, 422, "deeper than 50"),
        (json.dumps({"id": 1, "x": [{f"k{n}": n} for n in range(300)]}).encode(), 422, "more than 300 members"),
        (b'{"id":"\\ud800"}', 422, "control characters"),
        (b'{"id":"a\\u0000b"}', 422, "control characters"),
        (b'{"id":1,"x":"' + b"y" * 60_000 + b'"}', 413, "60015 bytes"),
        (b'{"x":"' + b"y" * 250_000 + b'"}', 413, "200000 bytes"),
    ],
)
async def test_bodies_that_are_refused(door: Door, body: bytes, status: int, words: str) -> None:
    problem(await door.post(body), status, words)
    assert await door.rows() == []
    books = door.spool.books()["crm"]
    assert (books.received, books.accepted, books.rejected) == (1, 0, 1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1,"a":1,"a":2}',
        b'{"id":1,"a":"\\ud800"}',
        b'{"id":1,"a":1e400}',
        b'{"id":1,"a":' + b"9" * 5000 + b"}",
        b'{"id":1,"b":{"c":1},"b.c":2}',
        b'{"id":1,"a":"\\u0000"}',
        b'{"id":1,"a":1.10,"z":null}',
    ],
)
async def test_odd_json_is_kept_byte_for_byte(door: Door, body: bytes) -> None:
    assert (await door.post(body)).json()["source_id"] == "1"
    assert (await door.post(b"[" + body + b"]", "crm/other")).json()["source_id"] == "1"
    assert [row.body for row in await door.rows()] == [body, body]


@given(body=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_bytes_are_kept_or_refused(door: Door, body: bytes) -> None:
    await kept_or_refused(door, body)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=15,
)


@given(value=ANY_JSON, ascii_only=st.booleans())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_json_is_kept_or_refused(door: Door, value: Any, ascii_only: bool) -> None:
    await kept_or_refused(door, json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))


async def kept_or_refused(door: Door, body: bytes) -> None:
    answer = await door.post(body)
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
    books = door.spool.books().get("crm")
    assert books is None or books.received == books.accepted + books.rejected
    kept = b""
    while (batch := await door.spool.next_batch(1000, 2**30)) is not None:
        assert all(row.body in body for row in batch.rows)
        kept = batch.rows[0].body
        await door.spool.complete(batch)
    if answer.status_code == 200 and "events" not in answer.json() and not answer.json()["duplicate"]:
        assert kept == body


async def test_a_spool_that_takes_nothing(door: Door) -> None:
    await door.spool.close()
    answer = await door.post({"id": 1})
    problem(answer, 503, "Nothing was stored")
    assert int(answer.headers["retry-after"]) > 0
    problem(await door.post(b"nonsense"), 400)  # what is wrong with the post is said all the same


async def test_the_last_requests_of_a_source(door: Door) -> None:
    await door.post({"id": 1})
    await door.post({"id": 1})
    await door.post(b"nonsense")
    await door.post([{"id": 2}, 3])
    seen = door.spool.recent.of("crm")
    assert [each["outcome"] for each in seen] == ["partial", "rejected", "duplicate", "accepted"]
    assert "not JSON" in seen[1]["reason"]
    assert (seen[0]["accepted"], seen[0]["rejected"], seen[0]["entity_type"]) == (1, 1, "deal")
    assert seen[3]["event_id"] == seen[2]["event_id"] != ""
    assert "nonsense" not in str(seen)
    for _ in range(300):
        await door.post(b"x")
    assert len(door.spool.recent.of("crm")) == 100
    assert door.spool.recent.of("nobody") == []
