"""Events: what came in, what it did, and its exact bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from backend.routes.deps import Ctx, Scoped, sees_all
from backend.routes.files import FORMAT, as_file
from backend.routes.queries import CURSOR, LIMIT, TEXT, documented, filters, pairs, parameter
from backend.services.events import EventService

__all__ = ["router"]

router = APIRouter(prefix="/api/events", tags=["events"])


class EventSummary(BaseModel):
    """What every answer says of an event."""

    model_config = ConfigDict(from_attributes=True)

    event_id: str = Field(examples=["ev_06dz3k8q4m2vw"])
    source: str = Field(examples=["hubspot"])
    entity_type: str = Field(description="The word that was posted", examples=["deal"])
    record_type: str = Field(
        description="The canonical noun; empty if the door resolved none", examples=["opportunity"]
    )
    source_id: str
    operation: str = Field(description="full, patch, delete, undelete or merge")
    source_time: datetime
    received_at: datetime
    bytes: int


class EventItem(EventSummary):
    """An event in a list."""

    status: str = Field(description="pending, applied, superseded, ignored or quarantined")


class EventPage(BaseModel):
    """The newest events that match."""

    items: list[EventItem]
    next_cursor: str | None


class EventRecord(BaseModel):
    """The record that an event belongs to, as it is now."""

    model_config = ConfigDict(from_attributes=True)

    type: str
    canonical_id: str
    title: str


class SetField(BaseModel):
    """A field that an event set. `current`: no later event has changed it."""

    model_config = ConfigDict(from_attributes=True)

    field: str
    value: str | int | bool | None
    current: bool


class Refused(BaseModel):
    """A value that could not be read."""

    model_config = ConfigDict(from_attributes=True)

    field: str
    value: str | None
    reason: str


class EventDetail(EventItem):
    """An event with everything it did. Hashes are SHA-256, hexadecimal."""

    kind: str = Field(examples=["hubspot"])
    source_time_given: bool = Field(description="False: the vendor gave no time, the time of arrival counts")
    body_sha256: str
    body_index: int = Field(description="Place in the request that carried it, from 0")
    request_sha256: str
    payload_error: str = Field(description="Why ClickHouse's JSON column is empty, if it is")
    contract_error: str = Field(description="How it breaks its source's contract, if it does; it is then quarantined")
    record: EventRecord | None
    set: list[SetField]
    quarantine: list[Refused]


@router.get(
    "",
    response_model=EventPage,
    dependencies=[Depends(sees_all)],
    summary="Events",
    openapi_extra=documented(
        filters({"source": "hubspot"}),
        LIMIT,
        CURSOR,
        parameter("fields", "Columns of a file, with commas between them: all but `body` if absent", TEXT),
        FORMAT,
    ),
)
async def list_events(request: Request, context: Ctx) -> Any:
    """Return the newest events, or all as a file. Filters: source, record_type, entity_type, source_id."""
    given, service = [pair for pair in pairs(request) if pair[0] != "format"], EventService(context)
    if file := await as_file(request, "events", lambda fmt: service.export(given, fmt)):
        return file
    items, cursor = await service.page(given)
    return EventPage(
        items=[EventItem.model_validate(_row(item.event) | {"status": item.status}) for item in items],
        next_cursor=cursor,
    )


@router.get("/{event_id}", summary="One event")
async def get_event(event_id: str, context: Ctx, scope: Scoped) -> EventDetail:
    """Return an event, what it set and what of it was refused."""
    event, effects = await EventService(context, scope).one(event_id)
    return EventDetail.model_validate(
        _row(event)
        | {
            "status": effects.status,
            "record": EventRecord.model_validate(effects.record) if effects.record else None,
            "set": [SetField.model_validate(one) for one in effects.set],
            "quarantine": [Refused.model_validate(one) for one in effects.quarantine],
        }
    )


@router.get(
    "/{event_id}/body",
    summary="An event's exact bytes",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {}}}, "description": "The bytes as they were received"},
        304: {"description": "The caller has them already"},
    },
)
async def get_body(event_id: str, request: Request, context: Ctx, scope: Scoped) -> Response:
    """Return the bytes as they were received. The ETag is their SHA-256."""
    body, sha256 = await EventService(context, scope).body(event_id)
    headers = {
        "ETag": f'"{sha256}"',
        # They never change, but whoever reads them must be signed in each time.
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'inline; filename="{event_id}.json"',
    }
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if known & {f'"{sha256}"', "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _row(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in (*EventSummary.model_fields, *_OWN)}


_OWN = ("kind", "source_time_given", "body_sha256", "body_index", "request_sha256", "payload_error", "contract_error")
