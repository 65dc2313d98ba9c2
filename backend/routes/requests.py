"""The live tail of a source: what integrators look at when something doesn't arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from backend.routes.deps import Ctx, sees_all
from backend.services.requests import RequestService

__all__ = ["RecentRequest", "request_out", "router"]

router = APIRouter(prefix="/api/sources/{source}/requests", tags=["sources"], dependencies=[Depends(sees_all)])
Word = Literal["accepted", "duplicate", "partial", "rejected", "unauthorized", "limited", "unavailable"]
Outcome = Annotated[Word | None, Query(description="Only requests with this outcome")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many")]


class RecentRequest(BaseModel):
    """One of the last requests that this process answered for the source; payloads and keys are not kept."""

    at: datetime
    outcome: Word = Field(
        description="partial: some records were refused. unauthorized: wrong signature, or a key for something else. "
        "limited: 429. unavailable: 503, or the client went away"
    )
    status: int
    entity_type: str
    events: int = Field(description="Records, accepted or refused")
    accepted: int
    duplicates: int
    rejected: int
    bytes: int
    event_id: str = Field(description="The first record's event")
    reason: str | None = Field(description="Why the request, or its first bad record, was refused")


class RequestList(BaseModel):
    """The newest requests of a source, newest first."""

    items: list[RecentRequest]
    instance: int = Field(description="Number of the instance that answered them; what others answered, they tell")


def request_out(request: dict[str, Any]) -> RecentRequest:
    """Return a request as the API shows it."""
    return RecentRequest.model_validate({**request, "reason": request["reason"] or None})


@router.get("", summary="A source's last requests")
async def list_requests(source: str, context: Ctx, outcome: Outcome = None, limit: Limit = 50) -> RequestList:
    """Return the newest of the last hundred requests that this process answered, newest first."""
    found = await RequestService(context).last(source, outcome, limit)
    return RequestList(items=[request_out(one) for one in found], instance=context.settings.instance)


@router.get(
    "/stream",
    summary="Follow a source's requests",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-sent events, one for each request"}},
)
async def follow_requests(source: str, context: Ctx, outcome: Outcome = None) -> StreamingResponse:
    """Send each further request as a server-sent event named `request`. The stream ends after a quarter of an hour."""
    following = await RequestService(context).follow(source, outcome)
    return StreamingResponse(_events(following, context.settings.instance), media_type="text/event-stream")


async def _events(following: AsyncIterator[dict[str, Any] | None], instance: int) -> AsyncIterator[str]:
    yield f": following what instance {instance} answers\n\n"
    async for one in following:
        yield ": still here\n\n" if one is None else f"event: request\ndata: {request_out(one).model_dump_json()}\n\n"
