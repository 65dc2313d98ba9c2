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
NEVER = float("-inf")


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
        self._loaded_at = NEVER
        self._generation = 0
        self._loading = asyncio.Lock()
        self._away: MongoUnavailable | None = None
        self._retry: asyncio.Task[None] | None = None

    async def find(self, secret: str) -> KeyGrant | None:
        """Return what the key allows, or None when it is unknown or revoked.

        Raises:
            MongoUnavailable: the key isn't known here and MongoDB can't be asked.
        """
        wanted = digest(secret)
        grant = self._grants.get(wanted)
        age = time.monotonic() - self._loaded_at
        if age < (FRESH_SECONDS if grant else RETRY_SECONDS):
            return grant
        if self._away is not None:
            # MongoDB was away a moment ago: nobody waits for it again, one task in the background does.
            self._retry_later()
            if grant is None:
                raise self._away
            return grant
        try:
            await self._reload(time.monotonic())
        except MongoUnavailable as error:
            logger.warning("Write keys can't be checked for revocation: %s", error)
            self._retry_later()
            if grant is None:
                raise
        return self._grants.get(wanted)

    def forget(self) -> None:
        """Make the next post look again: a key or the kind of a source changed."""
        self._generation += 1
        self._loaded_at = NEVER

    def _retry_later(self) -> None:
        if self._retry is None or self._retry.done():
            self._retry = asyncio.create_task(self._reload_quietly(), name="write keys")

    async def _reload_quietly(self) -> None:
        try:
            await self._reload(time.monotonic())
        except MongoUnavailable:
            await asyncio.sleep(RETRY_SECONDS)

    async def _reload(self, asked_at: float) -> None:
        async with self._loading:
            if self._loaded_at > asked_at:
                return
            started, generation = time.monotonic(), self._generation
            try:
                kinds = {source["_id"]: str(source["kind"]) for source in await self._mongo.sources.find()}
                keys = await self._mongo.keys.find()
            except MongoUnavailable as error:
                self._away = error
                raise
            self._away = None
            self._grants = {
                key["digest"]: KeyGrant(key["_id"], key["source"], kinds.get(key["source"], "generic")) for key in keys
            }
            if generation == self._generation:
                self._loaded_at = started
