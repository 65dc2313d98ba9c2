"""The operator as its own process: a real Kubernetes API on one side, a real engine behind HTTP on the other."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.operator.conftest import SECRET
from tests.support.clickhouse_front import FrontServer
from tests.support.kube import Kube

ROLE = Path(__file__).resolve().parents[2] / "charts/salescommand/files/role.yaml"
ROUNDS = int(os.environ.get("SALESCOMMAND_FAULT_ROUNDS", "5"))


def wait(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)  # asks again; the condition ends the wait


def least_privileged(cluster: Kube) -> Path:
    """Return the kubeconfig of a service account that may do what the shipped Role says, and nothing else."""
    file = cluster.kubeconfig.with_name("operator.kubeconfig")
    if not file.exists():
        cluster.kubectl("create", "serviceaccount", "operator")
        cluster.kubectl("apply", "-f", str(ROLE))
        words = ["--role=salescommand-operator", "--serviceaccount=default:operator"]
        cluster.kubectl("create", "rolebinding", "operator", *words)
        config = yaml.safe_load(cluster.kubeconfig.read_text())
        config["users"][0]["user"]["token"] = cluster.kubectl("create", "token", "operator").strip()
        file.write_text(yaml.safe_dump(config))
    return file


@contextmanager
def operator(cluster: Kube, log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the operator as a process; its log must not hold the password."""
    variables = {
        "KUBECONFIG": str(least_privileged(cluster)),
        "SALESCOMMAND_OPERATOR_NAMESPACES": "default",
        "SALESCOMMAND_OPERATOR_METRICS_PORT": "0",
        "SALESCOMMAND_OPERATOR_HEALTH_PORT": "0",
        **more,
    }
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "salescommand_operator"], env={**os.environ, **variables}, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
        assert SECRET not in log.read_text()


@pytest.fixture(scope="module")
def credentials(cluster: Kube) -> dict[str, Any]:
    cluster.kubectl(
        "create", "secret", "generic", "lake-user", "--from-literal=username=default",
        f"--from-literal=password={SECRET}",
    )  # fmt: skip
    return {"name": "lake-user"}


class Lake:
    """One DataLake on the cluster."""

    def __init__(self, cluster: Kube, name: str, clickhouse: FrontServer, credentials: dict[str, Any]) -> None:
        self.cluster, self.name, self.clickhouse = cluster, name, clickhouse
        self.database = name.replace("-", "_")
        self.ref = {"external": {"url": clickhouse.url}, "credentialsSecretRef": credentials}

    def declare(self, **spec: Any) -> None:
        body = {"clusterRef": self.ref, "database": self.database, "drift": {"intervalSeconds": 15}, **spec}
        self.cluster.apply(
            {
                "apiVersion": "salescommand.io/v1alpha1",
                "kind": "DataLake",
                "metadata": {"name": self.name},
                "spec": body,
            }
        )

    @property
    def object(self) -> dict[str, Any]:
        return self.cluster.get("dl", self.name)

    def condition(self, kind: str) -> tuple[str, str]:
        found = self.object
        for each in found.get("status", {}).get("conditions", ()):
            if each["type"] == kind and each["observedGeneration"] == found["metadata"]["generation"]:
                return each["status"], each["reason"]
        return "", ""

    def waits(self, kind: str, status: str, *reasons: str) -> None:
        try:
            wait(
                lambda: (now := self.condition(kind))[0] == status and (not reasons or now[1] in reasons),
                f"{kind} is {status} {reasons}",
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.object.get('status', {}).get('conditions')}") from None

    def patch(self, **spec: Any) -> None:
        self.cluster.patch("dl", self.name, {"spec": spec})

    def sql(self, text: str) -> str:
        import urllib.request

        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            f"{self.clickhouse.url}/?database={self.database}", data=text.encode(),
            headers={"X-ClickHouse-User": "default", "X-ClickHouse-Key": SECRET},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            found: str = answer.read().decode().strip()
            return found

    def written(self) -> list[str]:
        """Return when the operator wrote the status, as the API server keeps it."""
        shown = self.cluster.get("dl", self.name, "--show-managed-fields")
        own = [each for each in shown["metadata"]["managedFields"] if each["manager"] == "salescommand-operator"]
        return [each["time"] for each in own if each.get("subresource") == "status"]

    def events(self) -> set[str]:
        found = self.cluster.get("events", f"--field-selector=involvedObject.name={self.name}")
        return {each["reason"] for each in found["items"]}


def serving(days: int) -> dict[str, Any]:
    return {"servingViews": {"retention": {"days": days}}}


def test_the_life_of_a_lake(
    cluster: Kube, clickhouse: FrontServer, credentials: dict[str, Any], tmp_path: Path
) -> None:
    """Apply, edit, dry run, refuse, approve, drift, heal, pause, and delete while ClickHouse is away."""
    lake = Lake(cluster, "life", clickhouse, credentials)
    with operator(cluster, tmp_path / "operator.log"):
        lake.declare(zones=serving(90))
        lake.waits("Ready", "True")
        assert lake.sql("SELECT checksum FROM schema_ledger FINAL WHERE name = 'owner'") == "default/life"
        lake.sql(
            "INSERT INTO serving_views (view_id, refreshed_at) VALUES ('old', now() - INTERVAL 60 DAY), ('new', now())"
        )

        lake.patch(mode="DryRun", zones=serving(120))
        lake.waits("SchemaApplied", "False", "DryRun")
        assert "toIntervalDay(90)" in lake.sql("SHOW CREATE TABLE serving_views")
        lake.patch(mode="Apply")
        lake.waits("Ready", "True")
        assert "toIntervalDay(120)" in lake.sql("SHOW CREATE TABLE serving_views")

        lake.patch(zones=serving(30))
        lake.waits("PlanApproved", "False", "ApprovalRequired")
        lake.waits("Stalled", "True", "ApprovalRequired")
        assert lake.sql("SELECT count() FROM serving_views") == "2"
        lake.patch(approvedPlan=lake.object["status"]["plan"]["hash"])
        lake.waits("Ready", "True")
        lake.sql("OPTIMIZE TABLE serving_views FINAL")
        assert lake.sql("SELECT count() FROM serving_views") == "1"

        lake.sql("ALTER TABLE quarantine DROP COLUMN reason")
        lake.waits("SchemaInSync", "False")
        assert lake.object["status"]["drift"]["items"][0]["object"] == "quarantine.reason"
        assert lake.condition("Ready")[0] == "True"
        lake.patch(drift={"policy": "Heal"})
        lake.waits("SchemaInSync", "True")
        lake.waits("Ready", "True")
        assert "reason" in lake.sql("DESCRIBE TABLE quarantine")

        settled = lake.object["metadata"]["resourceVersion"]
        lake.patch(paused=True)
        lake.waits("Paused", "True")
        lake.sql("ALTER TABLE quarantine DROP COLUMN reason")
        assert settled != lake.object["metadata"]["resourceVersion"]
        lake.patch(paused=False)
        lake.waits("Paused", "False")
        wait(lambda: "reason" in lake.sql("DESCRIBE TABLE quarantine"), "what was changed in the pause is healed")

        assert {
            "PlanCreated",
            "PlanApplied",
            "ApprovalRequired",
            "RetentionShortened",
            "DriftDetected",
            "LakeReady",
        } <= (lake.events())
        assert SECRET not in str(lake.object)
        clickhouse.stop()
        try:
            lake.waits("ClusterReachable", "False", "SomeReplicasUnreachable")
            cluster.kubectl("delete", "dl", "life", "--timeout=30s")
        finally:
            clickhouse.start()
        assert "Retained" in lake.events()
        assert int(lake.sql("SELECT count() FROM system.tables WHERE database = 'life'")) > 10


def test_unchanged_means_no_write(
    cluster: Kube, clickhouse: FrontServer, credentials: dict[str, Any], tmp_path: Path
) -> None:
    """Not even by two operators that run by mistake: each finds nothing to do and nothing to say."""
    lake = Lake(cluster, "still", clickhouse, credentials)
    with operator(cluster, tmp_path / "operator.log"), operator(cluster, tmp_path / "second.log"):
        lake.declare()
        lake.waits("Ready", "True")
        wait(lambda: lake.condition("SchemaApplied")[1] == "UpToDate", "the pass after the apply")
        written = lake.written()
        assert len(written) == 1
        cluster.kubectl("label", "dl", "still", "poke=1")  # wakes the loops, changes nothing
        with pytest.raises(AssertionError):
            wait(lambda: lake.written() != written, "a write", seconds=5)
        cluster.kubectl("delete", "dl", "still", "--timeout=30s")


def test_delete_takes_only_what_it_owned(
    cluster: Kube, clickhouse: FrontServer, credentials: dict[str, Any], tmp_path: Path
) -> None:
    lake = Lake(cluster, "owned", clickhouse, credentials)
    stranger = Lake(cluster, "stranger", clickhouse, credentials)
    stranger.database = lake.database
    exists = "SELECT count() FROM system.databases WHERE name = 'owned'"
    with operator(cluster, tmp_path / "operator.log"):
        lake.declare()
        lake.waits("Ready", "True")
        stranger.declare(deletionPolicy="Delete")
        stranger.waits("SpecValid", "False", "ConflictingLake")
        cluster.kubectl("delete", "dl", "stranger", "--timeout=30s")
        assert lake.sql(exists) == "1"
        assert "Retained" in stranger.events()
        lake.patch(deletionPolicy="Delete")
        cluster.kubectl("delete", "dl", "owned", "--timeout=30s")
    lake.database = "default"
    assert lake.sql(exists) == "0"


def test_a_dry_run_drops_nothing_at_its_end(
    cluster: Kube, clickhouse: FrontServer, credentials: dict[str, Any], tmp_path: Path
) -> None:
    lake = Lake(cluster, "rehearsed", clickhouse, credentials)
    with operator(cluster, tmp_path / "operator.log"):
        lake.declare()
        lake.waits("Ready", "True")
        lake.sql("INSERT INTO raw_events (source, entity_type, source_id, body) VALUES ('crm', 'deal', '1', '{}')")
        lake.patch(mode="DryRun", deletionPolicy="Delete")
        lake.waits("Ready", "True")
        cluster.kubectl("delete", "dl", "rehearsed", "--timeout=30s")
        assert "Retained" in lake.events()
        assert "DataDeleted" not in lake.events()
    assert lake.sql("SELECT count() FROM raw_events") == "1"


@pytest.mark.faults
def test_killed_at_any_moment_it_converges(
    cluster: Kube, clickhouse: FrontServer, credentials: dict[str, Any], tmp_path: Path
) -> None:
    lake = Lake(cluster, "killed", clickhouse, credentials)
    moments = random.Random(20260)  # noqa: S311 - moments of faults, the same in every run
    log = tmp_path / "operator.log"
    with operator(cluster, log):
        lake.declare()
        lake.waits("Ready", "True")
    lake.sql(
        "INSERT INTO raw_events (source, entity_type, source_id, body, batch_id)"
        " SELECT 'crm', 'deal', toString(number), '{\"deal\": {}}', 'one' FROM numbers(1000)"
    )
    for number in range(ROUNDS):
        with operator(cluster, log) as process:
            column = {"name": f"c{number}", "path": f"deal.c{number}", "type": "String", "index": "MinMax"}
            lake.declare(zones={"rawEvents": {"promotedColumns": [column]}}, changePolicy={"destructive": "Allow"})
            try:
                process.wait(moments.uniform(0.5, 5))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.wait()
    with operator(cluster, log):
        lake.waits("Ready", "True")
        columns = lake.sql("DESCRIBE TABLE raw_events")
        assert f"c{ROUNDS - 1}" in columns
        assert "c0\t" not in columns or ROUNDS == 1
        assert (
            lake.sql("SELECT count(), uniqExact(source_id), sum(length(body)) FROM raw_events") == "1000\t1000\t12000"
        )
        assert lake.object["status"]["plan"]["steps"] == []
        cluster.kubectl("delete", "dl", "killed", "--timeout=30s")
