"""Repeats: answered as such across restarts and in whatever form they come, and after the window without effect."""

from __future__ import annotations

from backend.auth.principal import CONTROL
from backend.context import open_context
from backend.main import create_app
from tests.backend.conftest import client_of, fresh_context
from tests.backend.flow import flowing

URL = "/api/microservices/ingest"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.updated",
    "created": 1735689600,
    "data": {"object": {"id": "cus_1", "object": "customer", "name": "Acme"}},
}


async def test_a_repeat_is_told_in_either_form_and_after_a_restart(make_settings):
    """A vendor's own event id and an idempotency key tell repeats, also one by the other, and by another process."""
    settings = make_settings()
    posts = [{}, {}, {"Idempotency-Key": "k1"}, {"Idempotency-Key": "k1"}, {"Idempotency-Key": "k2"}]
    answers = []
    async with fresh_context(settings) as context, client_of(create_app(context, principal=CONTROL)) as control:
        key = (await control.post("/api/sources/pay/keys", json={"kind": "stripe"})).json()["key"]
        sent = [headers | {"X-Write-Key": key} for headers in posts]
        answers += [await control.post(f"{URL}/pay/event", json=EVENT, headers=headers) for headers in sent]
        await context.spool.close()
        async with open_context(settings) as again, client_of(create_app(again, principal=CONTROL)) as restarted:
            answers += [await restarted.post(f"{URL}/pay/event", json=EVENT, headers=headers) for headers in sent]
            other = EVENT | {"created": 1735689601}
            given = {"X-Write-Key": key, "Idempotency-Key": "k1"}
            reused = await restarted.post(f"{URL}/pay/event", json=other, headers=given)
            assert (reused.status_code, reused.json()["type"].rpartition(":")[2]) == (422, "idempotency-key-reused")
    assert [answer.json()["duplicate"] for answer in answers] == [False] + [True] * 9
    assert len({answer.json()["event_id"] for answer in answers}) == 1


async def test_a_repeat_after_the_window_changes_no_number(make_settings):
    settings = make_settings().model_copy(update={"duplicate_window_days": 1e-9})
    deal = {"id": "d1", "name": "Deal", "amount": "1200", "currency": "USD", "stage": "Proposal"}
    timed, plain = deal | {"updated_at": "2025-01-01T00:00:00Z"}, deal | {"id": "d2"}
    async with (
        fresh_context(settings) as context,
        client_of(create_app(context, principal=CONTROL)) as control,
        flowing(context, control) as flow,
    ):
        key = await flow.key("crm")

        async def post_both():
            bodies = ((timed, {}), (plain, {"Idempotency-Key": "k"}))
            return [
                (
                    await control.post(
                        f"{URL}/crm/opportunity?wait=stored", json=body, headers=headers | {"X-Write-Key": key}
                    )
                ).json()
                for body, headers in bodies
            ]

        first = await post_both()
        await flow.settle()
        before = await flow.get("/api/metrics/open-pipeline")
        assert (before["value"], before["rows"]) == ("2400.00", 2)
        kept, posts = context.spool.remembered, 0
        while context.spool.remembered >= kept + posts:  # housekeeping comes with some of the groups only
            posts += 1
            answer = await control.post(f"{URL}/crm/weather", json={"id": f"w{posts}"}, headers={"X-Write-Key": key})
            assert posts < 1000, answer.text
        again = await post_both()
        assert [answer["duplicate"] for answer in again] == [False, False]  # the window has passed
        assert {one["event_id"] for one in first}.isdisjoint(one["event_id"] for one in again)
        await flow.settle()
        after = await flow.get("/api/metrics/open-pipeline")
        assert (after["value"], after["rows"]) == (before["value"], before["rows"])
        books = await flow.get("/api/microservices/balance")
        assert books["balanced"]
        crm = books["sources"]["crm"]
        assert (crm["applied"], crm["superseded"], crm["ignored"]) == (2, 2, posts)
