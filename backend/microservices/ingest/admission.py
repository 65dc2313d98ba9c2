"""Who may post: a write key of the source, or where the source says so, a signature of its vendor.

A right signature stands for the key, since most vendors can send none. Where both come, both must be right: a valid
key doesn't excuse a wrong signature. A source can also demand a signature of every post.
"""

from __future__ import annotations

import time

import msgspec
from starlette.types import Scope

from backend.microservices.ingest.address import Headers, addresses, names, query, read_headers, secret_of
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.policy import Grant, KeyFinder, SourcePolicy
from backend.microservices.ingest.problems import Refused
from backend.microservices.ingest.recent import Outcome, RecentRequests
from backend.microservices.ingest.signatures import Delivery, Unproven, Verification
from backend.stores.mongo import MongoUnavailable

__all__ = ["Admitted", "Post", "admit", "let_in", "open_post", "prove", "rate_headers", "signature_of"]

_SEND_KEY = "Send the source's key as `Authorization: Bearer KEY`, `X-Write-Key: KEY`, Basic user or `?key=KEY`."
_PAUSE_SECONDS = 300


class Post(msgspec.Struct, gc=False):
    """A request for the door, before anybody knows whose it is."""

    scope: Scope
    headers: Headers
    parameters: dict[str, str]
    query: bytes
    """The query string as it came, also when it holds a key that the scope no longer shows."""


class Admitted(msgspec.Struct, gc=False):
    """A post that may go on: to which source, and as what."""

    policy: SourcePolicy
    entity_type: str
    proven: bool
    """Whether the key, or by now the signature, vouches for it. What nobody vouches for isn't in the books."""


def open_post(scope: Scope) -> Post:
    """Read headers and parameters of a request, and hide a key in its address from whatever looks at it later."""
    raw = scope["query_string"]
    post = Post(scope, read_headers(scope["headers"]), query(raw), raw)
    if "key" in post.parameters or "token" in post.parameters:
        scope["query_string"] = b"key=***"
    return post


async def admit(keyring: KeyFinder, post: Post, limits: Limits, recent: RecentRequests) -> Admitted:
    """Find out who posts what.

    Raises:
        Refused: 401 without a valid key, where no signature can stand for it; 403 when the key is for something else;
            503 when that can't be found out now; 400 or 404 for an address that names nothing.
    """
    secret = secret_of(post.headers, post.parameters)
    path = post.scope["path"]
    try:
        grant = await keyring.find(secret) if secret else None
        if grant is None:
            return await _by_signature(keyring, path, secret, limits)
    except MongoUnavailable as error:
        detail = f"The write key can't be checked now: {error}."
        hint = "Post again in some seconds."
        raise Refused(503, "Keys can't be checked", detail, hint, kind="unavailable", retry_after=5) from None
    source, entity_type = names(path, limits)
    if grant.allows(source, entity_type):
        return Admitted(grant.policy, entity_type, proven=True)
    refusal = _not_for(grant, source, entity_type)
    recent.add(grant.source, Outcome(time.time(), entity_type, status=403, reason=refusal.detail, rejected=1))
    raise refusal


def _not_for(grant: Grant, source: str, entity_type: str) -> Refused:
    if grant.source != source:
        detail = f"The write key belongs to another source than {source}."
        return Refused(403, "The key is for another source", detail, "Use this source's key.", kind="wrong-source")
    detail = f"The write key may not post {entity_type}, only {', '.join(sorted(grant.entities))}."
    hint = "Post with a key that may, or make one: `salescommand key create SOURCE --entity WORD`."
    return Refused(403, "The key is for other entities", detail, hint, kind="wrong-entity")


async def _by_signature(keyring: KeyFinder, path: str, secret: str, limits: Limits) -> Admitted:
    """Let a post without a valid key go on when its source accepts signatures; `prove` checks the signature."""
    try:
        source, entity_type = names(path, limits)
    except Refused:
        raise _unauthorized(secret) from None
    policy = await keyring.source(source)
    if policy is None or policy.verification is None:
        raise _unauthorized(secret)
    return Admitted(policy, entity_type, proven=False)


def _unauthorized(secret: str) -> Refused:
    detail = "The write key is unknown, expired or revoked." if secret else "The post carries no write key."
    return Refused(401, "A write key is needed", detail, _SEND_KEY, kind="unauthorized")


def signature_of(admitted: Admitted, verification: Verification, post: Post) -> dict[str, str] | None:
    """Return the headers of a post that is signed, None when it isn't and needn't be. The body isn't read for this.

    Raises:
        Refused: 401 when the signature is missing where nothing else vouches for the post.
    """
    sent = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in post.scope["headers"]}
    header = verification.header.lower()
    if header in sent:
        return sent
    if admitted.proven and not verification.required:
        return None
    what = "signature" if admitted.proven else "valid write key and no signature"
    admitted.proven = False
    detail = f"The post carries no {what} ({header})."
    raise Refused(401, "A signature is needed", detail, "Have the sender sign its posts.", kind="unauthorized")


def prove(verification: Verification, post: Post, sent: dict[str, str], body: bytes, public_url: str) -> str:
    """Check the signature, and return the sender's id of the delivery, '' without one.

    Raises:
        Refused: 401 when it is wrong or too old.
    """
    places = addresses(post.scope, post.query, sent.get("host", ""), public_url)
    try:
        return verification.prove(Delivery("POST", places, sent, body, time.time()))
    except Unproven as fault:
        detail = f"The signature in {verification.header.lower()} is not accepted: {fault}."
        hint = "Compare the signing secret with the sender's, and the clocks. The body must arrive unchanged."
        raise Refused(401, "The signature is not accepted", detail, hint, kind="bad-signature") from None


def let_in(policy: SourcePolicy) -> None:
    """Check that the source takes events now.

    Raises:
        Refused: 503 while it is paused, so that senders keep their events and post them later; 429 when it sent
            more than it may.
    """
    if policy.paused:
        detail = f"The source {policy.source} is paused. Nothing was stored."
        hint = "Post again later; an admin can resume the source."
        raise Refused(503, "The source is paused", detail, hint, kind="paused", retry_after=_PAUSE_SECONDS)
    bucket = policy.bucket
    if bucket is None:
        return
    seconds = bucket.admit()
    if seconds:
        rate = bucket.rate
        detail = f"{policy.source} may send {rate.events_per_second:g} events a second, {rate.burst} at once."
        hint = "Post again after the time in Retry-After."
        raise Refused(
            429, "Too many events", detail, hint, kind="rate-limited", retry_after=seconds, headers=bucket.headers()
        )


def rate_headers(policy: SourcePolicy, events: int) -> list[tuple[bytes, bytes]]:
    """Charge a source for its events and return the fields that tell what is left; none where nothing limits it."""
    if policy.bucket is None:
        return []
    policy.bucket.pay(events)
    return policy.bucket.headers()
