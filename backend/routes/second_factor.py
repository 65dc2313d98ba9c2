"""The second factor of the signed-in person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.auth.principal import Principal
from backend.auth.sessions import COOKIE
from backend.routes.deps import Ctx, in_person
from backend.services.second_factor import SecondFactorService

__all__ = ["router"]

router = APIRouter(prefix="/api/auth/second-factor", tags=["sign-in"])
Person = Annotated[Principal, Depends(in_person)]


class SecondFactorOut(BaseModel):
    """How it stands."""

    model_config = ConfigDict(from_attributes=True)

    on: bool
    since: datetime | None
    recovery_codes_left: int


class PasswordAgain(BaseModel):
    """The password, asked for once more."""

    password: str = Field(max_length=1000, examples=["correct horse battery"])


class EnrolmentOut(BaseModel):
    """What goes into the authenticator app; shown this once."""

    model_config = ConfigDict(from_attributes=True)

    secret: str = Field(description="To be typed into the app", examples=["JBSWY3DPEHPK3PXP"])
    uri: str = Field(description="The same for an app on this device", examples=["otpauth://totp/SalesCommand:ada…"])


class Code(BaseModel):
    """A code of the app, or a recovery code."""

    code: str = Field(max_length=64, examples=["123456"])


class RecoveryCodes(BaseModel):
    """Codes for when the phone is lost. Each works once; shown this once."""

    recovery_codes: list[str] = Field(examples=[["abcd-efgh-jkmn-pqrs"]])


@router.get("", summary="My second factor")
async def read(context: Ctx, person: Person) -> SecondFactorOut:
    """Return whether the signed-in person has a second factor, and how many recovery codes are left."""
    return SecondFactorOut.model_validate(await SecondFactorService(context).of(person.id))


@router.post("", status_code=201, summary="Begin with a second factor")
async def begin(body: PasswordAgain, context: Ctx, person: Person) -> EnrolmentOut:
    """Make a secret for an authenticator app. It counts once a code of it was confirmed, within 15 minutes."""
    return EnrolmentOut.model_validate(await SecondFactorService(context).begin(person, body.password))


@router.post("/confirm", summary="Turn the second factor on")
async def confirm(body: Code, request: Request, context: Ctx, person: Person) -> RecoveryCodes:
    """Turn it on with a code of the app. Other sessions end; the recovery codes are in this answer and nowhere else."""
    codes = await SecondFactorService(context).confirm(person, body.code, request.cookies[COOKIE])
    return RecoveryCodes(recovery_codes=codes)


@router.post("/recovery-codes", summary="Make new recovery codes")
async def renew(body: Code, context: Ctx, person: Person) -> RecoveryCodes:
    """Make new recovery codes with a code of the app; those from before end."""
    return RecoveryCodes(recovery_codes=await SecondFactorService(context).renew(person, body.code))


@router.post("/remove", status_code=204, summary="Turn the second factor off")
async def remove(body: Code, context: Ctx, person: Person) -> None:
    """Turn it off with a code of the app or a recovery code."""
    await SecondFactorService(context).remove(person, body.code)
