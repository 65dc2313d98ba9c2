"""What a source asks of its posts: signatures, how many may come, and whether they are taken at all."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from backend.auth.principal import Permission
from backend.routes.deps import Ctx, require
from backend.services.source_policy import PolicyService, StoredPolicy

__all__ = ["router"]

router = APIRouter(
    prefix="/api/sources/{source}", tags=["sources"], dependencies=[Depends(require(Permission.MANAGE_SOURCES))]
)
Secret = Annotated[SecretStr, Field(description="As the vendor shows it; kept encrypted and never shown again")]


class SecretOut(BaseModel):
    """A secret that a vendor signs with, without the secret itself."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["sec_5f0c2a9e1b7d"])
    created_at: datetime


class HmacOptions(BaseModel):
    """How a sender signs the raw body (scheme `hmac`)."""

    model_config = ConfigDict(extra="forbid")

    header: str = Field(default="x-signature", pattern=r"^[A-Za-z0-9-]{1,100}$", examples=["X-Hub-Signature-256"])
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field(default="", max_length=32, description="What stands before the signature", examples=["sha256="])


class VerificationOut(BaseModel):
    """How a source's posts are proven."""

    model_config = ConfigDict(from_attributes=True)

    scheme: str = Field(examples=["stripe"])
    required: bool = Field(description="Whether a post needs a signature even with a valid write key")
    secrets: list[SecretOut]
    options: HmacOptions | None


class RateOut(BaseModel):
    """How much a source may send, in each process that takes events."""

    events_per_second: float
    burst: int


class PolicyOut(BaseModel):
    """What a source asks of its posts. `rate` null: no limit. `verification` null: keys only."""

    source: str
    paused: bool
    rate: RateOut | None
    verification: VerificationOut | None


class NewVerification(BaseModel):
    """How a source's posts are to be proven. Without a scheme it is the one of the source's kind."""

    scheme: Literal["hubspot-v3", "stripe", "standard-webhooks", "segment", "hmac"] | None = None
    secret: Secret
    required: bool = Field(default=False, description="Demand a signature also beside a valid write key")
    options: HmacOptions | None = None


class NewSecret(BaseModel):
    """A second secret, while the vendor changes over to it."""

    secret: Secret


class NewRate(BaseModel):
    """Events per second in the long run, and how many at once (as many as in ten seconds, where it isn't said)."""

    events_per_second: float = Field(gt=0, le=1_000_000)
    burst: int | None = Field(default=None, ge=1, le=10_000_000)


@router.get("/policy", summary="What a source asks of its posts")
async def get_policy(source: str, context: Ctx) -> PolicyOut:
    """Return limits, pause and verification of a source. Secrets are never shown."""
    return _out(await PolicyService(context).get(source))


@router.put("/rate", summary="Limit how much a source sends")
async def put_rate(source: str, body: NewRate, context: Ctx) -> PolicyOut:
    """Answer 429 to posts beyond a rate. It counts in each process that takes events."""
    return _out(await PolicyService(context).set_rate(source, body.events_per_second, body.burst))


@router.delete("/rate", summary="Lift a source's limit")
async def delete_rate(source: str, context: Ctx) -> PolicyOut:
    """Let a source send as much as the platform takes."""
    return _out(await PolicyService(context).set_rate(source, None, None))


@router.post("/pause", summary="Pause a source")
async def pause(source: str, context: Ctx) -> PolicyOut:
    """Answer 503 with Retry-After to the source's posts, so that senders keep their events and post them later."""
    return _out(await PolicyService(context).set_paused(source, paused=True))


@router.post("/resume", summary="Resume a source")
async def resume(source: str, context: Ctx) -> PolicyOut:
    """Take the source's posts again."""
    return _out(await PolicyService(context).set_paused(source, paused=False))


@router.put("/verification", summary="Have posts proven by signatures")
async def put_verification(source: str, body: NewVerification, context: Ctx) -> PolicyOut:
    """Check signatures from now on with this secret alone. A right signature stands for the write key."""
    options = body.options.model_dump() if body.options else {}
    secret = body.secret.get_secret_value()
    service = PolicyService(context)
    return _out(await service.verify_by(source, body.scheme, secret, options, required=body.required))


@router.delete("/verification", summary="Take write keys only")
async def delete_verification(source: str, context: Ctx) -> PolicyOut:
    """Check no signatures any more, and forget the secrets."""
    return _out(await PolicyService(context).verify_no_more(source))


@router.post("/verification/secrets", status_code=201, summary="Add a signing secret")
async def add_secret(source: str, body: NewSecret, context: Ctx) -> PolicyOut:
    """Accept a second secret beside the first, while the vendor changes over."""
    return _out(await PolicyService(context).add_secret(source, body.secret.get_secret_value()))


@router.delete("/verification/secrets/{id}", summary="Remove a signing secret")
async def remove_secret(source: str, id: str, context: Ctx) -> PolicyOut:  # noqa: A002 - the path's own word
    """Accept a secret no longer."""
    return _out(await PolicyService(context).remove_secret(source, id))


def _out(policy: StoredPolicy) -> PolicyOut:
    kept = policy.verification
    verification = None
    if kept is not None:
        shown = [SecretOut.model_validate(one) for one in kept.secrets]
        options = HmacOptions(**kept.options) if kept.options else None
        verification = VerificationOut(scheme=kept.scheme, required=kept.required, secrets=shown, options=options)
    rate = RateOut(**policy.rate) if policy.rate else None
    return PolicyOut(source=policy.source, paused=policy.paused, rate=rate, verification=verification)
