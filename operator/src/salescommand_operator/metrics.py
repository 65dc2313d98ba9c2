"""What the operator measures, by Prometheus' conventions."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from salescommand_lake.plan.steps import Risk
from salescommand_operator.conditions import Pass

__all__ = ["ERRORS", "PASSES", "SECONDS", "forget", "observed"]

_LABELS = ("namespace", "name")
SECONDS = Histogram("salescommand_operator_pass_seconds", "Duration of one pass over a DataLake", _LABELS)
PASSES = Counter("salescommand_operator_passes", "Passes over a DataLake by outcome", (*_LABELS, "outcome"))
ERRORS = Counter("salescommand_operator_errors", "Passes that ended in an error nobody expected", _LABELS)
_SUCCESS = Gauge("salescommand_operator_last_success_timestamp_seconds", "When a pass last ended well", _LABELS)
_DRIFT = Gauge("salescommand_operator_drift_items", "Things that were changed by hand", _LABELS)
_RISK = Gauge("salescommand_operator_plan_risk", "Risk of the plan: 0 none, 1 safe to 4 impossible", _LABELS)
_IN_SYNC = Gauge("salescommand_operator_replicas_in_sync", "Servers that answer and have nothing to do", _LABELS)
_TTL = Gauge("salescommand_operator_ttl_pending_rows", "Rows in parts with another expiry than declared", _LABELS)
_GAUGES = (_SUCCESS, _DRIFT, _RISK, _IN_SYNC, _TTL)


def observed(namespace: str, name: str, found: Pass, outcome: str, now: float) -> None:
    """Take over what a pass has found. ``now``: Unix time in seconds."""
    labels = (namespace, name)
    PASSES.labels(*labels, outcome).inc()
    _DRIFT.labels(*labels).set(len(found.drift))
    _RISK.labels(*labels).set((found.plan.risk if found.plan else Risk.NONE).rank)
    answering = found.seen.reachable
    _IN_SYNC.labels(*labels).set(sum(server.plan is not None and not server.plan.steps for server in answering))
    _TTL.labels(*labels).set(sum(server.ttl_pending for server in answering))
    if outcome == "ok":
        _SUCCESS.labels(*labels).set(now)


def forget(namespace: str, name: str) -> None:
    """Leave out a DataLake that is gone."""
    for gauge in _GAUGES:
        if (namespace, name) in gauge._metrics:
            gauge.remove(namespace, name)
