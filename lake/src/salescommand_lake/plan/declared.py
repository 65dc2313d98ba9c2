"""One declaration against one lake: plan, decide and, when it may, apply. For people without a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.plan.apply import Outcome, apply_plan, plan_lake
from salescommand_lake.plan.decide import Decision, decide
from salescommand_lake.plan.plan import Plan
from salescommand_lake.plan.spec import LakeSpec

__all__ = ["Planned", "declare"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, whether it may run, and what became of it (None: it did not run)."""

    plan: Plan
    decision: Decision
    outcome: Outcome | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        outcome, failed = self.outcome, None
        if outcome is not None and outcome.error:
            step = outcome.failed
            failed = f"{step.action} {step.object}: {outcome.error}" if step else outcome.error
        return {
            "plan": self.plan.as_json(),
            "text": self.plan.as_text(),
            "may_run": self.decision.may_run,
            "reason": self.decision.reason,
            "message": self.decision.message,
            "applied": len(outcome.applied) if outcome is not None else None,
            "failed": failed,
        }


async def declare(
    engine: Engine, spec: LakeSpec, approved: str | None, *, apply: bool, reader: Engine | None = None
) -> Planned:
    """Plan, and with ``apply`` run what may run. ``reader`` looks, where the database may not exist yet.

    Raises:
        ValueError: the declaration does not fit the schema.
        LakeError: the lake is away.
    """
    plan = await plan_lake(reader or engine, spec)
    decision = decide(plan, spec.policy, approved)
    if not apply or not decision.may_run:
        return Planned(plan, decision)
    try:
        return Planned(plan, decision, await apply_plan(engine, plan, decision))
    except LakeError as error:  # the ledger could not be written; the next run does it
        return Planned(plan, decision, Outcome((), None, str(error)))
