"""The numbers: thin over the lake's registry, with the installation's currency filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from backend.context import Context
from backend.errors import not_found
from backend.services.settings import SettingsService
from backend.services.watermark import lowered
from salescommand_lake.metrics import REGISTRY, Metric, MetricQuery, MetricResult, compute

__all__ = ["MetricService"]


class MetricService:
    """Lists and computes metrics."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = SettingsService(context)

    def all(self) -> list[Metric]:
        """Return the registry in its own order."""
        return list(REGISTRY.values())

    async def compute(self, slug: str, params: Iterable[tuple[str, str]]) -> MetricResult:
        """Return a metric's answer for the parameters of a query string.

        Raises:
            QueryError: a parameter is unknown or can't be read.
            Problem: 404 for a slug that isn't in the registry.
        """
        if slug not in REGISTRY:
            raise not_found("metric", slug, hint=f"There are {', '.join(REGISTRY)}.")
        query = MetricQuery.parse(
            params,
            currency=await self._settings.reporting_currency(),
            fiscal_start=await self._settings.fiscal_year_start(),
        )
        result = await compute(self._context.engine, slug, query)
        return replace(result, data_as_of=lowered(self._context, result.data_as_of))
