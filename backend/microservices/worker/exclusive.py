"""The right to fold for a job: the worker that has it gives it up between two steps, and gets it back afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from backend.cancelling import stop_if_cancelled
from backend.microservices.worker.lease import Lease
from salescommand_lake.fold.writes import Guard

__all__ = ["fold_alone", "fold_is_wanted"]

_WANTED = "salescommand:wanted:fold"
_WANTED_SECONDS = 5


async def fold_is_wanted(redis: Redis) -> bool:
    """Tell whether a job waits for the right to fold."""
    return bool(await redis.exists(_WANTED))


@asynccontextmanager
async def fold_alone(redis: Redis, *, lease_seconds: float = 10.0) -> AsyncIterator[Guard]:
    """Wait for the right to fold, keep it until the block ends, and give a check that it is still there.

    Raises:
        LeaseLost: by the check, when the right was lost meanwhile.
        RedisError: Redis can't be asked.
    """
    lease = Lease(redis, "fold", seconds=lease_seconds)
    while True:
        await redis.set(_WANTED, "1", ex=_WANTED_SECONDS)
        if await lease.acquire():
            break
        await asyncio.sleep(0.1)
    await redis.delete(_WANTED)
    keeping = asyncio.create_task(_keep(lease, lease_seconds / 3), name="keep the right to fold")
    try:
        yield lease.check
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await keeping
        await lease.release()


async def _keep(lease: Lease, seconds: float) -> None:
    """Renew the lease while a long statement runs; losing it is told by the next check."""
    while True:
        stop_if_cancelled()
        await asyncio.sleep(seconds)
        await lease.check()
