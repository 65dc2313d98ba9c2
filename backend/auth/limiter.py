"""Counts failed sign-ins in Redis, so that passwords can't be guessed by trying."""

from __future__ import annotations

import math

from redis.asyncio import Redis

from backend.errors import Problem
from backend.stores.keyring import digest

__all__ = ["CodeLimiter", "SignInLimiter"]

WINDOW_SECONDS = 900
PER_PERSON_AND_PLACE = 10
PER_PLACE = 100
PER_PERSON = 100
CODES = 10
"""Wrong codes of a person within the window, wherever they come from: a code has six digits only."""


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
                raise await _closed(self._redis, key, "Wait, or ask an admin for a sign-in link.")

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


class CodeLimiter:
    """Counts tries of a second factor before they are looked at, so that many at once are no more than one by one."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def count(self, user_id: str) -> None:
        """Count a try.

        Raises:
            Problem: 429 with Retry-After in seconds, after too many.
        """
        key = _codes(user_id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=WINDOW_SECONDS, nx=True)
            pipe.incr(key)
            tries = (await pipe.execute())[1]
        if int(tries) > CODES:
            raise await _closed(self._redis, key, "Wait for it, then use the newest code.")

    async def succeeded(self, user_id: str) -> None:
        """Forget the tries of a person."""
        await self._redis.delete(_codes(user_id))


async def _closed(redis: Redis, key: str, hint: str) -> Problem:
    wait = max(1, math.ceil(await redis.pttl(key) / 1000))
    return Problem(
        429,
        "too-many-sign-ins",
        "Too many failed sign-ins",
        f"Sign-in is closed for {wait} seconds after too many failures.",
        hint=hint,
        headers={"Retry-After": str(wait)},
    )


def _codes(user_id: str) -> str:
    return f"salescommand:codes:{user_id}"


def _counters(email: str, place: str) -> tuple[tuple[str, int], ...]:
    person = digest(email)[:24]
    return (
        (f"salescommand:signin:{person}:{place}", PER_PERSON_AND_PLACE),
        (f"salescommand:signin:place:{place}", PER_PLACE),
        (f"salescommand:signin:person:{person}", PER_PERSON),
    )
