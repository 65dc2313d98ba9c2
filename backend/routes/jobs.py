"""Background jobs: what runs, what ran, and how to start, cancel and repeat it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from backend.auth.principal import Permission, Principal
from backend.routes.deps import Ctx, require, sees_all
from backend.services.jobs import JobService
from backend.services.rebuilds import RebuildService

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["system"], dependencies=[Depends(sees_all)])
Operator = Annotated[Principal, Depends(require(Permission.RUN_JOBS))]


class JobOut(BaseModel):
    """One job. `failed`: all attempts are used up; retry it once the cause is gone."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["job_5f0c2a9e1b7d4c33"])
    kind: str = Field(examples=["rebuild"])
    args: dict[str, Any] = Field(examples=[{"sources": ["hubspot"], "entities": [], "since": None}])
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float = Field(description="0 to 1", examples=[0.42])
    detail: str = Field(description="What it does, in words", examples=["opportunities, slice 3: 750,000 of 2,000,000"])
    error: str | None = Field(description="Why the last attempt failed")
    result: dict[str, Any] | None
    attempts: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Jobs(BaseModel):
    """The newest jobs."""

    items: list[JobOut]


class RebuildRequest(BaseModel):
    """What to build again; without any of it, everything."""

    model_config = ConfigDict(extra="forbid")

    sources: list[str] = Field(default=[], examples=[["hubspot"]])
    entities: list[str] = Field(default=[], examples=[["opportunity"]])
    since: AwareDatetime | None = Field(default=None, description="Only records with events received since then")
    resume: bool = Field(default=False, description="Go on with one of the same scope that was stopped")


class RebuildPlan(BaseModel):
    """What a rebuild would read. `kept`: changes of expired events, which keep their reading."""

    model_config = ConfigDict(from_attributes=True)

    events: int
    kept: int
    slices: int
    nouns: list[str]


@router.get("/jobs", summary="Background jobs")
async def list_jobs(context: Ctx) -> Jobs:
    """Return the newest hundred jobs, ended ones too."""
    return Jobs(items=[JobOut.model_validate(job) for job in await JobService(context).all()])


@router.get("/jobs/{job_id}", summary="One job")
async def get_job(job_id: str, context: Ctx) -> JobOut:
    """Return a job with its progress and, once it ended, its result."""
    return JobOut.model_validate(await JobService(context).one(job_id))


@router.post("/jobs/{job_id}/cancel", summary="Cancel a job")
async def cancel_job(job_id: str, context: Ctx, _: Operator) -> JobOut:
    """End a job. What it had written is not seen by anybody."""
    return JobOut.model_validate(await JobService(context).cancel(job_id))


@router.post("/jobs/{job_id}/retry", summary="Start an ended job again", status_code=202)
async def retry_job(job_id: str, context: Ctx, principal: Operator) -> JobOut:
    """Start a failed or cancelled job anew; a rebuild goes on where it was."""
    return JobOut.model_validate(await JobService(context).retry(job_id, principal.id))


@router.post("/lake/rebuild", summary="Build the canonical zone again", status_code=202)
async def start_rebuild(body: RebuildRequest, context: Ctx, principal: Operator) -> JobOut:
    """Start a rebuild from raw beside live traffic; its job tells the progress."""
    return JobOut.model_validate(await RebuildService(context).start(body.model_dump(mode="json"), principal.id))


@router.post("/lake/rebuild/plan", summary="What a rebuild would do")
async def plan(body: RebuildRequest, context: Ctx, _: Operator) -> RebuildPlan:
    """Count what a rebuild would read, and change nothing."""
    return RebuildPlan.model_validate(await RebuildService(context).plan(body.model_dump(mode="json")))
