"""Whether the things this process depends on answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from backend.context import Context
from backend.stores.redis import ping_redis
from salescommand_lake.errors import LakeError

__all__ = ["PROBE_SECONDS", "store_faults"]

PROBE_SECONDS = 2.0


async def _within(check: Awaitable[str | None], seconds: float = PROBE_SECONDS) -> str | None:
    """Return what a check found, or that it did not answer in time."""
    try:
        async with asyncio.timeout(seconds):
            return await check
    except TimeoutError:
        return f"no answer within {seconds:g} seconds"


async def _lake_fault(context: Context) -> str | None:
    """Return None when the lake answers, else why not."""
    try:
        await context.engine.ping()
    except LakeError as error:
        return str(error)
    return None


async def store_faults(context: Context) -> dict[str, str | None]:
    """Return for the lake and each store None when it answers, else why not; never longer than two seconds."""
    checks = {
        "clickhouse": _lake_fault(context),
        "mongodb": context.mongo.ping(),
        "redis": ping_redis(context.redis),
    }
    found = await asyncio.gather(*(_within(check) for check in checks.values()))
    return dict(zip(checks, found, strict=True))
