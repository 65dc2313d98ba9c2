"""Passwords with argon2id, computed off the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["MAX_LENGTH", "MIN_LENGTH", "hash_password", "needs_rehash", "verify_password"]

MIN_LENGTH = 10
MAX_LENGTH = 200
# OWASP's second choice for argon2id (19 MiB, 2 passes, 1 lane): about 30 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Few threads, so that a storm of sign-ins can't take all memory and cores.
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash that no password has: verifying against it takes as long as against a real one."""
    return _HASHER.hash("no account has this password")


def _verify(stored: str | None, password: str) -> bool:
    try:
        _HASHER.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


async def hash_password(password: str) -> str:
    """Return the argon2id hash, with its parameters, to be stored."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password fits. `stored` is None for an unknown user: the answer then takes as long and is False."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)
