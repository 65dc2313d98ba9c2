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


@router.get("", summary="Settings")
async def read(context: Ctx) -> Settings:
    """Return the settings in force."""
    return Settings(reporting_currency=await SettingsService(context).reporting_currency())


@router.put("", summary="Change settings", dependencies=[Depends(require(Permission.MANAGE_SETTINGS))])
async def write(body: Settings, context: Ctx) -> Settings:
    """Change the settings; numbers follow with the next question."""
    await SettingsService(context).set_reporting_currency(body.reporting_currency)
    return body
