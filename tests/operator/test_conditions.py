"""Conditions, status and events from what was declared, seen and done: pure, so every reason has a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salescommand_lake.plan.apply import Outcome
from salescommand_lake.plan.decide import Decision
from salescommand_lake.plan.plan import Plan
from salescommand_lake.plan.steps import Action, Risk, Step
from salescommand_operator.conditions import TYPES, Pass, conditions
from salescommand_operator.events import REASONS, events
from salescommand_operator.model import DataLakeSpec
from salescommand_operator.scaling import Move, Scale, scale_steps
from salescommand_operator.seen import ClaimSeen, Seen, ServerSeen, SetSeen
from salescommand_operator.serving import serving_labels
from salescommand_operator.status import merge_patch, status_of

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
TTL = Step(Action.MODIFY_TTL, "serving_views", Risk.DESTRUCTIVE, "shorter", "ALTER", 3, 30, "30 days", "90 days")
EMPTY = Plan("salesintel", "default/lake", owner="default/lake")
WAITING = replace(EMPTY, steps=(TTL,))
SERVER = ServerSeen("chi-0", plan=EMPTY, version="26.9")
FINE = Decision(True, "NoChanges", "Nothing.")


def spec(**more: Any) -> DataLakeSpec:
    return DataLakeSpec.model_validate({"clusterRef": {"name": "chart"}, **more})


def seen(**changed: Any) -> Seen:
    return Seen(servers=[replace(SERVER, **changed)])


READY = Pass(spec(), seen=seen(), plan=EMPTY, decision=FINE)
SIZED = spec(topology={"replicas": 2}, storage={"size": "20Gi"})
CLAIM = ClaimSeen("data-0", "20Gi", "20Gi")


def of(found: Pass) -> dict[str, tuple[str, str]]:
    return {each.type: (each.status, each.reason) for each in conditions(found)}


def decided(reason: Any, *, may_run: bool = False) -> Pass:
    return replace(READY, plan=WAITING, decision=Decision(may_run, reason, "m"))


CASES: list[tuple[str, str, str, Pass]] = [
    ("Ready", "True", "LakeReady", READY),
    ("Ready", "False", "ApprovalRequired", decided("ApprovalRequired")),
    ("Reconciling", "False", "Idle", READY),
    ("Reconciling", "True", "Progressing", replace(READY, seen=seen(mutations=1))),
    ("Stalled", "False", "NotStalled", READY),
    ("Stalled", "True", "ApprovalRequired", decided("StaleApproval")),
    ("Stalled", "True", "Refused", decided("Refused")),
    ("Stalled", "True", "InvalidSpec", Pass(None, "spec.zones: wrong")),
    ("Stalled", "True", "PermanentFailure", replace(READY, seen=seen(error="no", access_denied=True))),
    ("SpecValid", "True", "Valid", READY),
    ("SpecValid", "False", "InvalidSpec", Pass(None, "spec.zones: wrong")),
    ("SpecValid", "False", "ConflictingLake", replace(READY, seen=Seen(conflicting="other"))),
    ("ClusterReachable", "True", "AllReplicasReachable", READY),
    ("ClusterReachable", "False", "SomeReplicasUnreachable", replace(READY, seen=seen(error="away"))),
    ("ClusterReachable", "False", "AuthFailed", replace(READY, seen=seen(error="no", access_denied=True))),
    ("ClusterReachable", "Unknown", "ReconcileError", replace(READY, seen=Seen(error="Kubernetes is away"))),
    ("CoordinationReady", "True", "QuorumHealthy", READY),
    ("CoordinationReady", "False", "NoQuorum", replace(READY, seen=seen(keeper_error="no leader"))),
    ("CoordinationReady", "False", "SessionExpired", replace(READY, seen=seen(keeper_error="a session expired"))),
    ("CoordinationReady", "Unknown", "CheckFailed", replace(READY, seen=seen(error="away"))),
    ("PlanApproved", "True", "NoChanges", READY),
    ("PlanApproved", "True", "SafeOnly", decided("SafeOnly", may_run=True)),
    ("PlanApproved", "True", "Approved", decided("Approved", may_run=True)),
    ("PlanApproved", "True", "AllowedByPolicy", decided("AllowedByPolicy", may_run=True)),
    ("PlanApproved", "False", "ApprovalRequired", decided("ApprovalRequired")),
    ("PlanApproved", "False", "StaleApproval", decided("StaleApproval")),
    ("PlanApproved", "False", "FirstRunDestructive", decided("FirstRunDestructive")),
    ("PlanApproved", "False", "Refused", decided("Refused")),
    ("SchemaApplied", "True", "UpToDate", READY),
    ("SchemaApplied", "True", "Applied", replace(READY, outcome=Outcome((TTL,)))),
    ("SchemaApplied", "False", "Applying", decided("SafeOnly", may_run=True)),
    ("SchemaApplied", "False", "ApplyFailed", replace(READY, outcome=Outcome((), TTL, "Code: 60"))),
    ("SchemaApplied", "False", "DryRun", replace(decided("Approved", may_run=True), spec=spec(mode="DryRun"))),
    ("SchemaApplied", "False", "MutationsRunning", replace(READY, seen=seen(mutations=2))),
    ("SchemaInSync", "True", "InSync", READY),
    ("SchemaInSync", "False", "DriftDetected", replace(READY, drift=[("chi-0", TTL)])),
    (
        "SchemaInSync", "False", "ReplicasDiverge",
        replace(READY, seen=Seen(servers=[SERVER, replace(SERVER, name="chi-1")]), drift=[("chi-0", TTL)]),
    ),
    ("SchemaInSync", "Unknown", "Ignored", replace(READY, spec=spec(drift={"policy": "Ignore"}))),
    ("SchemaInSync", "Unknown", "CheckFailed", replace(READY, seen=seen(error="away"))),
    ("RetentionApplied", "True", "UpToDate", READY),
    ("RetentionApplied", "False", "Materializing", replace(READY, seen=seen(ttl_pending=9))),
    ("RetentionApplied", "False", "TTLMismatch", decided("ApprovalRequired")),
    ("TopologyAligned", "True", "UpToDate", READY),
    ("TopologyAligned", "False", "ScalingUp", replace(READY, moves=[Move(Scale.ADD_REPLICA, "chi", "1", "2")])),
    ("TopologyAligned", "False", "ScalingDown", replace(READY, moves=[Move(Scale.REMOVE_REPLICA, "chi", "2", "1")])),
    ("TopologyAligned", "False", "DrainingShard", replace(READY, moves=[Move(Scale.DRAIN_SHARD, "chi", "a", "b")])),
    (
        "TopologyAligned", "False", "ScaleBlocked",
        replace(READY, moves=[Move(Scale.REMOVE_REPLICA, "chi", "2", "1", "not in sync")]),
    ),
    ("ReplicasInSync", "True", "WithinDelay", READY),
    ("ReplicasInSync", "False", "ReplicaLagging", replace(READY, seen=seen(delay_seconds=61))),
    ("ReplicasInSync", "False", "ReplicaReadonly", replace(READY, seen=seen(readonly_tables=1))),
    ("ReplicasInSync", "False", "QueueStuck", replace(READY, seen=seen(queue=1))),
    ("StorageAligned", "True", "UpToDate", replace(READY, spec=SIZED, seen=replace(seen(), claims=[CLAIM]))),
    (
        "StorageAligned", "False", "Expanding",
        replace(READY, spec=SIZED, seen=replace(seen(), claims=[replace(CLAIM, capacity="10Gi")])),
    ),
    (
        "StorageAligned", "False", "FileSystemResizePending",
        replace(READY, spec=SIZED, seen=replace(seen(), claims=[replace(CLAIM, waits_for_file_system=True)])),
    ),
    (
        "StorageAligned", "False", "ExpansionUnsupported",
        replace(
            READY, spec=SIZED, seen=replace(seen(), claims=[CLAIM]),
            moves=[Move(Scale.GROW_CLAIM, "data-0", "10Gi", "20Gi", "it can't", refused=True)],
        ),
    ),
    (
        "StorageAligned", "False", "ShrinkRefused",
        replace(READY, spec=SIZED, seen=replace(seen(), claims=[replace(CLAIM, requested="30Gi")])),
    ),
    ("Paused", "True", "PausedByUser", replace(READY, spec=spec(paused=True))),
    ("Paused", "False", "Running", READY),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "reason", "found"), CASES, ids=lambda v: v if isinstance(v, str) else "")
def test_a_reason_is_given_for_what_it_says(kind: str, status: str, reason: str, found: Pass) -> None:
    assert of(found)[kind] == (status, reason)


def test_every_type_is_there_and_has_a_case() -> None:
    assert tuple(of(READY)) == TYPES
    assert {kind for kind, *_ in CASES} == set(TYPES)


@given(st.lists(st.sampled_from([found for *_, found in CASES]), min_size=1, max_size=5))
def test_a_second_pass_without_a_change_writes_nothing(passes: list[Pass]) -> None:
    before: dict[str, Any] = {}
    for found in passes:
        before = status_of(found, before, 1, NOW)
    if passes[-1].outcome is None or not passes[-1].outcome.applied:
        assert status_of(passes[-1], before, 1, LATER) == before
        assert list(events(passes[-1], before, before)) == [] or passes[-1].outcome is not None


def test_a_time_moves_when_a_status_flips_and_estimates_do_not_write() -> None:
    first = status_of(decided("ApprovalRequired"), {}, 1, NOW)
    larger = replace(WAITING, steps=(replace(TTL, rows=4, reason="shorter: 4 rows"),))
    assert status_of(replace(decided("ApprovalRequired"), plan=larger), first, 1, LATER) == first
    ready = status_of(READY, first, 2, LATER)
    times = {each["type"]: each["lastTransitionTime"] for each in ready["conditions"]}
    assert (times["Ready"], times["SpecValid"]) == (LATER, NOW)
    assert {each["observedGeneration"] for each in ready["conditions"]} == {2}


def test_events_are_of_the_list_and_say_what_changed() -> None:
    waiting = status_of(decided("ApprovalRequired"), {}, 1, NOW)
    said = {event.reason for event in events(decided("ApprovalRequired"), {}, waiting)}
    assert said == {"ApprovalRequired", "PlanCreated"}
    done = replace(decided("Approved", may_run=True), outcome=Outcome((TTL,)))
    after = status_of(done, waiting, 1, LATER)
    said = {event.reason for event in events(done, waiting, after)}
    assert said == {"PlanApplied", "RetentionShortened", "LakeReady"}
    assert said <= set(REASONS)


_OBJECTS = st.dictionaries(
    st.sampled_from("abc"), st.one_of(st.integers(), st.dictionaries(st.sampled_from("xy"), st.integers()))
)


@given(_OBJECTS, _OBJECTS)
def test_a_merge_patch_leads_from_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    def applied(target: Any, patch: dict[str, Any]) -> dict[str, Any]:  # RFC 7396, section 2
        result = dict(target) if isinstance(target, dict) else {}
        for name, value in patch.items():
            if value is None:
                result.pop(name, None)
            else:
                result[name] = applied(result.get(name), value) if isinstance(value, dict) else value
        return result

    assert applied(before, merge_patch(before, after)) == after


def test_scaling_takes_small_safe_steps() -> None:
    sets = [SetSeen("chi-0", 0, 1, 1, "10Gi")]
    there = replace(
        seen(), sets=sets, claims=[ClaimSeen("data-0", "10Gi", "10Gi"), ClaimSeen("data-1", "20Gi", "20Gi")]
    )
    moves = scale_steps(SIZED, there)
    assert [(move.what, move.object, move.want) for move in moves] == [
        (Scale.ADD_REPLICA, "chi-0", "2"), (Scale.GROW_CLAIM, "data-0", "20Gi"),
    ]  # fmt: skip
    grown = replace(there, claims=[replace(each, requested="20Gi", capacity="20Gi") for each in there.claims])
    assert [move.what for move in scale_steps(SIZED, grown)] == [Scale.ADD_REPLICA, Scale.REMAKE_SET]
    smaller = spec(topology={"replicas": 1})
    stuck = replace(seen(queue=3), sets=[replace(sets[0], replicas=2)])
    assert "3 replication tasks" in scale_steps(smaller, stuck)[0].blocked


def test_a_replica_leaves_only_when_the_others_have_its_rows() -> None:
    smaller, sets = spec(topology={"replicas": 1}), [SetSeen("chi", 0, 3, 3, "10Gi")]

    def why(**missing: int) -> str:
        servers = [replace(SERVER, name=f"chi-{n}", missing=missing.get(f"r{n}", 0)) for n in range(3)]
        move = scale_steps(smaller, Seen(servers=servers, sets=sets))[0]
        assert (move.what, move.want) == (Scale.REMOVE_REPLICA, "2")
        return move.blocked

    assert why() == ""
    assert why(r2=5) == "", "what the leaving one lacks is on the others"
    assert why(r0=2) == "chi-0 has yet to fetch 2 parts of the others"
    assert why(r1=1).startswith("chi-1 has yet")


def test_only_servers_that_have_what_is_asked_for_serve() -> None:
    create = Step(Action.CREATE_TABLE, "raw_events", Risk.SAFE, "missing", sql="CREATE TABLE raw_events")
    bare = replace(SERVER, name="chi-1", plan=replace(EMPTY, steps=(create,)))
    there = Seen(servers=[SERVER, bare])
    labels = {"chi-0": "true", "chi-1": "true"}
    assert serving_labels(Pass(SIZED, seen=there), labels) == {"chi-1": "false"}
    made = Pass(SIZED, seen=there, outcome=Outcome((create,)))
    assert serving_labels(made, {"chi-0": "true", "chi-1": "false"}) == {"chi-1": "true"}
    assert serving_labels(made, labels) == {}, "unchanged writes nothing"
    failed = replace(made, outcome=Outcome((), create, "no"))
    assert serving_labels(failed, labels) == {"chi-1": "false"}
    for broken in (
        replace(bare, plan=EMPTY, readonly_tables=1),
        replace(bare, plan=EMPTY, delay_seconds=61),
        replace(bare, plan=None, error="away"),
    ):
        assert serving_labels(Pass(SIZED, seen=Seen(servers=[SERVER, broken])), labels) == {"chi-1": "false"}
    assert serving_labels(Pass(SIZED, seen=Seen(servers=[bare])), {"chi-1": "true"}) == {}, "nobody else could be asked"


def test_no_server_is_added_before_the_schema_is_there() -> None:
    there = replace(seen(), sets=[SetSeen("chi-0", 0, 1, 1, "10Gi")])
    added = spec(topology={"replicas": 2})
    assert scale_steps(added, there)[0].blocked == ""
    assert "waits for an approval" in scale_steps(added, there, "the plan waits for an approval")[0].blocked
