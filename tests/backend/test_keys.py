"""Write keys: made with their source, shown once, revocable, and known while MongoDB is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from backend.services.keys import KeyService, NewKey
from backend.stores.keyring import KeyRing
from backend.stores.mongo import MongoUnavailable, open_mongo
from tests.backend.conftest import problem
from tests.support.servers import free_port
from tests.support.waiting import until


async def test_a_key_makes_its_source_and_is_found_by_ingest(control, context):
    made = await control.post("/api/sources/crm/keys", json={"kind": "hubspot"})
    assert made.status_code == 201
    secret = made.json()["key"]
    assert secret.startswith("sc_wk_")
    grant = await context.keyring.find(secret)
    assert (grant.source, grant.kind, grant.key_id) == ("crm", "hubspot", made.json()["id"])
    assert await context.keyring.find(secret + "x") is None
    listed = (await control.get("/api/sources/crm/keys")).json()["items"]
    assert [key["ends"] for key in listed] == [secret[-4:]]
    assert secret not in str(listed)


async def test_a_revoked_key_is_dead_at_once(control, context):
    made = (await control.post("/api/sources/crm/keys", json={})).json()
    assert await context.keyring.find(made["key"])
    assert (await control.delete(f"/api/sources/crm/keys/{made['id']}")).status_code == 204
    assert await context.keyring.find(made["key"]) is None
    problem(await control.delete(f"/api/sources/crm/keys/{made['id']}"), 404)


async def test_a_key_of_another_source_is_not_revoked(control):
    made = (await control.post("/api/sources/crm/keys", json={})).json()
    problem(await control.delete(f"/api/sources/other/keys/{made['id']}"), 404)


async def test_the_kind_of_a_source_reaches_ingest(control, context):
    secret = (await control.post("/api/sources/crm/keys")).json()["key"]
    assert (await context.keyring.find(secret)).kind == "generic"
    answer = await control.put("/api/sources/crm", json={"kind": "salesforce", "label": "Our CRM"})
    assert answer.json() == {"source": "crm", "kind": "salesforce", "label": "Our CRM"}
    assert (await context.keyring.find(secret)).kind == "salesforce"
    await control.post("/api/sources/crm/keys", json={})
    assert (await context.keyring.find(secret)).kind == "salesforce"
    for method, path in (("PUT", "/api/sources/crm"), ("POST", "/api/sources/other/keys")):
        refused = problem(await control.request(method, path, json={"kind": "hubsopt"}), 400)
        assert refused["errors"][0]["field"] == "kind"
        assert "hubspot" in refused["hint"]
    assert (await context.keyring.find(secret)).kind == "salesforce"


@pytest.mark.parametrize("name", ["a b", ".hidden", "x" * 65, "é"])
async def test_names_that_cannot_be_a_source(control, name):
    body = problem(await control.post(f"/api/sources/{name}/keys", json={}), 400)
    assert body["errors"][0]["field"] == "source"


async def test_known_keys_work_while_mongodb_is_away(context):
    _, secret = await KeyService(context).create("crm", NewKey(), "test")
    ring = KeyRing(context.mongo, context.sealer)
    assert await ring.find(secret)
    away = open_mongo(f"mongodb://127.0.0.1:{free_port()}", "none", timeout_seconds=0.1)
    ring._mongo = away
    ring.forget()
    assert await ring.find(secret)
    with pytest.raises(MongoUnavailable):
        await ring.find("sc_wk_unknown")
    ring._mongo = context.mongo
    away.close()


async def test_guessing_does_not_ask_mongodb_each_time(context):
    ring = KeyRing(context.mongo, context.sealer)
    assert await ring.find("sc_wk_guess") is None
    loaded = ring._loaded_at
    for number in range(20):
        assert await ring.find(f"sc_wk_{number}") is None
    assert ring._loaded_at == loaded


async def test_two_keys_live_at_a_time(control, context):
    first, second = [(await control.post("/api/sources/crm/keys", json={})).json() for _ in range(2)]
    assert await context.keyring.find(second["key"])
    refused = problem(await control.post("/api/sources/crm/keys", json={}), 409)
    assert first["id"] in refused["detail"]
    assert second["id"] in refused["detail"]
    assert f"key revoke crm {first['id']}" in refused["hint"]  # the one that nobody used
    assert (await control.post("/api/sources/crm/keys", json={"temporary": True})).status_code == 201
    await control.delete(f"/api/sources/crm/keys/{first['id']}")
    assert (await control.post("/api/sources/crm/keys", json={})).status_code == 201


async def test_keys_made_at_once_are_no_more_than_two(control):
    answers = await asyncio.gather(*(control.post("/api/sources/crm/keys", json={}) for _ in range(6)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    kept = (await control.get("/api/sources/crm/keys")).json()["items"]
    assert sorted(one["id"] for one in kept) == sorted(answer.json()["id"] for answer in made)
    assert len(made) <= 2
    while len(made) < 2:  # those that met gave way, and left the room to the next
        made.append(await control.post("/api/sources/crm/keys", json={}))
        assert made[-1].status_code == 201
    problem(await control.post("/api/sources/crm/keys", json={}), 409)


async def test_a_key_is_replaced_without_a_gap(control, context):
    old = (await control.post("/api/sources/crm/keys", json={"entities": ["deal"]})).json()
    before = datetime.now(UTC)
    answer = await control.post(f"/api/sources/crm/keys/{old['id']}/rotate", json={"grace_hours": 2})
    assert answer.status_code == 201, answer.text
    new = answer.json()
    ends = datetime.fromisoformat(new["old_expires_at"])
    assert timedelta(hours=2) <= ends - before < timedelta(hours=2, minutes=1)
    for secret in (old["key"], new["key"]):
        assert (await context.keyring.find(secret)).entities == {"deal"}
    again = problem(await control.post(f"/api/sources/crm/keys/{new['id']}/rotate"), 409)
    assert old["id"] in again["hint"]
    await control.delete(f"/api/sources/crm/keys/{old['id']}")
    last = (await control.post(f"/api/sources/crm/keys/{new['id']}/rotate", json={"grace_hours": 0})).json()
    assert await context.keyring.find(new["key"]) is None
    assert await context.keyring.find(last["key"])
    problem(await control.post(f"/api/sources/crm/keys/{new['id']}/rotate"), 409)
    listed = {key["id"]: key["live"] for key in (await control.get("/api/sources/crm/keys")).json()["items"]}
    assert listed == {new["id"]: False, last["id"]: True}


async def test_a_key_ends_when_it_was_to(control, context):
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    made = (await control.post("/api/sources/crm/keys", json={"expires_at": soon})).json()
    assert await context.keyring.find(made["key"])
    await until(lambda: _gone(context, made["key"]))
    past = {"expires_at": "2020-01-01T00:00:00Z"}
    assert problem(await control.post("/api/sources/crm/keys", json=past), 400)["errors"][0]["field"] == "expires_at"


async def _gone(context, secret):
    return await context.keyring.find(secret) is None


async def test_the_last_use_of_a_key_is_shown(control, context):
    made = (await control.post("/api/sources/crm/keys", json={})).json()
    assert (await control.get("/api/sources/crm/keys")).json()["items"][0]["last_used_at"] is None
    before = datetime.now(UTC)
    await context.keyring.find(made["key"])
    shown = (await control.get("/api/sources/crm/keys")).json()["items"][0]["last_used_at"]
    assert abs(datetime.fromisoformat(shown) - before) < timedelta(seconds=5)
