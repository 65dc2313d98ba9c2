"""The worker's lease: one process folds at a time, and one that lost the lease writes nothing more."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.cancelling import stop_if_cancelled

__all__ = ["Lease", "LeaseLost"]

log = logging.getLogger(__name__)
T = TypeVar("T")

# The number grows also when Redis lost its data meanwhile: it is never below Redis's clock in microseconds.
_ACQUIRE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local token = string.format('%.0f', math.max(last + 1, now))
redis.call('SET', KEYS[2], token)
redis.call('SET', KEYS[1], token .. ':' .. ARGV[1], 'PX', ARGV[2])
return token
"""
_RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class LeaseLost(Exception):  # noqa: N818 - named for what it is
    """Another process may hold the lease now: stop, write nothing more."""


class Lease:
    """A lease in Redis with a fencing token that grows with each holder."""

    def __init__(self, redis: Redis, name: str, *, seconds: float = 10.0) -> None:
        self._redis = redis
        self._keys = (f"salescommand:lease:{name}", f"salescommand:fence:{name}")
        self._owner = secrets.token_hex(8)
        self._milliseconds = int(seconds * 1000)
        self._seconds = seconds
        self._value = ""
        self._valid_until = 0.0
        self.token = 0
        """Grows with each holder; 0 while not held."""

    async def acquire(self) -> bool:
        """Take the lease if nobody has it.

        Raises:
            RedisError: Redis can't be asked.
        """
        asked = time.monotonic()
        token = await self._eval(_ACQUIRE, self._keys, self._owner, self._milliseconds)
        if not token:
            return False
        self.token = int(token)
        self._value = f"{token}:{self._owner}"
        self._valid_until = asked + self._seconds
        return True

    async def check(self) -> None:
        """Make sure that the lease is still ours, before something is written.

        Raises:
            LeaseLost: it isn't, or nobody can tell.
        """
        asked = time.monotonic()
        try:
            renewed = await self._eval(_RENEW, self._keys[:1], self._value, self._milliseconds)
        except RedisError as error:
            if time.monotonic() < self._valid_until:
                return  # nobody else can have it yet
            raise LeaseLost(f"Redis can't be asked: {error}") from error
        if not renewed:
            raise LeaseLost("another process has the lease")
        self._valid_until = asked + self._seconds

    async def run(self, step: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a step while the lease is held; it is cancelled the moment the lease is lost.

        Raises:
            LeaseLost: before or during the step.
        """
        await self.check()
        task = asyncio.create_task(step())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self._seconds / 3)
                if not task.done():
                    await self.check()
                    stop_if_cancelled()
        except BaseException:
            task.cancel()
            await asyncio.wait({task})
            raise
        return task.result()

    async def release(self) -> None:
        """Let others have it at once. When Redis is away it ends by itself."""
        value, self._value, self.token = self._value, "", 0
        if not value:
            return
        try:
            await self._eval(_RELEASE, self._keys[:1], value)
        except RedisError as error:
            log.info("the lease ends by itself, Redis is away: %s", error)

    async def _eval(self, script: str, keys: tuple[str, ...], *values: Any) -> Any:
        answer: Any = self._redis.eval(script, len(keys), *keys, *values)
        return await answer
