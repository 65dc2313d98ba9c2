"""Events that the engine refused: what they are, why, their bytes, and trying them again."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from backend.auth.principal import Permission
from backend.errors import bad_parameter
from backend.routes.deps import Ctx, require, sees_all
from backend.routes.queries import CURSOR, LIMIT, documented, parameter
from backend.services.refused import RefusedEvent, RefusedService

__all__ = ["router"]

router = APIRouter(prefix="/api/microservices/refused", tags=["microservices"], dependencies=[Depends(sees_all)])
SOURCE = parameter("source", "Only this source's", {"type": "string"}, "hubspot")
MOST = 500
may_manage = Depends(require(Permission.MANAGE_SOURCES))


class RefusedItem(BaseModel):
    """One event that the engine refused. It is kept in the spool of the instance that took it."""

    event_id: str = Field(examples=["ev_06dz3k8q4m2vw"])
    source: str
    entity_type: str
    source_id: str
    reason: str = Field(description="The engine's words")
    code: int | None = Field(description="The engine's error number")
    received_at: datetime
    refused_at: datetime
    bytes: int


class RefusedPage(BaseModel):
    """The newest refused events of the instance that answers."""

    items: list[RefusedItem]
    next_cursor: str | None


class Retry(BaseModel):
    """Which events to try again: the named ones, all of a source, or, with neither, all."""

    event_ids: list[str] | None = Field(default=None, max_length=10_000)
    source: str = ""


class Retried(BaseModel):
    """How many wait for the lake again."""

    retried: int


@router.get("", summary="List the events that the engine refused", openapi_extra=documented(SOURCE, LIMIT, CURSOR))
async def list_refused(context: Ctx, request: Request) -> RefusedPage:
    """Tell which events the engine refused, in its own words, newest first."""
    asked = _asked(request, "source", "limit", "cursor")
    limit = asked.get("limit", "50")
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
        raise bad_parameter("limit", f"it is {limit!r}; it must be a number from 1 to {MOST}")
    service, source = RefusedService(context), asked.get("source", "")
    try:
        found = await service.page(source=source, before=asked.get("cursor"), limit=int(limit))
    except ValueError as error:
        raise bad_parameter("cursor", str(error), hint="Take it from the answer before.") from None
    items = [_item(each) for each in found]
    return RefusedPage(items=items, next_cursor=items[-1].event_id if len(items) == int(limit) else None)


@router.get(
    "/export",
    summary="Export the refused events with their bytes",
    response_class=StreamingResponse,
    openapi_extra=documented(SOURCE),
)
async def export_refused(context: Ctx, request: Request) -> StreamingResponse:
    """Answer one JSON object a line; `body` is the exact bytes in base64."""
    source = _asked(request, "source").get("source", "")

    async def lines() -> AsyncIterator[bytes]:
        async for event in RefusedService(context).all(source):
            item: dict[str, Any] = _item(event).model_dump(mode="json")
            yield json.dumps({**item, "body": base64.b64encode(event.body).decode()}).encode() + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.get("/{event_id}/body", summary="The exact bytes of a refused event", response_class=Response)
async def refused_body(context: Ctx, event_id: str) -> Response:
    """Answer the bytes as they came."""
    event = await RefusedService(context).get(event_id)
    return Response(event.body, media_type="application/octet-stream")


@router.post("/retry", summary="Try refused events again", dependencies=[may_manage])
async def retry_refused(context: Ctx, wanted: Retry) -> Retried:
    """Put refused events back among those that wait for the lake. What is refused again comes back with new words."""
    try:
        return Retried(retried=await RefusedService(context).retry(event_ids=wanted.event_ids, source=wanted.source))
    except ValueError as error:
        raise bad_parameter("event_ids", str(error), hint="GET /api/microservices/refused lists them.") from None


def _asked(request: Request, *names: str) -> dict[str, str]:
    for name in request.query_params:
        if name not in names:
            raise bad_parameter(name, "there is no such parameter", hint=f"There are: {', '.join(names)}.")
    return dict(request.query_params)


def _item(event: RefusedEvent) -> RefusedItem:
    content = asdict(event)
    content["bytes"] = len(content.pop("body"))
    return RefusedItem(**content)
