from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.support import run

RUN = ("dev", "serve", "worker", "ingest", "demo", "metric", "doctor", "version")
GROUPS = ("key", "token", "user", "source", "contract", "mapping", "quarantine", "lake", "spool", "backup")
VERBS = (*RUN, *GROUPS)
DEEP = (
    ("key", "create"),
    ("token", "create"),
    ("user", "create"),
    ("user", "reset-code"),
    ("mapping", "apply"),
    ("lake", "check"),
    ("source", "verify"),
    ("spool", "drain"),
    ("backup", "restore"),
)


def test_help_names_every_verb(tmp_path):
    shown = run(tmp_path, "--help")
    assert shown.returncode == 0
    for verb in VERBS:
        assert f"\n  {verb} " in shown.stdout


@pytest.mark.parametrize("words", [*((verb,) for verb in VERBS), *DEEP], ids=" ".join)
def test_each_verb_explains_itself(tmp_path, words):
    shown = run(tmp_path, *words, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage: salescommand " + " ".join(words) in shown.stdout
    assert len(shown.stdout.splitlines()) > 4


def test_help_loads_nothing_heavy():
    """Help appears at once: what a role needs is imported by the role."""
    code = """
import sys
sys.argv = ["salescommand", "--help"]
from salescommand_cli.main import app
try:
    app()
except SystemExit:
    pass
heavy = {"chdb", "fastapi", "uvicorn", "httpx", "motor", "redis", "pandas", "rich.console", "backend"}
print(sorted(heavy & sys.modules.keys()), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_version_is_printed_alone(tmp_path):
    assert run(tmp_path, "version").stdout == run(tmp_path, "--version").stdout == "0.1.0\n"


def test_wrong_use_is_exit_code_2(tmp_path):
    assert run(tmp_path, "key", "create").returncode == 2
    assert run(tmp_path, "nonsense").returncode == 2
    assert run(tmp_path, "dev", "--api-port", "x").returncode == 2


def test_a_variable_that_cannot_be_used_is_named(tmp_path):
    done = run(tmp_path, "token", "create", SALESCOMMAND_API_PORT="many")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "SALESCOMMAND_API_PORT" in done.stderr
    assert "many" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("role", ["serve", "worker"])
def test_roles_of_production_say_which_variable_is_missing(tmp_path, role):
    done = run(tmp_path / "data", role, MONGO_URL="mongodb://127.0.0.1:1")
    assert done.returncode == 2
    assert "REDIS_URL" in done.stderr
    assert "CLICKHOUSE_URL" in done.stderr
    assert "MONGO_URL:" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_the_demo_needs_a_running_system(tmp_path):
    done = run(tmp_path, "demo")
    assert done.returncode == 1
    assert "nothing runs in" in done.stderr
    assert "salescommand dev --demo" in done.stderr


def test_the_operator_without_a_cluster_says_what_it_lacks(tmp_path):
    failed = run(
        tmp_path, "operator", KUBECONFIG=str(tmp_path / "none"), HOME=str(tmp_path), KUBERNETES_SERVICE_HOST=""
    )
    assert failed.returncode == 1
    assert "no Kubernetes cluster is known here" in failed.stderr
    assert "KUBECONFIG" in failed.stderr
    assert "Traceback" not in failed.stderr
