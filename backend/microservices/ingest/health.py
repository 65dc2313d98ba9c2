"""What ingest says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from backend.microservices.ingest.spool import Spool

__all__ = ["ingest_health"]


def ingest_health(spool: Spool, adopted: Mapping[int, Spool]) -> dict[str, object]:
    """Return the spool's depth and age and the loader's state, from memory: this never waits for anything."""
    oldest = spool.oldest()
    loading = spool.loading
    books = spool.books().values()
    full = spool.used_bytes > spool.limits.spool_bytes or spool.disk_is_full
    accepting = spool.stats.last_error is None and not full
    return {
        "status": "draining" if spool.draining else "accepting" if accepting else "refusing",
        "spool_events": spool.depth,
        "spool_bytes": spool.used_bytes,
        "spool_limit_bytes": spool.limits.spool_bytes,
        "oldest_seconds": None if oldest is None else max(0.0, (datetime.now(UTC) - oldest).total_seconds()),
        "spool_error": spool.stats.last_error,
        "disk_is_full": spool.disk_is_full,
        "spool_damage": spool.stats.damage,
        "refused_events": sum(each.refused for each in books),
        "damaged_events": sum(each.damaged for each in books),
        "left_behind": {str(instance): each.depth for instance, each in adopted.items()},
        "loader": {
            "state": loading.state,
            "detail": loading.detail,
            "breaker": loading.breaker,
            "attempts": loading.attempts,
            "last_error": loading.last_error,
            "last_error_at": loading.last_error_at,
            "last_loaded_at": loading.last_loaded_at,
        },
    }
