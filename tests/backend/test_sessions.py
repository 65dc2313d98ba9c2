"""Sessions: people see where they are signed in and end it; admins end another's; nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backend.main import create_app
from tests.backend.conftest import PASSWORD, client_of, problem

LOGIN = {"email": "ada@example.com", "password": PASSWORD}


async def test_a_person_sees_their_sessions_and_ends_one(client, accounts, context):
    await accounts.sign_in(client, "ada@example.com", "rep")
    async with client_of(create_app(context), headers={"User-Agent": "Phone/1 " + "x" * 999}) as phone:
        await phone.post("/api/auth/login", json=LOGIN)
        listed = (await client.get("/api/auth/sessions")).json()["items"]
        assert [one["current"] for one in sorted(listed, key=lambda one: one["started_at"])] == [True, False]
        other = next(one for one in listed if not one["current"])
        assert (other["place"], other["agent"][:8], len(other["agent"]), other["by_link"]) == (
            "192.0.2.7", "Phone/1 ", 300, False,
        )  # fmt: skip
        for name in ("started_at", "last_used_at"):
            assert abs(datetime.fromisoformat(other[name]) - datetime.now(UTC)) < timedelta(minutes=1)
        assert phone.cookies["salescommand_session"] not in str(listed)
        assert (await client.delete(f"/api/auth/sessions/{other['id']}")).status_code == 204
        problem(await phone.get("/api/auth/me"), 401)
    assert [one["current"] for one in (await client.get("/api/auth/sessions")).json()["items"]] == [True]
    problem(await client.delete(f"/api/auth/sessions/{other['id']}"), 404)


async def test_signing_out_everywhere_else(client, accounts, context):
    await accounts.sign_in(client, "ada@example.com")
    async with client_of(create_app(context)) as one, client_of(create_app(context)) as two:
        for other in (one, two):
            await other.post("/api/auth/login", json=LOGIN)
        assert (await client.delete("/api/auth/sessions")).status_code == 204
        for other in (one, two):
            problem(await other.get("/api/auth/me"), 401)
    assert (await client.get("/api/auth/me")).status_code == 200
    noted = (await client.get("/api/audit", params={"action": "end other sessions"})).json()["items"][0]
    assert {change["noun"] for change in noted["changes"]} == {"session"}
    assert len(noted["changes"]) == 2


async def test_an_ended_session_is_not_listed(client, accounts, context):
    await accounts.sign_in(client, "ada@example.com")
    async with client_of(create_app(context)) as other:
        await other.post("/api/auth/login", json=LOGIN)
        await other.post("/api/auth/logout")
    assert len((await client.get("/api/auth/sessions")).json()["items"]) == 1


async def test_admins_end_anothers_and_nobody_else_does(client, accounts, context):
    await accounts.sign_in(client, "ada@example.com")
    async with client_of(create_app(context)) as bob:
        user = await accounts.sign_in(bob, "bob@example.com", "manager")
        address = f"/api/users/{user['id']}/sessions"
        (session,) = (await client.get(address)).json()["items"]
        mine = (await client.get("/api/auth/sessions")).json()["items"][0]["id"]
        problem(await bob.get(address), 403)
        problem(await bob.delete(f"{address}/{session['id']}"), 403)
        # An id of somebody else's session is none of mine.
        problem(await bob.delete(f"/api/auth/sessions/{mine}"), 404)
        problem(await client.delete(f"/api/auth/sessions/{session['id']}"), 404)
        assert (await client.delete(f"{address}/{session['id']}")).status_code == 204
        problem(await bob.get("/api/auth/me"), 401)
        problem(await client.delete(f"{address}/{session['id']}"), 404)
    problem(await client.get("/api/users/usr_none/sessions"), 404)
    noted = (await client.get("/api/audit", params={"object": "bob@example.com"})).json()["items"]
    assert noted[0]["action"] == "end session of user"


async def test_programs_have_none(client, accounts, control):
    headers = await accounts.token("admin")
    problem(await client.get("/api/auth/sessions", headers=headers), 403)
    problem(await client.delete("/api/auth/sessions", headers=headers), 403)
    problem(await control.get("/api/auth/sessions"), 403)
