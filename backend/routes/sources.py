"""Sources and their write keys."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from backend.auth.principal import Permission
from backend.routes.deps import Ctx, require, sees_all
from backend.routes.keys import KeyOut, Kind
from backend.routes.requests import RecentRequest, request_out
from backend.services.freshness import Freshness
from backend.services.sources import Source, SourceService

__all__ = ["router"]

router = APIRouter(prefix="/api/sources", tags=["sources"])
may_manage = Depends(require(Permission.MANAGE_SOURCES))


class Books(BaseModel):
    """Where a source's records are; the terms are disjoint.

    received = accepted + rejected; accepted = duplicates + in_spool + raw + refused + damaged;
    raw = pending + applied + superseded + ignored + quarantined + expired.
    """

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


class SourceItem(Books):
    """One source."""

    source: str = Field(examples=["hubspot"])
    kind: str = Field(examples=["hubspot"])
    label: str
    state: Freshness = Field(
        description="fresh: silent no longer than its usual gap (at least 1 h; 24 h while unknown). late: up to 3 "
        "times as long. stale: longer. silent: nothing for 14 days, or never"
    )
    last_event_at: datetime | None
    usual_gap_seconds: float | None = Field(description="95 of 100 silences of the last 14 days were shorter")
    data_as_of: datetime | None = Field(description="Everything accepted up to then is in the numbers")
    lag_seconds: float | None = Field(description="Silence since the last event")
    events_today: int = Field(description="Since midnight UTC")
    hours: list[int] = Field(description="Events of the last 12 clock hours, the running one last")


class SourceList(BaseModel):
    """Every source that was set up or ever sent something."""

    items: list[SourceItem]


class SourceDetail(SourceItem):
    """One source with its keys and last requests."""

    keys: list[KeyOut]
    requests: list[RecentRequest]


class NewSource(BaseModel):
    """How a source's payloads are read, and what people call it."""

    kind: Kind
    label: str | None = Field(default=None, max_length=200)


class SourceName(BaseModel):
    """The source as it is set up now."""

    source: str
    kind: str
    label: str


@router.get("", summary="Sources")
async def list_sources(context: Ctx) -> SourceList:
    """Return every source with its freshness and books."""
    return SourceList(items=[SourceItem(**_row(source)) for source in await SourceService(context).all()])


@router.get("/{source}", dependencies=[Depends(sees_all)], summary="One source")
async def get_source(source: str, context: Ctx) -> SourceDetail:
    """Return a source with its keys and the last requests that this process answered."""
    found = await SourceService(context).get(source)
    return SourceDetail(
        **_row(found.source),
        keys=[KeyOut.model_validate(key) for key in found.keys],
        requests=[request_out(one) for one in found.requests],
    )


@router.put("/{source}", dependencies=[may_manage], summary="Set up a source")
async def put_source(source: str, body: NewSource, context: Ctx) -> SourceName:
    """Set up a source, or change its kind and label. Events that are there already keep the kind they came with."""
    service = SourceService(context)
    document = await service.put(source, body.kind, body.label)
    return SourceName(source=source, kind=document["kind"], label=document["label"])


def _row(source: Source) -> dict[str, Any]:
    row = asdict(source)
    books: dict[str, Any] = row.pop("books")
    return row | books
