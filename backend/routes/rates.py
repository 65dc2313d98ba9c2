"""Exchange rates: entered one by one, or loaded from a file. They are listed at /api/records/exchange_rate."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from backend.auth.principal import Permission
from backend.errors import bad_parameter
from backend.routes.deps import Ctx, require
from backend.services.rates import Rate, RateService, read_rates

__all__ = ["router"]

router = APIRouter(prefix="/api/rates", tags=["numbers"], dependencies=[Depends(require(Permission.ENTER_RATES))])
_LARGEST = 32 * 1024 * 1024


class NewRate(BaseModel):
    """Units of the quote currency for one unit of the base, from a day on."""

    base: str = Field(pattern="^[A-Z]{3}$", examples=["EUR"])
    quote: str = Field(pattern="^[A-Z]{3}$", examples=["USD"])
    day: date
    rate: Decimal = Field(gt=0, max_digits=18, decimal_places=8, examples=["1.0824"])


class RatesTaken(BaseModel):
    """How many rates were taken. Numbers follow as soon as they are folded."""

    rates: int


@router.post("", status_code=201, summary="Enter a rate")
async def enter(body: NewRate, context: Ctx) -> RatesTaken:
    """Keep a rate; one of the same pair and day replaces the one before."""
    rate = Rate(body.base, body.quote, body.day, body.rate)
    return RatesTaken(rates=await RateService(context).add([rate]))


@router.post(
    "/file",
    status_code=201,
    summary="Load a file of rates",
    openapi_extra={
        "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}},
    },
)
async def load(request: Request, context: Ctx) -> RatesTaken:
    """Take a CSV with the columns base, quote, day, rate, or the European Central Bank's file of reference rates."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _LARGEST:
            raise bad_parameter(
                "body", "is larger than 32 MiB", hint="Split the file; rates replace each other by day."
            )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise bad_parameter("body", "is not text in UTF-8", hint="Send the CSV file, unpacked.") from None
    return RatesTaken(rates=await RateService(context).add(read_rates(text)))
