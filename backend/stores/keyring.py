"""Write keys and what sources ask of their posts, kept in memory: ingest asks for each post and can't wait."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from datetime import UTC, datetime

from backend.microservices.ingest.policy import Grant, SourcePolicy
from backend.stores.mongo import Database, Document, MongoUnavailable
from backend.stores.policies import PolicyReader
from backend.stores.sealing import Sealer

__all__ = ["KeyRing", "digest"]

logger = logging.getLogger(__name__)
# What another process changed (a key revoked, a contract applied) counts here after this long at most; what this
# process changed, at once.
FRESH_SECONDS = 5.0
# An unknown key makes us look again, but not more often than this, so that guessing costs MongoDB nothing.
RETRY_SECONDS = 0.5
# How often the times at which keys were used are written down.
USED_SECONDS = 30.0
NEVER = float("-inf")
_SELECTOR = 16


def digest(secret: str) -> str:
    """Return what is stored of a key, token, link or session: its SHA-256. They are random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyRing:
    """All live write keys and all sources. When MongoDB is away, those known so far go on working."""

    def __init__(self, mongo: Database, sealer: Sealer) -> None:
        self._mongo = mongo
        self._reader = PolicyReader(mongo, sealer)
        self._grants: dict[str, Grant] = {}
        """By the first characters of their digest: the whole is compared in constant time."""
        self._policies: dict[str, SourcePolicy] = {}
        self._used: dict[str, float] = {}
        self._written_at = time.monotonic()
        self._loaded_at = NEVER
        self._generation = 0
        self._loading = asyncio.Lock()
        self._away: MongoUnavailable | None = None
        self._retry: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    async def find(self, secret: str) -> Grant | None:
        """Return what the key allows, or None when it is unknown, revoked or has expired.

        Raises:
            MongoUnavailable: the key isn't known here and MongoDB can't be asked.
        """
        wanted = digest(secret)
        grant = self._live(wanted)
        if time.monotonic() - self._loaded_at >= (FRESH_SECONDS if grant else RETRY_SECONDS):
            await self._refresh(known=grant is not None)
            grant = self._live(wanted)
        if grant is not None:
            self._used[grant.key_id] = time.time()
        return grant

    def known(self, secret: str) -> Grant | None:
        """Return what the key allows where nobody has to be asked for it, None when `find` must be."""
        grant = self._live(digest(secret))
        if grant is None or time.monotonic() - self._loaded_at >= FRESH_SECONDS:
            return None
        self._used[grant.key_id] = time.time()
        return grant

    async def source(self, name: str) -> SourcePolicy | None:
        """Return what a source asks of its posts, or None when there is no such source.

        Raises:
            MongoUnavailable: the source isn't known here and MongoDB can't be asked.
        """
        known = name in self._policies
        if time.monotonic() - self._loaded_at >= (FRESH_SECONDS if known else RETRY_SECONDS):
            await self._refresh(known=known)
        return self._policies.get(name)

    def forget(self) -> None:
        """Make the next post look again: a key or a source changed."""
        self._generation += 1
        self._loaded_at = NEVER

    async def write_used(self) -> None:
        """Write down when keys were last used.

        Raises:
            MongoUnavailable: not now; what was not written is kept for the next time.
        """
        self._written_at = time.monotonic()
        while self._used:
            key_id, at = self._used.popitem()
            change = {"$max": {"last_used_at": datetime.fromtimestamp(at, UTC)}}
            try:
                await self._mongo.keys.update({"_id": key_id}, change)
            except MongoUnavailable:
                self._used.setdefault(key_id, at)
                raise

    async def close(self) -> None:
        """Write down what is not yet written, if MongoDB is there."""
        try:
            await self.write_used()
        except MongoUnavailable as error:
            logger.warning("The last use of %d write keys is not written down: %s", len(self._used), error)

    def _live(self, wanted: str) -> Grant | None:
        grant = self._grants.get(wanted[:_SELECTOR])
        if grant is None or not hmac.compare_digest(grant.digest, wanted):
            return None
        return grant if grant.expires_at > time.time() else None

    async def _refresh(self, *, known: bool) -> None:
        """Look again; what is known goes on working while MongoDB is away.

        Raises:
            MongoUnavailable: it is away, and what is asked for isn't known.
        """
        if self._away is not None:
            # MongoDB was away a moment ago: nobody waits for it again, one task in the background does.
            self._retry_later()
            if not known:
                raise self._away
            return
        try:
            await self._reload(time.monotonic())
        except MongoUnavailable as error:
            logger.warning("Write keys can't be checked for revocation: %s", error)
            self._retry_later()
            if not known:
                raise

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
                policies = await self._reader.read()
                keys = await self._mongo.keys.find()
            except MongoUnavailable as error:
                self._away = error
                raise
            self._away = None
            self._policies = policies
            self._grants = {key["digest"][:_SELECTOR]: _grant(key, policies) for key in keys}
            if generation == self._generation:
                self._loaded_at = started
        if self._used and started - self._written_at > USED_SECONDS:
            self._write_later()

    def _write_later(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_quietly(), name="use of write keys")

    async def _write_quietly(self) -> None:
        try:
            await self.write_used()
        except MongoUnavailable as error:
            logger.warning("The last use of write keys can't be written down now: %s", error)


def _grant(key: Document, policies: dict[str, SourcePolicy]) -> Grant:
    ends: datetime | None = key.get("expires_at")
    return Grant(
        key_id=key["_id"],
        policy=policies.get(key["source"]) or SourcePolicy(key["source"]),
        entities=frozenset(key.get("entities") or ()),
        expires_at=ends.timestamp() if ends else float("inf"),
        digest=key["digest"],
    )
