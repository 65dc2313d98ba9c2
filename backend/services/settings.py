"""The few things an admin changes at run time."""

from __future__ import annotations

from backend.context import Context

__all__ = ["SettingsService"]


class SettingsService:
    """Reads and writes the installation's settings; a variable gives the value until somebody chooses one."""

    def __init__(self, context: Context) -> None:
        self._settings = context.mongo.settings
        self._default = context.settings.reporting_currency

    async def reporting_currency(self) -> str:
        """Return the ISO code that amounts are added up in."""
        document = await self._settings.get({"_id": "reporting_currency"})
        return str(document["value"]) if document else self._default

    async def set_reporting_currency(self, code: str) -> None:
        """Choose it; the numbers follow with the next question, the published cuts with the next refresh."""
        await self._settings.update({"_id": "reporting_currency"}, {"$set": {"value": code}}, upsert=True)

    async def fiscal_year_start(self) -> int:
        """Return the month in which the fiscal year begins, 1 until somebody chooses another."""
        document = await self._settings.get({"_id": "fiscal_year_start"})
        return int(document["value"]) if document else 1

    async def set_fiscal_year_start(self, month: int) -> None:
        """Choose it; quarters and years follow with the next question."""
        await self._settings.update({"_id": "fiscal_year_start"}, {"$set": {"value": month}}, upsert=True)
