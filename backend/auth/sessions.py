"""Sessions in Redis: a random id in a cookie, its digest as the key, an expiry that slides with use."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from backend.stores.keyring import digest

__all__ = ["COOKIE", "Session", "Sessions"]

COOKIE = "salescommand_session"


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, when, and whether by a sign-in link."""

    user_id: str
    started_at: str
    by_link: bool


class Sessions:
    """Opens, finds and ends sessions. Each call raises redis' ConnectionError when Redis is away."""

    def __init__(self, redis: Redis, hours: int) -> None:
        self._redis = redis
        self._seconds = hours * 3600

    async def open(self, user_id: str, *, by_link: bool) -> str:
        """Start a session and return its secret, which goes into the cookie only."""
        secret = secrets.token_urlsafe(32)
        session = Session(user_id=user_id, started_at=datetime.now(UTC).isoformat(), by_link=by_link)
        key, owned = _key(secret), _owned(user_id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(key, json.dumps(asdict(session)), ex=self._seconds)
            pipe.sadd(owned, key)
            pipe.expire(owned, self._seconds)
            await pipe.execute()
        return secret

    async def find(self, secret: str) -> Session | None:
        """Return the session and move its expiry, or None when it has ended."""
        text: Any = await self._redis.getex(_key(secret), ex=self._seconds)
        if text is None:
            return None
        session = Session(**json.loads(text))
        await self._redis.expire(_owned(session.user_id), self._seconds)
        return session

    async def end(self, secret: str) -> None:
        """End one session."""
        await self._redis.delete(_key(secret))

    async def end_all(self, user_id: str, *, except_secret: str | None = None) -> None:
        """End every session of a user, but for one if asked (the one that changed the password)."""
        kept = _key(except_secret) if except_secret else None
        keys = [key for key in await self._redis.smembers(_owned(user_id)) if key != kept]  # type: ignore[misc]
        if keys:
            await self._redis.delete(*keys)
            await self._redis.srem(_owned(user_id), *keys)  # type: ignore[misc]


def _key(secret: str) -> str:
    return f"salescommand:session:{digest(secret)}"


def _owned(user_id: str) -> str:
    return f"salescommand:sessions-of:{user_id}"
