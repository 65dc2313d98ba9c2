"""Plans of the lake: what a declaration would change, and running it. What `salescommand lake plan` speaks to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from backend.auth.principal import Permission
from backend.errors import FieldError, Problem
from backend.routes.deps import Ctx, require
from backend.services.lake_plans import plan_and_apply
from salescommand_lake.plan.declared import Planned
from salescommand_lake.plan.spec import LakeSpec

__all__ = ["router"]

router = APIRouter(prefix="/api/lake", tags=["system"], dependencies=[Depends(require(Permission.MANAGE_SETTINGS))])
_declarations = TypeAdapter(LakeSpec)


class Declaration(BaseModel):
    """What the lake is declared to be, in the planner's words; `salescommand lake plan` writes it from a manifest."""

    model_config = ConfigDict(extra="forbid")

    spec: dict[str, Any] = Field(examples=[{"owner": "default/lake", "database": "salesintel", "zones": {}}])
    approved: Annotated[str | None, Field(pattern=r"^sha256:[0-9a-f]{64}$")] = None


class PlanOut(BaseModel):
    """A plan, whether it may run, and what became of it."""

    plan: dict[str, Any] = Field(description="The steps with risk, statement and estimates, and the hash to approve")
    text: str = Field(description="The plan as a diff that people read")
    may_run: bool
    reason: str = Field(examples=["ApprovalRequired"])
    message: str = Field(description="Why, and what to do")
    applied: int | None = Field(description="Steps that ran; null when none was to run")
    failed: str | None = Field(description="The step that failed, with the engine's words")


@router.post("/plan", summary="What a declaration would change")
async def plan(body: Declaration, context: Ctx) -> PlanOut:
    """Look at the lake and return the steps to what is declared. Changes nothing."""
    return _out(await plan_and_apply(context, _spec(body), body.approved, apply=False))


@router.post("/apply", summary="Change the lake to what is declared")
async def apply(body: Declaration, context: Ctx) -> PlanOut:
    """Plan, and run the plan when it is safe, allowed by its policy, or approved by its hash."""
    return _out(await plan_and_apply(context, _spec(body), body.approved, apply=True))


def _spec(body: Declaration) -> LakeSpec:
    try:
        return _declarations.validate_python(body.spec)
    except ValidationError as error:
        faults = [FieldError(field=".".join(["spec", *map(str, e["loc"])]), message=e["msg"]) for e in error.errors()]
        detail = f"{faults[0].field}: {faults[0].message}"
        raise Problem(422, "declaration", "The declaration can't be used", detail, errors=faults) from None


def _out(found: Planned) -> PlanOut:
    return PlanOut.model_validate(found.as_json())
