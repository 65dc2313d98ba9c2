"""What the serving zone published: the numbers as they were said last."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.routes.deps import Ctx, sees_all
from backend.routes.queries import TEXT, documented, pairs, parameter
from backend.services.serving import ServingService

__all__ = ["router"]

router = APIRouter(prefix="/api/serving", tags=["numbers"], dependencies=[Depends(sees_all)])


class ServedRow(BaseModel):
    """One published row. `value` is a decimal string, null where undefined (0/0)."""

    model_config = ConfigDict(from_attributes=True)

    key: dict[str, str] = Field(examples=[{"owner": "Ada"}])
    value: str | None = Field(examples=["150.10"])
    rows: int
    unpriced: int
    published_at: datetime


class ServedViews(BaseModel):
    """The rows of the view that was asked for, when the newest was published, and the names of all views."""

    views: list[str]
    view: str | None
    refreshed_at: datetime | None
    rows: list[ServedRow]


@router.get(
    "",
    summary="Published numbers",
    openapi_extra=documented(parameter("view", "A view's name; without it only the names", TEXT, "won-value-by-owner")),
)
async def serving(request: Request, context: Ctx) -> ServedViews:
    """Return the rows of a view as they were published last, and the names of all views."""
    service = ServingService(context)
    view, rows = await service.latest(pairs(request))
    shown = [ServedRow.model_validate(row) for row in rows]
    newest = max((row.published_at for row in shown), default=None)
    return ServedViews(views=service.names(), view=view, refreshed_at=newest, rows=shown)
