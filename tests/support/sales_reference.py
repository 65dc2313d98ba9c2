"""Every metric of deals, computed slowly and obviously in plain Python from the events that were told."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.support.lake_events import START
from tests.support.sales_history import Told, value

Deal = dict[str, Any]
Number = tuple[Decimal | None, int]
"""The value and the count of rows."""


def living(told: Sequence[Told], as_of: datetime | None, known_at: datetime | None) -> list[Deal]:
    """Return the deals at a moment, each with its lasting states in their order."""
    heard = [one for one in told if known_at is None or START + timedelta(seconds=one.arrived) <= known_at]
    heard = sorted(
        (one for one in heard if as_of is None or one.true_at <= as_of), key=lambda e: (e.true_at, e.arrived)
    )
    deals: dict[str, Deal] = {}
    for number, one in enumerate(heard):
        deal = deals.setdefault(one.deal, {"deleted": False, "states": [], "says": {}})
        deal["deleted"] = one.deleted
        if not one.deleted:
            deal["says"] = {**deal["says"], **one.says}
        later = [other for other in heard[number + 1 :] if other.deal == one.deal and other.true_at == one.true_at]
        if not later:
            deal["states"].append((one.true_at, dict(deal["says"])))
    return [{**deal["says"], **deal} for deal in deals.values() if not deal["deleted"]]


def visits(deal: Deal) -> list[tuple[str, str, Decimal | None, datetime]]:
    """Return the stages that a deal was in: name, status, probability and time of entry."""
    found: list[tuple[str, str, Decimal | None, datetime]] = []
    before = ("", "")
    for at, says in deal["states"]:
        here = (says.get("stage") or "", says.get("status") or "")
        if here != before and here[0]:
            probability = says.get("probability")
            found.append((*here, Decimal(probability) if probability else None, at))
        before = here
    return found


def first_due(deal: Deal) -> date | None:
    """Return the day on which a deal was first expected to close."""
    days = [s["close_date"] for _, s in deal["states"] if s.get("status") == "open" and s.get("close_date")]
    return date.fromisoformat(days[0]) if days else None


def numbers(
    told: Sequence[Told], as_of: datetime | None, known_at: datetime | None, currency: str
) -> dict[str, Number]:
    """Return the value and the rows of every metric of deals and of their stages at a moment."""
    now = as_of or known_at or datetime.now(UTC)
    deals = living(told, as_of, known_at)
    for deal in deals:
        deal["value"] = value(deal, currency, now.date()) if "status" in deal else None
        deal["close"] = date.fromisoformat(deal["close_date"]) if deal.get("close_date") else None
        deal["created"] = datetime.fromisoformat(deal["created_at"]).date() if deal.get("created_at") else None
        deal["visits"] = visits(deal)
    unit = Decimal(1) if currency == "JPY" else Decimal("0.01")
    found = _pipeline([one for one in deals if one.get("status") == "open"], now.date(), unit)
    won = [one for one in deals if one.get("status") == "won"]
    lost = [one for one in deals if one.get("status") == "lost"]
    found |= _closed(won, lost, unit)
    found |= {"opportunity-count": (Decimal(len(deals)), len(deals)), "created-value": _sum(deals)}
    return found | _stages(deals)


def _sum(deals: list[Deal], measure: Callable[[Deal], Decimal | None] = lambda one: one["value"]) -> Number:
    return sum((m for m in map(measure, deals) if m is not None), Decimal(0)), len(deals)


def _mean(deals: list[Any], measure: Callable[[Any], Decimal | int | None], unit: Decimal) -> Number:
    values = [Decimal(m) for m in map(measure, deals) if m is not None]
    return (sum(values) / len(values)).quantize(unit, ROUND_HALF_UP) if values else None, len(deals)


def _share(passed: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return (Decimal(passed) / whole).quantize(Decimal("0.000001"), ROUND_HALF_UP) if whole else None


def _pipeline(deals: list[Deal], today: date, unit: Decimal) -> dict[str, Number]:
    def weighted(deal: Deal) -> Decimal | None:
        if deal["value"] is None or not deal.get("probability"):
            return None
        return (deal["value"] * Decimal(deal["probability"])).quantize(unit, ROUND_HALF_UP)

    def in_stage(deal: Deal) -> int | None:
        return (today - deal["visits"][-1][3].date()).days if deal["visits"] else None

    def slipped(deal: Deal) -> bool:
        due, close = first_due(deal), deal["close"]
        return bool(due and close and (close.year, close.month) > (due.year, due.month))

    committed = [one for one in deals if one.get("forecast_category") == "commit"]
    hoped = [one for one in deals if one.get("forecast_category") in {"commit", "best_case"}]
    idle = [one for one in deals if (in_stage(one) or 0) >= 30]
    late = [one for one in deals if slipped(one)]
    days = Decimal("0.01")
    return {
        "open-pipeline": _sum(deals),
        "weighted-pipeline": _sum(deals, weighted),
        "commit": _sum(committed),
        "best-case": _sum(hoped),
        "open-count": (Decimal(len(deals)), len(deals)),
        "deal-age": _mean(deals, lambda one: (today - one["created"]).days if one["created"] else None, days),
        "stage-age": _mean(deals, in_stage, days),
        "stalled-count": (Decimal(len(idle)), len(idle)),
        "stalled-value": _sum(idle),
        "slipped-count": (Decimal(len(late)), len(late)),
        "slipped-value": _sum(late),
    }


def _closed(won: list[Deal], lost: list[Deal], unit: Decimal) -> dict[str, Number]:
    def cycle(deal: Deal) -> int | None:
        if not deal["created"] or not deal["close"]:
            return None
        taken = (deal["close"] - deal["created"]).days
        return taken if taken >= 0 else None

    closed = [*won, *lost]
    taken = [Decimal(days) for days in map(cycle, closed) if days is not None]
    middle = Decimal(statistics.median(taken)).quantize(Decimal("0.01")) if taken else None
    won_value, all_value = _sum(won)[0] or Decimal(0), _sum(closed)[0] or Decimal(0)
    return {
        "won-value": _sum(won),
        "won-count": (Decimal(len(won)), len(won)),
        "lost-value": _sum(lost),
        "lost-count": (Decimal(len(lost)), len(lost)),
        "win-rate": (_share(len(won), len(closed)), len(closed)),
        "win-rate-value": (_share(won_value, all_value), len(closed)),
        "average-deal-size": _mean(won, lambda one: one["value"], unit),
        "cycle-length": _mean(closed, cycle, Decimal("0.01")),
        "cycle-length-median": (middle, len(closed)),
        "won-cycle-length": _mean(won, cycle, Decimal("0.01")),
    }


def _stages(deals: list[Deal]) -> dict[str, Number]:
    """Numbers of the stays of deals in open stages; a deal that comes back stays once, for longer."""
    stays = []
    for deal in deals:
        path = deal["visits"]
        for stage in dict.fromkeys(name for name, status, _, _ in path if status == "open"):
            place = next(n for n, one in enumerate(path) if one[0] == stage and one[1] == "open")
            stated = path[place][2]
            later = [one for one in path[place + 1 :] if one[1] == "open" and one[0] != stage]
            likelier = any(stated is None or one[2] is None or one[2] > stated for one in later)
            status = deal.get("status") or ""
            stays.append({"went_on": status == "won" or likelier, "status": status, "stated": stated})
    closed = [one for one in stays if one["status"] in {"won", "lost"}]
    stated = [one for one in closed if one["stated"] is not None]

    def share(whole: list[Deal], passes: Callable[[Deal], bool]) -> Number:
        return _share(sum(map(passes, whole)), len(whole)), len(whole)

    return {
        "stage-conversion": share(stays, lambda one: one["went_on"]),
        "stage-win-rate": share(closed, lambda one: one["status"] == "won"),
        "outcome-rate": share(stated, lambda one: one["status"] == "won"),
        "stated-probability": _mean(stated, lambda one: one["stated"], Decimal("0.000001")),
    }
