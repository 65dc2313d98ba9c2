"""The installation's settings."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from backend.auth.principal import Permission
from backend.routes.deps import Ctx, require
from backend.services.settings import SettingsService

__all__ = ["router"]

router = APIRouter(prefix="/api/settings", tags=["settings"])


class Settings(BaseModel):
    """What an admin chooses at run time."""

    reporting_currency: str = Field(pattern="^[A-Z]{3}$", examples=["EUR"], description="ISO code amounts add up in")
    fiscal_year_start: int | None = Field(
        default=None,
        ge=1,
        le=12,
        examples=[4],
        description="Month in which the fiscal year begins; quarters and years follow. Left as it is when absent",
    )


@router.get("", summary="Settings")
async def read(context: Ctx) -> Settings:
    """Return the settings in force."""
    service = SettingsService(context)
    return Settings(
        reporting_currency=await service.reporting_currency(), fiscal_year_start=await service.fiscal_year_start()
    )


@router.put("", summary="Change settings", dependencies=[Depends(require(Permission.MANAGE_SETTINGS))])
async def write(body: Settings, context: Ctx) -> Settings:
    """Change the settings; numbers follow with the next question."""
    service = SettingsService(context)
    await service.set_reporting_currency(body.reporting_currency)
    if body.fiscal_year_start is not None:
        await service.set_fiscal_year_start(body.fiscal_year_start)
    return await read(context)
