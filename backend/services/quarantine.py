"""Work on the quarantine: ignoring, replaying, correcting, and taking each back; thin over the lake and the door."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from backend.auth.principal import Principal
from backend.context import Context
from backend.errors import FieldError, Problem
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.prepare import Request, prepare
from backend.microservices.ingest.problems import Refused
from backend.microservices.ingest.records import Draft, Submission, digest16
from backend.microservices.ingest.spool_errors import SpoolUnavailable
from backend.stores.trail import begin, note
from salescommand_lake.quarantine.actions import Action, ActionRefused, ignore, list_actions, replay, undo
from salescommand_lake.quarantine.corrections import correct, correction_target
from salescommand_lake.raw import RawEvent
from salescommand_lake.reads.question import Filter, QueryError, single
from salescommand_lake.records.question import DEFAULT_LIMIT, parse_limit

__all__ = ["QuarantineService"]

Pairs = Iterable[tuple[str, str]]


class QuarantineService:
    """Acts on entries of the quarantine for a person, and says what was done."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine = context.engine

    async def ignore(self, params: Pairs, reason: str, principal: Principal) -> Action:
        """Take entries out of the open queue.

        Raises:
            QueryError: a filter is unknown or there is none.
            Problem: 400 when nothing matches or no reason is given.
        """
        filters = _filters(params)
        await begin()
        try:
            return _noted(await ignore(self._engine, filters, actor=_who(principal), reason=reason))
        except ActionRefused as error:
            raise _refused(error) from None

    async def replay(self, params: Pairs, reason: str, principal: Principal) -> Action:
        """Have the events of entries read again.

        Raises:
            QueryError: a filter is unknown or there is none.
            Problem: 400 when nothing matches.
        """
        filters = _filters(params)
        await begin()
        try:
            action = _noted(await replay(self._engine, filters, actor=_who(principal), reason=reason))
        except ActionRefused as error:
            raise _refused(error) from None
        self._context.raw_arrived.set()
        return action

    async def correct(self, event_id: str, body: str, reason: str, principal: Principal) -> Action:
        """Post a corrected copy of an event, which stands in for it.

        Raises:
            Problem: 400 when the event can't be corrected or the copy is no event of the same record, 503 when it can't
                be kept now.
        """
        try:
            original = await correction_target(self._engine, event_id)
            submission = _copy(original, body.encode("utf-8", "surrogatepass"))
        except ActionRefused as error:
            raise _refused(error) from None
        await begin()
        try:
            acks = await self._context.spool.append(submission)
        except SpoolUnavailable as error:
            detail = f"The copy can't be kept now: {error}. Nothing was changed."
            hint = "Try again after the time in Retry-After."
            headers = {"Retry-After": str(error.retry_after)}
            raise Problem(503, "unavailable", "Events can't be taken", detail, hint=hint, headers=headers) from None
        return _noted(await correct(self._engine, original, acks[0].seq, actor=_who(principal), reason=reason))

    async def undo(self, action: str, reason: str, principal: Principal) -> Action:
        """Take back what an action did.

        Raises:
            Problem: 400 when there is nothing to take back.
        """
        await begin()
        try:
            made = _noted(await undo(self._engine, action, actor=_who(principal), reason=reason))
        except ActionRefused as error:
            raise _refused(error) from None
        self._context.raw_arrived.set()
        return made

    async def actions(self, params: Pairs) -> list[dict[str, Any]]:
        """Return the log for the parameters of a query string.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        once, filters = single(params, ("limit", "before"))
        if filters:
            raise QueryError(filters[0].parameter, "the log has no filters")
        limit = parse_limit(once["limit"]) if "limit" in once else DEFAULT_LIMIT
        return await list_actions(self._engine, limit=limit, before=once.get("before"))


def _noted(action: Action) -> Action:
    about = {"target": action.target, "source": action.source}
    after = {"action": action.action, "id": action.action_id, "reason": action.reason, **action.after}
    note("quarantine", action.target or action.action_id, about | dict(action.before), about | after)
    return action


def _copy(original: RawEvent, body: bytes) -> Submission:
    """Return the corrected copy as a submission: in the original's place in the order of its record.

    Raises:
        ActionRefused: it is the original, unreadable, or about another record.
    """
    sha = hashlib.sha256(body)
    if sha.hexdigest() == original.body_sha256:
        raise ActionRefused("body", "the copy is the same as the original")
    request = Request(original.source, original.entity_type, original.kind, "application/json", "", body)
    try:
        prepared = prepare(request, Limits())
    except Refused as refusal:
        raise ActionRefused("body", refusal.detail) from None
    if prepared.faults:
        raise ActionRefused("body", prepared.faults[0][1].reason)
    draft = _of_record(original, prepared.submission.drafts, prepared.generated)
    draft.row.source_time_ms = int(original.source_time.timestamp() * 1000)
    draft.row.vendor_seq = original.vendor_seq
    # Not the vendor's event any more; posting the same copy again is recognised by this.
    draft.row.event_key = digest16("correction", original.event_id, last=sha.digest())
    return Submission(original.source, [draft])


def _of_record(original: RawEvent, drafts: Sequence[Draft], generated: Sequence[bool]) -> Draft:
    for draft, made in zip(drafts, generated, strict=True):
        row = draft.row
        if made or not original.source_id:
            row.source_id = row.source_id if not original.source_id else original.source_id
            draft.record = digest16(row.source, row.entity_type, row.record_type, row.source_id)
            return draft
        if row.source_id == original.source_id:
            return draft
    found = ", ".join(draft.row.source_id for draft in drafts) or "no record"
    raise ActionRefused("body", f"the copy is about {found}, the original about {original.source_id}; keep the id")


def _filters(params: Pairs) -> tuple[Filter, ...]:
    return single(params, ())[1]


def _who(principal: Principal) -> str:
    return principal.email or principal.name


def _refused(error: ActionRefused) -> Problem:
    return Problem(
        400,
        "bad-action",
        "This can't be done",
        f"{error.field}: {error}",
        hint="Nothing was changed. GET /api/quarantine shows what is open.",
        errors=[FieldError(field=error.field, message=str(error))],
    )
