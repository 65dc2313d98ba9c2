"""Replicas and volumes of the chart's ClickHouse on a real Kubernetes API; the test writes what a kubelet would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from salescommand_operator.serving import SERVING
from tests.operator.conftest import SECRET
from tests.operator.test_operator import Lake, operator, wait
from tests.support.clickhouse_front import FrontServer
from tests.support.kube import Kube

LABELS = {"app.kubernetes.io/instance": "chart", "app.kubernetes.io/component": "clickhouse"}


def stateful_set(size: str) -> dict[str, Any]:
    claim = {
        "metadata": {"name": "data", "labels": LABELS},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "growing",
            "resources": {"requests": {"storage": size}},
        },
    }
    container = {"name": "clickhouse", "image": "clickhouse/clickhouse-server"}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "chart-clickhouse-0", "labels": LABELS},
        "spec": {
            "replicas": 1,
            "podManagementPolicy": "Parallel",
            "serviceName": "chart-clickhouse",
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}},
            "volumeClaimTemplates": [claim],
        },
    }


def kubelet(cluster: Kube, size: str) -> None:
    """Let every pod be ready and every claim have its volume."""
    for pod in cluster.get("pods", "-l", "app.kubernetes.io/instance=chart")["items"]:
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        cluster.patch("pod", pod["metadata"]["name"], {"status": ready}, "--subresource=status")
    for claim in cluster.get("pvc")["items"]:
        bound = {"phase": "Bound", "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"]}
        cluster.patch("pvc", claim["metadata"]["name"], {"status": bound}, "--subresource=status")


@pytest.fixture
def chart(cluster: Kube) -> Iterator[None]:
    """Give what the chart installs for ClickHouse, and take it away."""
    cluster.kubectl(
        "create", "secret", "generic", "chart-clickhouse", "--from-literal=username=default",
        f"--from-literal=password={SECRET}",
    )  # fmt: skip
    growing = {"metadata": {"name": "growing"}, "provisioner": "example.com/test", "allowVolumeExpansion": True}
    cluster.apply({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", **growing}, stateful_set("10Gi"))
    yield
    cluster.kubectl("delete", "statefulset", "chart-clickhouse-0", "--ignore-not-found", "--timeout=60s")
    for kind in ("pods", "pvc"):
        cluster.kubectl("delete", kind, "--all", "--force", "--grace-period=0", "--wait=false")
    wait(lambda: not cluster.get("pvc")["items"] and not cluster.get("pods")["items"], "nothing is left")
    cluster.kubectl("delete", "secret/chart-clickhouse", "storageclass/growing")


def sts(cluster: Kube) -> dict[str, Any]:
    return cluster.get("statefulset", "chart-clickhouse-0")


def test_a_replica_more_and_larger_volumes(cluster: Kube, chart: None, clickhouse: FrontServer, tmp_path: Path) -> None:
    lake = Lake(cluster, "sized", clickhouse, {})
    lake.ref = {"name": "chart"}
    wait(lambda: len(cluster.get("pvc")["items"]) == 1, "the claim of the first replica")
    kubelet(cluster, "10Gi")
    before = sts(cluster)["metadata"]["uid"]
    pods = {pod["metadata"]["uid"] for pod in cluster.get("pods")["items"]}
    with operator(cluster, tmp_path / "operator.log", SALESCOMMAND_OPERATOR_ADDRESS=clickhouse.url):
        lake.declare(topology={"replicas": 1}, storage={"size": "10Gi"})
        lake.waits("Ready", "True")
        cluster.kubectl("scale", "dl", "sized", "--replicas=2")
        lake.waits("TopologyAligned", "False", "ScalingUp")
        wait(lambda: sts(cluster)["spec"]["replicas"] == 2, "two replicas of the StatefulSet")
        wait(lambda: len(cluster.get("pvc")["items"]) == 2, "the claim of the second replica")
        kubelet(cluster, "10Gi")
        lake.waits("TopologyAligned", "True")
        assert lake.object["status"]["topology"]["replicas"] == 2
        serving = lambda: [p["metadata"]["labels"].get(SERVING) for p in cluster.get("pods")["items"]]  # noqa: E731
        wait(lambda: serving() == ["true", "true"], "both may be asked")

        lake.patch(storage={"size": "20Gi"})
        lake.waits("StorageAligned", "False", "Expanding")
        asked = lambda: [c["spec"]["resources"]["requests"]["storage"] for c in cluster.get("pvc")["items"]]  # noqa: E731
        wait(lambda: asked() == ["20Gi", "20Gi"], "both claims ask for more")
        assert sts(cluster)["metadata"]["uid"] == before, "the set waits for the volumes"
        kubelet(cluster, "20Gi")
        lake.waits("StorageAligned", "True")
        made = sts(cluster)
        assert made["metadata"]["uid"] != before
        assert made["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "20Gi"
        assert pods <= {pod["metadata"]["uid"] for pod in cluster.get("pods")["items"]}, "no pod was restarted"
        assert {"ReplicaAdded", "StorageExpanding", "StorageExpanded"} <= lake.events()
        cluster.kubectl("delete", "dl", "sized", "--timeout=30s")


def test_storage_that_cannot_grow_is_named(cluster: Kube, chart: None, clickhouse: FrontServer, tmp_path: Path) -> None:
    """Kubernetes refuses a larger claim of a class that can't expand; the condition has its words."""
    lake = Lake(cluster, "rigid", clickhouse, {})
    lake.ref = {"name": "chart"}
    cluster.patch("storageclass", "growing", {"allowVolumeExpansion": False})
    wait(lambda: len(cluster.get("pvc")["items"]) >= 1, "the claim of the first replica")
    kubelet(cluster, "10Gi")
    with operator(cluster, tmp_path / "operator.log", SALESCOMMAND_OPERATOR_ADDRESS=clickhouse.url):
        lake.declare(topology={"replicas": 1}, storage={"size": "40Gi"})
        lake.waits("StorageAligned", "False", "ExpansionUnsupported")
        said = next(c for c in lake.object["status"]["conditions"] if c["type"] == "StorageAligned")["message"]
        assert "resize" in said
        cluster.patch("storageclass", "growing", {"allowVolumeExpansion": True})
        lake.waits("StorageAligned", "False", "Expanding")
        cluster.kubectl("delete", "dl", "rigid", "--timeout=30s")
