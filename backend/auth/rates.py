"""How many requests a person or a program may send: a moving window of a minute, counted in this process."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from backend.errors import Problem

__all__ = ["Rates"]


class Rates:
    """The limit of each principal."""

    def __init__(self, per_minute: int) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerMinute(per_minute) if per_minute else None

    def check(self, principal: str) -> None:
        """Count a request.

        Raises:
            Problem: 429 with Retry-After when there were too many.
        """
        if self._limit is None or self._limiter.hit(self._limit, principal):
            return
        window = self._limiter.get_window_stats(self._limit, principal)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        raise Problem(
            429,
            "too-many-requests",
            "Too many requests",
            f"More than {self._limit.amount} requests within a minute.",
            hint=f"Try again in {wait} s. SALESCOMMAND_API_RATE_PER_MINUTE sets the limit.",
            headers={
                "Retry-After": str(wait),
                "RateLimit-Policy": f'"minute";q={self._limit.amount};w=60',
                "RateLimit": f'"minute";r=0;t={wait}',
            },
        )
