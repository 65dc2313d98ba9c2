"""Write keys, kept in memory by their digest: ingest asks for each post and must not wait for MongoDB."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from dataclasses import dataclass

from backend.stores.mongo import Database, MongoUnavailable

__all__ = ["KeyGrant", "KeyRing", "digest"]

logger = logging.getLogger(__name__)
# A key revoked by another process works for at most this long here; in this process it ends at once.
FRESH_SECONDS = 5.0
# An unknown key makes us look again, but not more often than this, so that guessing costs MongoDB nothing.
RETRY_SECONDS = 0.5


def digest(secret: str) -> str:
    """Return what is stored of a key, token, link or session: its SHA-256. They are random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """What a write key allows: to post events of one source, read as that source's kind."""

    key_id: str
    source: str
    kind: str


class KeyRing:
    """All live write keys. When MongoDB is away, the keys known so far go on working."""

    def __init__(self, mongo: Database) -> None:
        self._mongo = mongo
        self._grants: dict[str, KeyGrant] = {}
        self._loaded_at = -1e9
        self._tried_at = -1e9
        self._loading = asyncio.Lock()

    async def find(self, secret: str) -> KeyGrant | None:
        """Return what the key allows, or None when it is unknown or revoked.

        Raises:
            MongoUnavailable: the key isn't known here and MongoDB can't be asked.
        """
        wanted = digest(secret)
        now = time.monotonic()
        grant = self._grants.get(wanted)
        if grant is not None and now - self._loaded_at < FRESH_SECONDS:
            return grant
        if grant is None and now - self._loaded_at < RETRY_SECONDS:
            return None
        try:
            await self._reload(now)
        except MongoUnavailable as error:
            if grant is None:
                raise
            logger.warning("Write keys can't be checked for revocation: %s", error)
        return self._grants.get(wanted)

    def forget(self) -> None:
        """Make the next post look again: a key or the kind of a source changed."""
        self._loaded_at = -1e9
        self._tried_at = -1e9

    async def _reload(self, asked_at: float) -> None:
        async with self._loading:
            if self._loaded_at > asked_at:
                return
            if time.monotonic() - self._tried_at < RETRY_SECONDS:
                raise MongoUnavailable("MongoDB did not answer a moment ago.")
            started = time.monotonic()
            self._tried_at = started
            kinds = {source["_id"]: str(source["kind"]) for source in await self._mongo.sources.find()}
            self._grants = {
                key["digest"]: KeyGrant(
                    key_id=key["_id"], source=key["source"], kind=kinds.get(key["source"], "generic")
                )
                for key in await self._mongo.keys.find()
            }
            self._loaded_at = started
            self._tried_at = -1e9
