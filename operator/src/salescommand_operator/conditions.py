"""The conditions of a DataLake, from what is declared, what was seen and what was done. Pure: no network, no clock.

The types and reasons are a vocabulary that people, alerts and GitOps tools rely on; `docs/operator.md` lists them.
`Reconciling` and `Stalled` are read by kstatus (Helm, Flux) and are True only when something is unusual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from salescommand_lake.plan.apply import Outcome
from salescommand_lake.plan.decide import Decision
from salescommand_lake.plan.plan import Plan
from salescommand_lake.plan.steps import Step
from salescommand_operator.model import DataLakeSpec
from salescommand_operator.scaling import Move, Scale, bytes_of
from salescommand_operator.seen import Seen

__all__ = ["TYPES", "Condition", "Pass", "conditions"]

Status = Literal["True", "False", "Unknown"]
TYPES = (
    "Ready",
    "Reconciling",
    "Stalled",
    "SpecValid",
    "ClusterReachable",
    "CoordinationReady",
    "PlanApproved",
    "SchemaApplied",
    "SchemaInSync",
    "RetentionApplied",
    "TopologyAligned",
    "ReplicasInSync",
    "StorageAligned",
    "Paused",
)
_BLOCKING = (
    "SpecValid",
    "ClusterReachable",
    "CoordinationReady",
    "PlanApproved",
    "SchemaApplied",
    "RetentionApplied",
    "TopologyAligned",
    "ReplicasInSync",
    "StorageAligned",
)
"""What Ready waits for, the first that fails gives its reason. Drift alone leaves a lake ready."""
_PROGRESS = frozenset(
    {"Applying", "MutationsRunning", "Materializing", "ScalingUp", "ScalingDown", "DrainingShard", "Expanding"}
    | {"FileSystemResizePending"}
)
_STALLS = {
    "ApprovalRequired": "ApprovalRequired",
    "StaleApproval": "ApprovalRequired",
    "FirstRunDestructive": "Refused",
    "Refused": "Refused",
    "ScaleBlocked": "Refused",
    "ShrinkRefused": "Refused",
    "ExpansionUnsupported": "PermanentFailure",
    "InvalidSpec": "InvalidSpec",
    "ConflictingLake": "InvalidSpec",
    "AuthFailed": "PermanentFailure",
    "DryRun": "ApprovalRequired",
}
"""Reasons that nothing but a person ends, and the word that Stalled has for them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition without its times."""

    type: str
    status: Status
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of the loop: what was declared, seen, planned, decided and done."""

    spec: DataLakeSpec | None
    """None when it can't be read; ``invalid`` says why."""
    invalid: str = ""
    seen: Seen = field(default_factory=Seen)
    plan: Plan | None = None
    decision: Decision | None = None
    outcome: Outcome | None = None
    drift: Sequence[tuple[str, Step]] = ()
    """Server and step of everything that was changed by hand since this DataLake made it."""
    moves: Sequence[Move] = ()

    @property
    def only_drift(self) -> bool:
        """Whether all that there is to do was changed by hand, and is not to be changed back."""
        return bool(self.drift) and self.outcome is None and self.spec is not None and self.spec.drift.policy != "Heal"


def conditions(found: Pass) -> list[Condition]:
    """Return all conditions, in the order of TYPES."""
    spec = found.spec
    if spec is not None and spec.paused:
        return _paused()
    known = {each.type: each for each in _about_the_lake(found)}
    known["Paused"] = Condition("Paused", "False", "Running", "The lake is looked after.")
    blocking = next((known[name] for name in _BLOCKING if known[name].status != "True"), None)
    if blocking is None:
        known["Ready"] = Condition("Ready", "True", "LakeReady", "The lake is as declared on every server.")
    else:
        known["Ready"] = Condition("Ready", "False", blocking.reason, blocking.message)
    stalled = next((each for each in known.values() if each.reason in _STALLS and each.status != "True"), None)
    moving = next((each for each in known.values() if each.reason in _PROGRESS), None)
    if stalled is not None:
        known["Stalled"] = Condition("Stalled", "True", _STALLS[stalled.reason], stalled.message)
        known["Reconciling"] = Condition("Reconciling", "False", "Idle", "Waits for a person.")
    elif moving is not None or blocking is not None:
        message = (moving or blocking or known["Ready"]).message
        known["Stalled"] = Condition("Stalled", "False", "NotStalled", "Goes on by itself.")
        known["Reconciling"] = Condition("Reconciling", "True", "Progressing", message)
    else:
        known["Stalled"] = Condition("Stalled", "False", "NotStalled", "Nothing waits for a person.")
        known["Reconciling"] = Condition("Reconciling", "False", "Idle", "There is nothing to do.")
    return [known[name] for name in TYPES]


def _paused() -> list[Condition]:
    message = "spec.paused is true: nothing is looked at and nothing is changed."
    return [
        Condition("Paused", "True", "PausedByUser", message),
        Condition("Reconciling", "False", "Idle", message),
    ]


def _about_the_lake(found: Pass) -> list[Condition]:
    return [
        _spec_valid(found),
        _reachable(found),
        _coordination(found),
        _approved(found),
        _applied(found),
        _in_sync(found),
        _retention(found),
        _topology(found),
        _replicas(found),
        _storage(found),
    ]


def _spec_valid(found: Pass) -> Condition:
    if found.invalid:
        return Condition("SpecValid", "False", "InvalidSpec", found.invalid)
    if found.seen.conflicting:
        message = (
            f"{found.seen.conflicting} declares the same database; delete one of the two, or name another database."
        )
        return Condition("SpecValid", "False", "ConflictingLake", message)
    return Condition("SpecValid", "True", "Valid", "The declaration can be read.")


def _reachable(found: Pass) -> Condition:
    name, seen = "ClusterReachable", found.seen
    if seen.error:
        return Condition(name, "Unknown", "ReconcileError", seen.error)
    denied = next((server for server in seen.servers if server.access_denied), None)
    if denied is not None:
        return Condition(name, "False", "AuthFailed", f"{denied.name}: {denied.error}")
    away = [server for server in seen.servers if not server.reachable]
    if away:
        message = f"{len(away)} of {len(seen.servers)} servers do not answer; {away[0].name}: {away[0].error}"
        return Condition(name, "False", "SomeReplicasUnreachable", message)
    if not seen.servers:
        return Condition(name, "False", "SomeReplicasUnreachable", "There is no server yet.")
    return Condition(name, "True", "AllReplicasReachable", f"{len(seen.servers)} servers answer.")


def _coordination(found: Pass) -> Condition:
    name, asked = "CoordinationReady", found.seen.reachable
    if not asked:
        return Condition(name, "Unknown", "CheckFailed", "No server could be asked.")
    broken = next((server for server in asked if server.keeper_error), None)
    if broken is None:
        return Condition(name, "True", "QuorumHealthy", "Keeper answers, or none is needed.")
    reason = "SessionExpired" if "session" in broken.keeper_error.lower() else "NoQuorum"
    return Condition(name, "False", reason, f"{broken.name}: {broken.keeper_error}")


def _approved(found: Pass) -> Condition:
    name, decision = "PlanApproved", found.decision
    if decision is None:
        return Condition(name, "Unknown", "ReconcileError", "There is no plan yet.")
    if found.only_drift:
        return Condition(name, "True", "NoChanges", "What differs was changed by hand; see SchemaInSync.")
    return Condition(name, "True" if decision.may_run else "False", decision.reason, decision.message)


def _applied(found: Pass) -> Condition:
    name, plan, outcome = "SchemaApplied", found.plan, found.outcome
    if plan is None:
        return Condition(name, "Unknown", "ReconcileError", "There is no plan yet.")
    if outcome is not None and outcome.failed is not None:
        message = f"{outcome.failed.action} of {outcome.failed.object} failed: {outcome.error}"
        return Condition(name, "False", "ApplyFailed", message)
    return _not_applied(found, plan) or _done(name, outcome)


def _not_applied(found: Pass, plan: Plan) -> Condition | None:
    name, outcome = "SchemaApplied", found.outcome
    running = sum(server.mutations for server in found.seen.reachable)
    if found.only_drift:
        return None
    if plan.steps and found.spec is not None and found.spec.mode == "DryRun":
        return Condition(name, "False", "DryRun", f"mode is DryRun: {plan.summary} would run.")
    if plan.steps and outcome is None:
        return Condition(name, "False", "Applying", f"{plan.summary} to run.")
    if running:
        return Condition(name, "False", "MutationsRunning", f"{running} mutations are running.")
    return None


def _done(name: str, outcome: Outcome | None) -> Condition:
    if outcome is not None and outcome.applied:
        return Condition(name, "True", "Applied", f"{len(outcome.applied)} steps ran.")
    return Condition(name, "True", "UpToDate", "What is there is what is declared.")


def _in_sync(found: Pass) -> Condition:
    name = "SchemaInSync"
    if found.spec is not None and found.spec.drift.policy == "Ignore":
        return Condition(name, "Unknown", "Ignored", "drift.policy is Ignore.")
    if not found.seen.reachable or len(found.seen.reachable) < len(found.seen.servers):
        return Condition(name, "Unknown", "CheckFailed", "Not every server could be compared.")
    if not found.drift:
        return Condition(name, "True", "InSync", "Nothing was changed by hand.")
    server, step = found.drift[0]
    servers = {each for each, _ in found.drift}
    reason = "ReplicasDiverge" if len(servers) < len(found.seen.servers) else "DriftDetected"
    want, got = step.want or "it", step.got or "nothing"
    message = f"{len(found.drift)} things differ; on {server} {step.object}: want {want}, got {got}"
    return Condition(name, "False", reason, message)


def _retention(found: Pass) -> Condition:
    name, asked = "RetentionApplied", found.seen.reachable
    if not asked:
        return Condition(name, "Unknown", "CheckFailed", "No server could be asked.")
    if (
        found.plan is not None
        and not found.only_drift
        and any(step.action in ("ModifyTTL", "RemoveTTL", "RawRetention") for step in found.plan.steps)
    ):
        done = found.outcome is not None and found.outcome.failed is None
        if not done:
            return Condition(name, "False", "TTLMismatch", "The declared retention is not in the tables yet.")
    pending = sum(server.ttl_pending for server in asked)
    if pending:
        return Condition(
            name, "False", "Materializing", f"{pending} rows are in parts that still carry another expiry."
        )
    return Condition(name, "True", "UpToDate", "Every part carries the declared retention.")


_GOING = {Scale.ADD_REPLICA: "ScalingUp", Scale.ADD_SHARD: "ScalingUp", Scale.REMOVE_REPLICA: "ScalingDown"}


def _topology(found: Pass) -> Condition:
    name = "TopologyAligned"
    moves = [move for move in found.moves if move.what in _GOING or move.what is Scale.DRAIN_SHARD]
    blocked = next((move for move in moves if move.blocked), None)
    if blocked is not None:
        return Condition(name, "False", "ScaleBlocked", f"{blocked.object}: {blocked.blocked}")
    if moves:
        first = moves[0]
        return Condition(
            name, "False", _GOING.get(first.what, "DrainingShard"), f"{first.object}: {first.got} to {first.want}"
        )
    wanted = found.spec.topology if found.spec is not None else None
    starting = [each for each in found.seen.sets if each.ready < each.replicas]
    if wanted is not None and starting:
        message = f"{starting[0].name}: {starting[0].ready} of {starting[0].replicas} servers are ready"
        return Condition(name, "False", "ScalingUp", message)
    return Condition(name, "True", "UpToDate", "Shards and replicas are as declared.")


def _replicas(found: Pass) -> Condition:
    name, asked = "ReplicasInSync", found.seen.reachable
    if not asked:
        return Condition(name, "Unknown", "CheckFailed", "No server could be asked.")
    limit = found.spec.topology.max_replica_delay_seconds if found.spec and found.spec.topology else 60
    for server in asked:
        if server.readonly_tables:
            return Condition(
                name, "False", "ReplicaReadonly", f"{server.name}: {server.readonly_tables} tables are read-only."
            )
        if server.queue:
            return Condition(name, "False", "QueueStuck", f"{server.name}: {server.queue} replication tasks fail.")
        if server.delay_seconds > limit:
            message = f"{server.name} is {server.delay_seconds} s behind; {limit} s are allowed."
            return Condition(name, "False", "ReplicaLagging", message)
    return Condition(name, "True", "WithinDelay", f"No server is more than {limit} s behind.")


def _storage(found: Pass) -> Condition:
    name, storage, claims = "StorageAligned", found.spec.storage if found.spec else None, found.seen.claims
    if storage is None or not claims:
        return Condition(name, "True", "UpToDate", "No volume is declared, or none is there.")
    larger = next((each for each in claims if bytes_of(each.requested) > bytes_of(storage.size)), None)
    if larger is not None:
        message = f"{larger.name} asks for {larger.requested} already; claims cannot shrink. Declare at least that."
        return Condition(name, "False", "ShrinkRefused", message)
    refused = next((move for move in found.moves if move.what is Scale.GROW_CLAIM and move.refused), None)
    if refused is not None:
        return Condition(name, "False", "ExpansionUnsupported", f"{refused.object}: {refused.blocked}")
    waiting = next((each for each in claims if each.waits_for_file_system), None)
    if waiting is not None:
        message = f"{waiting.name} is larger; its file system grows when the pod starts again."
        return Condition(name, "False", "FileSystemResizePending", message)
    moves = [move for move in found.moves if move.what in (Scale.GROW_CLAIM, Scale.REMAKE_SET)]
    growing = [each for each in claims if bytes_of(each.capacity) < bytes_of(storage.size)]
    if moves or growing:
        first = moves[0].object if moves else growing[0].name
        return Condition(name, "False", "Expanding", f"{first} grows to {storage.size}.")
    return Condition(name, "True", "UpToDate", f"Every volume has {storage.size}.")
