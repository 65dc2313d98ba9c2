"""The state of the installation, and what the serving zone published."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from backend.routes.deps import Ctx, sees_all
from backend.routes.sources import Books
from backend.services.system import System, system_state

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["system"])
State = Literal["connected", "unavailable"]


class SchemaState(BaseModel):
    """The lake's schema: the version that is there, the one this build needs, and what differs in words."""

    have: int | None
    need: int
    differences: list[str]


class LakeState(BaseModel):
    """The lake's engine. `error` says why it is unavailable."""

    driver: str = Field(description="`embedded` or `http`")
    state: State
    error: str | None


class Zone(BaseModel):
    """One table of a zone."""

    model_config = ConfigDict(from_attributes=True)

    zone: str = Field(description="raw, canonical or serving")
    table: str
    rows: int
    bytes: int


class Job(BaseModel):
    """What a background job last said of itself."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: str = Field(description="starting, idle, running, waiting (a store is away), failed or stopped")
    last_run_at: str | None
    detail: str


class SystemOut(BaseModel):
    """The whole installation. Where the lake is away, its parts are empty."""

    model_config = ConfigDict(populate_by_name=True)

    version: str
    schema_: SchemaState = Field(alias="schema")
    lake: LakeState
    zones: list[Zone]
    books: Books | None = Field(description="All sources together; null while the lake can't be asked")
    jobs: list[Job]
    stores: dict[str, State] = Field(examples=[{"mongo": "connected", "redis": "connected"}])


@router.get("/system", dependencies=[Depends(sees_all)], summary="State of the installation")
async def system(context: Ctx) -> SystemOut:
    """Return the state of lake, schema, zones, books, jobs and stores. Answers 200 also when they are away."""
    return _out(await system_state(context))


def _out(state: System) -> SystemOut:
    faults = {"mongo": state.faults["mongodb"], "redis": state.faults["redis"]}
    body: dict[str, Any] = {
        "version": state.version,
        "schema": asdict(state.schema),
        "lake": {"driver": state.driver, "state": _word(state.lake_fault), "error": state.lake_fault},
        "zones": state.zones,
        "books": asdict(state.books) if state.books else None,
        "jobs": state.jobs,
        "stores": {name: _word(fault) for name, fault in faults.items()},
    }
    return SystemOut.model_validate(body)


def _word(fault: str | None) -> State:
    return "unavailable" if fault else "connected"
