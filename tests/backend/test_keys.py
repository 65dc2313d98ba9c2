"""Write keys: made with their source, shown once, revocable, and known while MongoDB is away."""

from __future__ import annotations

import pytest

from backend.services.keys import KeyService
from backend.stores.keyring import KeyRing
from backend.stores.mongo import MongoUnavailable, open_mongo
from tests.backend.conftest import problem
from tests.support.servers import free_port


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


@pytest.mark.parametrize("name", ["a b", ".hidden", "x" * 65, "é"])
async def test_names_that_cannot_be_a_source(control, name):
    body = problem(await control.post(f"/api/sources/{name}/keys", json={}), 400)
    assert body["errors"][0]["field"] == "source"


async def test_known_keys_work_while_mongodb_is_away(context):
    _, secret = await KeyService(context).create("crm", None, "test")
    ring = KeyRing(context.mongo)
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
    ring = KeyRing(context.mongo)
    assert await ring.find("sc_wk_guess") is None
    loaded = ring._loaded_at
    for number in range(20):
        assert await ring.find(f"sc_wk_{number}") is None
    assert ring._loaded_at == loaded
