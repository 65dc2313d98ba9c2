"""Receivables, quotas, activities, and what is made of several metrics: by hand, and opened to their rows."""

from __future__ import annotations

from typing import Any

import pytest

from salescommand_lake import Engine
from salescommand_lake.fold import fold_pending
from salescommand_lake.metrics import MetricQuery, MetricResult, compute
from salescommand_lake.model import canonical_id
from salescommand_lake.reads.question import QueryError
from salescommand_lake.records import RecordQuery, get_record, list_records
from tests.lake.test_numbers import opens
from tests.support.lake_events import event, store
from tests.support.sales_history import rate_rows

OWNERS = [
    {"id": "chief", "name": "Cleo", "manager_ref": "outside"},
    {"id": "boss", "name": "Bea", "team": "North", "manager_ref": "chief"},
    {"id": "o1", "name": "Ann", "team": "North", "manager_ref": "boss"},
    {"id": "o2", "name": "Bo", "team": "South"},
]
QUOTAS = [
    {"id": "q1", "owner_ref": "o1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": "1000"},
    {"id": "q2", "owner_ref": "o2", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": "200"},
]
DEALS = [
    {"id": "d1", "status": "won", "amount": "400", "owner_ref": "o1", "close_date": "2026-01-20", "stage": "Won"},
    {"id": "d2", "status": "open", "amount": "900", "owner_ref": "o1", "close_date": "2026-02-20", "stage": "Offer"},
    {"id": "d3", "status": "won", "amount": "250", "owner_ref": "o2", "close_date": "2026-01-21", "stage": "Won"},
    {"id": "d4", "status": "lost", "amount": "70", "owner_ref": "o2", "close_date": "2026-02-01", "stage": "Lost"},
]
INVOICES: list[dict[str, Any]] = [
    {"id": "i1", "status": "open", "amount_due": "100", "amount_paid": "40", "due_date": "2026-01-10"},
    {"id": "i2", "status": "open", "amount_due": "55.50", "due_date": "2026-03-01"},
    {"id": "i3", "status": "paid", "amount_due": "70", "amount_paid": "70", "due_date": "2026-01-01"},
    {"id": "i4", "status": "draft", "amount_due": "999", "due_date": "2025-01-01"},
    {"id": "i5", "status": "open", "amount_due": "10", "currency": "CHF", "due_date": "2025-10-01"},
    {"id": "i6", "status": "open", "amount_due": "20", "currency": "EUR", "due_date": "2025-12-20"},
]
ACTIVITIES = [
    {"id": "a1", "type": "call", "done_at": "2026-01-05T10:00:00Z", "owner_ref": "o1"},
    {"id": "a2", "type": "call", "due_at": "2026-01-06T10:00:00Z", "owner_ref": "o2"},
    {"id": "a3", "type": "meeting", "done_at": "2026-02-05T10:00:00Z", "owner_ref": "o1"},
]


@pytest.fixture
async def lake(engine: Engine) -> Engine:
    await store(engine, rate_rows(0), "rates")
    number = 100
    for noun, records in (
        ("owner", OWNERS),
        ("quota", QUOTAS),
        ("opportunity", DEALS),
        ("invoice", INVOICES),
        ("activity", ACTIVITIES),
    ):
        events = []
        for record in records:
            number += 1
            body = {"currency": "USD", "issued_at": "2025-12-01T00:00:00Z", **record}
            events.append(event(number, body, entity_type=noun, record_type=noun))
        await store(engine, events, noun)
    while (await fold_pending(engine)).more:
        pass
    return engine


async def ask(engine: Engine, slug: str, *params: tuple[str, str]) -> MetricResult:
    """Return an answer after checking that it and its groups open to their rows."""
    answer = await compute(engine, slug, MetricQuery.parse([("as_of", "2026-02-10"), *params]))
    await opens(engine, slug, answer)
    return answer


def groups(answer: MetricResult, name: str) -> dict[str | None, Any]:
    return {group.key[name]: group.value for group in answer.groups}


async def test_what_is_to_be_paid(lake: Engine) -> None:
    # 20 EUR at 1.1 dollars is not known before 2026, and CHF has no rate at all: both are counted and named.
    receivables = await ask(lake, "receivables")
    assert (receivables.value, receivables.rows, receivables.unpriced) == ("115.50", 4, 2)
    assert receivables.whole.unpriced_currencies == ("CHF", "EUR")
    overdue = await ask(lake, "overdue", ("by", "ageing"))
    assert (overdue.value, overdue.rows) == ("60.00", 3)
    assert groups(overdue, "ageing") == {"31-60 days": "60.00", "over 90 days": "0.00"}
    assert (await ask(lake, "overdue-count")).value == 3
    assert (await ask(lake, "overdue", ("currency", "EUR"))).value == "20.00"
    assert (await ask(lake, "invoiced", ("by", "status"))).value == "225.50"


async def test_invoices_in_the_order_of_what_is_outstanding(lake: Engine) -> None:
    query = RecordQuery.parse("invoice", [("sort", "-outstanding_value"), ("as_of", "2026-02-10")], currency="USD")
    page = await list_records(lake, query)
    assert [item["source_id"] for item in page.items][:2] == ["i1", "i2"]
    assert [item["outstanding_value"] for item in page.items][:2] == ["60.00", "55.50"]


async def test_a_record_names_its_owner_and_the_owner_s_manager(lake: Engine) -> None:
    quota = await get_record(lake, "quota", canonical_id("crm", "quota", "q1"))
    assert quota is not None
    assert [one["title"] for one in quota.related["owners"]] == ["Ann"]
    ann = await get_record(lake, "owner", quota.related["owners"][0]["canonical_id"])
    assert ann is not None
    assert [one["title"] for one in ann.related["owners"]] == ["Bea"]
    bo = await get_record(lake, "owner", canonical_id("crm", "owner", "o2"))
    assert bo is not None
    assert bo.related == {}


async def test_what_was_done(lake: Engine) -> None:
    answer = await ask(lake, "activity-count", ("by", "type"), ("from", "2026-01-01"), ("to", "2026-01-31"))
    assert groups(answer, "type") == {"call": 2}
    assert groups(await ask(lake, "activity-count", ("by", "manager")), "manager") == {"Bea": 2, None: 1}


async def test_how_much_of_the_quota(lake: Engine) -> None:
    quarter = (("from", "2026-01-01"), ("to", "2026-03-31"))
    answer = await ask(lake, "quota-attainment", ("by", "owner"), *quarter)
    assert (answer.value, answer.whole.numerator, answer.whole.denominator) == ("0.541667", "650", "1200")
    assert groups(answer, "owner") == {"Ann": "0.400000", "Bo": "1.250000"}
    coverage = await ask(lake, "coverage", ("by", "team"), *quarter)
    # What is missing in the South is nothing, so nothing can be divided by it.
    assert groups(coverage, "team") == {"North": "1.500000", "South": None}
    assert [part.metric for part in coverage.whole.parts] == ["open-pipeline", "quota", "won-value"]
    assert groups(await ask(lake, "quota", ("by", "manager")), "manager") == {"Bea": "1000.00", None: "200.00"}


async def test_a_number_of_everybody_below_a_manager(lake: Engine) -> None:
    async def won(name: str) -> Any:
        return (await ask(lake, "won-value", ("filter[reporting_line]", name))).value

    # Ann reports to Bea, Bea to Cleo, Cleo to somebody without a record; Bo reports to nobody.
    found = [await won(name) for name in ("Ann", "Bea", "Cleo", "outside", "Bo", "Bea,Bo")]
    assert found == ["400.00", "400.00", "400.00", "400.00", "250.00", "650.00"]
    assert (await ask(lake, "won-value", ("filter[reporting_line][ne]", "Cleo"), ("by", "owner"))).value == "250.00"
    assert (await ask(lake, "quota", ("filter[reporting_line]", "Cleo"))).value == "1000.00"
    with pytest.raises(QueryError, match="reporting_line"):
        await ask(lake, "won-value", ("filter[reporting_line][gt]", "Bea"))


async def test_managers_in_a_circle_come_to_an_end(lake: Engine) -> None:
    owner = {"id": "chief", "name": "Cleo", "manager_ref": "o1"}
    await store(lake, [event(900, owner, entity_type="owner", record_type="owner")], "circle")
    await fold_pending(lake)
    assert (await ask(lake, "won-value", ("filter[reporting_line]", "Cleo"))).value == "400.00"


async def test_a_team_s_quota_is_not_added_to_its_members(lake: Engine) -> None:
    period = {"currency": "USD", "period_start": "2026-01-01", "period_end": "2026-03-31"}
    month = {"currency": "USD", "period_start": "2026-02-01", "period_end": "2026-02-28"}
    later = {"currency": "USD", "period_start": "2026-04-01", "period_end": "2026-06-30"}
    quotas = [
        {"id": "t1", "team": "North", "amount": "900", **period},
        {"id": "t2", "team": "South", "amount": "30", **month},
        {"id": "t3", "team": "East", "amount": "70", **period},
        {"id": "t4", "team": "North", "amount": "5", **later},
        {"id": "all", "amount": "5000", **period},
    ]
    events = [event(910 + n, one, entity_type="quota", record_type="quota") for n, one in enumerate(quotas)]
    await store(lake, events, "teams")
    await fold_pending(lake)
    # Ann's quota stands for the North and Bo's for the South in the quarter; the rest has none.
    answer = await ask(lake, "quota", ("by", "team"))
    assert groups(answer, "team") == {"North": "1005.00", "South": "200.00", "East": "70.00"}
    assert (await ask(lake, "quota", ("filter[team]", "North"), ("to", "2026-03-31"))).value == "1000.00"


async def test_rates_by_count_and_by_value(lake: Engine) -> None:
    by_count, by_value = await ask(lake, "win-rate"), await ask(lake, "win-rate-value")
    assert (by_count.value, by_count.whole.numerator, by_count.whole.denominator) == ("0.666667", "2", "3")
    assert (by_value.value, by_value.whole.numerator, by_value.whole.denominator) == ("0.902778", "650.00", "720.00")
