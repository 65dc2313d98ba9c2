"""The quality of records, by source and rule."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from backend.routes.deps import Ctx, sees_all
from salescommand_lake.quality import quality

__all__ = ["router"]

router = APIRouter(prefix="/api/quality", tags=["records"], dependencies=[Depends(sees_all)])


class RuleRate(BaseModel):
    """A rule, how many records fail it, and their share."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["amount_present"])
    meaning: str
    failed: int
    rate: float


class QualityOfSource(BaseModel):
    """The living records of one source and type, their mean score (0 to 1), and the rules."""

    model_config = ConfigDict(from_attributes=True)

    source: str
    record_type: str
    records: int
    score: float
    rules: list[RuleRate]


class QualityAnswer(BaseModel):
    """The quality of all records."""

    items: list[QualityOfSource]


@router.get("", summary="Quality of records")
async def by_source(
    context: Ctx, by: Annotated[Literal["source"], Query(description="How the rates are grouped")] = "source"
) -> QualityAnswer:
    """Return, for every source and type of record, the mean score and how often each rule fails."""
    del by
    return QualityAnswer(items=[QualityOfSource.model_validate(row) for row in await quality(context.engine)])
