"""Up to when everything accepted is in the numbers, per source, with what still waits in the spool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from backend.context import Context

__all__ = ["lowered"]


def lowered(context: Context, moments: Mapping[str, datetime]) -> dict[str, datetime]:
    """Move each source's "data as of" to before the oldest event that still waits in this process's spool."""
    found = dict(moments)
    if context.local_spool is None:
        return found
    for source in context.local_spool.books():
        oldest = context.local_spool.oldest(source)
        if oldest is not None and (source not in found or found[source] >= oldest):
            found[source] = oldest - timedelta(microseconds=1)
    return found
