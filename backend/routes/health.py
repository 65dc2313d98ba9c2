"""Health: true, fast, and never a 500."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.metrics import VERSION
from backend.routes.deps import Ctx
from backend.services.probes import store_faults

__all__ = ["router"]

router = APIRouter(tags=["health"])
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
@router.get("/api/health", summary="Is the service up, behind a proxy that passes /api on")
async def health(context: Ctx) -> Health:
    """Answer 200 while this process can take events; a store that is away is named, not hidden."""
    faults = await store_faults(context)
    return Health(dependencies={name: "unavailable" if fault else "connected" for name, fault in faults.items()})
