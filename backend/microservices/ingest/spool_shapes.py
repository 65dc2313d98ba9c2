"""Shapes and limits of the spool."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from prometheus_client import Histogram

from backend.microservices.ingest.loader_state import seconds_histogram

__all__ = ["BatchEntry", "Counters", "SpoolLimits", "SpoolStats"]

_GIBIBYTE = 1024**3


class Counters(msgspec.Struct):
    """A source's books at the door, in records since the spool was made.

    received = accepted + rejected; accepted = duplicates + in_spool + loaded + refused + damaged. `in_spool` and
    `oldest_seq` are counted from the rows when the spool is opened, the others are kept on disk.
    """

    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    refused: int = 0
    loaded: int = 0
    damaged: int = 0
    in_spool: int = 0
    oldest_seq: int = 0


class BatchEntry(msgspec.Struct, frozen=True):
    """A planned insert, written down before it is tried: a range of numbers and the token made of its content."""

    first_seq: int
    last_seq: int
    batch_id: str
    sources: dict[str, int]


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Sizes in bytes."""

    pending_bytes: int = 64 * 1024 * 1024
    """Posts that wait for the disk; above it they are turned away."""
    spool_bytes: int = 8 * _GIBIBYTE
    """The file; above it posts are turned away until the lake has taken some."""
    group_rows: int = 4000
    group_bytes: int = 8 * 1024 * 1024
    window_days: float = 7.0
    """How long a repeat is recognised at the door. Later ones change no number either; the lake sees to that."""
    window_entries: int = 2_000_000
    """Marks kept in memory (about 150 bytes each); above it the oldest are forgotten before their time."""


def _commits() -> Histogram:
    return seconds_histogram("salescommand_spool_commit_duration_seconds", "Time of one group commit, fsync included")


@dataclass(slots=True)
class SpoolStats:
    """Counts since the process started."""

    groups: int = 0
    events: int = 0
    commits: Histogram = field(default_factory=_commits)
    failures: int = 0
    turned_away: dict[str, int] = field(default_factory=dict)
    """Posts that the door refused, by the kind of its problem document."""
    last_error: str | None = None
    damage: str | None = None
    """What was found damaged in the file, in words."""
