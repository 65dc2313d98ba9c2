"""Contracts of sources: JSON Schemas that posted records must fit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from backend.auth.principal import Permission, Principal
from backend.routes.deps import Ctx, require, sees_all
from backend.routes.keys import Entity
from backend.services.contracts import ContractService

__all__ = ["router"]

router = APIRouter(prefix="/api/sources/{source}/contracts", tags=["sources"], dependencies=[Depends(sees_all)])
may_manage = Depends(require(Permission.MANAGE_SOURCES))
Manager = Annotated[Principal, may_manage]
Action = Literal["refuse", "quarantine"]
Schema = Annotated[dict[str, Any], Field(examples=[{"type": "object", "required": ["id"]}])]
Word = Annotated[Entity, Path()]
Events = Annotated[int, Query(ge=1, le=5000, description="How many of the newest events to look at")]


class ContractBrief(BaseModel):
    """One version of a contract without its schema."""

    model_config = ConfigDict(from_attributes=True)

    entity_type: str = Field(examples=["deal"])
    version: int
    action: Action = Field(description="What happens to records that break it")
    applied_at: datetime
    author: str


class ContractOut(ContractBrief):
    """One version of a contract."""

    schema_: dict[str, Any] = Field(validation_alias="schema", serialization_alias="schema")


class ContractList(BaseModel):
    """Contracts, or versions of one."""

    items: list[ContractBrief]


class NewContract(BaseModel):
    """A JSON Schema 2020-12 to put in force."""

    schema_: Schema = Field(alias="schema")
    action: Action = Field(default="refuse", description="refuse: 422. quarantine: kept, but not applied to records")


class Sample(BaseModel):
    """A record to try, against a schema or, without one, the contract in force."""

    sample: dict[str, Any]
    schema_: Schema | None = Field(default=None, alias="schema")


class FlawOut(BaseModel):
    """Where a record breaks the schema, and why."""

    model_config = ConfigDict(from_attributes=True)

    path: str = Field(description="JSONPath", examples=["$.amount"])
    reason: str


class Checked(BaseModel):
    """Whether a sample fits, and the first fifty flaws."""

    valid: bool
    flaws: list[FlawOut]


class DraftOut(BaseModel):
    """A schema that the newest events all fit, to be edited and applied."""

    schema_: dict[str, Any] = Field(serialization_alias="schema")
    events: int


class Rollback(BaseModel):
    """Which version to put in force again."""

    version: int = Field(ge=1, le=2**31 - 1)


@router.get("", summary="A source's contracts")
async def list_contracts(source: str, context: Ctx) -> ContractList:
    """Return the contracts in force."""
    return ContractList(items=[ContractBrief.model_validate(one) for one in await ContractService(context).all(source)])


@router.get("/{entity_type}", summary="One contract")
async def get_contract(source: str, entity_type: Word, context: Ctx) -> ContractOut:
    """Return the contract in force."""
    return ContractOut.model_validate(await ContractService(context).get(source, entity_type))


@router.put("/{entity_type}", summary="Put a contract in force")
async def put_contract(
    source: str, entity_type: Word, body: NewContract, context: Ctx, principal: Manager
) -> ContractOut:
    """Put a schema in force as the next version: here at once, in other processes within five seconds."""
    by = principal.email or principal.name
    made = await ContractService(context).apply(source, entity_type, body.schema_, body.action, by)
    return ContractOut.model_validate(made)


@router.delete("/{entity_type}", status_code=204, dependencies=[may_manage], summary="Remove a contract")
async def delete_contract(source: str, entity_type: Word, context: Ctx) -> None:
    """Put a contract out of force; its versions stay."""
    await ContractService(context).remove(source, entity_type)


@router.get("/{entity_type}/versions", summary="A contract's versions")
async def list_versions(source: str, entity_type: Word, context: Ctx) -> ContractList:
    """Return every version that was in force, the newest first."""
    found = await ContractService(context).versions(source, entity_type)
    return ContractList(items=[ContractBrief.model_validate(one) for one in found])


@router.get("/{entity_type}/versions/{version}", summary="One version of a contract")
async def get_version(
    source: str, entity_type: Word, version: Annotated[int, Path(ge=1, le=2**31 - 1)], context: Ctx
) -> ContractOut:
    """Return one version."""
    return ContractOut.model_validate(await ContractService(context).get(source, entity_type, version))


@router.post("/{entity_type}/rollback", summary="Go back to an earlier version")
async def roll_back(source: str, entity_type: Word, body: Rollback, context: Ctx, principal: Manager) -> ContractOut:
    """Put an earlier version in force again, as a new one."""
    by = principal.email or principal.name
    return ContractOut.model_validate(await ContractService(context).roll_back(source, entity_type, body.version, by))


@router.post("/{entity_type}/check", dependencies=[may_manage], summary="Try a record against a schema")
async def check(source: str, entity_type: Word, body: Sample, context: Ctx) -> Checked:
    """Say how a record breaks a schema, or the contract in force. Nothing is stored."""
    flaws = await ContractService(context).check(source, entity_type, body.schema_, body.sample)
    return Checked(valid=not flaws, flaws=[FlawOut.model_validate(flaw._asdict()) for flaw in flaws])


@router.get("/{entity_type}/draft", summary="Draft a contract")
async def draft(source: str, entity_type: Word, context: Ctx, events: Events = 500) -> DraftOut:
    """Draft a schema from the newest events of a word: types, what is always there, formats, short lists of values."""
    found = await ContractService(context).draft(source, entity_type, events)
    return DraftOut(schema_=found.schema, events=found.events)
