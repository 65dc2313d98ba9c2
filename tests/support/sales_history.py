"""A small invented sales history with every trap that numbers meet, and the same numbers computed in plain Python."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from salescommand_lake.raw import RawRow
from tests.support.lake_events import START, event

RATES = (
    ("EUR", "USD", "2026-01-01", "1.1"),
    ("EUR", "USD", "2026-01-10", "1.23456789"),
    ("EUR", "JPY", "2026-01-01", "160"),
)
STAGES = ("Qualified", "Proposal", "Verbal", "Won", "Lost")
PROBABILITY = {"Qualified": "0.1", "Proposal": "0.45", "Verbal": "0.9"}


@dataclass(frozen=True)
class Told:
    """One event about a deal: when it was true, when it arrived, and what it says. None clears a field."""

    deal: str
    true_at: datetime
    arrived: int
    says: dict[str, Any]
    deleted: bool = False


def rate_rows(first: int) -> list[RawRow]:
    return [
        event(
            first + number,
            {"id": f"{base}{quote}{day}", "base": base, "quote": quote, "day": day, "rate": rate},
            source="rates",
            entity_type="exchange_rate",
            record_type="exchange_rate",
        )
        for number, (base, quote, day, rate) in enumerate(RATES)
    ]


def history(seed: int, deals: int = 25) -> list[Told]:
    """Return the events of some deals in an order of arrival that is not the order in which they were true."""
    rng = random.Random(seed)  # noqa: S311 - a test's history, not a secret
    told = []
    for number in range(deals):
        made = moment = START + timedelta(days=rng.randrange(20), hours=rng.randrange(24))
        for _ in range(rng.randrange(1, 5)):
            stage = rng.choice(STAGES)
            says: dict[str, Any] = {
                "name": f"Deal {number}",
                "stage": stage,
                "status": {"Won": "won", "Lost": "lost"}.get(stage, "open"),
                "probability": PROBABILITY.get(stage),
                "amount": rng.choice([None, f"{rng.randrange(1, 99999)}.{rng.randrange(100):02d}", "1000.005", "7"]),
                "currency": rng.choice(["USD", "USD", "EUR", "JPY", "CHF", None]),
                "owner_name": rng.choice(["Ann", "Bo", None]),
                "segment": rng.choice(["SMB", "Enterprise", None]),
                "forecast_category": rng.choice(["commit", "best_case", "pipeline", None]),
                "created_at": rng.choice([None, (made - timedelta(days=rng.randrange(60))).isoformat()]),
                "close_date": rng.choice([None, (moment + timedelta(days=rng.randrange(-5, 30))).date().isoformat()]),
            }
            told.append((f"d{number}", moment, says, rng.random() < 0.06))
            moment += timedelta(hours=rng.randrange(1, 90))
    rng.shuffle(told)
    return [Told(deal, moment, 100 + n, says, deleted) for n, (deal, moment, says, deleted) in enumerate(told)]


def rows(told: Iterable[Told]) -> list[RawRow]:
    return [
        event(
            one.arrived,
            {"id": one.deal, **one.says},
            source_time=one.true_at,
            operation="delete" if one.deleted else "full",
        )
        for one in told
    ]


def states_at(
    told: Sequence[Told], as_of: datetime | None = None, known_at: datetime | None = None, *, name: bool = False
) -> list[dict[str, Any]]:
    """Return the living deals at a moment, as a person with a pencil would make them."""
    deals: dict[str, dict[str, Any]] = {}
    for one in sorted(told, key=lambda each: (each.true_at, each.arrived)):
        if as_of is not None and one.true_at > as_of:
            continue
        if known_at is not None and START + timedelta(seconds=one.arrived) > known_at:
            continue
        deal = deals.setdefault(one.deal, {"deleted": False})
        deal["deleted"] = one.deleted
        if not one.deleted:
            deal.update(one.says)
    if name:
        deals = {key: {**deal, "deal": key} for key, deal in deals.items()}
    return [deal for deal in deals.values() if not deal["deleted"] and "status" in deal]


def value(deal: dict[str, Any], currency: str, day: date) -> Decimal | None:
    """Return a deal's amount in a currency, None where it has no price."""
    amount, own = deal["amount"], deal["currency"]
    if amount is None or own is None:
        return None
    if own == currency:
        return Decimal(amount)
    if deal["status"] in {"won", "lost"} and deal["close_date"]:
        day = date.fromisoformat(deal["close_date"])
    legs = _leg(own, day), _leg(currency, day)
    if legs[0] is None or legs[1] is None:
        return None
    unit = Decimal(1) if currency == "JPY" else Decimal("0.01")
    with localcontext() as context:
        context.prec = 60  # enough to see every tie of these sizes
        return (Decimal(amount) * legs[1] / legs[0]).quantize(unit, ROUND_HALF_UP)


def _leg(currency: str, day: date) -> Decimal | None:
    if currency == "EUR":
        return Decimal(1)
    known = [(at, Decimal(rate)) for _, quote, at, rate in RATES if quote == currency and at <= day.isoformat()]
    return max(known)[1] if known else None
