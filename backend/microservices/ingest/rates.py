"""How many events a source may send: a token bucket for each source, in this process."""

from __future__ import annotations

import math
import time

import msgspec

__all__ = ["Bucket", "Rate"]


class Rate(msgspec.Struct, frozen=True):
    """Events per second in the long run, and how many may come at once."""

    events_per_second: float
    burst: int


class Bucket:
    """Tokens for events. A request is let in while a token is left and pays for all its events afterwards.

    So a batch of any size goes in, as large as the limits of a request allow, and the next ones wait until its events
    have been earned back: the average holds, and nobody has to cut batches to the size of a bucket.
    """

    __slots__ = ("_at", "_tokens", "rate")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._tokens = float(rate.burst)
        self._at = time.monotonic()

    def admit(self) -> int:
        """Take one token and return 0, or return after how many seconds there will be one."""
        self._refill()
        if self._tokens < 1:
            return max(1, math.ceil((1 - self._tokens) / self.rate.events_per_second))
        self._tokens -= 1
        return 0

    def pay(self, events: int) -> None:
        """Take the tokens of the events that a request brought beyond its first."""
        self._tokens -= max(0, events - 1)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers (the form of its versions 8 to 10)."""
        self._refill()
        rate = self.rate
        window = max(1, math.ceil(rate.burst / rate.events_per_second))
        left = max(0, int(self._tokens))
        full = max(0, math.ceil((rate.burst - self._tokens) / rate.events_per_second))
        return [
            (b"ratelimit-policy", f'"events";q={rate.burst};w={window};qu="events"'.encode()),
            (b"ratelimit", f'"events";r={left};t={full}'.encode()),
        ]

    def _refill(self) -> None:
        now = time.monotonic()
        earned = (now - self._at) * self.rate.events_per_second
        self._tokens = min(float(self.rate.burst), self._tokens + earned)
        self._at = now
