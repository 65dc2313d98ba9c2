"""The numbers: thin over the lake's registry, with the installation's currency and calendar filled in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from backend.context import Context
from backend.errors import not_found
from backend.services.answers import Answer, Answers
from backend.services.settings import SettingsService
from salescommand_lake.bridge import BridgeDealsQuery, BridgeQuery, bridge, bridge_deals
from salescommand_lake.metrics import REGISTRY, Metric, MetricQuery, compute
from salescommand_lake.metrics.exports import export_metric
from salescommand_lake.reads.question import moment_text
from salescommand_lake.reads.scope import Scope

__all__ = ["MetricService"]

Pairs = Iterable[tuple[str, str]]


class MetricService:
    """Lists and computes metrics, and the bridge between two days."""

    def __init__(self, context: Context, scope: Scope | None = None) -> None:
        """Answer for everybody's records, or for those in a scope."""
        self._scope = scope
        self._engine = context.engine
        self._answers = Answers(context)
        self._settings = SettingsService(context)

    def all(self) -> list[Metric]:
        """Return the registry in its own order."""
        return list(REGISTRY.values())

    async def compute(self, slug: str, params: Pairs, known: Iterable[str] = ()) -> Answer:
        """Return a metric's answer for the parameters of a query string.

        Raises:
            QueryError: a parameter is unknown or can't be read.
            Problem: 404 for a slug that isn't in the registry.
        """
        query = await self._query(slug, params)

        async def work() -> dict[str, Any]:
            return (await compute(self._engine, slug, query)).as_dict()

        # Stays that have not ended grow by the second, so those answers hold for no span of time.
        keep = query.as_of is not None or REGISTRY[slug].measure != "days"
        answer = await self._answers.answer((slug, query), known if keep else (), work, keep=keep)
        if answer.body is not None and query.as_of is None:
            answer.body["as_of"] = moment_text(datetime.now(UTC))
        return answer

    async def export(self, slug: str, params: Pairs, fmt: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Return the groups of a metric's answer as a stream of the format ``fmt``.

        Raises:
            QueryError: a parameter is unknown or can't be read.
            Problem: 404 for a slug that isn't in the registry.
        """
        query = await self._query(slug, params)
        return export_metric(self._engine, await compute(self._engine, slug, query), query, fmt)

    async def bridge(self, params: Pairs, known: Iterable[str] = ()) -> Answer:
        """Return the bars between two days.

        Raises:
            QueryError: a parameter is missing, unknown or can't be read.
        """
        query = BridgeQuery.parse(params, **await self._defaults())

        async def work() -> dict[str, Any]:
            return (await bridge(self._engine, query)).as_dict()

        return await self._answers.answer(("bridge", query), known, work)

    async def bridge_deals(self, params: Pairs) -> Mapping[str, Any]:
        """Return a page of the deals of one bar.

        Raises:
            QueryError: a parameter is missing, unknown or can't be read.
        """
        query = BridgeDealsQuery.parse(params, **await self._defaults())
        return (await bridge_deals(self._engine, query)).as_dict()

    async def _query(self, slug: str, params: Pairs) -> MetricQuery:
        if slug not in REGISTRY:
            raise not_found("metric", slug, hint=f"There are {', '.join(REGISTRY)}.")
        return MetricQuery.parse(params, **await self._defaults())

    async def _defaults(self) -> dict[str, Any]:
        return {
            "currency": await self._settings.reporting_currency(),
            "fiscal_start": await self._settings.fiscal_year_start(),
            "scope": self._scope,
        }
