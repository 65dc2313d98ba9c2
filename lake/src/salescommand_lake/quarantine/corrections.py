"""Corrected copies of events: posted like any event, they stand in for the original, which stays as it came."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from salescommand_lake.engine import Engine
from salescommand_lake.identifiers import encode_event_id
from salescommand_lake.quarantine.actions import Action, ActionRefused, write_action
from salescommand_lake.raw import RawEvent, get_event

__all__ = ["correct", "correction_target"]


async def correction_target(engine: Engine, event_id: str) -> RawEvent:
    """Return the event that is to be corrected.

    Raises:
        ActionRefused: there is no such event, it is corrected already, or is a corrected copy that stands.
        LakeError: the engine is away.
    """
    try:
        event = await get_event(engine, event_id)
    except ValueError as error:
        raise ActionRefused("event", str(error)) from None
    if event is None:
        raise ActionRefused("event", f"the lake has no event {event_id}")
    rows = await engine.query(
        "SELECT corrected FROM event_corrections FINAL WHERE source = {source:String} AND original = {seq:UInt64}\n"
        "AND active",
        {"source": event.source, "seq": event.seq},
    )
    if rows:
        copy = encode_event_id(int(rows[0]["corrected"]))
        raise ActionRefused("event", f"{event_id} is corrected by {copy} already; undo that or correct the copy")
    return event


async def correct(engine: Engine, original: RawEvent, corrected: int, *, actor: str, reason: str) -> Action:
    """Let the event ``corrected`` stand in for ``original``; the next step of the fold brings it into the record.

    Raises:
        LakeError: the engine is away; calling again completes it.
    """
    copy = encode_event_id(corrected)
    action = Action(
        action_id=f"qua_{uuid.uuid4().hex[:20]}",
        action="correct",
        source=original.source,
        target=original.event_id,
        reason=reason,
        actor=actor,
        done_at=datetime.now(UTC),
        before={"event": original.event_id, "sha256": original.body_sha256},
        after={"event": copy},
    )
    row = {
        "source": original.source,
        "original": original.seq,
        "corrected": corrected,
        "action_id": action.action_id,
        "active": True,
        "version": time.time_ns() // 1000,
    }
    await engine.insert("event_corrections", [row], token=action.action_id)
    return await write_action(engine, action)
