"""What lets a post in: a write key, or a signature that the source accepts, and what the source asks beyond that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from backend.microservices.ingest.contracts import Contract
from backend.microservices.ingest.rates import Bucket
from backend.microservices.ingest.signatures import Verification

__all__ = ["Grant", "KeyFinder", "SourcePolicy"]


class SourcePolicy(msgspec.Struct, frozen=True):
    """One source as the door sees it. Nearly all sources have none of the last four, and then they cost nothing."""

    source: str
    kind: str = "generic"
    paused: bool = False
    verification: Verification | None = None
    bucket: Bucket | None = None
    contracts: Mapping[str, Contract] = msgspec.field(default_factory=dict)
    """By the word that is posted."""

    @property
    def is_plain(self) -> bool:
        """Whether a key and room on the disk are all that a post needs."""
        return not self.paused and self.bucket is None and self.verification is None


class Grant(msgspec.Struct, frozen=True):
    """What a write key allows: to post events of one source, as long as it lives."""

    key_id: str
    policy: SourcePolicy
    entities: frozenset[str] = frozenset()
    """The words that it may post; empty: any."""
    expires_at: float = float("inf")
    """In seconds since 1970."""
    digest: str = ""
    """SHA-256 of the secret, hexadecimal."""

    @property
    def source(self) -> str:
        """The source's name."""
        return self.policy.source

    def allows(self, source: str, entity_type: str) -> bool:
        """Tell whether the key may post such events."""
        return source == self.policy.source and (not self.entities or entity_type in self.entities)

    @property
    def kind(self) -> str:
        """The source's kind."""
        return self.policy.kind


class KeyFinder(Protocol):
    """Finds write keys by their secret, and what sources ask of their posts."""

    async def find(self, secret: str) -> Grant | None:
        """Return what the key allows, or None when it is unknown, revoked or has expired."""

    def known(self, secret: str) -> Grant | None:
        """Return what the key allows where nobody has to be asked for it, None when `find` must be."""

    async def source(self, name: str) -> SourcePolicy | None:
        """Return what a source asks of its posts, or None when there is no such source."""
