"""The chart on a real node: installed, used, broken, upgraded, scaled, taken away and put back. It takes minutes.

SALESCOMMAND_CLUSTER_KUBECONFIG names the cluster. Its node has the images `salescommand:local`, `salescommand:second`,
`salescommand-ui:local`, `salescommand-standins:local` and that of REDIS_IMAGE (`scripts/cluster.sh` builds and loads
them). Nothing is asked of it but a namespace of its own and the definition of DataLake. The tests run in their order.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.chart import CHART, helm

KUBECONFIG = os.environ.get("SALESCOMMAND_CLUSTER_KUBECONFIG", "")
HERE = Path(__file__).parent / "cluster"
SPACE, RELEASE = "salescommand-test", "sc"
POSTED = 3000
HOME = "/home/poster"


def lacking() -> str | None:
    if not KUBECONFIG:
        return "SALESCOMMAND_CLUSTER_KUBECONFIG is not set: it names a cluster to install on, and takes minutes"
    return None if shutil.which("kubectl") else "no kubectl on the PATH"


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(1)  # asks again; the condition ends the wait


class Cluster:
    """kubectl and helm in the namespace of the test."""

    def run(self, *words: str, given: str | None = None, seconds: float = 600) -> str:
        environment = os.environ | {"KUBECONFIG": KUBECONFIG}
        done = subprocess.run(
            words, input=given, env=environment, capture_output=True, text=True, check=False, timeout=seconds
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def kubectl(self, *words: str, given: str | None = None) -> str:
        return self.run("kubectl", "-n", SPACE, *words, given=given)

    def get(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", *words, "-o", "json"))
        return found

    def upgrade(self, *words: str) -> None:
        files = ["-f", str(CHART / "kind-values.yaml"), "-f", str(HERE / "values.yaml")]
        self.run(
            *(helm(), "upgrade", "--install", RELEASE, str(CHART), "-n", SPACE, *files, *words),
            *("--wait", "--timeout", "6m"),
        )

    def salescommand(self, *words: str) -> str:
        return self.kubectl("exec", "sc-backend-0", "-c", "backend", "--", "salescommand", *words)

    def books(self) -> dict[str, dict[str, Any]]:
        found = json.loads(self.salescommand("source", "list", "--json"))
        return {each["source"]: each for each in found}

    def pods(self, *components: str) -> list[dict[str, Any]]:
        chosen = f"app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component in ({','.join(components)})"
        return list(self.get("pods", "-l", chosen)["items"])

    def lake(self) -> dict[str, Any]:
        return self.get("dl", "main")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    reason = lacking()
    if reason:
        pytest.skip(reason)
    one = Cluster()
    _erase(one)
    until(lambda: not _there(one), "an earlier test's namespace is gone")
    one.run("kubectl", "create", "namespace", SPACE)
    one.run("kubectl", "label", "namespace", SPACE, "pod-security.kubernetes.io/enforce=restricted")
    one.kubectl("apply", "-f", str(HERE / "mongo.yaml"))
    one.kubectl("rollout", "status", "statefulset/mongo", "--timeout=120s")
    one.upgrade()
    yield one
    if not os.environ.get("SALESCOMMAND_CLUSTER_KEEP"):
        _erase(one)


def _erase(one: Cluster) -> None:
    """Delete the namespace, the DataLake before the operator that lets go of it."""
    if not _there(one):
        return
    if one.pods("operator"):
        one.kubectl("delete", "dl", "--all", "--timeout=60s")
    for lake in one.kubectl("get", "dl", "-o", "name", "--ignore-not-found").split():
        one.kubectl("patch", lake, "--type=json", "-p", '[{"op": "remove", "path": "/metadata/finalizers"}]')
    one.run("kubectl", "delete", "namespace", SPACE, "--wait=false")


def _there(one: Cluster) -> bool:
    return bool(one.run("kubectl", "get", "namespace", SPACE, "--ignore-not-found").strip())


def _ready(one: Cluster) -> bool:
    found = one.pods("backend", "worker", "frontend", "operator", "clickhouse", "redis")
    return len(found) >= 6 and all(
        any(state["type"] == "Ready" and state["status"] == "True" for state in pod["status"].get("conditions", []))
        and not pod["metadata"].get("deletionTimestamp")
        for pod in found
    )


def test_every_pod_is_ready_under_restricted_security_and_the_lake_by_the_operator(cluster: Cluster) -> None:
    until(lambda: _ready(cluster), "every pod is ready")
    cluster.kubectl("wait", "--for=condition=Ready", "dl/main", "--timeout=180s")
    status = cluster.lake()["status"]
    applied = {each["type"]: each["status"] for each in status["conditions"]}
    assert applied["SchemaApplied"] == "True"
    assert applied["Stalled"] == "False"


def test_helm_test_posts_an_event_and_reads_it_back(cluster: Cluster) -> None:
    cluster.run(helm(), "test", RELEASE, "-n", SPACE, "--timeout", "3m")
    assert "the same" in cluster.kubectl("logs", "sc-check")


def test_the_demo_goes_in_through_the_service_and_comes_out_as_numbers(cluster: Cluster) -> None:
    cluster.salescommand("demo", "--url", "http://sc-backend:8001", "--events", "2000")
    until(lambda: sum(each["pending"] for each in cluster.books().values()) == 0, "everything is folded")
    found = json.loads(cluster.salescommand("metric", "open-pipeline", "--json"))
    assert found["rows"] > 0
    assert float(found["value"]) > 0
    assert all(_balanced(each) for each in cluster.books().values())
    page = cluster.kubectl("exec", "sc-backend-0", "--", "python3", "-c", _ASK_UI)
    assert "<title>" in page


_ASK_UI = "import urllib.request as r; print(r.urlopen('http://sc-frontend:3000/', timeout=10).read().decode())"


def _balanced(books: dict[str, Any]) -> bool:
    stored = ("duplicates", "in_spool", "raw", "refused", "damaged")
    settled = ("pending", "applied", "superseded", "ignored", "quarantined", "expired")
    return bool(
        books["received"] == books["accepted"] + books["rejected"]
        and books["accepted"] == sum(books[name] for name in stored)
        and books["raw"] == sum(books[name] for name in settled)
    )


def test_nothing_acknowledged_is_lost_while_each_pod_is_deleted_and_the_backend_killed(cluster: Cluster) -> None:
    key = cluster.salescommand("key", "create", "steady").strip()
    deals = "".join(
        json.dumps({"id": f"s-{number}", "name": "Deal", "amount": "1", "currency": "USD", "stage": "Proposal"}) + "\n"
        for number in range(POSTED)
    )
    carried = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "deals"}, "data": {"deals.ndjson": deals}}
    cluster.kubectl("create", "-f", "-", given=json.dumps(carried))
    cluster.kubectl("create", "secret", "generic", "poster", f"--from-literal=key={key}")
    cluster.kubectl("apply", "-f", "-", given=yaml.safe_dump(_poster()))
    until(lambda: cluster.books().get("steady", {}).get("raw", 0) > 0, "posting has begun")
    for component in ("worker", "frontend", "operator", "redis", "clickhouse", "backend"):
        for pod in cluster.pods(component):
            cluster.kubectl("delete", "pod", pod["metadata"]["name"], "--wait=true")
        until(lambda: _ready(cluster), f"every pod is ready after the {component}'s was deleted")
    for _ in range(2):
        cluster.kubectl("delete", "pod", "sc-backend-0", "--grace-period=0", "--force")
        until(lambda: _ready(cluster), "every pod is ready after the backend was killed")
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/poster", "--timeout=300s")
    until(lambda: cluster.books()["steady"]["in_spool"] == 0, "the spool is empty")
    until(lambda: cluster.books()["steady"]["pending"] == 0, "everything is folded")
    books = cluster.books()["steady"]
    assert books["raw"] == POSTED, books
    assert books["refused"] + books["damaged"] == 0
    assert _balanced(books)
    found = json.loads(cluster.salescommand("metric", "open-pipeline", "--json", "--filter", "source=steady"))
    assert found["rows"] == POSTED


def _poster() -> dict[str, Any]:
    """Return a pod that posts as an integration does: again, until it is answered."""
    security = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    words = ["ingest", "steady", "opportunity", "deals.ndjson", "--url", "http://sc-backend:8001", "--rate", "20"]
    container = {
        "name": "poster",
        "image": "salescommand:local",
        "imagePullPolicy": "Never",
        "command": ["sh", "-c", 'cp /deals/deals.ndjson "$HOME" && cd && exec salescommand "$@"', "poster"],
        "args": words,
        "env": [
            {"name": "HOME", "value": HOME},
            {"name": "SALESCOMMAND_WRITE_KEY", "valueFrom": {"secretKeyRef": {"name": "poster", "key": "key"}}},
        ],
        "securityContext": security,
        "volumeMounts": [{"name": "deals", "mountPath": "/deals"}, {"name": "home", "mountPath": HOME}],
    }
    volumes = [{"name": "deals", "configMap": {"name": "deals"}}, {"name": "home", "emptyDir": {}}]
    user = {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"restartPolicy": "OnFailure", "securityContext": user, "containers": [container], "volumes": volumes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "poster"}, "spec": spec}


def test_an_upgrade_changes_values_and_image_and_a_rollback_undoes_it(cluster: Cluster) -> None:
    before = cluster.books()["steady"]["raw"]
    password = cluster.get("secret", "sc-redis")["data"]
    # A larger spool: the claim is grown by hand, Kubernetes takes no other size in the set's template.
    cluster.upgrade(
        *("--set", "settings.sessionHours=24", "--set", "image.tag=second", "--set", "backend.spool.size=2Gi"),
    )
    environment = {each["name"]: each for each in cluster.pods("backend")[0]["spec"]["containers"][0]["env"]}
    assert environment["SALESCOMMAND_SPOOL_MAX_BYTES"]["value"] == str(2 * 2**30 * 9 // 10)
    found = {each["spec"]["containers"][0]["image"] for each in cluster.pods("backend", "worker", "operator")}
    assert found == {"salescommand:second"}
    assert cluster.get("secret", "sc-redis")["data"] == password, "made once"
    assert cluster.books()["steady"]["raw"] == before
    cluster.run(helm(), "rollback", RELEASE, "-n", SPACE, "--wait", "--timeout", "6m")
    found = {each["spec"]["containers"][0]["image"] for each in cluster.pods("backend", "worker", "operator")}
    assert found == {"salescommand:local"}
    assert cluster.books()["steady"]["raw"] == before


def test_after_uninstalling_the_data_are_there_for_the_next_installation(cluster: Cluster) -> None:
    before = cluster.books()
    metric = cluster.salescommand("metric", "open-pipeline", "--json")
    cluster.run(helm(), "uninstall", RELEASE, "-n", SPACE, "--wait")
    claims = {each["metadata"]["name"] for each in cluster.get("pvc")["items"]}
    assert {"spool-sc-backend-0", "data-sc-clickhouse-0-0", "data-sc-redis-0"} <= claims
    cluster.upgrade()
    cluster.kubectl("wait", "--for=condition=Ready", "dl/main", "--timeout=180s")
    assert {name: each["raw"] for name, each in cluster.books().items()} == {
        name: each["raw"] for name, each in before.items()
    }
    again = cluster.salescommand("metric", "open-pipeline", "--json")
    assert {json.loads(each)["value"] for each in (metric, again)} == {json.loads(metric)["value"]}


def test_a_scaled_lake_gives_the_new_server_its_tables(cluster: Cluster) -> None:
    cluster.kubectl("scale", "dl", "main", "--replicas=2")
    until(lambda: len(cluster.pods("clickhouse")) == 2, "a second server is there")
    until(lambda: _ready(cluster), "it is ready")
    until(lambda: _tables(cluster, 1) == _tables(cluster, 0) > 20, "it has every table", 180)
    chosen = "app.kubernetes.io/component=clickhouse,salescommand.io/serving=true"
    until(lambda: len(cluster.get("pods", "-l", chosen)["items"]) == 2, "it may be asked")
    cluster.upgrade()
    assert cluster.get("statefulset", "sc-clickhouse-0")["spec"]["replicas"] == 2, "an upgrade does not undo it"


def _tables(cluster: Cluster, server: int) -> int:
    asked = cluster.kubectl("exec", "sc-backend-0", "--", "python3", "-c", _COUNT.replace("SERVER", str(server)))
    return int(asked)


_COUNT = """
import os, urllib.request
asked = urllib.request.Request(
    "http://sc-clickhouse-0-SERVER.sc-clickhouse-headless:8123/",
    data=b"SELECT count() FROM system.tables WHERE database = 'salesintel'",
    headers={
        "X-ClickHouse-User": os.environ["CLICKHOUSE_USER"],
        "X-ClickHouse-Key": os.environ["CLICKHOUSE_PASSWORD"],
    },
)
print(urllib.request.urlopen(asked, timeout=10).read().decode())
"""
