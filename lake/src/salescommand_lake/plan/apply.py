"""Making a plan from a server, and running an approved one."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.plan.decide import Decision
from salescommand_lake.plan.guard import Guarded, NotApproved
from salescommand_lake.plan.observe import Observed, normal_form, observe
from salescommand_lake.plan.plan import Plan, make_plan
from salescommand_lake.plan.spec import LakeSpec
from salescommand_lake.plan.steps import Action, Step
from salescommand_lake.plan.wanted import wanted
from salescommand_lake.schema import OWNER, RAW_RETENTION, record_schema
from salescommand_lake.statements import all_statements

__all__ = ["Look", "Outcome", "apply_plan", "look", "plan_lake"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan: the steps that ran, and the one that failed with the engine's words."""

    applied: tuple[Step, ...]
    failed: Step | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A server as it is, and the plan from there."""

    plan: Plan
    seen: Observed


async def plan_lake(engine: Engine, spec: LakeSpec) -> Plan:
    """Look at the lake and return the plan to what is declared. Changes nothing: a guard sees to it.

    The engine may be one of any database; the lake's own need not exist yet.

    Raises:
        LakeError: the engine is away.
        ValueError: the declaration does not fit the schema; the message names the place.
    """
    return (await look(engine, spec)).plan


async def look(engine: Engine, spec: LakeSpec) -> Look:
    """Return the plan together with what was seen; see plan_lake."""
    reader = Guarded(engine)
    statements = all_statements()
    objects = wanted(spec, statements, await normal_form(reader, [statement.sql for statement in statements]))
    seen = await observe(reader, spec, objects)
    return Look(make_plan(spec, objects, seen), seen)


async def apply_plan(engine: Engine, plan: Plan, decision: Decision) -> Outcome:
    """Run the steps in order, up to the first that fails; then write down what this schema is and who declares it.

    Steps can be repeated, so that what stopped half-way is finished by the next plan.

    Raises:
        NotApproved: the decision is that the plan may not run.
    """
    if not decision.may_run:
        raise NotApproved(f"the plan may not run ({decision.reason}): {decision.message}")
    creates = any(step.action is Action.CREATE_DATABASE for step in plan.steps)
    armed = Guarded(engine, [step.sql for step in plan.steps if step.sql] or ["-- the ledger only"], database=creates)
    applied: list[Step] = []
    for step in plan.steps:
        try:
            if step.action is Action.CREATE_DATABASE:
                await armed.ensure_database()
            elif step.sql:
                await armed.command(step.sql)
        except LakeError as error:
            log.warning("step %s of %s failed: %s", step.action, step.object, error)
            return Outcome(tuple(applied), step, str(error))
        applied.append(step)
    facts = {OWNER: plan.declared_by} if plan.owner != plan.declared_by else {}
    if any(step.action is Action.RAW_RETENTION for step in plan.steps):
        facts[RAW_RETENTION] = str(plan.raw_retention)
    await record_schema(armed, facts)
    return Outcome(tuple(applied))
