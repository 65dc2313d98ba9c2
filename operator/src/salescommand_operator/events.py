"""The events of a DataLake: a fixed list, each said when something changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from salescommand_lake.plan.steps import Action, Risk
from salescommand_operator.conditions import Pass
from salescommand_operator.status import condition_of

__all__ = ["REASONS", "Event", "events"]

REASONS: Mapping[str, str] = {
    "PlanCreated": "Normal",
    "PlanRefused": "Warning",
    "ApprovalRequired": "Warning",
    "PlanApplied": "Normal",
    "StepFailed": "Warning",
    "DriftDetected": "Warning",
    "DriftHealed": "Normal",
    "RetentionShortened": "Warning",
    "ReplicaAdded": "Normal",
    "ReplicaRemoved": "Normal",
    "ScaleBlocked": "Warning",
    "StorageExpanding": "Normal",
    "StorageExpanded": "Normal",
    "ShrinkRefused": "Warning",
    "ClusterUnreachable": "Warning",
    "LakeReady": "Normal",
    "LakeNotReady": "Warning",
    "Retained": "Normal",
    "DataDeleted": "Warning",
}
"""Every reason and its type. Events last about an hour; the same fact is always in a condition too."""
_WHEN_TRUE = {"Ready": "LakeReady"}
_WHEN_NOT = {
    ("PlanApproved", "ApprovalRequired"): "ApprovalRequired",
    ("PlanApproved", "StaleApproval"): "ApprovalRequired",
    ("PlanApproved", "Refused"): "PlanRefused",
    ("PlanApproved", "FirstRunDestructive"): "PlanRefused",
    ("SchemaApplied", "ApplyFailed"): "StepFailed",
    ("SchemaInSync", "DriftDetected"): "DriftDetected",
    ("SchemaInSync", "ReplicasDiverge"): "DriftDetected",
    ("TopologyAligned", "ScaleBlocked"): "ScaleBlocked",
    ("StorageAligned", "Expanding"): "StorageExpanding",
    ("StorageAligned", "ShrinkRefused"): "ShrinkRefused",
    ("ClusterReachable", "SomeReplicasUnreachable"): "ClusterUnreachable",
    ("ClusterReachable", "AuthFailed"): "ClusterUnreachable",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    reason: str
    message: str

    @property
    def type(self) -> str:
        """Return Normal or Warning."""
        return REASONS[self.reason]


def events(found: Pass, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Event]:
    """Yield what is worth an event in the change from one status to the next."""
    for condition in after.get("conditions", ()):
        kind, old = condition["type"], condition_of(before, condition["type"])
        flipped = old.get("status") != condition["status"]
        if condition["status"] == "True":
            if flipped and kind in _WHEN_TRUE:
                yield Event(_WHEN_TRUE[kind], condition["message"])
            elif flipped and kind == "StorageAligned" and old.get("reason") == "Expanding":
                yield Event("StorageExpanded", condition["message"])
            continue
        reason = _WHEN_NOT.get((kind, condition["reason"]))
        if reason and (flipped or old.get("reason") != condition["reason"]):
            yield Event(reason, condition["message"])
        elif kind == "Ready" and flipped and old:
            yield Event("LakeNotReady", condition["message"])
    yield from _about_the_plan(found, before, after)
    yield from _about_replicas(before, after)


def _about_the_plan(found: Pass, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Event]:
    plan, outcome = found.plan, found.outcome
    if plan is None:
        return
    if plan.steps and before.get("plan", {}).get("hash") != plan.hash:
        yield Event("PlanCreated", f"{plan.summary}: {plan.hash}")
    if outcome is None or not outcome.applied:
        return
    if outcome.failed is None:
        yield Event("PlanApplied", f"{len(outcome.applied)} steps ran: {plan.summary}")
    if found.drift:
        yield Event("DriftHealed", f"{len(found.drift)} things were changed back.")
    for step in outcome.applied:
        if step.risk is Risk.DESTRUCTIVE and step.action in (Action.MODIFY_TTL, Action.RAW_RETENTION):
            yield Event("RetentionShortened", f"{step.object}: {step.reason}")


def _about_replicas(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Event]:
    old, new = (status.get("topology", {}).get("replicas") for status in (before, after))
    if old and new and new != old:
        yield Event("ReplicaAdded" if new > old else "ReplicaRemoved", f"{old} to {new} replicas")
