"""What a source asks of its posts: how they are proven, how many may come, and whether they are taken at all."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backend.context import Context
from backend.errors import FieldError, Problem, bad_parameter, not_found
from backend.microservices.ingest.kinds import kind_of
from backend.microservices.ingest.signatures import MOST_SECRETS, SCHEMES, Options, secret_fault
from backend.services.keys import check_source
from backend.stores.mongo import Document

__all__ = ["PolicyService", "SigningSecret", "StoredPolicy", "StoredVerification"]


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A secret that a vendor signs with, without the secret itself: that is never shown again."""

    id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredVerification:
    """How a source's posts are proven."""

    scheme: str
    required: bool
    secrets: tuple[SigningSecret, ...]
    options: dict[str, Any]
    """Of the scheme `hmac`: header, algorithm, encoding, prefix."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """What a source asks of its posts."""

    source: str
    paused: bool
    rate: dict[str, Any] | None
    verification: StoredVerification | None


class PolicyService:
    """Reads and changes what sources ask of their posts."""

    def __init__(self, context: Context) -> None:
        self._sources = context.mongo.sources
        self._ring = context.keyring
        self._sealer = context.sealer

    async def get(self, source: str) -> StoredPolicy:
        """Return what a source asks of its posts.

        Raises:
            Problem: 404 when it was never set up.
        """
        return _stored(await self._document(source))

    async def set_rate(self, source: str, events_per_second: float | None, burst: int | None) -> StoredPolicy:
        """Limit how much a source sends; None lifts the limit. `burst` None: as much as comes in ten seconds.

        Raises:
            Problem: 404 when the source was never set up.
        """
        if events_per_second is None:
            return await self._change(source, {"$unset": {"rate": ""}})
        most = burst if burst is not None else max(1, round(events_per_second * 10))
        return await self._change(source, {"$set": {"rate": {"events_per_second": events_per_second, "burst": most}}})

    async def set_paused(self, source: str, *, paused: bool) -> StoredPolicy:
        """Refuse a source's posts for now with 503, so that senders keep them, or take them again.

        Raises:
            Problem: 404 when the source was never set up.
        """
        return await self._change(source, {"$set": {"paused": paused}})

    async def verify_by(
        self, source: str, scheme: str | None, secret: str, options: dict[str, Any], *, required: bool
    ) -> StoredPolicy:
        """Have a source's posts proven by a signature. Without a scheme it is the one of the source's kind.

        Raises:
            Problem: 400 when the scheme or the secret can't be used; 404 when the source was never set up.
        """
        kind = str((await self._document(source))["kind"])
        name = scheme or kind_of(kind).signatures
        if name not in SCHEMES:
            message = (
                f"{name!r} is not a scheme" if name else f"the kind {kind} names no scheme, so one has to be given"
            )
            raise bad_parameter("scheme", message, hint=f"Schemes: {', '.join(SCHEMES)}.")
        if options and name != "hmac":
            raise bad_parameter("scheme", f"{name} says itself how it signs", hint="Leave header and the like out.")
        kept = {
            "scheme": name,
            "required": required,
            "secrets": [self._sealed(name, secret)],
            "options": options,
        }
        return await self._change(source, {"$set": {"verification": kept}})

    async def verify_no_more(self, source: str) -> StoredPolicy:
        """Take keys only, and forget the secrets.

        Raises:
            Problem: 404 when the source was never set up.
        """
        return await self._change(source, {"$unset": {"verification": ""}})

    async def add_secret(self, source: str, secret: str) -> StoredPolicy:
        """Accept a second secret while the vendor changes over to it.

        Raises:
            Problem: 404 without verification, 409 when there are two already, 400 when the secret can't be used.
        """
        current = await self._verification(source)
        if len(current.secrets) >= MOST_SECRETS:
            oldest = min(current.secrets, key=lambda one: one.created_at)
            detail = f"{source} has {len(current.secrets)} signing secrets already."
            hint = f"Remove the one that is no longer used: {oldest.id} is the older one."
            raise Problem(409, "too-many-secrets", "The source has two secrets", detail, hint=hint)
        sealed = self._sealed(current.scheme, secret)
        return await self._change(source, {"$push": {"verification.secrets": sealed}})

    async def remove_secret(self, source: str, secret_id: str) -> StoredPolicy:
        """Accept a secret no longer.

        Raises:
            Problem: 404 when there is no such secret; 409 when it is the last one.
        """
        current = await self._verification(source)
        if secret_id not in {one.id for one in current.secrets}:
            raise not_found("signing secret", secret_id)
        if len(current.secrets) == 1:
            detail = f"{secret_id} is the only secret of {source}."
            raise Problem(
                409, "last-secret", "The last secret", detail, hint="Remove the whole verification, or add one first."
            )
        return await self._change(source, {"$pull": {"verification.secrets": {"id": secret_id}}})

    def _sealed(self, scheme: str, secret: str) -> Document:
        fault = secret_fault(scheme, secret)
        if fault:
            raise Problem(
                400,
                "bad-parameter",
                "The secret can't be used",
                f"secret: {fault}.",
                hint="Copy it from the vendor's settings as it is shown there.",
                errors=[FieldError(field="secret", message=fault)],
            )
        return {
            "id": f"sec_{secrets.token_hex(6)}",
            "sealed": self._sealer.seal(secret),
            "created_at": datetime.now(UTC),
        }

    async def _verification(self, source: str) -> StoredVerification:
        found = (await self.get(source)).verification
        if found is None:
            hint = f"PUT /api/sources/{source}/verification sets it up."
            raise not_found("verification", f"of {source}", hint=hint)
        return found

    async def _document(self, source: str) -> Document:
        found = await self._sources.get({"_id": check_source(source)})
        if found is None:
            raise not_found("source", source, hint="PUT /api/sources/SOURCE or a write key sets one up.")
        return found

    async def _change(self, source: str, change: Document) -> StoredPolicy:
        changed = await self._sources.update({"_id": check_source(source)}, change)
        self._ring.forget()
        return _stored(changed if changed is not None else await self._document(source))


def _stored(document: Document) -> StoredPolicy:
    kept = document.get("verification")
    verification = None
    if kept:
        found = tuple(SigningSecret(one["id"], one["created_at"]) for one in kept["secrets"])
        options = {name: getattr(Options(**kept["options"]), name) for name in Options.__struct_fields__}
        shown = options if kept["scheme"] == "hmac" else {}
        verification = StoredVerification(kept["scheme"], bool(kept["required"]), found, shown)
    return StoredPolicy(document["_id"], bool(document.get("paused")), document.get("rate"), verification)
