"""The life of one deal: when it is made, how it moves, what it is worth, how it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from salescommand_demo.model import STAGES, Change, Deal, Owner
from salescommand_demo.randoms import lognormal_units, percent, pick_weighted, work_time

HISTORY_DAYS = 730
#: Median amounts by segment, in units of about one euro, with spread and share of the deals.
SEGMENTS: dict[str, tuple[int, float]] = {"small": (7_800, 0.55), "mid": (26_000, 0.55), "enterprise": (88_000, 0.6)}
SEGMENT_SHARES = (("small", 42), ("mid", 43), ("enterprise", 15))
#: What one euro is roughly, in whole units of a currency, to draw amounts of a like size; and the smallest step.
UNITS: dict[str, tuple[int, Decimal]] = {
    "EUR": (1, Decimal(50)), "USD": (1, Decimal(50)), "GBP": (1, Decimal(50)), "CHF": (1, Decimal(50)),
    "CAD": (1, Decimal(50)), "SEK": (11, Decimal(500)), "NOK": (11, Decimal(500)), "JPY": (160, Decimal(10_000)),
}  # fmt: skip
#: Deals made per month, relative to the others: slow summers and Decembers.
SEASON = (10, 10, 12, 10, 10, 11, 7, 6, 11, 12, 11, 7)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a deal's life depends on besides chance."""

    now: datetime
    sellers: tuple[Owner, ...]
    owner: Owner
    currency: str
    lost_reasons: tuple[str, ...]


def draw_created(rng: Random, now: datetime) -> datetime:
    """A moment of the last two years: more of them lately (growth), fewer in summer (season)."""
    while True:
        at = now - timedelta(days=rng.uniform(0, HISTORY_DAYS))
        growth = 1 - 0.5 * (now - at).days / HISTORY_DAYS
        if rng.random() < growth * SEASON[at.month - 1] / max(SEASON):
            moved = work_time(rng, at)
            return moved if moved < now else at.replace(microsecond=0)


def draw_amount(rng: Random, segment: str, currency: str) -> Decimal:
    """A log-normal amount of the segment, in whole steps of the currency, some with cents."""
    median, spread = SEGMENTS[segment]
    factor, step = UNITS[currency]
    units = Decimal(lognormal_units(rng, median, spread) * factor)
    amount = max(step, units // step * step)
    if step < 100 and rng.random() < 0.15:
        amount += Decimal(rng.choice((25, 50, 75, 90))) / 100
    return amount


def live(rng: Random, deal: Deal, setting: Setting) -> None:
    """Writes the deal's changes up to ``setting.now`` into ``deal.changes``."""
    now = setting.now
    days = min(150.0, max(20.0, 50 * rng.lognormvariate(0, 0.5)))
    if deal.segment == "enterprise":
        days = min(150.0, days * 1.3)
    pulled = _pull_to_quarter_end(rng, deal.created + timedelta(days=days))
    end = max(pulled, deal.created + timedelta(days=20))
    won = rng.random() < _odds_of_winning(deal, setting)
    stalled = end < now and (now - end).days < 100 and rng.random() < 0.06
    amount = draw_amount(rng, deal.segment, setting.currency)
    first: dict[str, object] = {
        "stage": "qualified", "amount": amount, "owner": setting.owner, "lost_reason": None,
        "close_date": (deal.created + timedelta(days=round(days * rng.uniform(0.7, 1.1)))).date(),
    }  # fmt: skip
    deal.changes = [Change(deal.created, first)]
    ending = None if stalled else end
    planned = [
        *_stage_moves(rng, deal.created, end, won=won, reasons=setting.lost_reasons),
        *_amount_moves(rng, deal.created, end, amount, UNITS[setting.currency][1]),
        *_owner_moves(rng, deal.created, end, setting),
        *_date_moves(rng, deal.created, end, days),
    ]
    _happen(rng, deal, planned, ending, now)
    if ending is not None and deal.status == "lost" and (now - end).days < 90 and rng.random() < 0.06:
        _reopen(rng, deal, now)
    if deal.status == "open":
        _keep_date_ahead(rng, deal, now)
        if rng.random() < 0.4:
            _touch_today(rng, deal, now)


def _odds_of_winning(deal: Deal, setting: Setting) -> float:
    """About 0.40; better for small deals, worse in a team's weak year, a little seasonal."""
    base = {"small": 0.47, "mid": 0.40, "enterprise": 0.31}[deal.segment]
    season = 0.03 * math.sin(deal.created.timetuple().tm_yday / 58)
    team = (sum(map(ord, setting.owner.team.key)) % 7 - 3) / 100
    return base + season + team


def _pull_to_quarter_end(rng: Random, at: datetime) -> datetime:
    """A third of the deals that would close within a month after or before a quarter's end close in its last days."""
    quarter_end = date(at.year + at.month // 12, at.month % 12 + 1, 1) if at.month % 3 == 0 else None
    if quarter_end is None or rng.random() > 0.35:
        return work_time(rng, at)
    last = datetime(quarter_end.year, quarter_end.month, 1, 12, tzinfo=at.tzinfo) - timedelta(days=1 + rng.randrange(6))
    return work_time(rng, max(at, last) if last.weekday() > 4 else last)


def _stage_moves(rng: Random, start: datetime, end: datetime, *, won: bool, reasons: tuple[str, ...]) -> list[Change]:
    """Moves through the stages (some skipped) and the closing, in the order of time."""
    ladder = [stage for stage in list(STAGES)[1:] if stage in {"proposal", "negotiation"} or rng.random() > 0.12]
    if not won:
        ladder = ladder[: pick_weighted(rng, ((0, 18), (1, 27), (2, 28), (3, 20), (4, 7)))]
    cuts = sorted(rng.uniform(0.03, 0.88) for _ in ladder)
    moves = [
        Change(work_time(rng, start + (end - start) * cut), {"stage": stage})
        for stage, cut in zip(ladder, cuts, strict=True)
    ]
    closing: dict[str, object] = {"stage": "won" if won else "lost", "close_date": end.date()}
    if not won:
        closing["lost_reason"] = rng.choice(reasons)
    return [*moves, Change(end, closing)]


def _amount_moves(rng: Random, start: datetime, end: datetime, amount: Decimal, step: Decimal) -> list[Change]:
    moves = []
    for chance in (0.42, 0.15):
        if rng.random() < chance:
            amount = percent(amount, rng.choice((70, 80, 85, 90, 95, 105, 110, 120, 130, 150)), step)
            at = work_time(rng, start + (end - start) * rng.uniform(0.1, 0.95))
            moves.append(Change(at, {"amount": amount}))
    return sorted(moves, key=lambda move: move.at)


def _owner_moves(rng: Random, start: datetime, end: datetime, setting: Setting) -> list[Change]:
    """Few deals change hands; those of somebody who left must."""
    heirs = [seller for seller in setting.sellers if seller.active and seller != setting.owner]
    if not heirs or rng.random() > (0.07 if setting.owner.active else 0.9):
        return []
    return [Change(work_time(rng, start + (end - start) * rng.uniform(0.2, 0.8)), {"owner": rng.choice(heirs)})]


def _date_moves(rng: Random, start: datetime, end: datetime, days: float) -> list[Change]:
    """Expected close dates slip; now and then one is pulled in."""
    moves = []
    for chance in (0.5, 0.2):
        if rng.random() < chance:
            at = work_time(rng, start + (end - start) * rng.uniform(0.3, 0.95))
            day = at.date() + timedelta(days=rng.randrange(7, 20 + int(days / 2)))
            moves.append(Change(at, {"close_date": day}))
    return moves


def _happen(rng: Random, deal: Deal, planned: list[Change], end: datetime | None, now: datetime) -> None:
    """Keeps what lies between creation, closing and now, with at least two seconds between any two changes."""
    last = deal.created
    for change in sorted(planned, key=lambda move: move.at):
        closing = change.fields.get("stage") in {"won", "lost"}
        if closing and end is None:
            break
        at = max(change.at, last + timedelta(seconds=2 + rng.randrange(600)))
        if at > now:
            break
        deal.changes.append(Change(at, change.fields))
        last = at
        if closing:
            deal.changes[-1].fields["close_date"] = at.date()
            break


def _reopen(rng: Random, deal: Deal, now: datetime) -> None:
    """The customer called back: the deal is in proposal again."""
    at = work_time(rng, deal.changes[-1].at + timedelta(days=rng.randrange(3, 30)))
    if at < now:
        day = (now + timedelta(days=rng.randrange(10, 70))).date()
        deal.changes.append(Change(at, {"stage": "proposal", "lost_reason": None, "close_date": day}))


def _keep_date_ahead(rng: Random, deal: Deal, now: datetime) -> None:
    """Sellers push a passed close date, most of them; the rest shows as overdue."""
    expected, last = deal.close_date, deal.changes[-1].at
    room = (now - last).total_seconds()
    if expected is None or expected > now.date() or room < 3600 or rng.random() < 0.2:
        return
    at = last + timedelta(seconds=round(room * rng.uniform(0.3, 0.98)))
    day = (now + timedelta(days=rng.randrange(3, 110))).date()
    deal.changes.append(Change(at, {"close_date": day}))


def _touch_today(rng: Random, deal: Deal, now: datetime) -> None:
    """A change within the last twelve hours, many in the last minutes: somebody is at work on it."""
    seconds = rng.randrange(15, 300) if rng.random() < 0.3 else rng.randrange(300, 43_200)
    at = now - timedelta(seconds=seconds, milliseconds=rng.randrange(1000))
    if at <= deal.changes[-1].at + timedelta(seconds=2):
        return
    amount = deal.amount
    if amount is not None and deal.currency is not None and rng.random() < 0.35:
        step = UNITS[deal.currency][1]
        deal.changes.append(Change(at, {"amount": percent(amount, rng.choice((90, 95, 105, 110, 115)), step)}))
        return
    day = (now + timedelta(days=rng.randrange(5, 120))).date()
    deal.changes.append(Change(at, {"close_date": day}))
