"""Who is who across sources: suggestions, decisions and their log, thin over the lake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from backend.auth.principal import Principal
from backend.context import Context
from backend.errors import FieldError, Problem
from backend.stores.trail import begin, note
from salescommand_lake.identity import Decision, DecisionRefused, decide, undo
from salescommand_lake.identity.decisions import merged_of
from salescommand_lake.identity.listing import Listed, list_log, list_suggestions, noun_of, preview
from salescommand_lake.identity.trust import list_trust, set_trust
from salescommand_lake.reads.question import QueryError, single
from salescommand_lake.records.question import DEFAULT_LIMIT, parse_limit

__all__ = ["IdentityService"]

Pairs = Iterable[tuple[str, str]]


class IdentityService:
    """Reads and decides which records of different sources are one."""

    def __init__(self, context: Context) -> None:
        self._engine = context.engine
        # The fold brings decisions into the records; where it runs in this process it need not wait for its next look.
        self._wake = context.raw_arrived.set

    async def suggestions(self, params: Pairs) -> Listed:
        """Return pairs that may be the same, for the parameters of a query string.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        once = _once(params, ("type", "score", "limit", "cursor"))
        return await list_suggestions(
            self._engine,
            noun_of(once.get("type", "account")),
            min_score=_score(once.get("score", "0")),
            limit=parse_limit(once["limit"]) if "limit" in once else DEFAULT_LIMIT,
            cursor=once.get("cursor"),
        )

    async def log(self, params: Pairs) -> Listed:
        """Return what was decided, for the parameters of a query string.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        once = _once(params, ("type", "record", "limit", "cursor"))
        return await list_log(
            self._engine,
            noun_of(once.get("type", "account")),
            record=once.get("record"),
            limit=parse_limit(once["limit"]) if "limit" in once else DEFAULT_LIMIT,
            cursor=once.get("cursor"),
        )

    async def decide(
        self,
        action: Literal["merge", "unmerge", "dismiss"],
        record_type: str,
        members: Sequence[str],
        reason: str,
        principal: Principal,
    ) -> Decision:
        """Add a decision to the log; the worker brings it into the records in its next step.

        Raises:
            Problem: 400 that names what of it is wrong.
        """
        await begin()
        try:
            before = await merged_of(self._engine, record_type, members)
            made = await decide(self._engine, record_type, action, members, actor=_who(principal), reason=reason)
        except DecisionRefused as error:
            raise _refused(error) from None
        _note(made, before)
        self._wake()
        return made

    async def undo(self, decision: str, reason: str, principal: Principal) -> Decision:
        """Take a decision back.

        Raises:
            Problem: 400 when there is nothing to take back.
        """
        await begin()
        try:
            made = await undo(self._engine, decision, actor=_who(principal), reason=reason)
        except DecisionRefused as error:
            raise _refused(error) from None
        _note(made, await merged_of(self._engine, made.noun, made.members))
        self._wake()
        return made

    async def preview(self, record_type: str, groups: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        """Return the records that the groups would make.

        Raises:
            QueryError: records of the type are not merged.
        """
        return await preview(self._engine, noun_of(record_type), groups)

    async def trust(self) -> list[dict[str, Any]]:
        """Return the orders in which sources are trusted."""
        return await list_trust(self._engine)

    async def set_trust(self, record_type: str, field: str, sources: Sequence[str], principal: Principal) -> None:
        """Set one; the merged records follow with the worker's next step.

        Raises:
            QueryError: records of the type are not merged.
            Problem: 400 that names what of it is wrong.
        """
        before = [one for one in await list_trust(self._engine) if (one["type"], one["field"]) == (record_type, field)]
        await begin()
        try:
            await set_trust(self._engine, noun_of(record_type), field, sources, author=_who(principal))
        except DecisionRefused as error:
            raise _refused(error) from None
        note("trust", f"{record_type}/{field}", before[0] if before else None, {"sources": list(sources)})
        self._wake()


def _note(made: Decision, before: dict[str, str]) -> None:
    """Note a decision: which merged record each member was in, and what was decided about them."""
    after = {"decision": made.decision_id, "action": made.action, "members": list(made.members), "reason": made.reason}
    undone = {"undoes": made.undoes} if made.undoes else {}
    note(made.noun, made.members[0] if made.members else made.decision_id, {"merged_record": before}, after | undone)


def _who(principal: Principal) -> str:
    return principal.email or principal.name


def _once(params: Pairs, known: Sequence[str]) -> dict[str, str]:
    once, filters = single(params, known)
    if filters:
        raise QueryError(filters[0].parameter, "there is no such filter here", f"use {', '.join(known)}")
    return {name: text for name, text in once.items() if text}


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = -1
    if not 0 <= score <= 1:
        raise QueryError("score", f"{text!r} is not a number from 0 to 1")
    return score


def _refused(error: DecisionRefused) -> Problem:
    return Problem(
        400,
        "bad-decision",
        "This can't be decided",
        f"{error.field}: {error}",
        hint="Nothing was changed. Look at the records again; somebody may have decided meanwhile.",
        errors=[FieldError(field=error.field, message=str(error))],
    )
