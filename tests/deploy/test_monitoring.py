"""Alerts and their runbooks: each alert has been seen to fire, and says what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "charts" / "salescommand" / "files"
RULES = sorted((FILES / "alerts").glob("*.yaml"))
ALERTS = [rule for file in RULES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool: apt-get install prometheus")
    return subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "tests/deploy/alerts",
        timeout=120,
    )


def test_rules_are_sound():
    found = promtool("check", "rules", *map(str, RULES))
    assert found.returncode == 0, found.stdout + found.stderr


def test_each_alert_fires_on_what_it_is_about_and_a_healthy_system_is_silent():
    found = promtool("test", "rules", "alerts.test.yaml")
    assert found.returncode == 0, found.stdout + found.stderr


def test_no_alert_is_without_a_test():
    tests = yaml.safe_load((ROOT / "tests/deploy/alerts/alerts.test.yaml").read_text())["tests"]
    fired = {
        each["alertname"]
        for test in tests
        for each in test["alert_rule_test"]
        if any(alert["exp_labels"] for alert in each["exp_alerts"])
    }
    assert fired == {rule["alert"] for rule in ALERTS}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_says_what_is_wrong_and_has_a_runbook(rule):
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert len(rule["annotations"]["summary"]) > 20
    assert len(rule["annotations"]["description"]) > 20
    page = (ROOT / "docs" / "runbooks" / f"{rule['alert']}.md").read_text()
    assert page.startswith(f"# {rule['alert']}\n")
    for part in ("**Meaning.**", "**Look**", "**Do**"):
        assert part in page


def test_no_runbook_is_left_over():
    pages = {file.stem for file in (ROOT / "docs" / "runbooks").glob("*.md")} - {"README"}
    assert pages == {rule["alert"] for rule in ALERTS}
