"""What a step of the fold did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FailedMapping:
    """A mapping whose statement the engine refused. Its events stay pending and are tried again by the next step."""

    source: str
    record_type: str
    scope: str
    version: int
    error: str


@dataclass(frozen=True, slots=True)
class FoldResult:
    """What one call of ``fold_pending`` did."""

    batches: int
    """Batches that are now in the records."""
    events: int
    """Raw events of these batches."""
    applied: int
    """Events that a mapping accepted."""
    quarantined: int
    """Events that were refused whole; fields in quarantine are counted apart, in the quarantine."""
    ignored: int
    """Events that no mapping claims."""
    remapped: int
    """Events that were read again because the mapping of their source changed."""
    more: bool
    """Whether batches are left that a next call can take."""
    decided: int = 0
    """Decisions about which records are one, and corrections of events, that are now in the records."""
    failed: tuple[FailedMapping, ...] = ()
    """Mappings set aside, for health and metrics to name."""

    @property
    def changed(self) -> bool:
        """Return whether any record may differ from before, so that a refresh of the serving zone is due."""
        return bool(self.batches or self.remapped or self.decided)


@dataclass(frozen=True, slots=True)
class AppliedMapping:
    """What ``apply_mapping`` stored. ``changed`` is false when the same document was already the current one."""

    scope: str
    """``source:NAME`` or ``kind:NAME``."""
    record_type: str
    version: int
    changed: bool


@dataclass(frozen=True, slots=True)
class MappingVersion:
    """One version of the document of a scope and noun. The text is empty where the document was removed."""

    version: int
    text: str
    author: str
    applied_at: datetime
