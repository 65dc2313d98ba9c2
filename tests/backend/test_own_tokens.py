"""Tokens of one's own: what their owner may do, or less; shown once, ending by themselves, and of no use in person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.backend.conftest import problem


def until(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


async def make(client: httpx.AsyncClient, rights: str = "read", **wanted: Any) -> dict[str, Any]:
    body = {"name": "notebook", "rights": rights, "expires_at": until(days=30)} | wanted
    answer = await client.post("/api/auth/tokens", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def bearer(made: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {made['token']}"}


async def test_it_is_shown_once_tells_its_last_use_and_can_be_revoked(client, accounts, context):
    user = await accounts.sign_in(client, "ada@example.com", "rep")
    made = await make(client)
    (listed,) = (await client.get("/api/auth/tokens")).json()["items"]
    assert listed["last_used_at"] is None
    assert (listed["owner"], listed["ends_with"]) == (user["id"], made["token"][-4:])
    me = (await client.get("/api/auth/me", headers=bearer(made))).json()
    assert (me["id"], me["email"], me["role"], me["scope"]) == (user["id"], "ada@example.com", "rep", "own")
    (listed,) = (await client.get("/api/auth/tokens")).json()["items"]
    assert datetime.now(UTC) - datetime.fromisoformat(listed["last_used_at"]) < timedelta(minutes=1)
    assert made["token"] not in str([listed, await context.mongo.tokens.find()])
    assert (await client.delete(f"/api/auth/tokens/{made['id']}")).status_code == 204
    problem(await client.get("/api/auth/me", headers=bearer(made)), 401)
    problem(await client.delete(f"/api/auth/tokens/{made['id']}"), 404)


async def test_rights_take_away_and_never_give(client, accounts):
    user = await accounts.sign_in(client, "ada@example.com", "admin")
    read, write, admin = [bearer(await make(client, rights)) for rights in ("read", "write", "admin")]
    source = {"kind": "generic", "label": "CRM"}
    for headers, sources, users, audit in ((read, 403, 403, 403), (write, 200, 403, 403), (admin, 200, 200, 200)):
        assert (await client.put("/api/sources/crm", json=source, headers=headers)).status_code == sources
        assert (await client.get("/api/users", headers=headers)).status_code == users
        assert (await client.get("/api/audit", headers=headers)).status_code == audit
        assert (await client.get("/api/sources", headers=headers)).status_code in {200, 503}
    assert "token" in problem(await client.get("/api/users", headers=write), 403)["detail"]
    # The role counts as it is at that moment.
    await accounts.control.post("/api/users", json={"email": "bob@example.com", "role": "admin"})
    await accounts.control.patch(f"/api/users/{user['id']}", json={"role": "analyst"})
    for headers in (write, admin):
        problem(await client.put("/api/sources/crm", json=source, headers=headers), 403)
        problem(await client.get("/api/users", headers=headers), 403)
    noted = (await accounts.control.get("/api/audit", params={"action": "set up source"})).json()["items"]
    assert {(one["who"]["name"], one["who"]["via"]) for one in noted} == {("ada@example.com", "token")}
    assert all(one["who"]["token"].startswith("tok_") for one in noted)


@pytest.mark.parametrize("role", ["manager", "rep", "analyst"])
async def test_only_admins_make_tokens_with_an_admins_rights(client, accounts, role):
    await accounts.sign_in(client, "ada@example.com", role)
    body = {"name": "x", "rights": "admin", "expires_at": until(days=1)}
    assert problem(await client.post("/api/auth/tokens", json=body), 422)["errors"][0]["field"] == "rights"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expires_at": until(days=-1)}, "expires_at"),
        ({"expires_at": until(days=400)}, "expires_at"),
        ({"expires_at": None}, "expires_at"),
        ({"rights": "all"}, "rights"),
        ({"name": ""}, "name"),
        ({"role": "admin"}, "role"),
    ],
)
async def test_what_cant_be_is_refused_by_field(client, accounts, change, field):
    await accounts.sign_in(client, "ada@example.com")
    body = {"name": "x", "rights": "read", "expires_at": until(days=1)} | change
    assert problem(await client.post("/api/auth/tokens", json=body), 422)["errors"][0]["field"] == field


async def test_it_ends_by_itself_and_with_its_owner(client, accounts, context):
    user = await accounts.sign_in(client, "ada@example.com", "analyst")
    short, long = await make(client), await make(client)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await context.mongo.tokens.update({"_id": short["id"]}, {"$set": {"expires_at": past}})
    assert "expired" in problem(await client.get("/api/auth/me", headers=bearer(short)), 401)["detail"]
    assert (await client.get("/api/auth/me", headers=bearer(long))).status_code == 200
    await accounts.control.delete(f"/api/users/{user['id']}")
    problem(await client.get("/api/auth/me", headers=bearer(long)), 401)


async def test_with_a_token_nobody_is_there_in_person(client, accounts):
    await accounts.sign_in(client, "ada@example.com")
    headers = bearer(await make(client, "admin"))
    problem(await client.post("/api/auth/tokens", json={}, headers=headers), 403)
    problem(await client.get("/api/auth/sessions", headers=headers), 403)
    problem(await client.put("/api/auth/password", json={"password": "a good one, this"}, headers=headers), 403)


async def test_others_neither_see_nor_end_it_but_admins_do(client, accounts, control):
    await accounts.sign_in(client, "ada@example.com", "admin")
    mine = await make(client)
    client.cookies.clear()
    await accounts.sign_in(client, "bob@example.com", "manager")
    assert (await client.get("/api/auth/tokens")).json()["items"] == []
    problem(await client.delete(f"/api/auth/tokens/{mine['id']}"), 404)
    assert [one["id"] for one in (await control.get("/api/tokens")).json()["items"]] == [mine["id"]]
    assert (await control.delete(f"/api/tokens/{mine['id']}")).status_code == 204


async def test_there_is_a_most(client, accounts, monkeypatch):
    monkeypatch.setattr("backend.services.tokens.MOST", 2)
    await accounts.sign_in(client, "ada@example.com")
    await make(client)
    await make(client)
    body = {"name": "x", "expires_at": until(days=1)}
    problem(await client.post("/api/auth/tokens", json=body), 409)


async def test_a_programs_token_may_end_too(client, control, context):
    made = (await control.post("/api/tokens", json={"role": "analyst", "expires_at": until(hours=1)})).json()
    assert (await client.get("/api/auth/me", headers=bearer(made))).status_code == 200
    await context.mongo.tokens.update({"_id": made["id"]}, {"$set": {"expires_at": datetime.now(UTC)}})
    problem(await client.get("/api/auth/me", headers=bearer(made)), 401)
    answer = await control.post("/api/tokens", json={"expires_at": until(hours=-1)})
    assert problem(answer, 422)["errors"][0]["field"] == "expires_at"
