"""The door: takes posts before the framework sees them, because they are many and the answer must be cheap.

Everything but `POST /api/microservices/ingest/{source}/{entity_type}` passes on to the application.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.microservices.ingest.address import (
    PREFIX,
    Grant,
    KeyFinder,
    idempotency_key,
    names,
    query,
    read_headers,
    secret_of,
)
from backend.microservices.ingest.answers import accepted, all_refused, extra_headers
from backend.microservices.ingest.encoding import decoded
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.prepare import Prepared, Request, prepare
from backend.microservices.ingest.problems import Refused
from backend.microservices.ingest.reading import BodyReader, Disconnected
from backend.microservices.ingest.recent import Outcome
from backend.microservices.ingest.records import Ack, Submission
from backend.microservices.ingest.spool import Spool
from backend.microservices.ingest.spool_errors import KeyReused, SpoolUnavailable
from backend.stores.mongo import MongoUnavailable

__all__ = ["FrontContext", "IngestFront"]

log = logging.getLogger(__name__)
# Above this a body is opened in a thread, so that other posts don't wait for it.
_LARGE_BODY = 128 * 1024
_WAIT_SECONDS = 30.0
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_COMMON = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_WAITED = (b"preference-applied", b"wait=stored")
_REUSED = "idempotency-key-reused"


class FrontContext(Protocol):
    """What the door needs of the process's context."""

    @property
    def keyring(self) -> KeyFinder:
        """Where write keys are found."""

    @property
    def spool(self) -> Spool:
        """Where events are kept."""


class IngestFront:
    """ASGI application in front of another one. `answers` counts what was answered, by status."""

    def __init__(self, app: ASGIApp, context: FrontContext, limits: Limits | None = None) -> None:
        self._app = app
        self._context = context
        self._limits = limits or Limits()
        self._reader = BodyReader(self._limits)
        self.answers: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer posts of events; pass everything else on."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX) or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        refusal: Refused | None = None
        applied = False
        try:
            body, applied = await self._post(scope, receive)
        except Disconnected:
            return
        except Refused as refused:
            refusal = refused
        except Exception:
            # Nothing here may leave an integrator without an answer that tells what to do.
            log.exception("a post to %s failed", scope["path"])
            refusal = _failed()
        status, extra = 200, [_WAITED] if applied else []
        if refusal is not None:
            status, body, extra = refusal.status, refusal.document(scope["path"]), extra_headers(refusal)
        self.answers[status] = self.answers.get(status, 0) + 1
        length = (b"content-length", str(len(body)).encode())
        headers = [_JSON if status == 200 else _PROBLEM, length, *_COMMON, *extra]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _post(self, scope: Scope, receive: Receive) -> tuple[bytes, bool]:
        """Take a post; return the answer's body, and whether it waited for the lake as it was asked to."""
        if scope["method"] != "POST":
            detail = f"{scope['method']} is not allowed here."
            raise Refused(405, "Only POST is allowed", detail, "Post events as JSON.", kind="method")
        headers = read_headers(scope["headers"])
        parameters = query(scope["query_string"])
        if "key" in parameters or "token" in parameters:
            scope["query_string"] = b"key=***"  # what access logs see
        grant = await self._grant(secret_of(headers, parameters))
        source, entity_type = names(scope["path"], self._limits)
        if grant.source != source:
            detail = f"The write key belongs to another source than {source}."
            raise Refused(403, "The key is for another source", detail, "Use this source's key.", kind="wrong-source")
        wait = parameters.get("wait") == "stored" or "wait=stored" in headers.prefer.replace(" ", "")
        outcome = Outcome(time.time(), entity_type)
        try:
            key = idempotency_key(headers, self._limits)
            body = await self._reader.read(headers.content_length, receive)
            outcome.bytes = len(body)
            request = Request(source, entity_type, grant.kind, headers.content_type, key, body)
            prepared = await self._prepare(request, headers.content_encoding, outcome)
            acks = await self._append(prepared, outcome)
        except Refused as refusal:
            outcome.status, outcome.reason = refusal.status, refusal.detail
            await self._count_refusal(source, refusal, outcome)
            raise
        except Disconnected:
            outcome.status, outcome.reason = 499, "the client went away before its body was complete"
            raise
        finally:
            self._context.spool.recent.add(source, outcome)
        stored = await self._stored(acks) if wait else None
        return accepted(prepared, acks, outcome.duplicates, stored), stored is True

    async def _grant(self, secret: str) -> Grant:
        try:
            grant = await self._context.keyring.find(secret) if secret else None
        except MongoUnavailable as error:
            detail = f"The write key can't be checked now: {error}."
            hint = "Post again in some seconds."
            raise Refused(503, "Keys can't be checked", detail, hint, kind="unavailable", retry_after=5) from None
        if grant is None:
            detail = "The write key is unknown or revoked." if secret else "The post carries no write key."
            hint = "Send it as `Authorization: Bearer KEY`, `X-Write-Key: KEY`, Basic user or `?key=KEY`."
            raise Refused(401, "A write key is needed", detail, hint, kind="unauthorized")
        return grant

    async def _prepare(self, request: Request, encoding: str, outcome: Outcome) -> Prepared:
        """Open the body and resolve its records."""
        if len(request.body) > _LARGE_BODY or encoding:
            request.body = await asyncio.to_thread(decoded, request.body, encoding, self._limits)
            prepared = await asyncio.to_thread(prepare, request, self._limits)
        else:
            prepared = prepare(request, self._limits)
        if prepared.faults:
            outcome.rejected, outcome.reason = len(prepared.faults), prepared.faults[0][1].reason
            if not prepared.submission.drafts:
                raise all_refused(prepared)
        return prepared

    async def _append(self, prepared: Prepared, outcome: Outcome) -> list[Ack]:
        """Put the records on disk."""
        try:
            acks = await self._context.spool.append(prepared.submission)
        except KeyReused:
            detail = "This Idempotency-Key came before with another body or entity type."
            hint = "Use a new key for new content; repeat the same content under the same key."
            raise Refused(422, "The idempotency key was used before", detail, hint, kind=_REUSED) from None
        except SpoolUnavailable as error:
            detail = f"The events can't be kept now: {error}. Nothing was stored."
            hint, after = "Post again after the time in Retry-After.", error.retry_after
            raise Refused(503, "Events can't be taken", detail, hint, kind="unavailable", retry_after=after) from None
        outcome.accepted = len(acks)
        outcome.duplicates = sum(ack.duplicate for ack in acks)
        if acks:
            outcome.seq = acks[0].seq
        return acks

    async def _stored(self, acks: list[Ack]) -> bool:
        """Wait until the lake has the events; False when that takes too long (they are safe all the same)."""
        if not acks:
            return True
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._context.spool.stored(max(ack.seq for ack in acks))
        except TimeoutError:
            return False
        return True

    async def _count_refusal(self, source: str, refusal: Refused, outcome: Outcome) -> None:
        """Enter a refused request into the books, unless the spool did or the client is to post it again."""
        outcome.rejected = outcome.rejected or 1
        if refusal.status >= 500 or refusal.kind == _REUSED:
            return
        try:
            await self._context.spool.append(Submission(source, [], rejected=outcome.rejected))
        except SpoolUnavailable as error:
            log.warning("a refused post of %s is not in the books: %s", source, error)


def _failed() -> Refused:
    hint = "Post again with the same Idempotency-Key: nothing is stored twice."
    return Refused(500, "The post failed", "An error of the platform; it is in the log.", hint, kind="internal")
