"""Plans of the lake for people without a cluster: the same planner and guard as the operator's."""

from __future__ import annotations

from dataclasses import replace

from backend.context import Context
from backend.errors import Problem
from backend.stores.trail import note
from salescommand_lake.plan.declared import Planned, declare
from salescommand_lake.plan.observe import is_replicated
from salescommand_lake.plan.spec import LakeSpec

__all__ = ["plan_and_apply"]


async def plan_and_apply(context: Context, spec: LakeSpec, approved: str | None, *, apply: bool) -> Planned:
    """Plan, and with ``apply`` run what may run.

    Raises:
        Problem: the declaration is of another database than this installation's, or does not fit the schema.
        LakeError: the lake is away.
    """
    if spec.database != context.engine.database:
        raise Problem(
            409,
            "other-database",
            "The declaration is of another database",
            f"spec.database is {spec.database}; this installation works on {context.engine.database}",
            hint=f"Declare database: {context.engine.database}, or stop this process and set CLICKHOUSE_DATABASE.",
        )
    spec = replace(spec, replicated=await is_replicated(context.engine))
    try:
        found = await declare(context.engine, spec, approved, apply=apply)
    except ValueError as error:
        raise Problem(422, "declaration", "The declaration can't be used", str(error)) from None
    if apply:
        told = found.as_json()
        after = {name: told[name] for name in ("text", "reason", "message", "applied", "failed")}
        note("lake", spec.database, None, after | {"approved": approved})
    return found
