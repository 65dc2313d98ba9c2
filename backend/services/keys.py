"""Write keys: what a source needs to post events, and nothing else. Shown once, stored as a digest, revocable."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.context import Context
from backend.errors import bad_parameter, not_found
from backend.stores.keyring import digest
from backend.stores.mongo import Document, DuplicateDocument

__all__ = ["PREFIX", "KeyService", "WriteKey", "check_source"]

PREFIX = "sc_wk_"
_SOURCE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


@dataclass(frozen=True, slots=True)
class WriteKey:
    """One write key without its secret."""

    id: str
    source: str
    ends_with: str
    created_at: datetime
    created_by: str


class KeyService:
    """Makes, lists and revokes write keys."""

    def __init__(self, context: Context) -> None:
        self._mongo = context.mongo
        self._ring = context.keyring

    async def create(self, source: str, kind: str | None, created_by: str) -> tuple[WriteKey, str]:
        """Return a new key of a source and its secret. A source that isn't there is made, of that kind.

        Raises:
            Problem: 400 when the source's name can't be used.
        """
        await self._ensure_source(check_source(source), kind)
        secret = PREFIX + secrets.token_urlsafe(32)
        document: Document = {
            "_id": f"key_{secrets.token_hex(8)}",
            "source": source,
            "digest": digest(secret),
            "ends_with": secret[-4:],
            "created_at": datetime.now(UTC),
            "created_by": created_by,
        }
        await self._mongo.keys.insert(document)
        self._ring.forget()
        return _key(document), secret

    async def of(self, source: str) -> list[WriteKey]:
        """Return a source's keys, the newest first."""
        return [_key(found) for found in await self._mongo.keys.find({"source": source}, sort=[("created_at", -1)])]

    async def delete(self, source: str, key_id: str) -> None:
        """Revoke a key. It stops working here at once and in other processes within five seconds.

        Raises:
            Problem: 404 when the source has no such key.
        """
        if not await self._mongo.keys.delete({"_id": key_id, "source": source}):
            raise not_found("key", key_id)
        self._ring.forget()

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


def _key(document: Document) -> WriteKey:
    return WriteKey(
        id=document["_id"],
        source=document["source"],
        ends_with=document["ends_with"],
        created_at=document["created_at"],
        created_by=document["created_by"],
    )
