"""One plan for several servers: what any of them lacks, and which of it runs where. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from salescommand_lake.plan.plan import Plan
from salescommand_lake.plan.steps import Step, Target

__all__ = ["merged", "share"]

Key = tuple[str, str, str, str]


def merged(plans: Sequence[Plan]) -> Plan:
    """Return one plan of every step that any server needs, in an order that suits all; estimates are the largest.

    Raises:
        ValueError: there is no plan.
    """
    if not plans:
        msg = "there is no plan of any server"
        raise ValueError(msg)
    steps: dict[Key, Step] = {}
    for plan in plans:
        after = -1
        for step in plan.steps:
            known = steps.get(_key(step))
            if known is None:
                order = list(steps.items())
                order.insert(after + 1, (_key(step), step))
                steps = dict(order)
            else:
                larger = replace(known, rows=max(known.rows, step.rows), bytes=max(known.bytes, step.bytes))
                steps[_key(step)] = larger
            after = list(steps).index(_key(step))
    owner = next((plan.owner for plan in plans if plan.owner), "")
    return replace(plans[0], steps=tuple(steps.values()), owner=owner, first_run=any(plan.first_run for plan in plans))


def share(plans: Mapping[str, Plan], shards: Mapping[str, int], *, replicated: bool) -> dict[str, Plan]:
    """Return for each server the steps of its plan that are to run on it.

    ClickHouse carries most ALTERs of a replicated table to the other replicas itself, so of each shard only the first
    server that needs such a step runs it; the others need it no more by the next pass.
    """
    found, taken = {}, set()
    for server, plan in plans.items():
        own = []
        for step in plan.steps:
            once = replicated and step.target is Target.ONE_PER_SHARD
            place = (shards.get(server, 0), _key(step))
            if once and place in taken:
                continue
            taken.add(place)
            own.append(step)
        found[server] = replace(plan, steps=tuple(own))
    return found


def _key(step: Step) -> Key:
    return step.action, step.object, step.sql, step.got
