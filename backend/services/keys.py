"""Write keys: what a source needs to post events, and nothing else. Shown once, stored as a digest, revocable."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.context import Context
from backend.errors import Problem, bad_parameter, not_found
from backend.microservices.ingest.kinds import kind_names
from backend.stores.keyring import digest
from backend.stores.mongo import Document, DuplicateDocument

__all__ = ["PREFIX", "KeyService", "NewKey", "WriteKey", "check_kind", "check_source"]

PREFIX = "sc_wk_"
MOST_LIVE = 2
"""Keys of a source that live at a time: the one in use, and the one that replaces it."""
MOST_TEMPORARY = 20
TEMPORARY_LIFE = timedelta(days=1)
FORGET_AFTER = timedelta(days=30)
"""How long an expired key stays in the list, so that one sees why posts are refused."""
_SOURCE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


@dataclass(frozen=True, slots=True)
class WriteKey:
    """One write key without its secret. Times are UTC; no `entities` means that it may post any."""

    id: str
    source: str
    ends_with: str
    created_at: datetime
    created_by: str
    entities: tuple[str, ...]
    expires_at: datetime | None
    last_used_at: datetime | None
    temporary: bool

    @property
    def live(self) -> bool:
        """Whether it may post now."""
        return self.expires_at is None or self.expires_at > datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is to be. A temporary one is for a program that makes it, posts, and revokes it."""

    kind: str | None = None
    entities: Sequence[str] = ()
    expires_at: datetime | None = None
    temporary: bool = False


class KeyService:
    """Makes, lists, replaces and revokes write keys."""

    def __init__(self, context: Context) -> None:
        self._mongo = context.mongo
        self._ring = context.keyring

    async def create(self, source: str, wanted: NewKey, created_by: str) -> tuple[WriteKey, str]:
        """Return a new key of a source and its secret. A source that isn't there is made, of that kind.

        Raises:
            Problem: 400 when the source's name, the kind or the end can't be used; 409 when two keys live already.
        """
        check_source(source)
        check_kind(wanted.kind)
        now = datetime.now(UTC)
        if wanted.expires_at is not None and wanted.expires_at <= now:
            raise bad_parameter("expires_at", f"{wanted.expires_at.isoformat()} has passed", hint="Name a later time.")
        await self._check_room(source, temporary=wanted.temporary)
        await self._ensure_source(source, wanted.kind)
        await self._mongo.keys.delete({"source": source, "expires_at": {"$lt": now - FORGET_AFTER}})
        return await self._insert(source, wanted, created_by)

    async def of(self, source: str) -> list[WriteKey]:
        """Return a source's keys, the newest first."""
        await self._ring.write_used()
        found = await self._mongo.keys.find({"source": source}, sort=[("created_at", -1)])
        return [_key(document) for document in found]

    async def rotate(self, source: str, key_id: str, grace: timedelta, by: str) -> tuple[WriteKey, str, WriteKey]:
        """Replace a key: make one that may do the same, and let the old one end after a time of grace.

        Returns the new key, its secret, and the old key.

        Raises:
            Problem: 404 when the source has no such key; 409 when it has ended, or when another one lives beside it.
        """
        old = next((key for key in await self.of(source) if key.id == key_id), None)
        if old is None:
            raise not_found("key", key_id)
        if not old.live:
            detail = f"{key_id} has ended, so there is nothing to replace."
            raise Problem(409, "key-ended", "The key has ended", detail, hint="Make a new key instead.")
        if not old.temporary:
            await self._check_room(source, temporary=False)
        now = datetime.now(UTC)
        life = old.expires_at - old.created_at if old.expires_at else None
        wanted = NewKey(None, old.entities, now + life if life else None, old.temporary)
        made, secret = await self._insert(source, wanted, by)
        ends = min(now + grace, old.expires_at or datetime.max.replace(tzinfo=UTC))
        changed = await self._mongo.keys.update({"_id": key_id}, {"$set": {"expires_at": ends}})
        self._ring.forget()
        return made, secret, _key(changed) if changed else old

    async def delete(self, source: str, key_id: str) -> None:
        """Revoke a key. It stops working here at once and in other processes within five seconds.

        Raises:
            Problem: 404 when the source has no such key.
        """
        if not await self._mongo.keys.delete({"_id": key_id, "source": source}):
            raise not_found("key", key_id)
        self._ring.forget()

    async def _check_room(self, source: str, *, temporary: bool, besides: str = "") -> None:
        """Raise the Problem that says so when as many keys live as may; `besides` is one that does not count."""
        live = [key for key in await self.of(source) if key.live and key.temporary == temporary and key.id != besides]
        if len(live) < (MOST_TEMPORARY if temporary else MOST_LIVE):
            return
        spare = min(live, key=lambda key: (key.last_used_at or key.created_at, key.created_at))
        used = [f"{key.id} (ends with {key.ends_with}, {_last_use(key)})" for key in live]
        raise Problem(
            409,
            "too-many-keys",
            "The source has all the keys it may have",
            f"{source} has {len(live)} live keys: {', '.join(used)}.",
            hint=f"Revoke the one that is no longer used: `salescommand key revoke {source} {spare.id}`.",
        )

    async def _insert(self, source: str, wanted: NewKey, created_by: str) -> tuple[WriteKey, str]:
        secret = PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        ends = wanted.expires_at or (now + TEMPORARY_LIFE if wanted.temporary else None)
        document: Document = {
            "_id": f"key_{secrets.token_hex(8)}",
            "source": source,
            "digest": digest(secret),
            "ends_with": secret[-4:],
            "created_at": now,
            "created_by": created_by,
            "entities": sorted(set(wanted.entities)),
            "temporary": wanted.temporary,
        } | ({"expires_at": ends} if ends else {})
        await self._mongo.keys.insert(document)
        try:
            # Others may have seen the same room. Who counts after storing sees whoever stored before, so of two that
            # meet at least the later one gives way. Its secret was told to nobody.
            await self._check_room(source, temporary=wanted.temporary, besides=document["_id"])
        except Problem:
            await self._mongo.keys.delete({"_id": document["_id"]})
            raise
        finally:
            self._ring.forget()
        return _key(document), secret

    async def _ensure_source(self, source: str, kind: str | None) -> None:
        document = {"_id": source, "kind": kind or "generic", "label": source, "created_at": datetime.now(UTC)}
        try:
            await self._mongo.sources.insert(document)
        except DuplicateDocument:
            if kind is not None:
                await self._mongo.sources.update({"_id": source}, {"$set": {"kind": kind}})


def check_source(source: str) -> str:
    """Return the name when it can be one of a source.

    Raises:
        Problem: 400, which says what a name looks like.
    """
    if not _SOURCE.match(source):
        raise bad_parameter(
            "source", f"{source!r} can't be the name of a source", hint="Letters, digits, '.', '_' and '-', up to 64."
        )
    return source


def check_kind(kind: str | None) -> None:
    """Refuse a kind that there is none of: bodies of the source would be read as plain objects.

    Raises:
        Problem: 400, which names those that there are.
    """
    if kind is not None and kind not in kind_names():
        raise bad_parameter("kind", f"there is no kind {kind!r}", hint=f"Kinds are {', '.join(kind_names())}.")


def _last_use(key: WriteKey) -> str:
    return f"last used {key.last_used_at:%Y-%m-%d %H:%M} UTC" if key.last_used_at else "never used"


def _key(document: Document) -> WriteKey:
    return WriteKey(
        id=document["_id"],
        source=document["source"],
        ends_with=document["ends_with"],
        created_at=document["created_at"],
        created_by=document["created_by"],
        entities=tuple(document.get("entities") or ()),
        expires_at=document.get("expires_at"),
        last_used_at=document.get("last_used_at"),
        temporary=bool(document.get("temporary")),
    )
