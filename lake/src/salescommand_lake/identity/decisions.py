"""Decisions about which records are one: written by people and vendors, applied by the fold, undone by a later one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from salescommand_lake.engine import Engine
from salescommand_lake.identity.link import Guard, Step
from salescommand_lake.model import NOUNS

__all__ = ["Decision", "DecisionRefused", "apply_decisions", "decide", "undo"]

Action = Literal["merge", "unmerge", "dismiss"]
_LONGEST_REASON = 1000


class DecisionRefused(ValueError):  # noqa: N818 - named for what happened
    """A decision that can't be. ``field`` names what of it is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as the log has it. The records follow with the next step of the fold."""

    decision_id: str
    noun: str
    action: str
    members: tuple[str, ...]
    reason: str
    actor: str
    decided_at: datetime
    undoes: str = ""


async def decide(
    engine: Engine, noun: str, action: Action, members: Sequence[str], *, actor: str, reason: str
) -> Decision:
    """Add a decision to the log.

    Either that records are one (merge), that some are split off from the record they are in (unmerge), or that two are
    not the same (dismiss).

    Raises:
        DecisionRefused: the noun has no merged records, a record is unknown, there are too few or too many of them, or
            they are not in the state that the decision is about; ``field`` says which.
        LakeError: the engine is away; nothing was decided.
    """
    if noun not in NOUNS or not NOUNS[noun].merged:
        merged = ", ".join(name for name, one in NOUNS.items() if one.merged)
        raise DecisionRefused("type", f"records of type {noun!r} are not merged across sources; use {merged}")
    if len(reason) > _LONGEST_REASON:
        raise DecisionRefused("reason", f"the reason is longer than {_LONGEST_REASON} characters")
    ids = list(dict.fromkeys(members))
    clusters = await _clusters(engine, noun, ids)
    unknown = [one for one in ids if one not in clusters]
    if unknown:
        raise DecisionRefused("members", f"there is no {noun} {unknown[0]!r}")
    _check(action, ids, clusters)
    return await _append(engine, noun, action, ids, actor=actor, reason=reason)


async def undo(engine: Engine, decision_id: str, *, actor: str, reason: str) -> Decision:
    """Take a decision back: the records become what they would be had it never been made.

    Raises:
        DecisionRefused: there is no such decision, it is an undo itself, or was undone already.
        LakeError: the engine is away; nothing was undone.
    """
    rows = await engine.query(
        "SELECT noun, action, members, decision_id IN (SELECT undoes FROM identity_decisions) AS undone\n"
        "FROM identity_decisions WHERE decision_id = {id:String} LIMIT 1",
        {"id": decision_id},
    )
    if not rows:
        raise DecisionRefused("decision", f"there is no decision {decision_id!r}")
    if rows[0]["action"] == "undo":
        raise DecisionRefused("decision", "an undo can't be undone; decide anew")
    if int(rows[0]["undone"]):
        raise DecisionRefused("decision", f"decision {decision_id} was undone already")
    noun, members = rows[0]["noun"], list(rows[0]["members"])
    return await _append(engine, noun, "undo", members, actor=actor, reason=reason, undoes=decision_id)


async def apply_decisions(engine: Engine, guard: Guard | None = None) -> int:
    """Bring decisions, and orders of trust, that are new since the last call into the records; return how many.

    Raises:
        LakeError: the engine is away; call again.
    """
    rows = await engine.query(
        "SELECT noun, decision_id, members FROM identity_decisions\n"
        "WHERE decision_id NOT IN (SELECT decision_id FROM identity_applied)\n"
        "UNION ALL SELECT noun, id, [] FROM (\n"
        "  SELECT noun, concat('trust/', noun, '/', toString(max(applied_at))) AS id FROM survivorship GROUP BY noun)\n"
        "WHERE id NOT IN (SELECT decision_id FROM identity_applied)"
    )
    for name in dict.fromkeys(row["noun"] for row in rows):
        noun = NOUNS[name]
        some = [row for row in rows if row["noun"] == name]
        named = sorted({member for row in some for member in row["members"]})
        touched = "SELECT arrayJoin({named:Array(String)}) AS canonical_id"
        if any(not row["members"] for row in some):
            touched += f"\nUNION ALL SELECT canonical_id FROM {noun.merged_table} FINAL WHERE length(members) > 1"
        await Step(engine, noun, guard).run(touched, {"named": named})
        now = datetime.now(UTC)
        applied = [{"decision_id": row["decision_id"], "applied_at": now} for row in some]
        await engine.insert("identity_applied", applied, token=uuid.uuid4().hex)
    return len(rows)


def _check(action: Action, ids: list[str], clusters: dict[str, tuple[str, int]]) -> None:
    together = {clusters[one][0] for one in ids}
    if action == "merge":
        if len(ids) < 2:
            raise DecisionRefused("members", "a merge takes two records or more")
        if len(together) == 1:
            raise DecisionRefused("members", "these records are one already")
    elif action == "dismiss":
        if len(ids) != 2:
            raise DecisionRefused("members", "name the two records that are not the same")
        if len(together) == 1:
            raise DecisionRefused("members", "these records are one now; un-merge them instead")
    else:
        if len(together) != 1:
            raise DecisionRefused("members", "the records to split off belong to different merged records")
        size = clusters[ids[0]][1]
        if not 0 < len(ids) < size:
            raise DecisionRefused("members", f"name some, but not all, of the {size} members of the merged record")


async def merged_of(engine: Engine, noun: str, members: Sequence[str]) -> dict[str, str]:
    """Return the merged record that each of some records is in; what there is not, is left out.

    Raises:
        LakeError: the engine is away.
    """
    if noun not in NOUNS or not NOUNS[noun].merged:
        return {}
    return {one: cluster for one, (cluster, _) in (await _clusters(engine, noun, list(members))).items()}


async def _clusters(engine: Engine, noun: str, ids: list[str]) -> dict[str, tuple[str, int]]:
    """Return per record the cluster that it is in and how many members that has."""
    rows = await engine.query(
        f"SELECT canonical_id, cluster_id, length(members) AS size FROM {NOUNS[noun].merged_table} FINAL\n"
        "WHERE canonical_id IN {ids:Array(String)}",
        {"ids": ids},
    )
    return {row["canonical_id"]: (row["cluster_id"], int(row["size"])) for row in rows}


async def _append(
    engine: Engine,
    noun: str,
    action: str,
    members: Sequence[str],
    *,
    actor: str,
    reason: str,
    undoes: str = "",
) -> Decision:
    decision = Decision(
        decision_id=f"idd_{uuid.uuid4().hex[:20]}",
        noun=noun,
        action=action,
        members=tuple(members),
        reason=reason,
        actor=actor,
        decided_at=datetime.now(UTC),
        undoes=undoes,
    )
    row: dict[str, Any] = {name: getattr(decision, name) for name in Decision.__slots__}
    await engine.insert("identity_decisions", [{**row, "members": list(members)}], token=decision.decision_id)
    return decision
