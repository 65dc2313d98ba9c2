"""People: added by admins, with one link each; somebody stays admin."""

from __future__ import annotations

import pytest

from tests.backend.conftest import problem


async def test_an_admin_adds_lists_and_removes_people(client, accounts):
    await accounts.sign_in(client, "ada@example.com")
    made = (await client.post("/api/users", json={"email": "Bob@Example.com", "name": "Bob", "role": "rep"})).json()
    assert made["user"]["role"] == "rep"
    assert made["user"]["needs_password"] is True
    assert made["link"].startswith("http://localhost:3000/sign-in#token=")
    listed = (await client.get("/api/users")).json()["items"]
    assert [user["email"] for user in listed] == ["ada@example.com", "bob@example.com"]
    assert "password" not in listed[0]
    assert (await client.delete(f"/api/users/{made['user']['id']}")).status_code == 204
    problem(await client.delete(f"/api/users/{made['user']['id']}"), 404)


@pytest.mark.parametrize("role", ["manager", "rep", "analyst"])
async def test_others_may_not(client, accounts, role):
    await accounts.sign_in(client, "rep@example.com", role)
    for method, path, body in [
        ("GET", "/api/users", None),
        ("POST", "/api/users", {"email": "x@example.com"}),
        ("DELETE", "/api/users/usr_1", None),
        ("GET", "/api/tokens", None),
        ("POST", "/api/tokens", {}),
        ("DELETE", "/api/tokens/tok_1", None),
        ("PUT", "/api/settings", {"reporting_currency": "EUR"}),
        ("PUT", "/api/sources/crm", {"kind": "generic"}),
        ("POST", "/api/sources/crm/keys", {}),
        ("DELETE", "/api/sources/crm/keys/key_1", None),
        ("PUT", "/api/mappings", None),
    ]:
        body_of = problem(await client.request(method, path, json=body), 403)
        assert role in body_of["detail"]


async def test_the_last_admin_stays(client, accounts):
    ada = await accounts.sign_in(client, "ada@example.com")
    assert "only admin" in problem(await client.delete(f"/api/users/{ada['id']}"), 409)["detail"]


async def test_an_existing_person_gets_a_new_link_but_no_other_role(accounts):
    post = accounts.control.post
    first = await post("/api/users", json={"email": "ada@example.com", "role": "rep"})
    again = await post("/api/users", json={"email": "ada@example.com"})
    assert again.json()["user"]["id"] == first.json()["user"]["id"]
    assert again.json()["link"] != first.json()["link"]
    problem(await post("/api/users", json={"email": "ada@example.com", "role": "admin"}), 409)


@pytest.mark.parametrize("email", ["", "ada", "ada@", "a b@example.com", "@example.com"])
async def test_what_is_no_address_is_refused(control, email):
    body = problem(await control.post("/api/users", json={"email": email}), 422)
    assert body["errors"][0]["field"] == "email"


async def test_an_unknown_role_is_refused_by_field(control):
    body = problem(await control.post("/api/users", json={"email": "a@example.com", "role": "king"}), 422)
    assert body["errors"][0]["field"] == "role"
