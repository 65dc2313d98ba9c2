"""Corrections that the records do not have yet."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from salescommand_lake.engine import Engine
from salescommand_lake.identifiers import encode_event_id
from salescommand_lake.raw import get_event

__all__ = ["RecordKey", "corrections_to_apply", "mark_applied"]


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A record that a correction, or the undoing of one, changes."""

    source: str
    record_type: str
    source_id: str


async def corrections_to_apply(engine: Engine) -> tuple[list[str], list[RecordKey]]:
    """Return the corrections that are not in the records yet, as ids for ``mark_applied``, and their records."""
    rows = await engine.query(
        "SELECT concat('correction/', action_id, '/', toString(version)) AS id, source, [original, corrected] AS seqs\n"
        "FROM event_corrections FINAL WHERE id NOT IN (SELECT decision_id FROM identity_applied)"
    )
    if not rows:
        return [], []
    events = [encode_event_id(int(seq)) for row in rows for seq in row["seqs"]]
    found = [await get_event(engine, event_id) for event_id in dict.fromkeys(events)]
    keys = {RecordKey(event.source, event.record_type, event.source_id) for event in found if event is not None}
    return [row["id"] for row in rows], sorted(keys, key=lambda key: (key.source, key.record_type, key.source_id))


async def mark_applied(engine: Engine, ids: list[str]) -> None:
    """Note that corrections are in the records."""
    now = datetime.now(UTC)
    rows = [{"decision_id": one, "applied_at": now} for one in ids]
    await engine.insert("identity_applied", rows, token=uuid.uuid4().hex)
