"""API tokens: shown once, by role, revocable; write keys do not read."""

from __future__ import annotations

from tests.backend.conftest import problem


async def test_a_token_reads_and_can_be_revoked(client, control):
    made = (await control.post("/api/tokens", json={"name": "reporting", "role": "analyst"})).json()
    assert made["token"].startswith("sc_pat_")
    bearer = {"Authorization": f"Bearer {made['token']}"}
    me = (await client.get("/api/auth/me", headers=bearer)).json()
    assert me == {
        "id": made["id"],
        "email": "",
        "name": "reporting",
        "role": "analyst",
        "scope": "all",
        "needs_password": False,
    }
    listed = (await control.get("/api/tokens")).json()["items"]
    assert listed[0]["ends_with"] == made["token"][-4:]
    assert made["token"] not in str(listed)
    assert (await control.delete(f"/api/tokens/{made['id']}")).status_code == 204
    problem(await client.get("/api/auth/me", headers=bearer), 401)
    problem(await control.delete(f"/api/tokens/{made['id']}"), 404)


async def test_a_token_has_no_more_rights_than_its_role(client, accounts):
    analyst, admin = await accounts.token("analyst"), await accounts.token("admin")
    problem(await client.get("/api/users", headers=analyst), 403)
    assert (await client.get("/api/users", headers=admin)).status_code == 200


async def test_what_is_no_token_is_refused_in_words(client, control):
    key = (await control.post("/api/sources/crm/keys", json={})).json()["key"]
    for header, words in [
        ("Bearer nonsense", "unknown"),
        ("Bearer sc_pat_nonsense", "unknown"),
        ("Basic YTpi", "Bearer TOKEN"),
        ("Bearer", "unknown"),
        (f"Bearer {key}", "write key posts events"),
    ]:
        answer = await client.get("/api/auth/me", headers={"Authorization": header})
        assert words in problem(answer, 401)["detail"]
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_bad_header_is_not_covered_by_a_good_cookie(client, accounts):
    await accounts.sign_in(client, "ada@example.com")
    problem(await client.get("/api/auth/me", headers={"Authorization": "Bearer sc_pat_wrong"}), 401)


async def test_tokens_have_no_password(client, accounts):
    answer = await client.put("/api/auth/password", json={"password": "long enough"}, headers=await accounts.token())
    problem(answer, 403)
