"""Ignoring, replaying and undoing: set-based, and each written to a log with who, when, before and after."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.quarantine.open_sql import ENTRIES
from salescommand_lake.reads.conditions import Column, condition
from salescommand_lake.reads.question import Filter, QueryError
from salescommand_lake.reads.values import iso

__all__ = ["COLUMNS", "Action", "ActionRefused", "ignore", "list_actions", "replay", "undo", "write_action"]

COLUMNS = {
    name: Column(name)
    for name in ("source", "record_type", "source_id", "field", "reason", "value", "event_id", "state")
}
"""What entries of the quarantine can be filtered by."""


class ActionRefused(ValueError):  # noqa: N818 - named for what happened
    """Something that can't be done about the quarantine. ``field`` names what of it is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Action:
    """What was done, as the log has it. ``before`` and ``after`` say what was there, such as counts of entries."""

    action_id: str
    action: str
    source: str
    target: str
    reason: str
    actor: str
    done_at: datetime
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    undoes: str = ""


async def ignore(engine: Engine, filters: Iterable[Filter], *, actor: str, reason: str) -> Action:
    """Take the open entries that match out of the queue, for a reason. They count as ignored from then on.

    Raises:
        ActionRefused: there is no reason, or nothing open matches.
        QueryError: a filter can't be used.
        LakeError: the engine is away; calling again completes it.
    """
    if not reason.strip():
        raise ActionRefused("reason", "say why it is ignored")
    wanted = tuple(filters)
    where, parameters = condition(wanted, COLUMNS)
    matching = f"FROM ({ENTRIES}) WHERE state = 'open' AND {where}"
    found = await _count(engine, matching, parameters)
    if not found:
        raise ActionRefused("filter", "no open entry matches")
    action = _action("ignore", _target(wanted), (reason, actor), ({"open": found}, {"open": 0, "ignored": found}))
    version = time.time_ns() // 1000
    await engine.command(
        "INSERT INTO quarantine_marks (source, seq, field, action_id, ignored, version)\n"
        "SELECT source, seq, field, {action:String} AS action_id, true AS ignored, {version:UInt64} AS version\n"
        f"{matching}",
        {**parameters, "action": action.action_id, "version": version},
    )
    return await write_action(engine, action)


async def replay(engine: Engine, filters: Iterable[Filter], *, actor: str, reason: str = "") -> Action:
    """Have the events of the open entries that match read again by the next step of the fold.

    All events of their source and noun are. A changed mapping does this by itself; this is for whatever else has become
    readable. Doing it again changes nothing.

    Raises:
        ActionRefused: nothing open matches.
        QueryError: a filter can't be used.
        LakeError: the engine is away; calling again completes it.
    """
    wanted = tuple(filters)
    where, parameters = condition(wanted, COLUMNS)
    matching = f"FROM ({ENTRIES}) WHERE state = 'open' AND {where}"
    found = await _count(engine, matching, parameters)
    if not found:
        raise ActionRefused("filter", "no open entry matches")
    # Where no mapping stands as the last one, the fold reads the events of the stream again.
    generation = time.time_ns() // 1000
    await engine.command(
        "INSERT INTO applied_mappings (source, kind, record_type, entity_type, noun, scope, mapping_hash,\n"
        "  mapping_version, generation)\n"
        "SELECT source, kind, record_type, entity_type, noun, scope, 'replay' AS mapping_hash, mapping_version,\n"
        "  greatest({generation:UInt64}, a.generation + 1) AS generation FROM applied_mappings AS a FINAL\n"
        f"WHERE mapping_hash != '' AND (source, noun) IN (SELECT source, record_type {matching})",
        {**parameters, "generation": generation},
    )
    return await write_action(engine, _action("replay", _target(wanted), (reason, actor), ({"open": found}, {})))


async def undo(engine: Engine, action_id: str, *, actor: str, reason: str = "") -> Action:
    """Take back what an action did: entries that it ignored are open again, a correction gives way to the original.

    Raises:
        ActionRefused: there is no such action, it can't be taken back, or was already.
        LakeError: the engine is away; calling again completes it.
    """
    rows = await engine.query(
        "SELECT action, target, before, after, action_id IN (SELECT undoes FROM quarantine_actions) AS undone\n"
        "FROM quarantine_actions WHERE action_id = {id:String} LIMIT 1",
        {"id": action_id},
    )
    if not rows:
        raise ActionRefused("action", f"there is no action {action_id!r}")
    row = rows[0]
    if row["action"] not in _UNDOING:
        raise ActionRefused("action", f"{row['action']} leaves nothing to take back")
    if int(row["undone"]):
        raise ActionRefused("action", f"action {action_id} was undone already")
    await engine.command(_UNDOING[row["action"]], {"id": action_id, "version": time.time_ns() // 1000})
    before, after = json.loads(row["after"]), json.loads(row["before"])
    return await write_action(engine, _action("undo", row["target"], (reason, actor), (before, after), action_id))


_UNDOING = {
    "ignore": (
        "INSERT INTO quarantine_marks (source, seq, field, action_id, ignored, version)\n"
        "SELECT source, seq, field, action_id, false AS ignored, {version:UInt64} AS version\n"
        "FROM quarantine_marks AS m FINAL WHERE action_id = {id:String} AND m.ignored"
    ),
    "correct": (
        "INSERT INTO event_corrections (source, original, corrected, action_id, active, version)\n"
        "SELECT source, original, corrected, action_id, false AS active, {version:UInt64} AS version\n"
        "FROM event_corrections AS c FINAL WHERE action_id = {id:String} AND c.active"
    ),
}


async def list_actions(engine: Engine, *, limit: int = 50, before: str | None = None) -> list[dict[str, Any]]:
    """Return the log, the newest first; ``before`` is the id of the last action of the page before.

    Raises:
        LakeError: the engine is away.
    """
    after = "1"
    if before:
        place = "SELECT done_at, action_id FROM quarantine_actions WHERE action_id = {before:String} LIMIT 1"
        after = f"(done_at, action_id) < ({place})"
    rows = await engine.query(
        "SELECT *, action_id IN (SELECT undoes FROM quarantine_actions) AS undone FROM quarantine_actions\n"
        f"WHERE {after} ORDER BY done_at DESC, action_id DESC LIMIT {limit}",
        {"before": before} if before else {},
    )
    return [
        {
            "id": row["action_id"],
            "action": row["action"],
            "target": row["target"],
            "reason": row["reason"],
            "actor": row["actor"],
            "at": iso(row["done_at"]),
            "before": json.loads(row["before"]),
            "after": json.loads(row["after"]),
            "undoes": row["undoes"] or None,
            "undone": bool(int(row["undone"])),
        }
        for row in rows
    ]


async def write_action(engine: Engine, action: Action) -> Action:
    """Add an action to the log and return it."""
    row = {name: getattr(action, name) for name in Action.__slots__}
    row |= {"before": json.dumps(dict(action.before)), "after": json.dumps(dict(action.after))}
    await engine.insert("quarantine_actions", [row], token=action.action_id)
    return action


_Counts = Mapping[str, Any]


def _action(
    action: str, target: str, said: tuple[str, str], counts: tuple[_Counts, _Counts], undoes: str = ""
) -> Action:
    """Make an entry of the log; ``said`` is the reason and who gives it, ``counts`` what was before and is after."""
    action_id = f"qua_{uuid.uuid4().hex[:20]}"
    return Action(action_id, action, "", target, *said, datetime.now(UTC), *counts, undoes)


def _target(filters: tuple[Filter, ...]) -> str:
    """Return the filters of a group as the log shows them.

    Raises:
        QueryError: there are none, so that nobody acts on everything by mistake.
    """
    if not filters:
        raise QueryError("filter", "is missing", "say which entries: filter[source]=…, filter[reason]=…")
    return "&".join(f"{one.parameter}={one.text}" for one in filters)


async def _count(engine: Engine, matching: str, parameters: dict[str, Any]) -> int:
    rows = await engine.query(f"SELECT count() AS n {matching}", parameters)
    return int(rows[0]["n"])
