"""The audit log: whatever a person or a program changes is there, from what to what, and no secret ever is."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Request

from backend.auditing import ACTIONS, NOT_AUDITED
from backend.auth.principal import CONTROL
from backend.main import create_api, create_app
from backend.stores.mongo import Collection, MongoUnavailable
from tests.backend.conftest import PASSWORD, client_of, problem

INGEST = ("POST", "/api/microservices/ingest/{source}/{entity_type}")
"""The door answers it before the API: see the test of posting events."""


async def entries(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await client.get("/api/audit", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_change_says_who_when_and_from_what_to_what(client, accounts):
    ada = await accounts.sign_in(client, "ada@example.com")
    bob = (await client.post("/api/users", json={"email": "bob@example.com", "role": "manager"})).json()["user"]
    answer = await client.patch(f"/api/users/{bob['id']}", json={"role": "rep"})
    (entry,) = await entries(client, action="change user")
    assert entry["who"] == {"id": ada["id"], "name": "ada@example.com", "role": "admin", "via": "session", "token": ""}
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert (entry["method"], entry["path"], entry["outcome"]) == ("PATCH", f"/api/users/{bob['id']}", "done")
    assert entry["at"].endswith("Z")
    assert abs(datetime.fromisoformat(entry["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    (change,) = entry["changes"]
    assert (change["noun"], change["id"]) == ("user", bob["id"])
    assert change["before"] == {"email": "bob@example.com", "name": "bob", "role": "manager", "scope": "team"}
    assert change["after"] == {"email": "bob@example.com", "name": "bob", "role": "rep", "scope": "own"}


async def test_filters_and_pages(client, accounts, control):
    await accounts.sign_in(client, "ada@example.com")
    for name in ("bob", "cid", "dan"):
        await client.post("/api/users", json={"email": f"{name}@example.com"})
    await control.put("/api/settings", json={"reporting_currency": "EUR"})
    every = await entries(client)
    assert [one["id"] for one in every] == sorted((one["id"] for one in every), reverse=True)
    pages, cursor = [], None
    while True:
        body = (await client.get("/api/audit", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        assert len(body["items"]) <= 2
        pages += body["items"]
        if (cursor := body["next_cursor"]) is None:
            break
    assert pages == every
    assert {one["action"] for one in await entries(client, who="ADA@example.com")} == {
        "sign in by link", "change password", "add user",
    }  # fmt: skip
    assert {one["who"]["via"] for one in await entries(client, who="control")} == {"control"}
    assert len(await entries(client, object="cid@example.com")) == 1
    assert {one["action"] for one in await entries(client, object="setting")} == {"change settings"}
    middle = every[len(every) // 2]["at"]
    assert all(one["at"] >= middle for one in await entries(client, since=middle))
    assert len(await entries(client, since=middle)) + len(await entries(client, until=middle)) == len(every) + 1
    assert await entries(client, since="2099-01-01T00:00:00Z") == []
    assert problem(await client.get("/api/audit", params={"cursor": "x"}), 400)["errors"][0]["field"] == "cursor"
    assert problem(await client.get("/api/audit", params={"since": "x"}), 400)["errors"][0]["field"] == "since"
    problem(await client.get("/api/audit", params={"whom": "x"}), 400)


@pytest.mark.parametrize("role", ["manager", "rep", "analyst", "integration"])
async def test_only_admins_read_it(client, accounts, role):
    problem(await client.get("/api/audit", headers=await accounts.token(role)), 403)


async def test_what_is_refused_leaves_nothing(client, accounts, control):
    await accounts.sign_in(client, "rep@example.com", "rep")
    before = await entries(control)
    problem(await client.post("/api/users", json={"email": "x@example.com"}), 403)
    problem(await control.post("/api/users", json={"email": "no address"}), 422)
    problem(await control.delete("/api/users/usr_none"), 404)
    problem(await client.post("/api/auth/login", json={"email": "rep@example.com", "password": "wrong"}), 401)
    assert await entries(control) == before


async def test_nothing_changes_when_it_cant_be_written_down(control, monkeypatch):
    insert = Collection.insert

    async def failing(self: Collection, document: dict[str, Any]) -> None:
        if self._name == "audit":
            raise MongoUnavailable("away")
        await insert(self, document)

    monkeypatch.setattr(Collection, "insert", failing)
    problem(await control.post("/api/users", json={"email": "bob@example.com"}), 503)
    monkeypatch.undo()
    assert (await control.get("/api/users")).json()["items"] == []


async def test_a_change_before_a_failure_is_told(control, monkeypatch):
    async def failing(self: Any, user_id: str) -> str:
        raise MongoUnavailable("away")

    monkeypatch.setattr("backend.services.users.UserService._link", failing)
    problem(await control.post("/api/users", json={"email": "bob@example.com"}), 503)
    (entry,) = await entries(control)
    assert (entry["outcome"], entry["status"]) == ("failed", 503)
    assert entry["changes"][0]["after"]["email"] == "bob@example.com"


async def test_what_may_have_changed_is_told_when_nobody_knows(control, monkeypatch):
    """The store went away during the change: it may have been made, so the entry stays."""
    update = Collection.update

    async def failing(self: Collection, *args: Any, **options: Any) -> Any:
        if self._name == "settings":
            await update(self, *args, **options)
            raise MongoUnavailable("it did not answer in time")
        return await update(self, *args, **options)

    note = Collection._note
    monkeypatch.setattr(
        Collection, "_note", lambda self, *args: None if self._name == "settings" else note(self, *args)
    )
    monkeypatch.setattr(Collection, "update", failing)
    problem(await control.put("/api/settings", json={"reporting_currency": "EUR"}), 503)
    monkeypatch.undo()
    (entry,) = await entries(control)
    assert (entry["action"], entry["outcome"], entry["status"]) == ("change settings", "failed", 503)


async def test_a_request_that_is_cut_off_leaves_its_changes(context, monkeypatch):
    """The client hangs up, or the server stops, after the change and before the answer."""
    made = asyncio.Event()

    async def hanging(self: Any, user_id: str) -> str:
        made.set()
        await asyncio.Event().wait()
        return user_id

    monkeypatch.setattr("backend.services.users.UserService._link", hanging)
    async with client_of(create_app(context, principal=CONTROL)) as client:
        asking = asyncio.create_task(client.post("/api/users", json={"email": "bob@example.com"}))
        await made.wait()
        asking.cancel()
        await asyncio.wait([asking])
        for _ in range(100):
            found = await entries(client)
            if found and found[0]["outcome"] != "started":
                break
            await asyncio.sleep(0.05)
    assert (found[0]["outcome"], found[0]["status"]) == ("failed", None)
    assert found[0]["changes"][0]["after"]["email"] == "bob@example.com"


async def test_reading_with_a_token_and_posting_events_leave_nothing(client, accounts, control):
    headers = await accounts.token("admin")
    key = (await control.post("/api/sources/crm/keys", json={})).json()["key"]
    before = await entries(control)
    await client.get("/api/users", headers=headers)
    posted = await client.post(
        "/api/microservices/ingest/crm/deal", json={"id": 1}, headers={"Authorization": f"Bearer {key}"}
    )
    assert posted.status_code == 200
    assert await entries(control) == before


async def test_no_secret_is_kept(client, accounts, context):
    """Everything that is secret passes through once; the whole log is then searched for it."""
    token = await accounts.link("ada@example.com")
    await client.post("/api/auth/link", json={"token": token})
    await client.put("/api/auth/password", json={"password": PASSWORD})
    await client.put("/api/auth/password", json={"password": PASSWORD + "!"})
    await client.post("/api/auth/login", json={"email": "ada@example.com", "password": PASSWORD + "!"})
    pat = (await client.post("/api/tokens", json={"role": "admin"})).json()["token"]
    key = (await client.post("/api/sources/crm/keys", json={})).json()
    new = (await client.post(f"/api/sources/crm/keys/{key['id']}/rotate", json={})).json()
    signing = {"scheme": "stripe", "secret": "whsec_0123456789abcdef0123456789abcdef"}
    answer = await client.put("/api/sources/crm/verification", json=signing)
    assert answer.status_code == 200, answer.text
    stored = await context.mongo.sources.get({"_id": "crm"})
    user = await context.mongo.users.get({"email": "ada@example.com"})
    text = json.dumps([await entries(client, limit=500), await context.mongo.audit.find()], default=str)
    cookie = client.cookies["salescommand_session"]
    for secret in (
        token, PASSWORD, pat, key["key"], new["key"], signing["secret"], cookie, user["password"],
        stored["verification"]["secrets"][0]["sealed"],
    ):  # fmt: skip
        assert secret not in text
    assert "digest" not in text
    # A new password shows as one, though not which.
    sides = [one["changes"][0] for one in await entries(client, action="change password")]
    assert {json.dumps([side["before"].get("password"), side["after"]["password"]]) for side in sides} == {
        '[null, "(secret)"]', '["(secret)", "(another secret)"]',
    }  # fmt: skip


def mutating() -> set[tuple[str, str]]:
    paths = create_api(None).openapi()["paths"]
    methods = ("post", "put", "patch", "delete")
    return {(method.upper(), path) for path, one in paths.items() for method in methods if method in one}


def test_both_lists_are_of_routes_that_there_are():
    assert set(ACTIONS) | set(NOT_AUDITED) == mutating(), "say in backend/auditing.py what a new route does"
    assert not set(ACTIONS) & set(NOT_AUDITED)
    assert all(reason for reason in NOT_AUDITED.values())
    assert len(set(ACTIONS.values())) == len(ACTIONS)


async def test_every_route_that_changes_something_is_audited_or_listed(context, monkeypatch):
    """Stand-ins at the place of each route change a document; what is around them must note it, whoever wrote them."""
    router = APIRouter()

    async def changing(request: Request) -> dict[str, Any]:
        await context.mongo.settings.update({"_id": "probe"}, {"$set": {"value": request.url.path}}, upsert=True)
        return {}

    routes = [*sorted(mutating() - {INGEST}), ("POST", "/api/tomorrow")]
    for method, path in routes:
        router.add_api_route(path, changing, methods=[method])
    monkeypatch.setattr("backend.main.ROUTERS", (router,))
    async with client_of(create_app(context, principal=CONTROL)) as client:
        for method, path in routes:
            address = re.sub(r"\{([^}]+)\}", f"{method}-\\1", path)
            assert (await client.request(method, address)).status_code == 200, address
            noted = await context.mongo.audit.find({"method": method, "path": address})
            if (method, path) in NOT_AUDITED:
                assert noted == [], (method, path)
                continue
            assert len(noted) == 1, (address, noted)
            entry = noted[0]
            assert entry["action"] == ACTIONS.get((method, path), f"{method} {path}")
            assert entry["outcome"] == "done"
            assert entry["who"]["id"] == "control"
            assert entry["changes"][0]["after"] == {"value": address}
