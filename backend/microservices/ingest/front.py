"""The door: takes posts before the framework sees them, because they are many and the answer must be cheap.

Everything but `POST /api/microservices/ingest/{source}/{entity_type}` passes on to the application.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Protocol

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.microservices.ingest.address import (
    PREFIX,
    Grant,
    Headers,
    KeyFinder,
    idempotency_key,
    names,
    query,
    read_headers,
    secret_of,
)
from backend.microservices.ingest.encoding import decoded, too_large
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.prepare import Prepared, Request, prepare
from backend.microservices.ingest.problems import Refused
from backend.microservices.ingest.recent import Request as Seen
from backend.microservices.ingest.records import Ack, Submission
from backend.microservices.ingest.spool import Spool
from backend.microservices.ingest.spool_errors import KeyReused, SpoolUnavailable
from backend.stores.mongo import MongoUnavailable
from salescommand_lake.identifiers import encode_event_id

__all__ = ["FrontContext", "IngestFront"]

log = logging.getLogger(__name__)
# Above this a body is opened in a thread, so that other posts don't wait for it.
_LARGE_BODY = 128 * 1024
_WAIT_SECONDS = 30.0
_ENCODE = msgspec.json.Encoder().encode
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_COMMON = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class Disconnected(Exception):  # noqa: N818 - named for what it is
    """The client went away before its body was complete."""


class FrontContext(Protocol):
    """What the door needs of the process's context."""

    @property
    def keyring(self) -> KeyFinder:
        """Where write keys are found."""

    @property
    def spool(self) -> Spool:
        """Where events are kept."""


class IngestFront:
    """ASGI application in front of another one. Holds no state but counts of answers by status."""

    def __init__(self, app: ASGIApp, context: FrontContext, limits: Limits | None = None) -> None:
        self._app = app
        self._context = context
        self._limits = limits or Limits()
        self._reading = 0
        self.answers: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer posts of events; pass everything else on."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX) or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        extra: list[tuple[bytes, bytes]] = []
        try:
            status, body = 200, await self._post(scope, receive)
        except Disconnected:
            return
        except Refused as refusal:
            status, body = refusal.status, refusal.document(scope["path"])
            extra = _headers(refusal)
        except Exception:
            # Nothing here may leave an integrator without an answer that tells what to do.
            log.exception("a post to %s failed", scope["path"])
            refusal = Refused(
                500,
                "The post failed",
                "An error of the platform; it is in the log.",
                "Post again with the same Idempotency-Key: nothing is stored twice.",
                kind="internal",
            )
            status, body = 500, refusal.document(scope["path"])
        self.answers[status] = self.answers.get(status, 0) + 1
        length = (b"content-length", str(len(body)).encode())
        headers = [_JSON if status == 200 else _PROBLEM, length, *_COMMON, *extra]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _post(self, scope: Scope, receive: Receive) -> bytes:
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
        body = b""
        seen = [0, 0, 0, ""]
        started = time.time()
        try:
            body = await self._body(headers, receive)
            request = Request(
                source, entity_type, grant.kind, headers.content_type, idempotency_key(headers, self._limits), b""
            )
            return await self._store(request, body, headers.content_encoding, wait, seen)
        except Refused as refusal:
            await self._count_refusal(source, refusal, seen)
            self._remember(
                source, entity_type, started, refusal.status, len(body), [0, 0, seen[2] or 1, refusal.detail]
            )
            seen.clear()
            raise
        finally:
            if seen and seen[3]:
                self._remember(source, entity_type, started, 200, len(body), seen)

    async def _grant(self, secret: str) -> Grant:
        try:
            grant = await self._context.keyring.find(secret) if secret else None
        except MongoUnavailable as error:
            detail = f"The write key can't be checked now: {error}."
            raise Refused(
                503, "Keys can't be checked", detail, "Post again in some seconds.", kind="unavailable", retry_after=5
            ) from None
        if grant is None:
            detail = "The write key is missing, unknown or revoked." if secret else "The post carries no write key."
            hint = "Send it as `Authorization: Bearer KEY`, `X-Write-Key: KEY`, Basic user or `?key=KEY`."
            raise Refused(401, "A write key is needed", detail, hint, kind="unauthorized")
        return grant

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        limit = self._limits.body_bytes
        if headers.content_length.isdigit() and int(headers.content_length[:20]) > limit:
            raise too_large(self._limits)
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > limit:
                raise too_large(self._limits)
            return body
        try:
            async with asyncio.timeout(self._limits.read_seconds):
                return await self._parts(message, receive)
        except TimeoutError:
            detail = f"The body did not arrive within {self._limits.read_seconds:g} seconds."
            raise Refused(408, "The client is too slow", detail, "Post again.", kind="timeout") from None

    async def _parts(self, message: Any, receive: Receive) -> bytes:
        """Collect a body that comes in parts, within the limits of one and of all that are being read."""
        parts: list[bytes] = []
        size = 0
        try:
            while True:
                if message["type"] != "http.request":
                    raise Disconnected
                part = message.get("body", b"")
                size += len(part)
                self._reading += len(part)
                parts.append(part)
                if size > self._limits.body_bytes:
                    raise too_large(self._limits)
                if self._reading > self._limits.reading_bytes:
                    detail = "Too many large bodies are being received."
                    hint = "Post again in a second."
                    raise Refused(503, "The service is busy", detail, hint, kind="overloaded", retry_after=1)
                if not message.get("more_body"):
                    return b"".join(parts)
                message = await receive()
        finally:
            self._reading -= size

    async def _store(self, request: Request, body: bytes, encoding: str, wait: bool, seen: list[Any]) -> bytes:
        """Open the body, put its records on disk and return the answer; note the outcome in `seen`."""
        if len(body) > _LARGE_BODY or encoding:
            request.body = await asyncio.to_thread(decoded, body, encoding, self._limits)
            prepared = await asyncio.to_thread(prepare, request, self._limits)
        else:
            request.body = body
            prepared = prepare(request, self._limits)
        if prepared.faults and not prepared.submission.drafts:
            seen[2] = len(prepared.faults)
            raise _all_refused(prepared)
        try:
            acks = await self._context.spool.append(prepared.submission)
        except KeyReused:
            raise Refused(
                422,
                "The idempotency key was used before",
                "This Idempotency-Key came before with another body or entity type.",
                "Use a new key for new content; repeat the same content under the same key.",
                kind="idempotency-key-reused",
            ) from None
        except SpoolUnavailable as error:
            detail = f"The events can't be kept now: {error}. Nothing was stored."
            hint = "Post again after the time in Retry-After."
            raise Refused(
                503, "Events can't be taken", detail, hint, kind="unavailable", retry_after=error.retry_after
            ) from None
        duplicates = sum(ack.duplicate for ack in acks)
        reason = prepared.faults[0][1].reason if prepared.faults else "-"
        seen[:] = [len(acks), duplicates, len(prepared.faults), reason]
        stored = await self._stored(acks) if wait and acks else None
        return _answer(prepared, acks, duplicates, stored)

    async def _stored(self, acks: list[Ack]) -> bool:
        """Wait until the lake has the events; False when that takes too long (they are safe all the same)."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._context.spool.stored(max(ack.seq for ack in acks))
        except TimeoutError:
            return False
        return True

    async def _count_refusal(self, source: str, refusal: Refused, seen: list[Any]) -> None:
        """Enter a refused request into the books, unless it was counted with the spool or may come again."""
        if refusal.status >= 500 or refusal.kind == "idempotency-key-reused":
            return
        try:
            await self._context.spool.append(Submission(source, [], rejected=seen[2] or 1))
        except SpoolUnavailable as error:
            log.warning("a refused post of %s is not in the books: %s", source, error)

    def _remember(self, source: str, entity_type: str, at: float, status: int, size: int, seen: list[Any]) -> None:
        accepted, duplicates, rejected, reason = seen
        request = Seen(
            at, entity_type, status, size, accepted, duplicates, rejected, "" if reason == "-" else reason, ""
        )
        self._context.spool.recent.add(source, request)


def _answer(prepared: Prepared, acks: list[Ack], duplicates: int, stored: bool | None) -> bytes:
    """Say what became of each record."""
    drafts = prepared.submission.drafts
    content: dict[str, Any] = {"status": "partial" if prepared.faults else "accepted"}
    if len(acks) == 1:
        content["source_id"] = drafts[0].row.source_id
        content["event_id"] = encode_event_id(acks[0].seq)
        content["duplicate"] = acks[0].duplicate
        if prepared.generated[0]:
            content["generated"] = True
    if not prepared.single:
        content["accepted"] = len(acks)
        content["duplicates"] = duplicates
        content["rejected"] = [_fault(index, fault) for index, fault in prepared.faults]
        content["events"] = [
            {
                "index": index,
                "source_id": draft.row.source_id,
                "event_id": encode_event_id(ack.seq),
                "duplicate": ack.duplicate,
                **({"generated": True} if generated else {}),
            }
            for index, draft, ack, generated in zip(prepared.indexes, drafts, acks, prepared.generated, strict=True)
        ]
    if stored is not None:
        content["stored"] = stored
    return _ENCODE(content)


def _fault(index: int, fault: Any) -> dict[str, Any]:
    return {"index": index, "reason": fault.reason, "hint": fault.hint}


def _all_refused(prepared: Prepared) -> Refused:
    index, fault = prepared.faults[0]
    if prepared.single:
        detail = f"The record is refused: {fault.reason}."
        return Refused(fault.status, "The record is refused", detail, fault.hint, kind="record-refused")
    detail = f"All {len(prepared.faults)} records are refused; record {index}: {fault.reason}."
    errors = [{"field": f"[{place}]", "message": each.reason} for place, each in prepared.faults[:100]]
    return Refused(fault.status, "No record can be taken", detail, fault.hint, kind="records-refused", errors=errors)


def _headers(refusal: Refused) -> list[tuple[bytes, bytes]]:
    if refusal.status == 401:
        return [(b"www-authenticate", b'Bearer realm="ingest"')]
    if refusal.status == 405:
        return [(b"allow", b"POST")]
    if refusal.retry_after is not None:
        return [(b"retry-after", str(refusal.retry_after).encode())]
    return []
