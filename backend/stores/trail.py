"""What one request changes, noted while it runs: MongoDB's collections note themselves, services what the lake keeps.

A document is noted as a person may read it: the fields listed here, never a secret, its digest or its sealed form.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Change", "Trail", "begin", "note", "readable", "touches", "trail"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """How documents of a collection are noted. Of a hidden field only whether it is there and that it changed."""

    noun: str
    fields: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    named_by: str = "_id"
    """The field that tells which thing it is, where `_id` is a digest."""


_APPLIED = ("source", "entity_type", "version", "action", "schema", "author")
KEPT: dict[str, Kept] = {
    "users": Kept("user", ("email", "name", "role", "scope", "last_sign_in_at"), ("password", "totp", "recovery")),
    "links": Kept("sign-in link", ("user_id", "expires_at"), named_by="user_id"),
    "tokens": Kept("token", ("name", "role", "ends_with", "created_by", "owner", "rights", "expires_at")),
    "keys": Kept("write key", ("source", "ends_with", "entities", "expires_at", "temporary", "created_by")),
    "sources": Kept("source", ("kind", "label", "paused", "rate", "verification")),
    "contracts": Kept("contract", _APPLIED),
    "mappings": Kept("mapping", ("scope", "record_type", "version", "author", "text")),
    "settings": Kept("setting", ("value",)),
    "jobs": Kept("job", ("kind", "args", "state", "created_by")),
}
SECRET = frozenset({"sealed", "secret", "password", "digest", "key", "token", "totp", "recovery"})
LONGEST_TEXT, LONGEST_LIST, MOST_CHANGES = 8_000, 200, 100
THERE, ANEW = "(secret)", "(another secret)"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing before and after; None where it was not there, or where nobody could say."""

    noun: str
    id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(slots=True)
class Trail:
    """The changes of one request. `write_ahead` is awaited before the first of them."""

    write_ahead: Callable[[], Awaitable[None]]
    changes: list[Change] = field(default_factory=list)
    left_out: int = 0
    begun: bool = False
    ended: bool = False

    async def begin(self) -> None:
        """Say that something is about to change.

        Raises:
            MongoUnavailable: it can't be written down, so nothing may change.
        """
        if not self.begun:
            await self.write_ahead()
            self.begun = True

    def add(self, change: Change) -> None:
        """Note a change that was made."""
        if len(self.changes) < MOST_CHANGES:
            self.changes.append(change)
        else:
            self.left_out += 1


_CURRENT: ContextVar[Trail | None] = ContextVar("trail", default=None)


def trail(of: Trail | None = None) -> Trail | None:
    """Return the trail of the request that runs, None outside of one; given a trail, make it this request's."""
    if of is not None:
        _CURRENT.set(of)
    found = _CURRENT.get()
    return None if found is None or found.ended else found


async def begin() -> None:
    """Say that the request is about to change what no collection keeps.

    Raises:
        MongoUnavailable: it can't be written down, so nothing may change.
    """
    current = trail()
    if current is not None:
        await current.begin()


def note(noun: str, thing: str, before: Document | None, after: Document | None) -> None:
    """Note what a service changed outside of MongoDB's collections."""
    current = trail()
    if current is not None:
        current.add(Change(noun, thing, *(None if one is None else _open(one) for one in (before, after))))


def touches(collection: str, change: Document) -> bool:
    """Whether an update changes anything that is noted; when a token was last used is not."""
    kept = KEPT[collection]
    names = {str(name).partition(".")[0] for values in change.values() for name in values}
    return bool(names & {*kept.fields, *kept.hidden})


def readable(collection: str, before: Document | None, after: Document | None) -> Change | None:
    """Return a change of a document as it may be read, None when nothing that is noted differs."""
    kept = KEPT[collection]
    found = after if after is not None else before
    if found is None:
        return None
    shown = [None if one is None else _shown(kept, one) for one in (before, after)]
    first, second = shown
    if first is not None and second is not None and before is not None and after is not None:
        for name in kept.hidden:
            if before.get(name) and after.get(name) and before[name] != after[name]:
                second[name] = ANEW
        if first == second:
            return None
        named = {"email", "name", "source"} & first.keys()
        same = {name for name in first.keys() & second.keys() if first[name] == second[name]} - named
        first, second = ({name: value for name, value in one.items() if name not in same} for one in (first, second))
    return Change(kept.noun, str(found.get(kept.named_by, found["_id"])), first, second)


def _shown(kept: Kept, document: Document) -> dict[str, Any]:
    found = {name: _open(document[name]) for name in kept.fields if name in document}
    return found | {name: THERE for name in kept.hidden if document.get(name)}


def _open(value: Any) -> Any:
    """Return a value without secrets, and cut where it is very long."""
    if isinstance(value, Mapping):
        return {str(name): _open(each) for name, each in value.items() if name not in SECRET}
    if isinstance(value, list | tuple):
        cut = [f"… {len(value) - LONGEST_LIST} more"] if len(value) > LONGEST_LIST else []
        return [_open(each) for each in value[:LONGEST_LIST]] + cut
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}… ({len(value)} characters)"
    return value
