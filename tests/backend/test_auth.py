"""Signing in: links, passwords, sessions, tokens, and what is refused."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from backend.main import create_app
from tests.backend.conftest import PASSWORD, client_of, problem


async def test_a_link_signs_in_once(client, accounts):
    token = await accounts.link("Ada@Example.com")
    answer = await client.post("/api/auth/link", json={"token": token})
    assert answer.status_code == 200
    assert answer.json()["needs_password"] is True
    assert answer.json()["user"]["email"] == "ada@example.com"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert (await client.get("/api/auth/me")).json()["role"] == "admin"
    again = problem(await client.post("/api/auth/link", json={"token": token}), 401)
    assert "works once" in again["detail"]


async def test_a_new_link_ends_the_old_one(client, accounts):
    old = await accounts.link("ada@example.com")
    new = await accounts.link("ada@example.com")
    problem(await client.post("/api/auth/link", json={"token": old}), 401)
    assert (await client.post("/api/auth/link", json={"token": new})).status_code == 200


async def test_an_expired_link_is_refused(client, accounts, context):
    token = await accounts.link("ada@example.com")
    past = datetime.now(UTC) - timedelta(minutes=1)
    await context.mongo.links.update({}, {"$set": {"expires_at": past}})
    problem(await client.post("/api/auth/link", json={"token": token}), 401)


async def test_secrets_are_stored_as_digests_only(client, accounts, context):
    user = await accounts.sign_in(client, "ada@example.com")
    link = await accounts.link("bob@example.com")
    token = (await accounts.token())["Authorization"].removeprefix("Bearer ")
    key = (await accounts.control.post("/api/sources/crm/keys", json={})).json()["key"]
    stored = str([await getattr(context.mongo, name).find() for name in ("users", "links", "tokens", "keys")])
    redis = str(await context.redis.keys("*"))
    session = client.cookies["salescommand_session"]
    for secret in (PASSWORD, link, token, key, session):
        assert secret not in stored
        assert secret not in redis
    assert user["id"] in redis


async def test_password_sign_in_and_sign_out(client, accounts):
    await accounts.sign_in(client, "ada@example.com")
    assert (await client.post("/api/auth/logout")).status_code == 204
    problem(await client.get("/api/auth/me"), 401)
    answer = await client.post("/api/auth/login", json={"email": " ADA@example.com", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json() == {"user": answer.json()["user"], "needs_password": False}


async def test_the_cookie_of_an_ended_session_is_dead(client, accounts, context):
    await accounts.sign_in(client, "ada@example.com")
    stolen = client.cookies["salescommand_session"]
    await client.post("/api/auth/logout")
    async with client_of(create_app(context), cookies={"salescommand_session": stolen}) as thief:
        assert "ended" in problem(await thief.get("/api/auth/me"), 401)["detail"]


async def test_unknown_people_and_wrong_passwords_get_the_same_answer(client, accounts):
    await accounts.sign_in(client, "ada@example.com")
    await accounts.link("new@example.com")
    answers = [
        problem(await client.post("/api/auth/login", json={"email": email, "password": "wrong password"}), 401)
        for email in ("ada@example.com", "nobody@example.com", "new@example.com", "")
    ]
    for answer in answers:
        answer.pop("request_id")
    assert all(answer == answers[0] for answer in answers)


async def test_guessing_is_stopped(client, accounts):
    await accounts.sign_in(client, "ada@example.com")
    wrong = {"email": "ada@example.com", "password": "a wrong guess"}
    for _ in range(10):
        problem(await client.post("/api/auth/login", json=wrong), 401)
    blocked = await client.post("/api/auth/login", json={"email": "ada@example.com", "password": PASSWORD})
    problem(blocked, 429)
    assert 0 < int(blocked.headers["retry-after"]) <= 900


async def test_a_right_password_resets_the_count(client, accounts):
    await accounts.sign_in(client, "ada@example.com")
    for password in (*["a wrong guess"] * 9, PASSWORD, *["a wrong guess"] * 9):
        last = await client.post("/api/auth/login", json={"email": "ada@example.com", "password": password})
    assert last.status_code == 401


async def test_changing_a_password_asks_for_it_and_ends_other_sessions(client, accounts, context):
    await accounts.sign_in(client, "ada@example.com")
    async with client_of(create_app(context)) as other:
        await other.post("/api/auth/login", json={"email": "ada@example.com", "password": PASSWORD})
        new = {"password": "another good one"}
        refused = problem(await other.put("/api/auth/password", json=new), 403)
        assert refused["errors"][0]["field"] == "current"
        assert (await other.put("/api/auth/password", json=new | {"current": PASSWORD})).status_code == 204
        assert (await other.get("/api/auth/me")).status_code == 200
    problem(await client.get("/api/auth/me"), 401)


@pytest.mark.parametrize("password", ["short", "x" * 201])
async def test_unusable_passwords_are_refused_by_field(client, accounts, password):
    await client.post("/api/auth/link", json={"token": await accounts.link("ada@example.com")})
    body = problem(await client.put("/api/auth/password", json={"password": password}), 422)
    assert body["errors"][0]["field"] == "password"
    assert password not in body["detail"]


async def test_a_removed_person_is_signed_out(client, accounts):
    await accounts.sign_in(client, "ada@example.com")
    bob = await accounts.control.post("/api/users", json={"email": "bob@example.com", "role": "admin"})
    assert bob.status_code == 201
    me = (await client.get("/api/auth/me")).json()
    assert (await accounts.control.delete(f"/api/users/{me['id']}")).status_code == 204
    problem(await client.get("/api/auth/me"), 401)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:3000"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Origin": "http://localhost:3000"}, 204),
        ({}, 204),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost:3000"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_writes_from_other_sites_are_refused(client, accounts, headers, status):
    await accounts.sign_in(client, "ada@example.com")
    answer = await client.post("/api/auth/logout", headers=headers)
    assert answer.status_code == status
    still = await client.get("/api/auth/me")
    assert still.status_code == (401 if status == 204 else 200)


async def test_sign_in_from_another_site_is_refused(client, accounts):
    token = await accounts.link("ada@example.com")
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    problem(await client.post("/api/auth/link", json={"token": token}, headers=evil), 403)
    assert (await client.post("/api/auth/link", json={"token": token})).status_code == 200


async def test_https_marks_cookies_secure(settings, accounts, context):
    public = settings.model_copy(update={"public_url": "https://sales.example.com"})
    async with client_of(create_app(replace_context(context, public))) as client:
        answer = await client.post("/api/auth/link", json={"token": await accounts.link("ada@example.com")})
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age=" in answer.headers["strict-transport-security"]


def replace_context(context, settings):
    """The same open stores under other settings."""
    return dataclasses.replace(context, settings=settings, registry=CollectorRegistry())
