"""Quotas, receivables and activities twice, by the lake and in plain Python; any question opens to its rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from salescommand_lake import Engine
from salescommand_lake.fold import fold_pending
from salescommand_lake.metrics import REGISTRY, MetricQuery, compute
from tests.lake.test_numbers import opens
from tests.support.lake_events import START, event, store
from tests.support.sales_history import rate_rows, value

Record = dict[str, Any]
AS_OF = date(2026, 2, 10)
OWNERS: list[Record] = [
    {"id": f"o{n}", "name": f"Owner {n}", "team": f"Team {n % 3}", "manager_ref": f"o{n // 2}" if n > 1 else None}
    for n in range(1, 8)
]
QUARTERS = (("2026-01-01", "2026-03-31"), ("2026-04-01", "2026-06-30"))


def company(seed: int) -> dict[str, list[Record]]:
    """Return the records of a company by noun; the ids are telling."""
    rng = random.Random(seed)  # noqa: S311 - a test's company, not a secret

    def day(spread: int = 120) -> str:
        return (date(2025, 12, 1) + timedelta(days=rng.randrange(spread))).isoformat()

    def owner() -> str | None:
        return rng.choice([*(one["id"] for one in OWNERS), None])

    def amount() -> str | None:
        return rng.choice([f"{rng.randrange(1, 9999)}.{rng.randrange(100):02d}", "1000.005", None])

    def money() -> str | None:
        return rng.choice(["USD", "USD", "EUR", "JPY", "CHF", None])

    deals, invoices, activities, quotas = [], [], [], []
    for n in range(25):
        status = rng.choice(["open", "won", "lost"])
        deal = {"id": f"d{n}", "status": status, "stage": status, "amount": amount(), "currency": money()}
        deals.append({**deal, "owner_ref": owner(), "close_date": rng.choice([None, day()])})
        bill = {"id": f"i{n}", "status": rng.choice(["open", "paid", "draft", "void", "uncollectible"])}
        sums = {"amount_due": amount(), "amount_paid": rng.choice([None, "0.50"]), "currency": money()}
        invoices.append({**bill, **sums, "due_date": rng.choice([None, day()]), "issued_at": f"{day()}T00:00:00Z"})
        act = {"id": f"a{n}", "type": rng.choice(["call", "email"]), "owner_ref": owner()}
        activities.append({**act, "done_at": rng.choice([None, f"{day()}T10:00:00Z"]), "due_at": f"{day()}T10:00:00Z"})
    for number, (first, last) in enumerate(QUARTERS):
        period = {"period_start": first, "period_end": last, "currency": rng.choice(["USD", "EUR"])}
        own = [{"id": f"q{one['id']}{number}", "owner_ref": one["id"]} for one in OWNERS[number * 3 :]]
        quotas += [{**one, "amount": amount(), **period} for one in own]
        teams = [f"Team {n}" for n in range(4)]
        quotas += [{"id": f"t{team}{number}", "team": team, "amount": amount(), **period} for team in teams]
    nouns = {"opportunity": deals, "invoice": invoices, "activity": activities, "quota": quotas}
    return {"owner": OWNERS, **nouns}


@pytest.fixture
async def told(engine: Engine) -> dict[str, list[Record]]:
    await store(engine, rate_rows(0), "rates")
    records = company(11)
    number = 100
    for noun, some in records.items():
        events = [event(number + n, one, entity_type=noun, record_type=noun) for n, one in enumerate(some)]
        number += len(some)
        await store(engine, events, noun)
    while (await fold_pending(engine)).more:
        pass
    return records


def priced(amount: Decimal | None, currency: str | None, day: date, reporting: str) -> Decimal | None:
    """Return an amount in the reporting currency at a day's rate."""
    said = {"amount": None if amount is None else str(amount), "currency": currency, "status": "open"}
    return value(said, reporting, day)


def total(values: list[Decimal | None]) -> Decimal:
    return sum((one for one in values if one is not None), Decimal(0))


def numbers(
    told: dict[str, list[Record]], reporting: str, owner: str | None, quarter: int
) -> dict[str, Decimal | None]:
    """Return the numbers of an owner (None: of all) in a quarter, each written out."""
    first, last = (date.fromisoformat(day) for day in QUARTERS[quarter])

    def theirs(noun: str, field: str) -> list[Record]:
        found = [one for one in told[noun] if owner is None or one.get("owner_ref") == owner]
        return [one for one in found if one[field] and first <= date.fromisoformat(one[field][:10]) <= last]

    def worth(one: Record, day: date, field: str = "amount", less: Decimal = Decimal(0)) -> Decimal | None:
        amount = None if one[field] is None else Decimal(one[field]) - less
        return priced(amount, one["currency"], day, reporting)

    deals = theirs("opportunity", "close_date")
    won = total([worth(one, date.fromisoformat(one["close_date"])) for one in deals if one["status"] == "won"])
    pipeline = total([worth(one, AS_OF) for one in deals if one["status"] == "open"])
    teams = {
        one["team"] for one in OWNERS if any(q.get("owner_ref") == one["id"] for q in theirs("quota", "period_start"))
    }
    counted = [one for one in theirs("quota", "period_start") if one.get("owner_ref") or one["team"] not in teams]
    quota = total([worth(one, first) for one in counted])
    missing = max(quota - won, Decimal(0))
    found: dict[str, Decimal | None] = {
        "quota": quota,
        "quota-attainment": _ratio(won, quota),
        "coverage": _ratio(pipeline, missing),
        "activity-count": Decimal(sum(1 for one in told["activity"] if _happened(one, owner, first, last))),
    }
    if owner is None:
        sent = [one for one in told["invoice"] if one["status"] == "open" and one["amount_due"] is not None]
        due = [one for one in sent if one["due_date"] and first <= date.fromisoformat(one["due_date"]) <= last]
        bills = [one for one in theirs("invoice", "issued_at") if one["status"] not in {"draft", "void"}]

        def open_amount(some: list[Record], *, late: bool) -> Decimal:
            kept = [one for one in some if not late or date.fromisoformat(one["due_date"]) < AS_OF]
            left = [(one, date.fromisoformat(one["issued_at"][:10]), Decimal(one["amount_paid"] or 0)) for one in kept]
            return total([worth(one, day, "amount_due", paid) for one, day, paid in left])

        found["receivables"] = open_amount(due, late=False)
        found["overdue"] = open_amount(due, late=True)
        found["invoiced"] = total([worth(o, date.fromisoformat(o["issued_at"][:10]), "amount_due") for o in bills])
    return found


def _happened(one: Record, owner: str | None, first: date, last: date) -> bool:
    day = date.fromisoformat((one["done_at"] or one["due_at"])[:10])
    return first <= day <= last and (owner is None or one["owner_ref"] == owner)


def _ratio(above: Decimal, below: Decimal) -> Decimal | None:
    return (above / below).quantize(Decimal("0.000001"), ROUND_HALF_UP) if below else None


async def test_the_same_by_the_lake_and_by_hand(engine: Engine, told: dict[str, list[Record]]) -> None:
    for number, (first, last) in enumerate(QUARTERS):
        for reporting, owner in (("USD", None), ("JPY", None), ("EUR", "o4")):
            asked = [("as_of", AS_OF.isoformat()), ("from", first), ("to", last), ("currency", reporting)]
            asked += [("filter[owner_ref]", owner)] if owner else []
            for slug, expected in numbers(told, reporting, owner, number).items():
                answer = await compute(engine, slug, MetricQuery.parse(asked))
                got = None if answer.value is None else Decimal(answer.value)
                assert got == expected, (slug, reporting, owner, first)


async def test_any_question_opens(engine: Engine, told: dict[str, list[Record]]) -> None:
    rng = random.Random(5)  # noqa: S311 - questions, not secrets
    fits: dict[str, Callable[[], str]] = {
        "owner": lambda: rng.choice(["Owner 1", "Owner 2,Owner 5"]),
        "team": lambda: rng.choice(["Team 1", "Team 0,Team 2"]),
        "manager": lambda: "Owner 1",
        "currency": lambda: rng.choice(["EUR", "USD,JPY"]),
        "status": lambda: rng.choice(["open", "won,paid"]),
        "ageing": lambda: "1-30 days,not due",
    }
    late = START + timedelta(seconds=rng.randrange(110, 190))
    for slug, metric in REGISTRY.items():
        dimensions = rng.sample(metric.dimensions, rng.randrange(3))
        params = [("by", name) for name in dimensions] + [("currency", rng.choice(["USD", "EUR", "JPY"]))]
        usable = [name for name in fits if name in metric.dimensions]
        params += [(f"filter[{name}]", fits[name]()) for name in rng.sample(usable, min(len(usable), rng.randrange(2)))]
        if "owner" in metric.dimensions and rng.random() < 0.3:
            params.append(("filter[reporting_line]", "Owner 3"))
        # A moment, so that ages do not grow while they are looked at.
        params.append(("as_of", rng.choice([AS_OF.isoformat(), "2026-03-01T09:00:00Z"])))
        if rng.random() < 0.3:
            params.append(("known_at", late.astimezone(UTC).isoformat()))
        if metric.date_field and rng.random() < 0.5:
            params += [("from", "2025-12-20"), ("to", "2026-03-10")]
        query = MetricQuery.parse(params)
        assert isinstance(query.as_of, datetime)
        await opens(engine, slug, await compute(engine, slug, query))
