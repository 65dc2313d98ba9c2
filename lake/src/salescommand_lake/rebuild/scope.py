"""What a rebuild takes in: everything, some sources, some nouns, or the records that changed since a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from salescommand_lake.identifiers import EPOCH, make_seq
from salescommand_lake.model import NOUNS, Noun


@dataclass(frozen=True, slots=True)
class RebuildScope:
    """Empty sources or nouns mean all. ``since``: only records with an event received at or after that time.

    Raises:
        ValueError: a noun that does not exist, or a time without a zone.
    """

    sources: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    since: datetime | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.nouns if name not in NOUNS]
        if unknown:
            msg = f"there are no records of type {unknown[0]!r}; use one of {', '.join(NOUNS)}"
            raise ValueError(msg)
        if self.since is not None and self.since.tzinfo is None:
            msg = f"the time {self.since.isoformat()} has no zone"
            raise ValueError(msg)

    @property
    def taken_nouns(self) -> tuple[Noun, ...]:
        """Return the nouns whose tables are rebuilt."""
        return tuple(noun for noun in NOUNS.values() if not self.nouns or noun.name in self.nouns)

    @property
    def whole(self) -> bool:
        """Whether every record of these nouns is taken."""
        return not self.sources and self.since is None

    @property
    def condition(self) -> str:
        """Return the condition on source and source_id for the records that are read again."""
        parts = []
        if self.sources:
            parts.append("source IN {scope_sources:Array(String)}")
        if self.since is not None:
            parts.append(
                "(source, source_id) IN (SELECT source, source_id FROM raw_batch_keys WHERE batch_id IN"
                " (SELECT batch_id FROM raw_batches WHERE last_seq >= {scope_since:UInt64}))"
            )
        return " AND ".join(parts) or "true"

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what the condition binds."""
        bound: dict[str, Any] = {"scope_sources": list(self.sources)} if self.sources else {}
        if self.since is not None:
            bound["scope_since"] = make_seq(max(self.since, EPOCH), 0)
        return bound

    @property
    def text(self) -> str:
        """Return the scope as JSON, the same for the same scope."""
        since = self.since.astimezone(UTC).isoformat() if self.since else None
        return json.dumps({"sources": sorted(self.sources), "nouns": sorted(self.nouns), "since": since})
