"""The role of programs that read and enter rates: whatever else there is, or will be, refuses it."""

from __future__ import annotations

import re

import pytest

from backend.auth.principal import GRANTED, REACH, Permission, Role
from backend.routes.deps import OPEN_PATHS
from tests.backend.conftest import problem
from tests.backend.test_security import all_routes

RATE = {"base": "EUR", "quote": "USD", "day": "2026-03-01", "rate": "1.1"}


async def test_it_enters_rates_and_reads(client, accounts):
    headers = await accounts.token("integration")
    assert (await client.get("/api/auth/me", headers=headers)).json()["role"] == "integration"
    assert (await client.post("/api/rates", json=RATE, headers=headers)).status_code == 201
    for path in ("/api/records", "/api/metrics", "/api/mappings", "/api/settings"):
        assert (await client.get(path, headers=headers)).status_code == 200, path
    for role in ("manager", "rep", "analyst"):
        problem(await client.post("/api/rates", json=RATE, headers=await accounts.token(role)), 403)


async def test_everything_else_refuses_it(client, accounts):
    """Nothing but rates is changed, and nothing is read that is not on its list: a new route is closed at first."""
    headers = await accounts.token("integration")
    for method, path in all_routes():
        listed = any(path == one or path.startswith(f"{one}/") for one in REACH[Role.INTEGRATION])
        if "/ingest/" in path or path in OPEN_PATHS or path.startswith("/api/rates") or (method == "GET" and listed):
            continue
        answer = await client.request(method, re.sub(r"\{[^}]+\}", "x", path), headers=headers)
        assert "integration" in problem(answer, 403)["detail"], (method, path)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_no_person_has_it(client, accounts, method):
    user = await accounts.sign_in(client, "ada@example.com")
    path = "/api/users" if method == "POST" else f"/api/users/{user['id']}"
    body = {"role": "integration"} | ({"email": "x@example.com"} if method == "POST" else {})
    assert problem(await client.request(method, path, json=body), 422)["errors"][0]["field"] == "role"


async def test_an_analyst_changes_nothing_but_what_is_their_own(client, accounts):
    assert GRANTED[Role.ANALYST] == {Permission.READ}
    headers = await accounts.token("analyst")
    open_to_all = {"/api/auth/logout", "/api/auth/password"}
    for method, path in all_routes():
        if method == "GET" or "/ingest/" in path or path in OPEN_PATHS | open_to_all:
            continue
        answer = await client.request(method, re.sub(r"\{[^}]+\}", "x", path), headers=headers)
        problem(answer, 403)
