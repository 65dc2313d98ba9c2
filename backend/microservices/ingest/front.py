"""The door: takes posts before the framework sees them, because they are many and the answer must be cheap.

Everything but `POST /api/microservices/ingest/{source}/{entity_type}` passes on to the application.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.microservices.ingest.address import PREFIX, Headers, idempotency_key, names, secret_of
from backend.microservices.ingest.admission import (
    Admitted,
    Post,
    admit,
    let_in,
    open_post,
    prove,
    rate_headers,
    signature_of,
)
from backend.microservices.ingest.answers import accepted, all_refused, extra_headers
from backend.microservices.ingest.encoding import decoded
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.policy import KeyFinder
from backend.microservices.ingest.prepare import Prepared, Request, prepare
from backend.microservices.ingest.problems import Refused
from backend.microservices.ingest.reading import BodyReader, Disconnected
from backend.microservices.ingest.recent import Outcome
from backend.microservices.ingest.records import Ack, Submission
from backend.microservices.ingest.spool import Spool
from backend.microservices.ingest.spool_errors import KeyReused, SpoolUnavailable

__all__ = ["PLAIN_HEADERS", "FrontContext", "IngestFront"]

log = logging.getLogger(__name__)
# Above this a body is opened in a thread, so that other posts don't wait for it.
_LARGE_BODY = 128 * 1024
_WAIT_SECONDS = 30.0
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_COMMON = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_WAITED = (b"preference-applied", b"wait=stored")
_Fields = list[tuple[bytes, bytes]]
_NONE: _Fields = []
_NO_PARAMETERS: dict[str, str] = {}
PLAIN_HEADERS = [_JSON, *_COMMON]
"""The headers of an answer that has nothing to say beyond its body."""
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers but for the length, body."""
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

    def __init__(
        self, app: ASGIApp, context: FrontContext, limits: Limits | None = None, *, public_url: str = ""
    ) -> None:
        self._app = app
        self._public_url = public_url
        self._context = context
        self._limits = limits or Limits()
        self._reader = BodyReader(self._limits)
        # One thread: an opened body takes several times its size, so large ones are opened one after the other.
        self._opening = ThreadPoolExecutor(1, thread_name_prefix="opening")
        self.answers: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer posts of events; pass everything else on."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        post = open_post(scope)
        if scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        answer = await self.answer(post, receive)
        if answer is None:
            return
        status, headers, body = answer
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})

    async def answer(self, post: Post, receive: Receive) -> Answer | None:
        """Return the answer to a request at the door's address, None when the client went away. Raises nothing."""
        path = post.scope["path"]
        try:
            body, extra = await self._post(post, receive)
        except Disconnected:
            return None
        except Refused as refused:
            return self._refused(refused, path)
        except Exception:
            # Nothing here may leave an integrator without an answer that tells what to do.
            log.exception("a post to %s failed", path)
            return self._refused(_failed(), path)
        self._count(200)
        return 200, [*PLAIN_HEADERS, *extra] if extra else PLAIN_HEADERS, body

    def take(self, path: str, headers: Headers, body: bytes, answer: Callable[[int, _Fields, bytes], None]) -> bool:
        """Take a post that is all here, has a known key and asks for nothing special, without a task of its own.

        This is what nearly all posts are, and it costs them the least. Returns false, with nothing done, for all
        others: they go by way of `answer`. `answer` is called with the answer's parts once the group is on disk.
        """
        try:
            request = self._plain(path, headers, body)
            if request is None:
                return False
            prepared = prepare(request, self._limits)
            if prepared.faults:
                return False
            outcome = Outcome(time.time(), request.entity_type, 200, len(body))
            self._context.spool.submit(
                prepared.submission, lambda found: answer(*self._taken(found, prepared, outcome, path))
            )
        except (Refused, SpoolUnavailable):
            return False  # the long way meets it again, and says it
        except Exception:
            log.exception("a post to %s can't be taken the short way", path)
            return False
        return True

    def _plain(self, path: str, headers: Headers, body: bytes) -> Request | None:
        """Return what a post asks for, None when it needs more than a known key and room on the disk.

        Raises:
            Refused: its address or idempotency key can't be used.
        """
        limits = self._limits
        if headers.content_encoding or headers.prefer or len(body) > min(_LARGE_BODY, limits.body_bytes):
            return None
        secret = secret_of(headers, _NO_PARAMETERS)
        grant = self._context.keyring.known(secret) if secret else None
        if grant is None or not grant.policy.is_plain:
            return None
        source, entity_type = names(path, limits)
        if not grant.allows(source, entity_type):
            return None
        policy, key = grant.policy, idempotency_key(headers, limits)
        contract = policy.contracts.get(entity_type)
        return Request(source, entity_type, policy.kind, headers.content_type, key, body, contract)

    def _taken(self, found: list[Ack] | Exception, prepared: Prepared, outcome: Outcome, path: str) -> Answer:
        """Return the answer to a post that the spool has dealt with."""
        source = prepared.submission.source
        try:
            if isinstance(found, Exception):
                refusal = _refusal(found)
                outcome.status, outcome.reason, outcome.rejected = refusal.status, refusal.detail, 1
                return self._refused(refusal, path)
            _note(outcome, found)
        finally:
            self._context.spool.recent.add(source, outcome)
        self._count(200)
        return 200, PLAIN_HEADERS, accepted(prepared, found, outcome.duplicates, None)

    def _refused(self, refusal: Refused, path: str) -> Answer:
        away = self._context.spool.stats.turned_away
        away[refusal.kind] = away.get(refusal.kind, 0) + 1
        self._count(refusal.status)
        return refusal.status, [_PROBLEM, *_COMMON, *extra_headers(refusal)], refusal.document(path)

    def _count(self, status: int) -> None:
        self.answers[status] = self.answers.get(status, 0) + 1

    async def _post(self, post: Post, receive: Receive) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """Take a post; return the answer's body and its further headers: the rate, and whether it waited as asked."""
        method = post.scope["method"]
        if method != "POST":
            detail = f"{method} is not allowed here."
            raise Refused(405, "Only POST is allowed", detail, "Post events as JSON.", kind="method")
        spool = self._context.spool
        admitted = await admit(self._context.keyring, post, self._limits, spool.recent)
        policy, entity_type = admitted.policy, admitted.entity_type
        wait = post.parameters.get("wait") == "stored" or "wait=stored" in post.headers.prefer.replace(" ", "")
        outcome = Outcome(time.time(), entity_type)
        try:
            key, body = await self._receive(admitted, post, receive, outcome)
            let_in(policy)
            contract = policy.contracts.get(entity_type)
            request = Request(policy.source, entity_type, policy.kind, post.headers.content_type, key, body, contract)
            prepared = await self._prepare(request, post.headers.content_encoding, outcome)
            acks = await self._append(prepared, outcome)
        except Refused as refusal:
            outcome.status, outcome.reason = refusal.status, refusal.detail
            await self._count_refusal(admitted, refusal, outcome)
            raise
        except Disconnected:
            outcome.status, outcome.reason = 499, "the client went away before its body was complete"
            raise
        finally:
            self._reader.release(outcome.bytes)
            spool.recent.add(policy.source, outcome)
        extra = _NONE if policy.bucket is None else rate_headers(policy, outcome.accepted)
        stored = await self._stored(acks) if wait else None
        return accepted(prepared, acks, outcome.duplicates, stored), [*extra, _WAITED] if stored else extra

    async def _receive(self, admitted: Admitted, post: Post, receive: Receive, outcome: Outcome) -> tuple[str, bytes]:
        """Read the body and check its signature where the source wants one; return the idempotency key and the body."""
        verification = admitted.policy.verification
        sent = None if verification is None else signature_of(admitted, verification, post)
        key = idempotency_key(post.headers, self._limits)
        limit = None if admitted.proven else self._limits.unproven_bytes
        body = await self._reader.read(post.headers.content_length, receive, limit)
        outcome.bytes = len(body)  # what is to be released in the end
        if verification is None or sent is None:
            return key, body
        admitted.proven = False  # a wrong signature spoils a valid key
        delivery = prove(verification, post, sent, body, self._public_url)
        admitted.proven = True
        return key or delivery[: self._limits.key_length], body

    async def _prepare(self, request: Request, encoding: str, outcome: Outcome) -> Prepared:
        """Open the body and resolve its records."""
        if len(request.body) > _LARGE_BODY or encoding:
            opening = asyncio.get_running_loop().run_in_executor(self._opening, self._open, request, encoding)
            prepared = await opening
        else:
            prepared = prepare(request, self._limits)
        if prepared.faults:
            outcome.rejected, outcome.reason = len(prepared.faults), prepared.faults[0][1].reason
            if not prepared.submission.drafts:
                raise all_refused(prepared)
        return prepared

    def _open(self, request: Request, encoding: str) -> Prepared:
        request.body = decoded(request.body, encoding, self._limits)
        return prepare(request, self._limits)

    async def _append(self, prepared: Prepared, outcome: Outcome) -> list[Ack]:
        """Put the records on disk."""
        try:
            acks = await self._context.spool.append(prepared.submission)
        except (KeyReused, SpoolUnavailable) as error:
            raise _refusal(error) from None
        _note(outcome, acks)
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
        return await self._context.spool.is_stored([ack.seq for ack in acks])

    async def _count_refusal(self, admitted: Admitted, refusal: Refused, outcome: Outcome) -> None:
        """Enter a refused request into the books, unless the spool did or the client is to post it again."""
        outcome.rejected = outcome.rejected or 1
        if not admitted.proven or refusal.status >= 500 or refusal.status == 429 or refusal.kind == _REUSED:
            return
        source = admitted.policy.source
        try:
            await self._context.spool.append(Submission(source, [], rejected=outcome.rejected))
        except SpoolUnavailable as error:
            log.warning("a refused post of %s is not in the books: %s", source, error)


def _note(outcome: Outcome, acks: list[Ack]) -> None:
    outcome.accepted = len(acks)
    if len(acks) == 1:
        outcome.duplicates = int(acks[0].duplicate)
    else:
        outcome.duplicates = sum(ack.duplicate for ack in acks)
    if acks:
        outcome.seq = acks[0].seq


def _refusal(error: Exception) -> Refused:
    """Return what the spool's refusal is for the client."""
    if isinstance(error, KeyReused):
        detail = "This Idempotency-Key came before with another body or entity type."
        hint = "Use a new key for new content; repeat the same content under the same key."
        return Refused(422, "The idempotency key was used before", detail, hint, kind=_REUSED)
    if isinstance(error, SpoolUnavailable):
        detail = f"The events can't be kept now: {error}. Nothing was stored."
        hint, after = "Post again after the time in Retry-After.", error.retry_after
        return Refused(503, "Events can't be taken", detail, hint, kind="unavailable", retry_after=after)
    log.error("a post failed in the spool", exc_info=error)
    return _failed()


def _failed() -> Refused:
    hint = "Post again with the same Idempotency-Key: nothing is stored twice."
    return Refused(500, "The post failed", "An error of the platform; it is in the log.", hint, kind="internal")
