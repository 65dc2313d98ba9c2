"""The audit log: who changed what, when, from what to what. Written ahead of a change, completed after it."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from backend.auth.principal import Principal
from backend.errors import bad_parameter
from backend.stores.mongo import Database, Document, MongoUnavailable
from backend.stores.trail import Change, Trail

__all__ = ["Asked", "AuditService", "Entry", "Wanted"]

logger = logging.getLogger(__name__)
_ID = re.compile(r"^aud_[0-9a-f]{24}$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may change something."""

    action: str
    method: str
    path: str
    request_id: str
    principal: Principal | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to list; what is None does not narrow."""

    who: str | None = None
    action: str | None = None
    object: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and what it changed. `outcome` is started where the process ended before it could say more."""

    id: str
    at: datetime
    who: dict[str, str]
    action: str
    method: str
    path: str
    request_id: str
    outcome: str
    status: int | None
    changes: tuple[Change, ...]
    left_out: int


class AuditService:
    """Writes and lists the entries. Nothing changes or removes one, but the request that it is about."""

    def __init__(self, mongo: Database) -> None:
        self._audit = mongo.audit

    async def begin(self, asked: Asked) -> str:
        """Write down that a change is about to be made, and return the entry's id.

        Raises:
            MongoUnavailable: it can't be written down.
        """
        now = datetime.now(UTC)
        entry = f"aud_{int(now.timestamp() * 1000):012x}{secrets.token_hex(6)}"
        await self._audit.insert(
            {"_id": entry, "at": now, "outcome": "started", "status": None, "changes": [], "objects": [], "left_out": 0}
            | _of(asked)
        )
        return entry

    async def end(self, entry: str | None, asked: Asked, trail: Trail, status: int) -> None:
        """Complete an entry. The answer is on its way: when it can't be written, the log has it in full."""
        failed = status >= 400 or not status
        try:
            if failed and not trail.changes:
                if entry is None:
                    return
                if 400 <= status < 500:
                    await self._audit.delete({"_id": entry, "outcome": "started"})
                    return
                # What a store that went away, or a request that was cut off, did last is not known: the entry stays.
            entry = entry or await self.begin(asked)
            change = {"outcome": "failed" if failed else "done", "status": status or None, "left_out": trail.left_out}
            change |= _of(asked) | {"changes": [asdict(one) for one in trail.changes], "objects": _objects(trail)}
            await self._audit.update({"_id": entry}, {"$set": change})
        except MongoUnavailable as error:
            fields = _of(asked) | {"status": status, "changes": [asdict(one) for one in trail.changes]}
            logger.error("The audit log can't be written (%s)", error, extra={"fields": {"audit": str(fields)}})

    async def list(self, wanted: Wanted, limit: int, cursor: str | None) -> tuple[Sequence[Entry], str | None]:
        """Return entries, the newest first, and the cursor of the next page.

        Raises:
            Problem: 400 for a cursor that is none.
        """
        where: dict[str, Any] = {}
        if cursor:
            if not _ID.match(cursor):
                raise bad_parameter("cursor", "it is no cursor of this list", hint="Use `next_cursor` as it came.")
            where["_id"] = {"$lt": cursor}
        if wanted.who:
            where["who_names"] = wanted.who.lower()
        if wanted.object:
            where["objects"] = wanted.object.lower()
        if wanted.action:
            where["action"] = wanted.action
        span = {word: moment for word, moment in (("$gte", wanted.since), ("$lte", wanted.until)) if moment}
        if span:
            where["at"] = span
        found = await self._audit.find(where, sort=[("_id", -1)], limit=limit + 1)
        return [_entry(one) for one in found[:limit]], found[limit - 1]["_id"] if len(found) > limit else None


def _of(asked: Asked) -> Document:
    principal = asked.principal
    who = {"id": "", "name": "", "role": "", "via": "", "token": ""}
    if principal is not None:
        who = {
            "id": principal.id,
            "name": principal.email or principal.name,
            "role": principal.role.value,
            "via": principal.via,
            "token": principal.token,
        }
    return {
        "who": who,
        "who_names": sorted({who["id"].lower(), who["name"].lower(), who["token"]} - {""}),
        "action": asked.action,
        "method": asked.method,
        "path": asked.path,
        "request_id": asked.request_id,
    }


def _objects(trail: Trail) -> list[str]:
    """Return the words by which the things of a request are found: noun, id, address or name."""
    found: set[str] = set()
    for one in trail.changes:
        found |= {one.noun, one.id}
        for side in (one.before, one.after):
            found |= {str(side[name]) for name in ("email", "name", "source") if side and side.get(name)}
    return sorted(word.lower() for word in found)


def _entry(document: Mapping[str, Any]) -> Entry:
    values = {name: document[name] for name in Entry.__dataclass_fields__ if name not in {"id", "changes"}}
    return Entry(id=document["_id"], changes=tuple(Change(**one) for one in document["changes"]), **values)
