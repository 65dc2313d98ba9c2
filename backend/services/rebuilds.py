"""Starting a rebuild, or only asking what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.context import Context
from backend.errors import bad_parameter
from backend.services.jobs import JobRecord, JobService
from salescommand_lake.model import NOUNS
from salescommand_lake.rebuild import RebuildResult, RebuildScope, plan_rebuild

__all__ = ["RebuildService", "scope_of"]


def scope_of(args: Mapping[str, Any]) -> RebuildScope:
    """Return the scope that a job's arguments name."""
    return RebuildScope(
        sources=tuple(args.get("sources") or ()),
        nouns=tuple(args.get("entities") or ()),
        since=datetime.fromisoformat(args["since"]) if args.get("since") else None,
    )


class RebuildService:
    """Rebuilds, as jobs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def start(self, args: dict[str, Any], by: str) -> JobRecord:
        """Queue a rebuild.

        Raises:
            Problem: 400 for an entity that does not exist, 409 while another runs.
        """
        _check(args)
        return await JobService(self._context).start("rebuild", args, by)

    async def plan(self, args: dict[str, Any]) -> RebuildResult:
        """Return what a rebuild would read.

        Raises:
            Problem: 400 for an entity that does not exist.
        """
        _check(args)
        return await plan_rebuild(self._context.engine, scope_of(args))


def _check(args: Mapping[str, Any]) -> None:
    unknown = [name for name in args.get("entities") or () if name not in NOUNS]
    if unknown:
        hint = f"Use one of {', '.join(NOUNS)}."
        raise bad_parameter("entities", f"there are no records of type {unknown[0]!r}", hint=hint)
