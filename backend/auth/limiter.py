"""Counts failed sign-ins in Redis, so that passwords can't be guessed by trying."""

from __future__ import annotations

import math

from redis.asyncio import Redis

from backend.errors import Problem
from backend.stores.keyring import digest

__all__ = ["SignInLimiter"]

WINDOW_SECONDS = 900
PER_PERSON_AND_PLACE = 10
PER_PLACE = 100
PER_PERSON = 100


class SignInLimiter:
    """Refuses further tries after too many failures: few for one person from one place, more for either alone."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def check(self, email: str, place: str) -> None:
        """Raise a 429 when there were too many failures.

        Raises:
            Problem: 429 with Retry-After in seconds.
        """
        for key, limit in _counters(email, place):
            count = await self._redis.get(key)
            if count is not None and int(count) >= limit:
                wait = max(1, math.ceil(await self._redis.pttl(key) / 1000))
                raise Problem(
                    429,
                    "too-many-sign-ins",
                    "Too many failed sign-ins",
                    f"Sign-in is closed for {wait} seconds after too many failures.",
                    hint="Wait, or ask an admin for a sign-in link.",
                    headers={"Retry-After": str(wait)},
                )

    async def failed(self, email: str, place: str) -> None:
        """Count one failure."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for key, _ in _counters(email, place):
                pipe.set(key, 0, ex=WINDOW_SECONDS, nx=True)
                pipe.incr(key)
            await pipe.execute()

    async def succeeded(self, email: str, place: str) -> None:
        """Forget the failures of this person from this place."""
        await self._redis.delete(_counters(email, place)[0][0])


def _counters(email: str, place: str) -> tuple[tuple[str, int], ...]:
    person = digest(email)[:24]
    return (
        (f"salescommand:signin:{person}:{place}", PER_PERSON_AND_PLACE),
        (f"salescommand:signin:place:{place}", PER_PLACE),
        (f"salescommand:signin:person:{person}", PER_PERSON),
    )
