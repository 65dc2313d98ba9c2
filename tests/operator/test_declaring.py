"""The DataLake that an installation carries: declared at the start, and never against what people have set since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from salescommand_operator.declaring import read_manifest, without
from tests.operator.test_operator import operator, wait
from tests.support.kube import Kube


def manifest(path: Path, **zones: Any) -> Path:
    spec = {
        "clusterRef": {"name": "prod"},
        "database": "salesintel",
        "mode": "DryRun",
        "topology": {"shards": 1, "replicas": 1},
        "zones": zones,
    }
    meta = {"name": "carried", "namespace": "default"}
    document = {"apiVersion": "salescommand.io/v1alpha1", "kind": "DataLake", "metadata": meta, "spec": spec}
    path.write_text(yaml.safe_dump(document))
    return path


def lake(cluster: Kube) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cluster.kubectl("get", "dl", "carried", "-o", "json"))
    return found


def test_a_field_of_a_list_takes_the_list_with_it() -> None:
    given = {"spec": {"topology": {"replicas": 1, "shards": 1}, "zones": {"raw": {"columns": [{"name": "a"}]}}}}
    left = without(given, [".spec.topology.replicas", '.spec.zones.raw.columns[name="a"].type', ".spec.none.here"])
    assert left == {"spec": {"topology": {"shards": 1}, "zones": {"raw": {}}}}
    assert given["spec"]["topology"] == {"replicas": 1, "shards": 1}


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lake.yaml"
    file.write_text("kind: Secret")
    with pytest.raises(ValueError, match=r"lake\.yaml does not hold a DataLake"):
        read_manifest(file)


def test_it_is_declared_and_what_others_have_set_stays(cluster: Kube, tmp_path: Path) -> None:
    log = tmp_path / "operator.log"
    first = manifest(tmp_path / "lake.yaml", rawEvents={"retention": {"days": 30}})
    with operator(cluster, log, SALESCOMMAND_OPERATOR_MANIFEST=str(first)):
        wait(lambda: "DataLake default/carried is declared" in log.read_text(), "the DataLake is declared")
    assert lake(cluster)["spec"]["zones"]["rawEvents"]["retention"]["days"] == 30

    cluster.kubectl("scale", "dl", "carried", "--replicas=2")
    log = tmp_path / "again.log"
    second = manifest(tmp_path / "lake.yaml", rawEvents={"retention": {"days": 60}})
    with operator(cluster, log, SALESCOMMAND_OPERATOR_MANIFEST=str(second)):
        wait(lambda: "is declared" in log.read_text(), "the DataLake is declared again")
    spec = lake(cluster)["spec"]
    assert spec["zones"]["rawEvents"]["retention"]["days"] == 60
    assert spec["topology"]["replicas"] == 2, "kubectl scale stays"
    assert ".spec.topology.replicas stay as others have set them" in log.read_text()


def test_it_tells_how_it_is_and_what_it_did(cluster: Kube, tmp_path: Path, free_tcp_port_factory: Any) -> None:
    health, metrics = free_tcp_port_factory(), free_tcp_port_factory()
    file = manifest(tmp_path / "lake.yaml", rawEvents={"retention": {"days": 60}})
    ports = {"SALESCOMMAND_OPERATOR_HEALTH_PORT": str(health), "SALESCOMMAND_OPERATOR_METRICS_PORT": str(metrics)}
    with operator(cluster, tmp_path / "operator.log", SALESCOMMAND_OPERATOR_MANIFEST=str(file), **ports):
        wait(lambda: _status(f"http://127.0.0.1:{health}/healthz") == 200, "it is alive")
        passed = 'salescommand_operator_passes_total{name="carried",namespace="default",outcome='
        wait(lambda: passed in _text(f"http://127.0.0.1:{metrics}/metrics"), "a pass is counted")


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.TransportError:
        return 0


def _text(url: str) -> str:
    try:
        return httpx.get(url, timeout=5).text
    except httpx.TransportError:
        return ""
