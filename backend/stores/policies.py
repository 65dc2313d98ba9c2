"""What sources ask of their posts, read from MongoDB and made ready: secrets opened, contracts compiled."""

from __future__ import annotations

import logging

from backend.microservices.ingest.contracts import BadSchema, Contract
from backend.microservices.ingest.policy import SourcePolicy
from backend.microservices.ingest.rates import Bucket, Rate
from backend.microservices.ingest.signatures import SCHEMES, Options, Verification
from backend.stores.mongo import Database, Document
from backend.stores.sealing import Sealer, Unreadable

__all__ = ["PolicyReader"]

logger = logging.getLogger(__name__)


class PolicyReader:
    """Reads all sources. What hasn't changed since is used again: buckets keep their level, contracts stay compiled."""

    def __init__(self, mongo: Database, sealer: Sealer) -> None:
        self._mongo = mongo
        self._sealer = sealer
        self._buckets: dict[str, Bucket] = {}
        self._contracts: dict[tuple[str, int], Contract | None] = {}

    async def read(self) -> dict[str, SourcePolicy]:
        """Return every source by its name.

        Raises:
            MongoUnavailable: MongoDB is away.
        """
        contracts = await self._read_contracts()
        return {
            source["_id"]: SourcePolicy(
                source=source["_id"],
                kind=str(source["kind"]),
                paused=bool(source.get("paused")),
                verification=self._verification(source),
                bucket=self._bucket(source),
                contracts=contracts.get(source["_id"], {}),
            )
            for source in await self._mongo.sources.find()
        }

    async def _read_contracts(self) -> dict[str, dict[str, Contract]]:
        """Return the contracts in force by source and word. Their text is fetched only when they are new."""
        found: dict[str, dict[str, Contract]] = {}
        kept: dict[tuple[str, int], Contract | None] = {}
        for brief in await self._mongo.contracts.find(fields=("source", "entity_type", "version", "action")):
            key = (brief["_id"], brief["version"])
            contract = self._contracts.get(key) if key in self._contracts else await self._compiled(brief)
            kept[key] = contract
            if contract is not None:
                found.setdefault(brief["source"], {})[brief["entity_type"]] = contract
        self._contracts = kept
        return found

    async def _compiled(self, brief: Document) -> Contract | None:
        whole = await self._mongo.contracts.get({"_id": brief["_id"], "version": brief["version"]})
        if whole is None:
            return None
        try:
            return Contract(whole["entity_type"], whole["version"], whole["action"], whole["schema"])
        except BadSchema as error:
            # It was checked when it was applied, so only another release can have written it.
            logger.error("the contract %s can't be used here and is not enforced: %s", whole["_id"], error)
            return None

    def _bucket(self, source: Document) -> Bucket | None:
        name, limits = source["_id"], source.get("rate")
        if not limits:
            self._buckets.pop(name, None)
            return None
        rate = Rate(float(limits["events_per_second"]), int(limits["burst"]))
        bucket = self._buckets.get(name)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[name] = Bucket(rate)
        return bucket

    def _verification(self, source: Document) -> Verification | None:
        kept = source.get("verification")
        if not kept:
            return None
        secrets: list[bytes] = []
        for sealed in kept["secrets"]:
            try:
                secrets.append(self._sealer.open(sealed["sealed"]))
            except Unreadable as error:
                # Nothing is then proven by it: the door refuses what it can't check.
                logger.error("a signing secret of %s can't be read: %s", source["_id"], error)
        if kept["scheme"] not in SCHEMES:
            logger.error("%s is verified by %s, which this release doesn't know", source["_id"], kept["scheme"])
            return Verification("hmac", [], required=True)
        options = Options(**kept["options"]) if kept.get("options") else Options()
        return Verification(kept["scheme"], secrets, options, required=bool(kept.get("required")))
