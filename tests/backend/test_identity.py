"""Who is who across sources, over the API: decided by those who may, shown, undone, and the numbers as before."""

from __future__ import annotations

from typing import Any

from backend.main import create_app
from tests.backend.conftest import Accounts, client_of, problem
from tests.backend.flow import Flow


async def two_sources(flow: Flow) -> tuple[str, str]:
    """Tell of two accounts with a deal each, and return the accounts' ids."""
    for source, name in (("crm", "Beta Ltd"), ("erp", "Bêta")):
        await flow.post(source, "account", {"id": "1", "name": name, "phone": "+44 20 7946 0000"})
        deal = {"id": "7", "name": "Deal", "account_id": "1", "status": "open", "amount": "10.00", "currency": "USD"}
        await flow.post(source, "deal", deal)
    await flow.settle()
    page = await flow.get("/api/records/account", sort="name")
    one, other = (item["canonical_id"] for item in page["items"])
    return one, other


async def numbers(flow: Flow) -> list[Any]:
    """Return numbers and lists, without the moment of the answer."""
    by_account = await flow.get("/api/metrics/open-pipeline", by="account")
    return [
        {key: value for key, value in by_account.items() if key not in ("as_of", "data_as_of")},
        await flow.get("/api/records/account", sort="name"),
        await flow.get("/api/records/opportunity", sort="source"),
    ]


async def test_merge_undo_and_the_numbers(flow: Flow) -> None:
    one, other = await two_sources(flow)
    before = await numbers(flow)
    (pair,) = (await flow.get("/api/identity/suggestions", type="account", score="0.5"))["items"]
    assert {record["canonical_id"] for record in pair["records"]} == {one, other}
    assert any(said["words"] == "same telephone number 442079460000" for said in pair["comparisons"])
    asked = {"type": "account", "groups": [[one, other]]}
    (shown,) = (await flow.send("POST", "/api/identity/preview", json=asked)).json()["items"]
    answer = await flow.send(
        "POST", "/api/identity/merge", json={"type": "account", "members": [one, other], "reason": "same people"}
    )
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert (made["action"], made["actor"], made["reason"]) == ("merge", "salescommand", "same people")
    await flow.settle()
    for asked_for in (one, other):
        record = await flow.get(f"/api/records/account/{asked_for}")
        assert record["canonical_id"] == shown["canonical_id"]
        assert [member["canonical_id"] for member in record["members"]] == shown["members"]
        assert record["members"][0]["reasons"] == ["merged by salescommand: same people"]
        assert {name: field["value"] for name, field in record["fields"].items()} == {
            name: field["value"] for name, field in shown["fields"].items()
        }
        assert len(record["related"]["opportunities"]) == 2
    by_account = await flow.get("/api/metrics/open-pipeline", by="account")
    assert [(group["key"], group["value"], group["rows"]) for group in by_account["groups"]] == [
        ({"account": record["title"]}, "20.00", 2)
    ]
    drilled = await flow.send("GET", by_account["groups"][0]["drill"])
    assert drilled.json()["total"] == 2
    assert (await flow.get("/api/identity/suggestions"))["items"] == []
    answer = await flow.send("POST", "/api/identity/undo", json={"decision": made["id"]})
    assert answer.status_code == 202, answer.text
    await flow.settle()
    assert await numbers(flow) == before
    log = (await flow.get("/api/identity/log", type="account", record=other))["items"]
    assert [(entry["action"], entry["undone"], entry["applied"]) for entry in log if entry["actor"] != "rules"] == [
        ("undo", False, True),
        ("merge", True, True),
    ]


async def test_who_may_decide_and_what_is_refused(flow: Flow, accounts: Accounts) -> None:
    one, other = await two_sources(flow)
    body = {"type": "account", "members": [one, other]}
    async with client_of(create_app(flow.context)) as anyone:
        problem(await anyone.post("/api/identity/merge", json=body), 401)
        for role, status in (("rep", 403), ("analyst", 403), ("manager", 202)):
            answer = await anyone.post("/api/identity/merge", json=body, headers=await accounts.token(role))
            assert answer.status_code == status, answer.text
        assert (await anyone.get("/api/identity/log", headers=await accounts.token("rep"))).status_code == 200
    await flow.settle()
    found = problem(await flow.send("POST", "/api/identity/merge", json=body), 400)
    assert found["errors"][0]["field"] == "members"
    found = problem(await flow.send("POST", "/api/identity/merge", json=body | {"type": "invoice"}), 400)
    assert found["errors"][0]["field"] == "type"
    problem(await flow.send("POST", "/api/identity/undo", json={"decision": "idd_none"}), 400)
    for path, parameter in (
        ("suggestions?score=2", "score"),
        ("suggestions?type=deal", "type"),
        ("log?cursor=!", "cursor"),
    ):
        found = problem(await flow.send("GET", f"/api/identity/{path}"), 400)
        assert found["errors"][0]["field"] == parameter


async def test_whose_value_counts(flow: Flow) -> None:
    one, other = await two_sources(flow)
    await flow.send("POST", "/api/identity/merge", json={"type": "account", "members": [one, other]})
    for order, name in ((["crm"], "Beta Ltd"), (["erp", "crm"], "Bêta"), (["crm", "erp"], "Beta Ltd"), ([], "Bêta")):
        put = await flow.send("PUT", "/api/identity/trust", json={"type": "account", "field": "*", "sources": order})
        assert put.status_code == 204, put.text
        await flow.settle()
        assert (await flow.get(f"/api/records/account/{one}"))["fields"]["name"]["value"] == name
    assert (await flow.get("/api/identity/trust"))["items"] == []
