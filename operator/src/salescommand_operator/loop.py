"""One pass over a DataLake: observe, plan, decide, apply behind the guard, one status write when something changed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from salescommand_lake.plan.apply import Outcome, apply_plan
from salescommand_lake.plan.decide import Decision, decide
from salescommand_lake.plan.plan import Plan
from salescommand_lake.plan.servers import merged, share
from salescommand_lake.plan.steps import Step
from salescommand_lake.schema import SCHEMA_VERSION
from salescommand_operator import metrics
from salescommand_operator.conditions import Pass
from salescommand_operator.declare import lake_spec
from salescommand_operator.events import events
from salescommand_operator.kube import Kube, KubeAway, SecretMissing
from salescommand_operator.looking import Server, looked, selector_of, servers_of
from salescommand_operator.model import DataLakeSpec
from salescommand_operator.scaling import Scale, scale_steps
from salescommand_operator.seen import Seen, ServerSeen
from salescommand_operator.serving import SERVING, serving_labels
from salescommand_operator.settings import OperatorSettings
from salescommand_operator.status import condition_of, status_of

__all__ = ["reconcile"]

log = logging.getLogger(__name__)
_REMAKE_LOOKS = 50
SOON_SECONDS = 5.0
"""How soon the next pass follows where something is on its way."""


async def reconcile(kube: Kube, settings: OperatorSettings, namespace: str, name: str) -> float:
    """Do one pass and return after how many seconds the next one is due.

    Raises:
        KubeAway: the DataLake could not be read or its status not written; nothing is lost, the next pass repeats it.
    """
    lake = await kube.lake(namespace, name)
    if lake is None or lake["metadata"].get("deletionTimestamp"):
        return SOON_SECONDS
    with metrics.SECONDS.labels(namespace, name).time():
        found = await _pass(kube, settings, lake)
    before, generation = lake.get("status", {}), lake["metadata"]["generation"]
    after = status_of(found, before, generation, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    if after != before:
        await kube.write_status(lake, after)
        for event in events(found, before, after):
            log.info("%s/%s: %s: %s", namespace, name, event.reason, event.message)
            await kube.say(lake, event)
    ready, stalled = condition_of(after, "Ready"), condition_of(after, "Stalled")
    settled = ready.get("status") == "True" or stalled.get("status") == "True"
    metrics.observed(namespace, name, found, "ok" if ready.get("status") == "True" else "not_ready", time.time())
    interval = found.spec.drift.interval_seconds if found.spec is not None else 120
    return float(interval) if settled and not found.moves else min(SOON_SECONDS, float(interval))


async def _pass(kube: Kube, settings: OperatorSettings, lake: Mapping[str, Any]) -> Pass:
    namespace, name = lake["metadata"]["namespace"], lake["metadata"]["name"]
    try:
        spec = DataLakeSpec.model_validate(lake["spec"])
        lake_spec(spec, namespace=namespace, name=name, replicated=False)
    except ValidationError as error:
        first = error.errors()[0]
        return Pass(None, f"spec.{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except ValueError as error:
        return Pass(None, str(error))
    return Pass(spec) if spec.paused else await _observed(kube, settings, lake, spec)


async def _observed(kube: Kube, settings: OperatorSettings, lake: Mapping[str, Any], spec: DataLakeSpec) -> Pass:
    namespace, name = lake["metadata"]["namespace"], lake["metadata"]["name"]
    async with AsyncExitStack() as stack:
        try:
            other = await _conflicting(kube, lake, spec)
            if other:
                return Pass(spec, seen=Seen(conflicting=other))
            if selector_of(spec) and not await kube.finish_remakes(namespace, selector_of(spec)):
                return Pass(spec, seen=Seen(error="a StatefulSet is being made anew around its pods"))
            servers, seen = await servers_of(stack, kube, settings, namespace, spec)
        except (KubeAway, SecretMissing) as error:
            return Pass(spec, seen=Seen(error=str(error)))
        try:
            each = await looked(servers, spec, namespace, name)
        except ValueError as error:
            return Pass(spec, str(error), seen)
        seen = replace(seen, servers=list(each.values()))
        found = await _planned(Pass(spec, seen=seen), lake, servers, each)
        found = await _scaled(kube, namespace, found)
        await _told_who_serves(kube, namespace, found)
        return found


async def _told_who_serves(kube: Kube, namespace: str, found: Pass) -> None:
    """Label the pods that the Service may choose; what can't be labelled now is tried again by the next pass."""
    spec, selector = found.spec, found.seen.selector
    if spec is None or spec.mode == "DryRun" or not selector:
        return
    try:
        labels = await kube.pod_labels(namespace, selector, SERVING)
        for pod, value in serving_labels(found, labels).items():
            log.info("%s/%s: %s serves: %s", namespace, spec.database, pod, value)
            await kube.label_pod(namespace, pod, SERVING, value)
    except KubeAway as error:
        log.warning("%s: who serves could not be written: %s", namespace, error)


async def _conflicting(kube: Kube, lake: Mapping[str, Any], spec: DataLakeSpec) -> str:
    """Return the name of an older DataLake that declares the same database, '' when there is none."""
    meta, mine = lake["metadata"], spec.cluster_ref.model_dump(exclude={"credentials_secret_ref"})
    for other in await kube.lakes(meta["namespace"]):
        theirs = other["metadata"]
        if theirs["uid"] == meta["uid"] or theirs["creationTimestamp"] > meta["creationTimestamp"]:
            continue
        try:
            declared = DataLakeSpec.model_validate(other["spec"])
        except ValidationError:
            continue
        same = declared.cluster_ref.model_dump(exclude={"credentials_secret_ref"}) == mine
        older = (theirs["creationTimestamp"], theirs["uid"]) < (meta["creationTimestamp"], meta["uid"])
        if same and declared.database == spec.database and older:
            return str(theirs["name"])
    return ""


async def _planned(found: Pass, lake: Mapping[str, Any], servers: list[Server], each: Mapping[str, ServerSeen]) -> Pass:
    spec = found.spec
    plans = {name: server.plan for name, server in each.items() if server.plan is not None}
    if spec is None or not plans:
        return found
    plan = merged(list(plans.values()))
    policy = lake_spec(spec, namespace="", name="", replicated=False).policy
    decision = decide(plan, policy, spec.approved_plan)
    found = replace(found, plan=plan, decision=decision, drift=_drift(lake, each))
    held = found.only_drift and spec.approved_plan != plan.hash
    if spec.mode == "DryRun" or not decision.may_run or held:
        return found
    return replace(found, outcome=await _apply(servers, plans, each, decision))


def _drift(lake: Mapping[str, Any], each: Mapping[str, ServerSeen]) -> list[tuple[str, Step]]:
    """Return what differs although this generation was applied with this program's schema: it was changed by hand."""
    if lake.get("status", {}).get("lastApplied", {}).get("generation") != lake["metadata"]["generation"]:
        return []
    return [
        (name, step)
        for name, server in each.items()
        if server.plan is not None and server.schema_version in (0, SCHEMA_VERSION)
        for step in server.plan.steps
    ]


async def _apply(
    servers: list[Server], plans: Mapping[str, Plan], each: Mapping[str, ServerSeen], decision: Decision
) -> Outcome:
    """Run each server's share, server by server, up to the first that fails."""
    replicated = any(server.replicated for server in each.values())
    shares = share(plans, {server.name: server.shard for server in servers}, replicated=replicated)
    applied: tuple[Step, ...] = ()
    for server in servers:
        mine = shares.get(server.name)
        if mine is None or (not mine.steps and mine.owner == mine.declared_by):
            continue
        outcome = await apply_plan(server.engine, mine, decision)
        applied += outcome.applied
        if outcome.failed is not None:
            return replace(outcome, applied=applied)
    return Outcome(applied)


def _unapplied(found: Pass) -> str:
    """Return why what is declared is not on every server after this pass, '' when it is or no server was asked."""
    if found.plan is None or not found.plan.steps:
        return ""
    if found.outcome is None:
        return found.decision.message if found.decision is not None and not found.decision.may_run else "not applied"
    return f"{found.outcome.failed.sql[:80]} failed" if found.outcome.failed is not None else ""


async def _scaled(kube: Kube, namespace: str, found: Pass) -> Pass:
    """Take the steps of scaling that may be taken now; where Kubernetes refuses, the step says why."""
    spec = found.spec
    if spec is None or not selector_of(spec):
        return found
    moves = scale_steps(spec, found.seen, _unapplied(found))
    if spec.mode == "DryRun":
        return replace(found, moves=moves)
    taken = []
    for move in moves:
        if move.blocked:
            taken.append(move)
            continue
        try:
            if move.what in (Scale.ADD_REPLICA, Scale.REMOVE_REPLICA):
                await kube.set_replicas(namespace, move.object, int(move.want))
            elif move.what is Scale.GROW_CLAIM:
                await kube.grow_claim(namespace, move.object, move.want)
            elif move.what is Scale.REMAKE_SET:
                labels = dict(pair.split("=") for pair in selector_of(spec).split(","))
                await kube.remake_set(namespace, move.object, move.want, labels)
                for _ in range(_REMAKE_LOOKS):
                    if await kube.finish_remakes(namespace, selector_of(spec)):
                        break
                    await asyncio.sleep(0.2)
        except KubeAway as error:
            taken.append(replace(move, blocked=str(error), refused=error.refused))
        else:
            taken.append(move)
    return replace(found, moves=taken)
