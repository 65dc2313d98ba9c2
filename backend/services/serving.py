"""What was published: thin over the lake's serving zone."""

from __future__ import annotations

from collections.abc import Iterable

from backend.context import Context
from backend.errors import not_found
from salescommand_lake.reads.question import QueryError, single
from salescommand_lake.serving import VIEWS, PublishedRow, latest, view_of

__all__ = ["ServingService"]


class ServingService:
    """Reads published views."""

    def __init__(self, context: Context) -> None:
        self._engine = context.engine

    def names(self) -> list[str]:
        """Return the names of all views, in order."""
        return sorted(view.name for view in VIEWS)

    async def latest(self, params: Iterable[tuple[str, str]]) -> tuple[str | None, list[PublishedRow]]:
        """Return the view asked for with its rows; nothing when none is asked for.

        Raises:
            QueryError: a parameter is unknown.
            Problem: 404 for a view that isn't published.
        """
        once, filters = single(params, ("view",))
        if filters:
            raise QueryError(filters[0].parameter, "published views take no filters", "ask /api/metrics for any cut")
        if "view" not in once:
            return None, []
        view = view_of(once["view"])
        if view is None:
            raise not_found("view", once["view"], hint="GET /api/serving names them all.")
        return view.name, await latest(self._engine, view)
