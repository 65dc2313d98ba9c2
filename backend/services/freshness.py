"""How fresh a source is, by its own rhythm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

__all__ = ["Freshness", "freshness"]

Freshness = Literal["fresh", "late", "stale", "silent"]

# A burst of events says nothing about how often they come, so no silence shorter than an hour is remarkable.
SHORTEST_GAP = timedelta(hours=1)
# What we expect of a source whose rhythm isn't known yet.
UNKNOWN_GAP = timedelta(hours=24)
LATE_FACTOR = 3
SILENT_AFTER = timedelta(days=14)


def freshness(last_event_at: datetime | None, usual_gap: timedelta | None, now: datetime) -> Freshness:
    """Compare the silence since the last event with the source's usual gap.

    fresh: no longer than the usual gap (at least an hour; a day while the rhythm isn't known). late: up to three
    times as long. stale: longer. silent: nothing for 14 days, or never.
    """
    if last_event_at is None:
        return "silent"
    silence = now - last_event_at
    gap = UNKNOWN_GAP if usual_gap is None else max(usual_gap, SHORTEST_GAP)
    if silence <= gap:
        return "fresh"
    if silence <= gap * LATE_FACTOR:
        return "late"
    return "stale" if silence <= max(SILENT_AFTER, gap * LATE_FACTOR) else "silent"
