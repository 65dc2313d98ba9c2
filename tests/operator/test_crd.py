"""The definition of the resource: written from the models, and its rules on a real API server."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from salescommand_operator.conditions import TYPES
from salescommand_operator.crd import crd, crd_yaml
from salescommand_operator.events import REASONS
from salescommand_operator.reference import with_reference
from tests.operator.conftest import CRD
from tests.support.kube import Kube, Refused


def lake(name: str = "crd-case", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "salescommand.io/v1alpha1",
        "kind": "DataLake",
        "metadata": {"name": name},
        "spec": {"clusterRef": {"name": "chart"}, **spec},
    }


def test_the_definition_is_the_one_that_the_models_write() -> None:
    assert CRD.read_text() == crd_yaml(), "run `make crd`"


def test_the_page_has_the_reference_every_condition_and_every_event() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/operator.md").read_text()
    assert page == with_reference(page), "run `make crd`"
    assert [kind for kind in TYPES if f"| {kind} |" not in page] == []
    assert [reason for reason in REASONS if reason not in page] == []


def fields(schema: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, each in schema.get("properties", {}).items():
        found += [(f"{path}.{name}", each), *fields(each, f"{path}.{name}")]
    return found + (fields(schema["items"], f"{path}[]") if "items" in schema else [])


def test_every_field_has_a_sentence() -> None:
    schema = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    known = fields(schema)
    assert len(known) > 80
    assert [path for path, each in known if not each.get("description", "").endswith((".", ")"))] == []


TOPOLOGY = {"shards": 2, "replicas": 3}
# For each rule: what is there first (None: nothing), what is accepted, what is refused, and words of the refusal.
RULES: dict[str, tuple[dict[str, Any] | None, dict[str, Any], dict[str, Any], str]] = {
    "database is fixed": ({"database": "one"}, {"database": "one"}, {"database": "two"}, "database is immutable"),
    "database is a name": (None, {"database": "one_2"}, {"database": "One; DROP"}, "should match"),
    "cluster is fixed": (
        {},
        {"paused": True},
        {"clusterRef": {"name": "other"}},
        "clusterRef.name is immutable",
    ),
    "one cluster": (
        None,
        {"clusterRef": {"external": {"url": "https://a.example:8443"}}},
        {"clusterRef": {"name": "a", "external": {"url": "https://a.example:8443"}}},
        "exactly one of clusterRef.name",
    ),
    "no credentials in the address": (
        None,
        {"clusterRef": {"external": {"url": "https://a.example"}}},
        {"clusterRef": {"external": {"url": "https://me:secret@a.example"}}},
        "should match",
    ),
    "an external cluster has no topology": (
        None,
        {"clusterRef": {"external": {"url": "https://a.example"}}},
        {"clusterRef": {"external": {"url": "https://a.example"}}, "topology": {"replicas": 2}},
        "leave topology and storage out",
    ),
    "storage stays": ({"storage": {"size": "1Gi"}}, {"storage": {"size": "1Gi"}}, {}, "cannot be removed"),
    "storage grows": (
        {"storage": {"size": "2Gi"}},
        {"storage": {"size": "3Gi"}},
        {"storage": {"size": "2000Mi"}},
        "cannot shrink",
    ),
    "storage is a quantity": (None, {"storage": {"size": "100Gi"}}, {"storage": {"size": "much"}}, "positive quantity"),
    "storage class is fixed": (
        {"storage": {"size": "1Gi", "storageClassName": "fast"}},
        {"storage": {"size": "2Gi", "storageClassName": "fast"}},
        {"storage": {"size": "2Gi", "storageClassName": "slow"}},
        "storageClassName is immutable",
    ),
    "no approval while paused": (
        {"paused": True},
        {"paused": False, "approvedPlan": "sha256:" + "a" * 64},
        {"paused": True, "approvedPlan": "sha256:" + "a" * 64},
        "cannot approve a plan while paused",
    ),
    "an approval is a hash": (
        None,
        {"approvedPlan": "sha256:" + "0" * 64},
        {"approvedPlan": "yes"},
        "should match",
    ),
    "shards stay": (
        {"topology": TOPOLOGY},
        {"topology": {**TOPOLOGY, "shards": 1, "shardRemoval": "DrainFirst"}},
        {"topology": {**TOPOLOGY, "shards": 1}},
        "shardRemoval: DrainFirst",
    ),
    "one replica less": (
        {"topology": TOPOLOGY},
        {"topology": {**TOPOLOGY, "replicas": 2}},
        {"topology": {**TOPOLOGY, "replicas": 1}},
        "at most one replica",
    ),
    "cold before the end": (
        None,
        {"zones": {"servingViews": {"retention": {"days": 30, "coldAfterDays": 7}}}},
        {"zones": {"servingViews": {"retention": {"days": 30, "coldAfterDays": 30}}}},
        "smaller than days",
    ),
    "records outlive events": (
        None,
        {"zones": {"rawEvents": {"retention": {"days": 30}}, "canonicalRecords": {"retention": {"days": 30}}}},
        {"zones": {"rawEvents": {"retention": {"days": 30}}, "canonicalRecords": {"retention": {"days": 29}}}},
        "at least as long as rawEvents",
    ),
    "partitions are fixed": (
        {"zones": {"rawEvents": {"partitionBy": "Month"}}},
        {"zones": {"rawEvents": {"partitionBy": "Month", "retention": {"days": 9}}}},
        {"zones": {"rawEvents": {"partitionBy": "Day"}}},
        "partitionBy cannot be altered",
    ),
    "a bloom filter has no decimals": (
        None,
        {"zones": {"rawEvents": {"promotedColumns": [{"name": "a", "path": "a", "type": "String", "index": "Set"}]}}},
        {
            "zones": {
                "rawEvents": {
                    "promotedColumns": [{"name": "a", "path": "a", "type": "Decimal(18, 4)", "index": "BloomFilter"}]
                }
            }
        },
        "no bloom filter",
    ),
    "one form of a projection": (
        None,
        {"zones": {"rawEvents": {"projections": [{"name": "p_a", "orderBy": ["source"]}]}}},
        {"zones": {"rawEvents": {"projections": [{"name": "p_a", "orderBy": ["source"], "groupBy": ["source"]}]}}},
        "exactly one of orderBy and groupBy",
    ),
    "aggregates need groups": (
        None,
        {"zones": {"rawEvents": {"projections": [{"name": "p_a", "groupBy": ["source"], "aggregates": ["count()"]}]}}},
        {"zones": {"rawEvents": {"projections": [{"name": "p_a", "orderBy": ["a"], "aggregates": ["count()"]}]}}},
        "aggregates need groupBy",
    ),
    "aggregates are a short list": (
        None,
        {"zones": {"rawEvents": {"projections": [{"name": "p_a", "groupBy": ["a"], "aggregates": ["sum(n)"]}]}}},
        {"zones": {"rawEvents": {"projections": [{"name": "p_a", "groupBy": ["a"], "aggregates": ["sleep(9)"]}]}}},
        "should match",
    ),
}


def rules_of(schema: dict[str, Any]) -> set[str]:
    own = {rule["message"] for rule in schema.get("x-kubernetes-validations", ())}
    for _, each in fields(schema):
        own |= {rule["message"] for rule in each.get("x-kubernetes-validations", ())}
        own |= {rule["message"] for rule in each.get("items", {}).get("x-kubernetes-validations", ())}
    return own


def test_every_rule_has_a_case() -> None:
    schema = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    words = [refusal for *_, refusal in RULES.values()]
    assert [message for message in rules_of(schema) if not any(word in message for word in words)] == []


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_accepts_and_refuses(cluster: Kube, rule: str) -> None:
    before, accepted, refused, words = RULES[rule]
    name = "crd-" + "".join(c if c.isalnum() else "-" for c in rule)
    if before is not None:
        cluster.apply(lake(name, **before))
    try:
        cluster.kubectl("apply", "--dry-run=server", "-f", "-", given=yaml.safe_dump(lake(name, **accepted)))
        with pytest.raises(Refused, match="is invalid") as refusal:
            cluster.kubectl("apply", "--dry-run=server", "-f", "-", given=yaml.safe_dump(lake(name, **refused)))
        assert words in str(refusal.value)
    finally:
        cluster.kubectl("delete", "dl", name, "--ignore-not-found")


def test_unknown_fields_are_refused(cluster: Kube) -> None:
    with pytest.raises(Refused, match="unknown field"):
        cluster.apply(lake(retention="30d"))


def test_kubectl_reads_like_a_dashboard(cluster: Kube) -> None:
    cluster.apply(lake("dashboard", topology={"replicas": 2}))
    status = {
        "conditions": [
            {
                "type": kind,
                "status": "True",
                "reason": reason,
                "message": "m",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
            for kind, reason in (("Ready", "LakeReady"), ("SchemaInSync", "InSync"))
        ],
        "topology": {"shards": 1, "replicas": 2, "selector": "app=clickhouse"},
        "drift": {"count": 0},
    }
    cluster.patch("dl", "dashboard", {"status": copy.deepcopy(status)}, "--subresource=status")
    shown = cluster.kubectl("get", "dl", "dashboard").splitlines()
    assert shown[0].split() == ["NAME", "READY", "REASON", "SHARDS", "REPLICAS", "INSYNC", "DRIFT", "PLAN", "AGE"]
    assert shown[1].split()[:7] == ["dashboard", "True", "LakeReady", "1", "2", "True", "0"]
    cluster.kubectl("scale", "dl", "dashboard", "--replicas=3")
    assert cluster.get("dl", "dashboard")["spec"]["topology"]["replicas"] == 3
    assert "keeps them for ever" in cluster.kubectl("explain", "dl.spec.zones.rawEvents.retention.days")
    assert cluster.get("dl", "--field-selector=spec.clusterRef.name=chart")["items"] != []
    cluster.kubectl("delete", "dl", "dashboard")
