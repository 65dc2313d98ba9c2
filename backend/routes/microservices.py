"""The microservices layer: its health, its books, and the address that events are posted to."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from backend.auth.principal import Permission
from backend.context import Context
from backend.errors import Problem
from backend.microservices.ingest.health import ingest_health
from backend.routes.deps import Ctx, require, sees_all
from backend.services.balance import balance
from salescommand_lake.errors import LakeError

__all__ = ["router"]

router = APIRouter(prefix="/api/microservices", tags=["microservices"])
PROBE_SECONDS = 1.5
may_manage = Depends(require(Permission.MANAGE_SOURCES))


class DataLake(BaseModel):
    """The lake as this process reaches it."""

    clickhouse: Literal["connected", "unavailable"]
    driver: str = Field(examples=["embedded"])
    error: str | None = Field(default=None, description="Why it is unavailable, in words")


class Services(BaseModel):
    """Each service's state. `ingest` is null in a process that takes no events."""

    data_lake: DataLake
    ingest: dict[str, Any] | None
    jobs: list[dict[str, Any]]


class MicroservicesHealth(BaseModel):
    """Always 200: what is away is said, not thrown."""

    services: Services


class Books(BaseModel):
    """Where a source's records are."""

    received: int
    accepted: int
    rejected: int
    duplicates: int
    in_spool: int
    raw: int
    refused: int
    damaged: int
    pending: int
    applied: int
    superseded: int
    ignored: int
    quarantined: int
    expired: int
    missing: dict[str, int] = Field(description="What each sum lacks; empty when the books balance", examples=[{}])


class BalanceOut(BaseModel):
    """The books of every source.

    received = accepted + rejected; accepted = duplicates + in_spool + raw + refused + damaged;
    raw = pending + applied + superseded + ignored + quarantined + expired.
    """

    sources: dict[str, Books]
    totals: Books
    balanced: bool
    as_of: datetime


class Accepted(BaseModel):
    """What became of the posted records. A single object answers the first four fields, several answer the counts."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "accepted",
                "source_id": "external-id-123",
                "event_id": "ev_00h5k2m8x7q2r",
                "duplicate": False,
            }
        }
    )

    status: Literal["accepted", "partial"]
    source_id: str | None = None
    event_id: str | None = None
    duplicate: bool | None = Field(default=None, description="A repeat; `event_id` is the first one's")
    generated: bool | None = Field(default=None, description="The record had no id: `source_id` was made for it")
    note: str | None = Field(default=None, description="What is to be known of it, such as that it has no fields")
    accepted: int | None = None
    duplicates: int | None = None
    rejected: list[dict[str, Any]] | None = Field(default=None, examples=[[{"index": 3, "reason": "…", "hint": "…"}]])
    events: list[dict[str, Any]] | None = None


@router.get("/health", summary="Is the data lake reached, and what waits to be loaded")
async def health(context: Ctx) -> MicroservicesHealth:
    """Tell the truth within two seconds, also while ClickHouse hangs."""
    lake, jobs = await asyncio.gather(_lake(context), _jobs(context))
    ingest = None if context.local_spool is None else ingest_health(context.local_spool, context.adopted)
    return MicroservicesHealth(services=Services(data_lake=lake, ingest=ingest, jobs=jobs))


@router.get("/balance", dependencies=[Depends(sees_all)], summary="Where every record is, per source")
async def read_balance(context: Ctx) -> BalanceOut:
    """Count what was received, where it is, and whether the sums agree."""
    found = await balance(context)
    books = {name: Books(**asdict(each), missing=each.missing) for name, each in found.sources.items()}
    totals = Books(**asdict(found.totals), missing=found.totals.missing)
    return BalanceOut(sources=books, totals=totals, balanced=found.balanced, as_of=found.as_of)


@router.post("/drain", summary="Take no more events", status_code=204, dependencies=[may_manage])
async def drain(context: Ctx) -> None:
    """Turn posts away with 503 from now on, before this instance is removed for good; what waits is loaded.

    Until the process is started again. Health tells how much still waits.
    """
    if context.local_spool is not None:
        context.local_spool.draining = True


@router.post("/ingest/{source}/{entity_type}", summary="Post events", response_model_exclude_none=True)
async def ingest(
    source: Annotated[str, Path(examples=["generic"])],
    entity_type: Annotated[str, Path(examples=["account"])],
    payload: Annotated[
        dict[str, Any],
        Body(examples=[{"id": "external-id-123", "name": "Acme Corp", "updated_at": "2025-01-01T00:00:00Z"}]),
    ],
) -> Accepted:
    """Take a JSON object, a list of them, a vendor's envelope or one object a line, with the source's write key.

    Where the source is set up for it, the vendor's signature stands for the key. Served by the ingest front, which
    stands before this application wherever the process has a spool.
    """
    del payload
    raise Problem(
        503,
        "no-spool",
        "This process takes no events",
        f"Events of {source}/{entity_type} can't be posted here: the process runs without a spool.",
        hint="Post to the address of `salescommand serve` or `salescommand dev`.",
    )


async def _lake(context: Context) -> DataLake:
    error: str | None = None
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await context.engine.ping()
    except TimeoutError:
        error = f"no answer within {PROBE_SECONDS:g} seconds"
    except LakeError as failure:
        error = str(failure)
    return DataLake(clickhouse="connected" if error is None else "unavailable", driver=context.engine.name, error=error)


async def _jobs(context: Context) -> list[dict[str, Any]]:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return [asdict(job) for job in await context.jobs.all()]
    except TimeoutError:
        return []
