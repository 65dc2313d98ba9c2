"""What was seen of a lake's servers and of their Kubernetes objects in one pass. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from salescommand_lake.plan.plan import Plan

__all__ = ["ClaimSeen", "Seen", "ServerSeen", "SetSeen", "ZoneSeen"]


@dataclass(frozen=True, slots=True)
class ZoneSeen:
    """The table of a zone on one server. ``ttl_days`` is None where its TTL has another form."""

    name: str
    rows: int
    bytes: int
    oldest: str
    ttl_days: int | None


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """One ClickHouse server. ``plan`` is what differs on it; None when it could not be asked."""

    name: str
    shard: int = 0
    error: str = ""
    """Why it could not be asked, without secrets; '' when it could."""
    access_denied: bool = False
    plan: Plan | None = None
    mutations: int = 0
    """Mutations of the lake's tables that still run."""
    ttl_pending: int = 0
    """Rows in parts that do not yet carry the declared retention."""
    readonly_tables: int = 0
    delay_seconds: int = 0
    queue: int = 0
    """Replication tasks that failed again and again."""
    missing: int = 0
    """Parts of its peers that it has yet to fetch, with entries of their log that it has yet to read."""
    keeper_error: str = ""
    """Why coordination does not work, '' when it does or there is none."""
    version: str = ""
    replicated: bool = False
    schema_version: int = 0
    zones: tuple[ZoneSeen, ...] = ()

    @property
    def reachable(self) -> bool:
        """Whether it answered."""
        return not self.error


@dataclass(frozen=True, slots=True)
class SetSeen:
    """One StatefulSet of the chart's ClickHouse: one shard."""

    name: str
    shard: int
    replicas: int
    ready: int
    claim_size: str
    """Size in its claim template."""


@dataclass(frozen=True, slots=True)
class ClaimSeen:
    """One PersistentVolumeClaim of a server. Sizes as Kubernetes writes them."""

    name: str
    requested: str
    capacity: str
    waits_for_file_system: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was seen in one pass."""

    servers: Sequence[ServerSeen] = ()
    sets: Sequence[SetSeen] = ()
    claims: Sequence[ClaimSeen] = ()
    selector: str = ""
    conflicting: str = ""
    """Another DataLake that declares the same database of the same cluster."""
    error: str = ""
    """Why Kubernetes could not be asked, '' when it could."""

    @property
    def reachable(self) -> list[ServerSeen]:
        """Return the servers that answered."""
        return [server for server in self.servers if server.reachable]
