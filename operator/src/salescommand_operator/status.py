"""The status of a DataLake, from one pass and the status before. Pure: the time comes in from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salescommand_operator.conditions import Pass, conditions
from salescommand_operator.scaling import bytes_of
from salescommand_operator.status_model import DataLakeStatus

__all__ = ["condition_of", "merge_patch", "status_of"]

_MOST_STEPS, _MOST_ITEMS = 50, 20


def status_of(found: Pass, before: Mapping[str, Any], generation: int, now: str) -> dict[str, Any]:
    """Return the whole status. It equals the one before when nothing has changed, so that nothing is written.

    Times move only with what they are about: a condition's when its status flips, a plan's when its hash changes.
    """
    status: dict[str, Any] = dict(before)
    status["observedGeneration"] = generation
    status["conditions"] = _conditions(found, before, generation, now)
    if found.spec is None or found.spec.paused:
        return status
    if found.plan is not None:
        status["plan"] = _plan(found, before, generation, now)
        applied = _applied(found, before, generation, now)
        if applied:
            status["lastApplied"] = applied
    if found.seen.reachable:
        status |= _there(found)
    return DataLakeStatus.model_validate(status).model_dump(by_alias=True, exclude_none=True)


def condition_of(status: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a condition of a status, empty when there is none of the type."""
    return next((dict(each) for each in status.get("conditions", ()) if each["type"] == kind), {})


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch (RFC 7396) from one object to another."""
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        old = before.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            inner = merge_patch(old, value)
            patch |= {name: inner} if inner else {}
        elif old != value:
            patch[name] = value
    return patch


def _conditions(found: Pass, before: Mapping[str, Any], generation: int, now: str) -> list[dict[str, Any]]:
    kept = {each["type"]: dict(each) for each in before.get("conditions", ())}
    for each in conditions(found):
        old = kept.get(each.type, {})
        moved = now if old.get("status") != each.status else old["lastTransitionTime"]
        kept[each.type] = {
            "type": each.type,
            "status": each.status,
            "observedGeneration": generation,
            "lastTransitionTime": moved,
            "reason": each.reason,
            "message": each.message[:2000],
        }
    return list(kept.values())


def _plan(found: Pass, before: Mapping[str, Any], generation: int, now: str) -> dict[str, Any]:
    plan = found.plan
    assert plan is not None  # noqa: S101 - the caller has looked
    known = before.get("plan", {})
    if found.outcome is not None and found.outcome.failed is None:
        # What ran is in lastApplied; nothing waits any more.
        empty = {"hash": plan.hash, "generation": generation, "risk": "None", "summary": "no changes", "steps": []}
        same = known.get("hash") == plan.hash and known.get("summary") == "no changes"
        return empty | {"createdAt": known["createdAt"] if same else now}
    same = known.get("hash") == plan.hash
    shown = []
    for number, step in enumerate(plan.steps[:_MOST_STEPS], 1):
        entry = {
            "id": number,
            "action": step.action.value,
            "object": step.object,
            "target": step.target.value,
            "risk": step.risk.value,
            "reason": step.reason[:512],
            "sql": step.sql[:1024] or None,
            "rowsAffected": step.rows,
            "bytesAffected": step.bytes,
        }
        shown.append({key: value for key, value in entry.items() if value is not None})
    if same and known.get("steps"):
        shown = [{**step, **_estimates(known["steps"], step)} for step in shown]
    return {
        "hash": plan.hash,
        "generation": generation,
        "createdAt": known["createdAt"] if same else now,
        "risk": plan.risk.value,
        "summary": plan.summary,
        "truncated": True if len(plan.steps) > _MOST_STEPS else None,
        "steps": shown,
    }


def _estimates(known: list[dict[str, Any]], step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step's estimates as they were: they move with every row, and would write the status on every pass."""
    old = next((each for each in known if each["id"] == step["id"]), {})
    return {name: old[name] for name in ("rowsAffected", "bytesAffected", "reason") if name in old}


def _applied(found: Pass, before: Mapping[str, Any], generation: int, now: str) -> dict[str, Any] | None:
    outcome, plan = found.outcome, found.plan
    known = before.get("lastApplied", {})
    if outcome is None or outcome.failed is not None or outcome.error or plan is None:
        return None
    if not outcome.applied and known.get("generation") == generation:
        return None
    return {"hash": plan.hash, "generation": generation, "time": now, "steps": len(outcome.applied)}


def _there(found: Pass) -> dict[str, Any]:
    seen = found.seen
    answering = seen.reachable
    items = [
        {
            "object": step.object,
            "replica": server,
            "want": (step.want or "there")[:256],
            "got": (step.got or "nothing")[:256],
        }
        for server, step in found.drift
    ]
    status: dict[str, Any] = {
        "drift": {"count": len(items), "items": items[:_MOST_ITEMS]},
        "topology": {
            "shards": len(seen.sets) or 1,
            "replicas": max((each.replicas for each in seen.sets), default=1),
            "readyReplicas": len(answering),
            "selector": seen.selector or None,
        },
        "serverVersion": answering[0].version,
        "zones": [
            {"name": zone.name, "rows": zone.rows, "bytes": zone.bytes, "oldest": zone.oldest, "ttlDays": zone.ttl_days}
            for zone in answering[0].zones
        ],
    }
    storage = found.spec.storage if found.spec else None
    if storage is not None and seen.claims:
        smallest = min((claim.capacity for claim in seen.claims), key=bytes_of)
        growing = sum(bytes_of(claim.capacity) < bytes_of(storage.size) for claim in seen.claims)
        status["storage"] = {"requested": storage.size, "actual": smallest, "resizing": growing}
    return status
