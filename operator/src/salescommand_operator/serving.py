"""Which servers are asked: those that have the schema and their peers' rows. Pure.

The chart's Service chooses servers by a label that their pods are made with. A server that is not fit, such as a new
replica that has no tables yet, loses it until it is. When none is fit all keep what they have: an answer that says what
is wrong is better than nobody to ask.
"""

from __future__ import annotations

from collections.abc import Mapping

from salescommand_lake.plan.steps import Action
from salescommand_operator.conditions import Pass
from salescommand_operator.seen import ServerSeen

__all__ = ["SERVING", "serving_labels"]

SERVING = "salescommand.io/serving"
_MISSING = frozenset({Action.CREATE_DATABASE, Action.CREATE_TABLE, Action.CREATE_VIEW, Action.ADD_COLUMN})


def serving_labels(found: Pass, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the pods whose label has to change, with what it has to be.

    ``labels`` has each pod's present one, '' where there is none.
    """
    if found.spec is None:
        return {}
    topology = found.spec.topology
    delay = topology.max_replica_delay_seconds if topology is not None else 60
    fit = {server.name: _fit(server, found, delay) for server in found.seen.servers if server.name in labels}
    if not any(fit.values()):
        return {}
    wanted = {name: "true" if good else "false" for name, good in fit.items()}
    return {name: value for name, value in wanted.items() if labels[name] != value}


def _fit(server: ServerSeen, found: Pass, delay: int) -> bool:
    if not server.reachable or server.readonly_tables or server.delay_seconds > delay:
        return False
    if server.plan is None:
        return False
    # What differed before this pass was put right by it, unless something failed or nothing may run.
    return not _lacks(server) or (found.outcome is not None and found.outcome.failed is None)


def _lacks(server: ServerSeen) -> bool:
    """Return whether tables or columns are missing; another retention or setting keeps nobody from asking."""
    return server.plan is not None and any(step.action in _MISSING for step in server.plan.steps)
