"""Who gets in: keys with a scope, signatures in place of keys, limits, pauses; and that no secret is ever written."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import socket
import time
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from backend.auth.principal import CONTROL
from backend.main import create_app
from backend.stores.sealing import Sealer, Unreadable
from tests.backend.conftest import client_of, problem
from tests.support.waiting import until

INGEST = "/api/microservices/ingest"
SECRET = "whsec_c2VjcmV0LW9mLXRoZS1zZW5kZXI="


@pytest.fixture
async def door(context):
    """Nobody in particular, at the door."""
    async with client_of(create_app(context)) as client:
        yield client


async def key_of(control, source, **wanted):
    made = await control.post(f"/api/sources/{source}/keys", json=wanted)
    assert made.status_code == 201, made.text
    return made.json()["key"]


def standard(body: bytes, *, name="msg_1", secret=SECRET, at=None):
    moment = str(int(at or time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    code = hmac.new(key, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(code).decode()}"
    return {"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": signature}


def refusal(answer: httpx.Response, status: int, *words: str):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["status"] == status
    for word in words:
        assert word in body["detail"], body["detail"]
    return body


async def rows(context):
    batch = await context.spool.next_batch(10_000, 2**40)
    return [] if batch is None else batch.rows


async def tail(control, source, **query):
    answer = (await control.get(f"/api/sources/{source}/requests", params=query)).json()
    assert answer["instance"] == 0  # others have requests of their own
    return answer["items"]


async def test_a_key_posts_what_it_may(control, door, context):
    key = await key_of(control, "crm", entities=["deal", "contact"])
    body = {"json": {"id": 1}, "headers": {"X-Write-Key": key}}
    assert (await door.post(f"{INGEST}/crm/deal", **body)).status_code == 200
    refusal(await door.post(f"{INGEST}/crm/invoice", **body), 403, "invoice", "contact, deal")
    refusal(await door.post(f"{INGEST}/other/deal", **body), 403, "another source")
    assert [row.entity_type for row in await rows(context)] == ["deal"]
    assert [one["outcome"] for one in await tail(control, "crm")] == ["unauthorized", "unauthorized", "accepted"]


async def test_a_signature_stands_for_the_key(control, door, context):
    key = await key_of(control, "shop")
    url, body = f"{INGEST}/shop/order", b'{"id": 1, "total": "9.50"}'
    unsigned = await door.post(url, content=body)
    refusal(unsigned, 401, "no write key")
    made = await control.put("/api/sources/shop/verification", json={"scheme": "standard-webhooks", "secret": SECRET})
    assert made.status_code == 200, made.text
    assert SECRET not in made.text
    first = await door.post(url, content=body, headers=standard(body))
    assert first.status_code == 200, first.text
    again = (await door.post(url, content=body, headers=standard(body))).json()
    assert (again["duplicate"], again["event_id"]) == (True, first.json()["event_id"])  # by webhook-id, without a time
    other = b'{"id": 1, "total": "9.60"}'
    refusal(await door.post(url, content=other, headers=standard(other)), 422, "before")
    refusal(await door.post(url, content=other, headers=standard(body)), 401, "doesn't fit")
    refusal(await door.post(url, content=body, headers=standard(body, at=time.time() - 400)), 401, "seconds ago; 300")
    refusal(await door.post(url, content=body), 401, "webhook-signature")
    # With a valid key a signature may be missing, but not wrong.
    keyed = {"Authorization": f"Bearer {key}"}
    assert (await door.post(url, content=other, headers=keyed)).status_code == 200
    refusal(await door.post(url, content=body, headers=keyed | standard(other)), 401, "doesn't fit")
    assert [row.body for row in await rows(context)] == [body, other]
    words = [one["outcome"] for one in await tail(control, "shop")]
    assert words == ["unauthorized", "accepted", *["unauthorized"] * 3, "rejected", "duplicate", "accepted"]
    assert len(await tail(control, "shop", outcome="unauthorized", limit=2)) == 2
    books = context.spool.books()["shop"]
    assert (books.received, books.accepted, books.rejected) == (4, 3, 1)  # nothing of what proved nothing


async def test_a_signature_can_be_demanded_and_its_secret_replaced(control, door):
    key = await key_of(control, "shop")
    path, url, body = "/api/sources/shop/verification", f"{INGEST}/shop/order", b'{"id": 1}'
    wanted = {"scheme": "standard-webhooks", "secret": SECRET, "required": True}
    old = (await control.put(path, json=wanted)).json()["verification"]["secrets"][0]["id"]
    keyed = {"X-Write-Key": key}
    refusal(await door.post(url, content=body, headers=keyed), 401, "no signature")
    assert (await door.post(url, content=body, headers=keyed | standard(body))).status_code == 200
    new = "whsec_YW5vdGhlci1zZWNyZXQ="
    assert (await control.post(f"{path}/secrets", json={"secret": new})).status_code == 201
    problem(await control.post(f"{path}/secrets", json={"secret": new}), 409)
    for name, secret in (("m2", SECRET), ("m3", new)):
        assert (await door.post(url, content=body, headers=standard(body, name=name, secret=secret))).status_code == 200
    assert (await control.delete(f"{path}/secrets/{old}")).status_code == 200
    refusal(await door.post(url, content=body, headers=standard(body)), 401)
    assert (await control.delete(path)).json()["verification"] is None
    assert (await door.post(url, content=body, headers=keyed)).status_code == 200


async def test_a_kind_says_how_its_vendor_signs(control, door):
    await key_of(control, "billing", kind="stripe")
    made = await control.put("/api/sources/billing/verification", json={"secret": "whsec_of_stripe"})
    assert made.json()["verification"]["scheme"] == "stripe"
    body, at = b'{"id":"evt_1","object":"event"}', str(int(time.time()))
    code = hmac.new(b"whsec_of_stripe", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={at},v1={code}"}
    assert (await door.post(f"{INGEST}/billing/event", content=body, headers=headers)).status_code == 200
    await key_of(control, "plain")
    fault = problem(await control.put("/api/sources/plain/verification", json={"secret": "a" * 20}), 400)
    assert "standard-webhooks" in fault["hint"]
    wrong = await control.put(
        "/api/sources/plain/verification", json={"scheme": "standard-webhooks", "secret": "!" * 9}
    )
    assert "!!!" not in problem(wrong, 400)["detail"]


async def test_hubspot_signs_the_public_address(control, door):
    await key_of(control, "hub", kind="hubspot")
    await control.put("/api/sources/hub/verification", json={"secret": "client-secret"})
    body, at = (
        b'[{"objectId":1,"subscriptionType":"deal.creation","eventId":1,"occurredAt":1}]',
        str(int(time.time() * 1000)),
    )
    address = f"https://sales.example.com{INGEST}/hub/webhook?via=a/b"
    code = hmac.new(b"client-secret", f"POST{address}".encode() + body + at.encode(), hashlib.sha256).digest()
    headers = {"X-HubSpot-Signature-v3": base64.b64encode(code).decode(), "X-HubSpot-Request-Timestamp": at}
    behind_a_proxy = headers | {"Host": "sales.example.com"}
    url = f"{INGEST}/hub/webhook?via=a%2Fb"
    assert (await door.post(url, content=body, headers=behind_a_proxy)).status_code == 200
    refusal(await door.post(url, content=body, headers=headers), 401, "doesn't fit")


async def test_a_source_sends_no_more_than_it_may(control, door, context):
    key = await key_of(control, "crm")
    headers, url = {"X-Write-Key": key}, f"{INGEST}/crm/deal"
    free = await door.post(url, json={"id": 0}, headers=headers)
    assert "ratelimit" not in free.headers
    await control.put("/api/sources/crm/rate", json={"events_per_second": 0.5, "burst": 3})
    first = await door.post(url, json={"id": 1}, headers=headers)
    assert first.headers["ratelimit-policy"] == '"events";q=3;w=6;qu="events"'
    assert first.headers["ratelimit"] == '"events";r=2;t=2'
    batch = await door.post(url, json=[{"id": number} for number in range(7)], headers=headers)
    assert batch.json()["accepted"] == 7  # a batch goes in whole and is paid for afterwards
    late = await door.post(url, json={"id": 9}, headers=headers)
    refusal(late, 429, "0.5 events a second")
    assert 10 <= int(late.headers["retry-after"]) <= 12
    assert late.headers["ratelimit"].startswith('"events";r=0;t=')
    assert [one["outcome"] for one in await tail(control, "crm", limit=1)] == ["limited"]
    assert context.spool.books()["crm"].rejected == 0  # it will come again
    await control.delete("/api/sources/crm/rate")
    assert (await door.post(url, json={"id": 9}, headers=headers)).status_code == 200


async def test_a_paused_source_keeps_its_events(control, door, context):
    key = await key_of(control, "crm")
    post = {"json": {"id": 1}, "headers": {"X-Write-Key": key}}
    assert (await control.post("/api/sources/crm/pause")).json()["paused"] is True
    answer = await door.post(f"{INGEST}/crm/deal", **post)
    refusal(answer, 503, "paused")
    assert answer.headers["retry-after"] == "300"
    await control.post("/api/sources/crm/resume")
    assert (await door.post(f"{INGEST}/crm/deal", **post)).status_code == 200
    assert context.spool.books()["crm"].received == 1


@asynccontextmanager
async def served(app):
    """The app behind the real server, with all of its logging on."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="trace", log_config=None, lifespan="off", access_log=True))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
        yield client
    server.should_exit = True
    await serving


async def test_requests_can_be_followed(control, context):
    key = await key_of(control, "crm")
    async with served(create_app(context, principal=CONTROL)) as client:
        problem(await client.get("/api/sources/none/requests/stream"), 404)
        async with client.stream("GET", "/api/sources/crm/requests/stream?outcome=accepted") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            assert await anext(lines) == ": following what instance 0 answers"
            await until(lambda: len(context.spool.recent._listeners) == 1)
            for body, word in ((b"{", "deal"), (b'{"id":"d1","name":"hush"}', "contact")):
                await client.post(f"{INGEST}/crm/{word}", content=body, headers={"X-Write-Key": key})
            assert await anext(lines) == ""
            assert await anext(lines) == "event: request"
            told = json.loads((await anext(lines)).removeprefix("data: "))
        await until(lambda: not context.spool.recent._listeners)
    assert (told["outcome"], told["entity_type"], told["accepted"]) == ("accepted", "contact", 1)
    assert "hush" not in str(told)


async def test_what_proves_nothing_is_not_in_the_books(control, door, context):
    """Somebody without a key can't move the counters of a source that takes signatures."""
    await key_of(control, "shop")
    await control.put("/api/sources/shop/verification", json={"scheme": "standard-webhooks", "secret": SECRET})
    url = f"{INGEST}/shop/order"
    large = b'{"id": 1, "x": "' + b"y" * (4 * 1024 * 1024) + b'"}'
    assert (await door.post(url, content=large, headers=standard(large))).status_code == 413
    assert (await door.post(url, content=large)).status_code == 401  # not even read
    bad = standard(b"{}") | {"Idempotency-Key": "two words"}
    assert (await door.post(url, content=b"{}", headers=bad)).status_code == 400
    assert "shop" not in context.spool.books()
    broken = b"{"
    assert (await door.post(url, content=broken, headers=standard(broken))).status_code == 400
    assert context.spool.books()["shop"].rejected == 1


async def test_unknown_sources_leave_no_trace(door, context):
    for number in range(5):
        refusal(await door.post(f"{INGEST}/ghost{number}/deal", json={"id": 1}, headers=standard(b"x")), 401)
        refusal(await door.post(f"{INGEST}/ghost{number}/deal?key=sc_wk_guess", json={"id": 1}), 401)
    assert context.spool.books() == {}
    assert await rows(context) == []
    assert context.spool.recent._sources == {}


async def test_a_secret_sealed_elsewhere_proves_nothing(control, door, context, tmp_path):
    await key_of(control, "shop")
    await control.put("/api/sources/shop/verification", json={"scheme": "standard-webhooks", "secret": SECRET})
    kept = (await context.mongo.sources.get({"_id": "shop"}))["verification"]["secrets"][0]["sealed"]
    assert SECRET not in kept
    assert context.sealer.open(kept).decode() == SECRET
    assert Sealer("", context.settings.data_dir).open(kept).decode() == SECRET
    with pytest.raises(Unreadable):
        Sealer("another key of the platform", tmp_path).open(kept)
    foreign = Sealer("another key of the platform", tmp_path).seal(SECRET)
    await context.mongo.sources.update({"_id": "shop"}, {"$set": {"verification.secrets.0.sealed": foreign}})
    context.keyring.forget()
    refusal(await door.post(f"{INGEST}/shop/order", content=b"{}", headers=standard(b"{}")), 401, "can't be read")


async def test_no_secret_is_ever_logged_or_answered(control, context, caplog):
    """Every way to send one, right and wrong, through the real server with everything logged that can be."""
    caplog.set_level(logging.DEBUG)
    key = await key_of(control, "crm")
    await control.put("/api/sources/crm/verification", json={"scheme": "standard-webhooks", "secret": SECRET})
    wrong = "sc_wk_wrong-but-secret-all-the-same"
    basics = [base64.b64encode(f"{secret}:x".encode()).decode() for secret in (key, wrong)]
    answers = []
    async with served(create_app(context)) as door:
        for secret, basic in zip((key, wrong), basics, strict=True):
            for query, headers in (
                (f"?key={secret}", {}),
                (f"?token={secret}&wait=no", {}),
                ("", {"Authorization": f"Bearer {secret}"}),
                ("", {"X-Write-Key": secret}),
                ("", {"Authorization": f"Basic {basic}"}),
            ):
                for path, body in (
                    ("crm/deal", b'{"id": 1}'),
                    ("crm/deal", b"{"),
                    ("other/deal", b"{}"),
                    ("crm", b"{}"),
                ):
                    answers.append(await door.post(f"{INGEST}/{path}{query}", content=body, headers=headers))
                answers.append(await door.get(f"{INGEST}/crm/deal{query}", headers=headers))
                answers.append(await door.options(f"{INGEST}/crm/deal{query}", headers=headers))
        answers.append(await door.post(f"{INGEST}/crm/deal", content=b"{}", headers=standard(b"x")))
    answers.append(await control.get("/api/sources/crm/policy"))
    answers.append(await control.get("/api/sources/crm/keys"))
    answers.append(await control.put("/api/sources/crm/verification", json={"scheme": "nope", "secret": SECRET}))
    answers.append(await control.put("/api/sources/crm/verification", json={"secret": [SECRET]}))
    assert {200, 400, 401, 403, 404, 405} <= {answer.status_code for answer in answers}
    # What the test's own client logs of its requests isn't the platform's.
    own = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert any(record.name.startswith("uvicorn.access") for record in own)
    logged = "\n".join(f"{record.getMessage()} {vars(record)}" for record in own)
    said = "\n".join(answer.text + str(answer.headers) for answer in answers)
    stored = str(await context.mongo.keys.find()) + str(await context.mongo.sources.find())
    for secret in (key, wrong, SECRET, *basics):
        assert secret not in said
        assert secret not in stored
        assert secret not in logged
