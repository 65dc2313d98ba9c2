"""The quarantine as a queue of work: what is acted on leaves it and can come back, and the books balance meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from backend.main import create_app
from backend.services.balance import balance
from tests.backend.conftest import Accounts, client_of, problem
from tests.backend.flow import Flow

TWICE = b'{"id": "d9", "name": "Twice", "name": "Again"}'


@pytest.fixture
async def queue(flow: Flow) -> Flow:
    """Three amounts that are none, an event that is refused whole, and two good ones."""
    deals = [{"id": f"d{n}", "name": f"Deal {n}", "status": "open", "amount": "many"} for n in range(3)]
    await flow.post("crm", "deal", deals)
    await flow.post("crm", "deal", {"id": "d1", "stage": "Talks", "amount": "7"})
    await flow.post("crm", "deal", {"id": "d5", "name": "Fine", "amount": "5"})
    await flow.post("crm", "deal", TWICE)
    await flow.settle()
    return flow


async def books(flow: Flow) -> dict[str, int]:
    found = await balance(flow.context)
    assert found.balanced, found
    crm = found.sources["crm"]
    return {name: getattr(crm, name) for name in ("pending", "applied", "superseded", "ignored", "quarantined")}


async def entries(flow: Flow, **params: str) -> set[tuple[str, str, str]]:
    page = await flow.get("/api/quarantine", **params)
    assert page["total"] == len(page["items"])
    return {(item["source_id"], item["field"], item["state"]) for item in page["items"]}


async def act(flow: Flow, path: str, status: int = 200, params: Any = None, **body: Any) -> dict[str, Any]:
    answer = await flow.send("POST", f"/api/quarantine/{path}", params=params, json=body)
    assert answer.status_code == status, answer.text
    made: dict[str, Any] = answer.json()
    await flow.settle()
    return made


async def amount(flow: Flow, source_id: str) -> str | None:
    page = await flow.get("/api/records/opportunity", **{"filter[source_id]": source_id})
    value: str | None = page["items"][0]["fields"]["amount"]
    return value


async def test_groups_tell_what_and_ignoring_is_undone_exactly(queue: Flow) -> None:
    page = await queue.get("/api/quarantine")
    group = next(group for group in page["groups"] if group["field"] == "amount")
    assert (group["source"], group["record_type"], group["count"], group["samples"]) == (
        "crm",
        "opportunity",
        3,
        ["many"],
    )
    before, counted = await entries(queue), await books(queue)
    assert len(before) == 4
    assert counted == {"pending": 0, "applied": 5, "superseded": 0, "ignored": 0, "quarantined": 1}
    problem(await queue.send("POST", "/api/quarantine/ignore", params={"filter[field]": "amount"}, json={}), 400)
    problem(await queue.send("POST", "/api/quarantine/ignore", json={"reason": "all of it"}), 400)
    group_filter = {"filter[source]": "crm", "filter[reason]": group["reason"]}
    fields = await act(queue, "ignore", params=group_filter, reason="a test import")
    assert (fields["before"], fields["after"]) == ({"open": 3}, {"open": 0, "ignored": 3})
    assert await books(queue) == counted  # fields are counted apart from events
    whole = await act(queue, "ignore", params={"filter[source_id]": "d9"}, reason="broken for good")
    assert await entries(queue) == set()
    assert {state for _, _, state in await entries(queue, **{"filter[state]": "ignored"})} == {"ignored"}
    assert await books(queue) == counted | {"ignored": 1, "quarantined": 0}
    problem(await queue.send("POST", "/api/quarantine/ignore", params=group_filter, json={"reason": "again"}), 400)
    for made in (fields, whole):
        await act(queue, "undo", 202, action=made["id"])
    assert (await entries(queue), await books(queue)) == (before, counted)
    problem(await queue.send("POST", "/api/quarantine/undo", json={"action": whole["id"]}), 400)
    log = (await queue.get("/api/quarantine/actions"))["items"]
    assert [(one["action"], one["undone"]) for one in log] == [
        ("undo", False),
        ("undo", False),
        ("ignore", True),
        ("ignore", True),
    ]
    assert {one["actor"] for one in log} == {"salescommand"}


async def test_replay_changes_nothing_where_nothing_became_readable(queue: Flow) -> None:
    before, counted = await entries(queue), await books(queue)
    for _ in range(2):
        await act(queue, "replay", 202, params={"filter[source]": "crm"})
        assert (await entries(queue), await books(queue)) == (before, counted)


async def test_a_corrected_copy_stands_in_for_the_event_until_it_is_undone(queue: Flow) -> None:
    before, counted = await entries(queue), await books(queue)
    page = await queue.get("/api/quarantine", **{"filter[field]": "amount"})
    events = {item["source_id"]: item["event_id"] for item in page["items"]}
    raw = (await queue.send("GET", f"/api/events/{events['d0']}/body")).content
    fixed = raw.replace(b"many", b"12.50").decode()
    made = await act(queue, f"events/{events['d0']}/correct", 202, body=fixed, reason="asked the owner")
    assert await amount(queue, "d0") == "12.5"
    assert ("d0", "amount", "open") not in await entries(queue)
    assert await books(queue) == counted | {"superseded": 1}
    assert (await queue.send("GET", f"/api/events/{events['d0']}/body")).content == raw
    assert (await queue.get(f"/api/events/{events['d0']}"))["status"] == "superseded"
    copy = await queue.get(f"/api/events/{made['after']['event']}")
    assert copy["source_time"] == (await queue.get(f"/api/events/{events['d0']}"))["source_time"]
    found = problem(
        await queue.send("POST", f"/api/quarantine/events/{events['d0']}/correct", json={"body": fixed}), 400
    )
    assert "already" in found["detail"]
    # The copy takes the place of its original: what came later still counts.
    older = raw.replace(b"many", b"99").replace(b"d0", b"d1").decode()
    await act(queue, f"events/{events['d1']}/correct", 202, body=older)
    assert await amount(queue, "d1") == "7"
    await act(queue, "undo", 202, action=made["id"])
    assert await amount(queue, "d0") is None
    assert ("d0", "amount", "open") in await entries(queue)
    log = (await queue.get("/api/quarantine/actions"))["items"]
    for one in log:
        if one["action"] == "correct" and not one["undone"]:
            await act(queue, "undo", 202, action=one["id"])
    assert await entries(queue) == before
    # The undone copies stay in the raw zone and in the books, out of every record.
    assert await books(queue) == counted | {"superseded": 2}


async def test_an_event_that_was_refused_whole_can_be_corrected(queue: Flow) -> None:
    counted = await books(queue)
    page = await queue.get("/api/quarantine", **{"filter[source_id]": "d9"})
    event = page["items"][0]["event_id"]
    made = await act(queue, f"events/{event}/correct", 202, body='{"id": "d9", "name": "Once", "amount": "3"}')
    assert await amount(queue, "d9") == "3"
    assert await books(queue) == counted | {
        "applied": counted["applied"] + 1,
        "quarantined": 0,
        "superseded": 1,
    }
    await act(queue, "undo", 202, action=made["id"])
    assert (await queue.get("/api/records/opportunity", **{"filter[source_id]": "d9"}))["total"] == 0
    assert await books(queue) == counted | {"superseded": 1}


async def test_what_can_not_be_done_is_refused(queue: Flow, accounts: Accounts) -> None:
    event = (await queue.get("/api/quarantine", **{"filter[source_id]": "d0"}))["items"][0]["event_id"]
    for body, why in (("no json", "JSON"), ('{"id": "other"}', "keep the id"), ("[]", "")):
        answer = await queue.send("POST", f"/api/quarantine/events/{event}/correct", json={"body": body})
        assert why in problem(answer, 400)["detail"]
    raw = (await queue.send("GET", f"/api/events/{event}/body")).text
    answer = await queue.send("POST", f"/api/quarantine/events/{event}/correct", json={"body": raw})
    assert "same as the original" in problem(answer, 400)["detail"]
    problem(await queue.send("POST", "/api/quarantine/events/ev_none/correct", json={"body": "{}"}), 400)
    problem(await queue.send("POST", "/api/quarantine/undo", json={"action": "qua_none"}), 400)
    async with client_of(create_app(queue.context)) as anyone:
        for role, status in (("rep", 403), ("analyst", 403), ("manager", 200)):
            answer = await anyone.post(
                "/api/quarantine/ignore",
                params={"filter[field]": "amount"},
                json={"reason": "x"},
                headers=await accounts.token(role),
            )
            assert answer.status_code == status, answer.text
