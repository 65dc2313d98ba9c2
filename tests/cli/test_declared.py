"""`lake plan` and `lake apply`: one manifest, on the embedded lake and beside a running one."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.cli.support import Dev, run


def manifest(folder: Path, **spec: object) -> str:
    file = folder / "datalake.yaml"
    lake = {"apiVersion": "salescommand.io/v1alpha1", "kind": "DataLake", "metadata": {"name": "main"}}
    file.write_text(yaml.safe_dump({**lake, "spec": {"clusterRef": {"name": "local"}, **spec}}))
    return str(file)


def keep(days: int) -> dict[str, object]:
    return {"servingViews": {"retention": {"days": days}}}


def test_from_nothing_to_a_shorter_retention(tmp_path: Path) -> None:
    data = tmp_path / "data"
    file = manifest(tmp_path, zones=keep(90))
    planned = run(data, "lake", "plan", "-f", file)
    assert planned.returncode == 0, planned.stderr
    assert "+ 1. CreateDatabase salesintel" in planned.stdout
    assert "CreateTable serving_views  [Safe]" in planned.stdout
    dry = run(data, "lake", "apply", "-f", file, "--dry-run", "--json")
    assert json.loads(dry.stdout)["applied"] is None
    applied = run(data, "lake", "apply", "-f", file)
    assert applied.returncode == 0, applied.stderr
    assert "steps ran" in applied.stderr
    again = run(data, "lake", "apply", "-f", file, "--json")
    assert json.loads(again.stdout)["plan"]["steps"] == []

    shorter = manifest(tmp_path, zones=keep(30))
    refused = run(data, "lake", "apply", "-f", shorter, "--json")
    assert (refused.returncode, json.loads(refused.stdout)["reason"]) == (2, "ApprovalRequired")
    approval = json.loads(refused.stdout)["plan"]["hash"]
    stale = run(data, "lake", "apply", "-f", shorter, "--approve", "sha256:" + "0" * 64)
    assert (stale.returncode, "StaleApproval" in stale.stderr) == (2, True)
    assert run(data, "lake", "apply", "-f", shorter, "--approve", approval).returncode == 0
    impossible = manifest(tmp_path, zones={"servingViews": {"retention": {"days": 30}, "partitionBy": "Day"}})
    assert run(data, "lake", "plan", "-f", impossible).returncode == 3


def test_a_manifest_that_cannot_be_used_names_the_field(tmp_path: Path) -> None:
    file = manifest(tmp_path, zones={"rawEvents": {"retention": {"days": "long"}}})
    failed = run(tmp_path / "data", "lake", "plan", "-f", file)
    assert failed.returncode == 1
    assert "spec.zones.rawEvents.retention.days" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_beside_a_running_lake_it_goes_through_it(running: Dev, tmp_path: Path) -> None:
    file = manifest(tmp_path, changePolicy={"adoptExisting": True}, zones={"servingViews": {}})
    found = run(running.data, "lake", "plan", "-f", file, "--json")
    assert (found.returncode, json.loads(found.stdout)["plan"]["steps"]) == (0, []), found.stderr
    other = run(running.data, "lake", "plan", "-f", manifest(tmp_path, database="other"))
    assert other.returncode == 1
    assert "this installation works on salesintel" in other.stderr
