"""The second factor: set up with a code, asked for at each sign-in, each code once, and a way back for lost phones."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest

from backend.auth.totp import matching_step
from backend.context import Context
from backend.main import create_app
from tests.backend.conftest import PASSWORD, Accounts, client_of, problem

EMAIL = "ada@example.com"
LOGIN = {"email": EMAIL, "password": PASSWORD}
HERE = "/api/auth/second-factor"


def code_of(secret: str, later: int = 0) -> str:
    return pyotp.TOTP(secret).at(time.time(), counter_offset=later)


async def enrol(client: httpx.AsyncClient, accounts: Accounts, role: str = "rep") -> tuple[str, list[str]]:
    """Sign in, turn it on, and return the secret and the recovery codes."""
    await accounts.sign_in(client, EMAIL, role)
    begun = await client.post(HERE, json={"password": PASSWORD})
    assert begun.status_code == 201, begun.text
    secret: str = begun.json()["secret"]
    answer = await client.post(f"{HERE}/confirm", json={"code": code_of(secret)})
    assert answer.status_code == 200, answer.text
    return secret, answer.json()["recovery_codes"]


async def forget_the_last_code(context: Context) -> None:
    await context.mongo.users.update({"email": EMAIL}, {"$set": {"totp_step": 0}})


async def log_in(client: httpx.AsyncClient, code: str | None) -> httpx.Response:
    return await client.post("/api/auth/login", json=LOGIN | ({"code": code} if code is not None else {}))


def test_codes_are_those_of_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6238, appendix B, the last six digits of its table for SHA-1."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for at, code in ((1111111111, "050471"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        for drift, fits in ((0, True), (29, True), (-30, True), (90, False), (-90, False)):
            monkeypatch.setattr(time, "time", lambda at=at, drift=drift: at + drift)
            assert matching_step(secret, code) == (at // 30 if fits else None), (at, drift)
    for wrong in ("", "28708", "2870822", "28708a", "٢٨٧٠٨٢"):
        assert matching_step(secret, wrong) is None


async def test_signing_in_asks_for_a_code(client, accounts, context):
    assert await accounts.link(EMAIL, "rep")
    secret, _ = await enrol(client, accounts)
    state = (await client.get(HERE)).json()
    assert (state["on"], state["recovery_codes_left"]) == (True, 10)
    assert state["since"]
    client.cookies.clear()
    asked = problem(await log_in(client, None), 401)
    assert asked["type"].endswith("second-factor-needed")
    assert asked["errors"][0]["field"] == "code"
    assert "salescommand_session" not in client.cookies
    assert problem(await log_in(client, "000000"), 401)["errors"][0]["field"] == "code"
    answer = await log_in(client, f" {code_of(secret, 1)[:3]} {code_of(secret, 1)[3:]} ")
    assert answer.status_code == 200, answer.text
    assert (await client.get("/api/auth/me")).status_code == 200
    # Who does not know the password is told nothing of a second factor.
    wrong = problem(await client.post("/api/auth/login", json=LOGIN | {"password": "wrong one"}), 401)
    assert wrong["type"].endswith("sign-in-failed")


async def test_a_code_is_taken_once(client, accounts, context):
    secret, _ = await enrol(client, accounts)
    problem(await log_in(client, code_of(secret)), 401)
    code = code_of(secret, 1)
    answers = await asyncio.gather(*(log_in(client, code) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    # Nor is one from before the last that was taken.
    problem(await log_in(client, code_of(secret)), 401)


async def test_guessing_codes_is_stopped_wherever_it_comes_from(client, accounts, context):
    secret, recovery = await enrol(client, accounts)
    answers = [await log_in(client, f"{number:06d}") for number in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 900
    for code in (code_of(secret, 1), recovery[0]):
        problem(await log_in(client, code), 429)
    problem(await client.post(f"{HERE}/remove", json={"code": code_of(secret, 1)}), 429)
    await context.redis.delete(*await context.redis.keys("salescommand:codes:*"))
    assert (await log_in(client, code_of(secret, 1))).status_code == 200


async def test_a_recovery_code_works_once(client, accounts):
    _, codes = await enrol(client, accounts)
    assert len(set(codes)) == 10
    assert (await log_in(client, codes[0].upper())).status_code == 200
    problem(await log_in(client, codes[0]), 401)
    assert (await client.get(HERE)).json()["recovery_codes_left"] == 9
    new = (await client.post(f"{HERE}/recovery-codes", json={"code": codes[1]})).json()["recovery_codes"]
    problem(await log_in(client, codes[2]), 401)
    assert (await log_in(client, new[0])).status_code == 200


async def test_a_link_asks_for_it_too_and_is_not_lost_by_it(client, accounts):
    secret, _ = await enrol(client, accounts)
    link = (await accounts.control.post("/api/users", json={"email": EMAIL})).json()["link"].rsplit("token=", 1)[1]
    client.cookies.clear()
    assert problem(await client.post("/api/auth/link", json={"token": link}), 401)["type"].endswith("needed")
    problem(await client.post("/api/auth/link", json={"token": link, "code": "000000"}), 401)
    answer = await client.post("/api/auth/link", json={"token": link, "code": code_of(secret, 1)})
    assert answer.status_code == 200, answer.text
    problem(await client.post("/api/auth/link", json={"token": link, "code": code_of(secret, 1)}), 401)


async def test_turning_it_on_needs_password_and_code_and_ends_other_sessions(client, accounts, context):
    await client.post("/api/auth/link", json={"token": await accounts.link(EMAIL, "rep")})
    problem(await client.post(HERE, json={"password": ""}), 409)
    await client.put("/api/auth/password", json={"password": PASSWORD})
    assert problem(await client.post(HERE, json={"password": "wrong"}), 422)["errors"][0]["field"] == "password"
    problem(await client.post(f"{HERE}/confirm", json={"code": "123456"}), 409)
    begun = (await client.post(HERE, json={"password": PASSWORD})).json()
    assert begun["uri"].startswith("otpauth://totp/SalesCommand:ada%40example.com?")
    assert begun["secret"] in begun["uri"]
    async with client_of(create_app(context)) as other:
        # It does not count yet.
        assert (await log_in(other, None)).status_code == 200
        assert (
            problem(await client.post(f"{HERE}/confirm", json={"code": "000000"}), 422)["errors"][0]["field"] == "code"
        )
        await client.post(f"{HERE}/confirm", json={"code": code_of(begun["secret"])})
        problem(await other.get("/api/auth/me"), 401)
    assert (await client.get("/api/auth/me")).status_code == 200
    problem(await client.post(HERE, json={"password": PASSWORD}), 409)


async def test_a_secret_waits_for_a_quarter_of_an_hour(client, accounts, context):
    await accounts.sign_in(client, EMAIL)
    secret = (await client.post(HERE, json={"password": PASSWORD})).json()["secret"]
    past = datetime.now(UTC) - timedelta(minutes=16)
    await context.mongo.users.update({"email": EMAIL}, {"$set": {"totp_pending.at": past}})
    problem(await client.post(f"{HERE}/confirm", json={"code": code_of(secret)}), 409)


async def test_it_is_turned_off_with_a_code_or_by_an_admin(client, accounts, context, control):
    secret, _ = await enrol(client, accounts)
    problem(await client.post(f"{HERE}/remove", json={"code": ""}), 422)
    assert (await client.post(f"{HERE}/remove", json={"code": code_of(secret, 1)})).status_code == 204
    assert (await client.get(HERE)).json() == {"on": False, "since": None, "recovery_codes_left": 0}
    assert (await log_in(client, None)).status_code == 200
    problem(await client.post(f"{HERE}/remove", json={"code": "123456"}), 409)
    client.cookies.clear()
    await enrol(client, accounts)
    user = (await control.get("/api/users")).json()["items"][0]
    assert user["second_factor"] is True
    problem(await client.delete(f"/api/users/{user['id']}/second-factor"), 403)
    assert (await control.delete(f"/api/users/{user['id']}/second-factor")).status_code == 204
    assert (await log_in(client, None)).status_code == 200
    problem(await control.delete("/api/users/usr_none/second-factor"), 404)


async def test_nothing_of_it_is_kept_in_the_open(client, accounts, context, control):
    secret, codes = await enrol(client, accounts, "admin")
    await log_in(client, codes[0])
    entries = (await control.get("/api/audit", params={"limit": 500})).json()["items"]
    stored = str([await getattr(context.mongo, name).find() for name in ("users", "audit")]) + str(entries)
    for one in (secret, *codes, *(code.replace("-", "") for code in codes)):
        assert one not in stored
    user = await context.mongo.users.get({"email": EMAIL})
    assert user["totp"] not in str(entries)
    assert not any(one in str(entries) for one in user["recovery"])
    (turned_on,) = [one for one in entries if one["action"] == "turn on second factor"]
    assert turned_on["changes"][0]["after"]["totp"] == "(secret)"


async def test_what_was_sealed_with_another_key_is_said(client, accounts, context):
    await enrol(client, accounts)
    await context.mongo.users.update({"email": EMAIL}, {"$set": {"totp": "gAAAAAB"}})
    assert "SALESCOMMAND_SECRET_KEY" in problem(await log_in(client, "123456"), 503)["hint"]


async def test_programs_have_none(client, accounts):
    headers: dict[str, Any] = await accounts.token("admin")
    problem(await client.get(HERE, headers=headers), 403)
    problem(await client.post(HERE, json={"password": "x"}, headers=headers), 403)
