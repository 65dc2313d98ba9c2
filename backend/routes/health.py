"""Health: true, fast, and never a 500."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.context import Context
from backend.metrics import VERSION
from backend.routes.deps import Ctx
from backend.stores.redis import ping_redis
from salescommand_lake.errors import LakeError

__all__ = ["router"]

router = APIRouter(tags=["health"])
PROBE_SECONDS = 2.0
State = Literal["connected", "unavailable"]


class Health(BaseModel):
    """`status` says that this process serves; what it depends on is beside it."""

    status: Literal["healthy"] = "healthy"
    service: Literal["sales-intelligence-platform"] = "sales-intelligence-platform"
    version: str = Field(default=VERSION, examples=["0.1.0"])
    dependencies: dict[str, State] = Field(
        examples=[{"clickhouse": "connected", "mongodb": "connected", "redis": "connected"}]
    )


@router.get("/health", summary="Is the service up")
@router.get("/api/health", summary="Is the service up (behind a proxy that passes /api on)", include_in_schema=False)
async def health(context: Ctx) -> Health:
    """Answer 200 while this process can take events; a store that is away is named, not hidden."""
    checks = {"clickhouse": _lake(context), "mongodb": context.mongo.ping(), "redis": ping_redis(context.redis)}
    faults = await asyncio.gather(*(_within(check) for check in checks.values()))
    states: dict[str, State] = {
        name: "unavailable" if fault else "connected" for name, fault in zip(checks, faults, strict=True)
    }
    return Health(dependencies=states)


async def _lake(context: Context) -> str | None:
    try:
        await context.engine.ping()
    except LakeError as error:
        return str(error)
    return None


async def _within(check: Awaitable[str | None]) -> str | None:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await check
    except TimeoutError:
        return f"no answer within {PROBE_SECONDS:g} seconds"
