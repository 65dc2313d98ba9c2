"""Sessions in Redis: a random id in a cookie, its digest as the key, an expiry that slides with use."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from backend.stores.keyring import digest

__all__ = ["COOKIE", "OpenSession", "Session", "Sessions", "Visitor"]

COOKIE = "salescommand_session"
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody signs in from, so that they know their sessions apart."""

    place: str = ""
    """The address that the request came from."""
    agent: str = ""
    """What the browser calls itself."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, when, whether by a sign-in link, and from where."""

    user_id: str
    started_at: str
    by_link: bool
    place: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that goes on. Its id is of no use to whoever has it but to end the session."""

    id: str
    started_at: datetime
    last_used_at: datetime
    by_link: bool
    place: str
    agent: str
    current: bool


class Sessions:
    """Opens, finds and ends sessions. Each call raises redis' ConnectionError when Redis is away."""

    def __init__(self, redis: Redis, hours: int) -> None:
        self._redis = redis
        self._seconds = hours * 3600

    async def open(self, user_id: str, visitor: Visitor, *, by_link: bool) -> str:
        """Start a session and return its secret, which goes into the cookie only."""
        secret = secrets.token_urlsafe(32)
        session = Session(
            user_id=user_id,
            started_at=datetime.now(UTC).isoformat(),
            by_link=by_link,
            place=visitor.place,
            agent=visitor.agent[:_LONGEST_AGENT],
        )
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

    async def of(self, user_id: str, secret: str | None = None) -> list[OpenSession]:
        """Return a user's sessions, the last used first; `secret` is the one that asks."""
        keys = sorted(await self._redis.smembers(_owned(user_id)))  # type: ignore[misc]
        found: list[OpenSession] = []
        async with self._redis.pipeline(transaction=True) as pipe:
            for key in keys:
                pipe.get(key)
                pipe.pttl(key)
            answers = await pipe.execute()
        now, current = datetime.now(UTC), _key(secret) if secret else None
        for key, text, left in zip(keys, answers[::2], answers[1::2], strict=True):
            if text is None:
                await self._redis.srem(_owned(user_id), key)  # type: ignore[misc]
                continue
            session = Session(**json.loads(text))
            # Each use sets the whole time anew, so what is gone of it is the time since.
            used = now - timedelta(milliseconds=max(0, self._seconds * 1000 - int(left)))
            started = datetime.fromisoformat(session.started_at)
            found.append(
                OpenSession(
                    id=_id(key),
                    started_at=started,
                    last_used_at=max(used, started),
                    by_link=session.by_link,
                    place=session.place,
                    agent=session.agent,
                    current=key == current,
                )
            )
        return sorted(found, key=lambda one: one.last_used_at, reverse=True)

    async def end(self, secret: str) -> None:
        """End one session."""
        await self._redis.delete(_key(secret))

    async def end_one(self, user_id: str, session_id: str) -> bool:
        """End a session of a user by its id; False when they have none of it."""
        for key in await self._redis.smembers(_owned(user_id)):  # type: ignore[misc]
            if secrets.compare_digest(_id(key), session_id):
                ended = await self._redis.delete(key)
                await self._redis.srem(_owned(user_id), key)  # type: ignore[misc]
                return bool(ended)
        return False

    async def end_all(self, user_id: str, *, except_secret: str | None = None) -> None:
        """End every session of a user, but for one if asked (the one that changed the password)."""
        kept = _key(except_secret) if except_secret else None
        keys = [key for key in await self._redis.smembers(_owned(user_id)) if key != kept]  # type: ignore[misc]
        if keys:
            await self._redis.delete(*keys)
            await self._redis.srem(_owned(user_id), *keys)  # type: ignore[misc]


def _key(secret: str) -> str:
    return f"salescommand:session:{digest(secret)}"


def _id(key: str) -> str:
    """Return what a session is called outside: a part of the digest, from which nobody gets to the secret."""
    return f"ses_{key.rsplit(':', 1)[1][:16]}"


def _owned(user_id: str) -> str:
    return f"salescommand:sessions-of:{user_id}"
