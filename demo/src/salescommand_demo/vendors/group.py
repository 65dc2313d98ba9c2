"""The group's own exports in the canonical field names: exchange rates and quotas, one JSON line each.

Quotas are posted to the source of the seller, because an id of an owner means something only within its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

from salescommand_demo.encoding import iso_s, midnight, plain
from salescommand_demo.model import Event, Owner
from salescommand_demo.randoms import stream

#: Units of a currency for one euro, in millionths, on the first day of the walk; invented, but of the right size.
FIRST_DAY = date(2020, 1, 6)
EUR_RATES = {
    "USD": 1_086_000, "GBP": 857_000, "SEK": 11_240_000, "NOK": 11_520_000, "JPY": 159_400_000, "CHF": 948_000,
    "CAD": 1_478_000,
}  # fmt: skip
#: What each source's kind calls the time of a change, so that a line read twice is known.
TIME_NAMES = {
    "hubspot": "updatedAt", "salesforce": "SystemModstamp", "odoo": "write_date", "pipedrive": "update_time",
}  # fmt: skip


@cache
def eur_rates(quote: str, last: date) -> dict[date, Decimal]:
    """A rate for every day up to ``last``: a bounded random walk that follows from the day, not from the run."""
    rng = stream(20_200_106, "rate", quote)
    level = middle = EUR_RATES[quote]
    rates: dict[date, Decimal] = {}
    day = FIRST_DAY
    while day <= last:
        pull = (middle - level) // 120  # keeps the walk near its middle over the years
        level += pull + middle * rng.randrange(-45, 46) // 10_000
        rates[day] = Decimal(level).scaleb(-6).quantize(Decimal("0.0001"))
        day += timedelta(days=1)
    return rates


def exchange_rates(now: datetime, history: int, *, weekly: bool) -> Iterator[Event]:
    """Rates of Mondays (or of firsts of a month) since the first day that a deal may need, the last week daily."""
    today = now.date()
    first = today - timedelta(days=history)
    first -= timedelta(days=first.weekday() if weekly else first.day - 1)
    for offset in range((today - first).days + 1):
        day = first + timedelta(days=offset)
        regular = day.weekday() == 0 if weekly else day.day == 1
        if not regular and (today - day).days > 6:
            continue
        at = min(midnight(day) + timedelta(hours=6), now)
        for quote in EUR_RATES:
            ref = f"EUR-{quote}-{day.isoformat()}"
            rate = plain(eur_rates(quote, today)[day])
            yield _line("rates", "exchange_rate", ref, at, {
                "id": ref, "base": "EUR", "quote": quote, "day": day.isoformat(), "rate": rate,
            })  # fmt: skip


def quota(owner: Owner, start: date, end: date, amount: Decimal, now: datetime) -> Event:
    """What a seller is to close in a quarter; ``owner_ref`` is the id in the source it is posted to."""
    ref = f"{owner.ref}-{start.year}Q{start.month // 3 + 1}"
    at = min(midnight(start) - timedelta(days=20), now - timedelta(days=1))
    return _line(owner.team.system, "quota", ref, at, {
        "id": ref, "owner_ref": owner.ref, "team": owner.team.name,
        "period_start": start.isoformat(), "period_end": end.isoformat(), "amount": plain(amount),
        "currency": owner.team.currency,
    })  # fmt: skip


def _line(source: str, entity: str, ref: str, at: datetime, fields: dict[str, str]) -> Event:
    return Event(source, entity, "ndjson", entity, ref, at, {**fields, TIME_NAMES.get(source, "updated_at"): iso_s(at)})
