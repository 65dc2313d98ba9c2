"""Seeded randomness and ids that do not depend on the day of the run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def stream(seed: int, *scope: object) -> random.Random:
    """A generator of its own for one thing, so that adding another thing changes nothing elsewhere."""
    return random.Random("/".join(map(str, (seed, *scope))))  # noqa: S311 - demo data, not secrets


def stable_int(bits: int, *scope: object) -> int:
    """An integer of at most ``bits`` bits that follows from the scope alone."""
    digest = blake2b("/".join(map(str, scope)).encode(), digest_size=16).digest()
    return int.from_bytes(digest, "big") >> (128 - bits)


def base62(length: int, *scope: object) -> str:
    """A token of letters and digits that follows from the scope alone."""
    rest, text = int.from_bytes(blake2b("/".join(map(str, scope)).encode(), digest_size=32).digest(), "big"), ""
    for _ in range(length):
        rest, digit = divmod(rest, 62)
        text += BASE62[digit]
    return text


def uuid_text(*scope: object) -> str:
    """A version 4 looking UUID that follows from the scope alone."""
    text = f"{stable_int(128, *scope):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def pick_weighted(rng: random.Random, weights: Sequence[tuple[T, int]]) -> T:
    """One of the values, in proportion to its whole weight."""
    at = rng.randrange(sum(weight for _, weight in weights))
    for value, weight in weights:
        at -= weight
        if at < 0:
            return value
    raise ValueError("weights must be positive")


def lognormal_units(rng: random.Random, median: int, spread: float) -> int:
    """A whole number, log-normal around ``median``: a size, not yet money."""
    return max(1, round(median * rng.lognormvariate(0, spread)))


def percent(amount: Decimal, points: int, step: Decimal) -> Decimal:
    """``points`` per cent of an amount, rounded down to a multiple of ``step`` (at least one step)."""
    return max(step, (amount * points / 100) // step * step)


def work_time(rng: random.Random, at: datetime) -> datetime:
    """The same day moved off the week-end, at a time when an office is open (UTC)."""
    day = at + timedelta(days=(7 - at.weekday()) if at.weekday() > 4 else 0)
    hour, minute, second = rng.randrange(7, 18), rng.randrange(60), rng.randrange(60)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=rng.randrange(1000) * 1000)
