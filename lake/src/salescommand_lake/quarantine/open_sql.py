"""The quarantine as SQL: which entries are open, which a person has ignored, and which a correction stands in for."""

from __future__ import annotations

__all__ = ["ENTRIES", "REPLACED"]

REPLACED = "SELECT source, if(active, original, corrected) AS seq FROM event_corrections FINAL"
"""A SELECT of the events that are out of their records: corrected ones, and copies whose correction was undone."""

ENTRIES = (
    "SELECT q.*, multiIf((q.source, q.seq) IN (" + REPLACED + "), 'corrected',\n"
    "    m.ignored, 'ignored', 'open') AS state, m.action_id AS action_id\n"
    "FROM (SELECT * FROM quarantine FINAL WHERE NOT resolved) AS q\n"
    "LEFT ANY JOIN (SELECT source, seq, field, action_id, ignored FROM quarantine_marks FINAL) AS m\n"
    "  ON m.source = q.source AND m.seq = q.seq AND m.field = q.field"
)
"""A SELECT of the entries that no mapping reads, with their state: open, ignored or corrected."""
