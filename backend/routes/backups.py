"""Backups: making one, and which were made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from backend.auth.principal import Permission, Principal
from backend.routes.deps import Ctx, require
from backend.routes.jobs import JobOut
from backend.services.backups import BackupService, place_of

__all__ = ["router"]

router = APIRouter(prefix="/api/backups", tags=["system"])
Operator = Annotated[Principal, Depends(require(Permission.RUN_JOBS))]


class BackupOut(BaseModel):
    """One backup. `there`: whether it is still at its place; null where only ClickHouse can look."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["salesintel-20260131T023000Z"])
    made_at: datetime
    events: int = Field(description="Raw events in it")
    documents: int = Field(description="Documents of MongoDB in it, encrypted")
    bytes: int = Field(description="Its size after compression")
    seconds: float
    there: bool | None


class Backups(BaseModel):
    """Where backups go, how often, and those that were made, the newest first."""

    place: str | None = Field(description="null: none is set", examples=["https://s3.example.com/lake/backups"])
    every_hours: int = Field(description="0: only when asked for")
    items: list[BackupOut]


@router.get("", summary="Backups that were made")
async def list_backups(context: Ctx, _: Operator) -> Backups:
    """Return the backups of the last 90 days."""
    place = place_of(context.settings)
    made = await BackupService(context).all()
    return Backups(
        place=place.where if place else None,
        every_hours=context.settings.backup_every_hours,
        items=[BackupOut.model_validate(each) for each in made],
    )


@router.post("", summary="Make a backup", status_code=202)
async def start_backup(context: Ctx, principal: Operator) -> JobOut:
    """Start a backup of everything beside live traffic; its job tells how it goes. Numbers stand still meanwhile."""
    return JobOut.model_validate(await BackupService(context).start(principal.id))
