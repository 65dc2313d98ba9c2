"""The scripts behind `make`: finding Python, stamps, counting, lock files."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.files import ROOT


def script(name: str):
    spec = importlib.util.spec_from_file_location(f"script_{name}", ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def find_python(**environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "SALESCOMMAND_PYTHON"}
    command = [str(ROOT / "scripts" / "python.sh")]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=False)


def pretender(folder: Path, name: str, says: str) -> Path:
    """Make a program that answers like an interpreter of another version."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    return program


def test_python_is_found():
    done = find_python()
    assert done.returncode == 0
    assert Path(done.stdout.strip()).exists()


def test_an_old_python_is_one_sentence(tmp_path):
    old = pretender(tmp_path, "python3", 'echo " 3.8.18"')
    for name in ("python", "python3.11", "python3.12", "python3.13"):
        pretender(tmp_path, name, "exit 127")
    done = find_python(PATH=f"{tmp_path}:/bin")
    if done.returncode == 0:
        pytest.skip("this machine has its Python in /bin")
    assert "needs Python 3.11, 3.12 or 3.13; found: python3 (3.8.18)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    done = find_python(SALESCOMMAND_PYTHON=str(old))
    assert done.returncode == 1
    assert "it is Python 3.8.18" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_shim_that_refuses_is_passed_over(tmp_path):
    pretender(tmp_path, "python3", "echo not installed >&2; exit 127")
    good = pretender(tmp_path, "python3.13", f'echo "{sys.executable} 3.13.1"')
    done = find_python(PATH=f"{tmp_path}:/nowhere:{Path(shutil.which('sh')).parent}")
    assert done.stdout.strip() == sys.executable, (good, done.stderr)


def test_make_help_lists_every_target_that_people_use():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in [
        "setup",
        "demo",
        "test",
        "lint",
        "types",
        "arch",
        "unit",
        "integration",
        "ui",
        "e2e",
        "faults",
        "lock",
        "reset",
        "clean",
    ]:
        assert re.search(rf"^  make {target} +\S", shown, re.MULTILINE), target


def test_stamps_change_with_names_contents_and_settings(monkeypatch, tmp_path):
    setup = script("setup")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    one = tmp_path / "one"
    one.write_text("a")
    first = setup.digest([one])
    assert setup.digest([one]) == first
    assert setup.digest([one], "3.12") != first
    one.write_text("b")
    assert setup.digest([one]) != first
    one.rename(tmp_path / "two")
    assert setup.digest([tmp_path / "two"]) != first
    stamp = tmp_path / "stamp"
    assert not setup.stamped(stamp, first)
    stamp.write_text(first)
    assert setup.stamped(stamp, first)


def test_a_failed_step_shows_its_log_and_leaves_no_stamp(monkeypatch, tmp_path):
    setup = script("setup")
    monkeypatch.setattr(setup, "STATE", tmp_path)
    with pytest.raises(setup.StepFailed, match="ended with 3") as failure:
        setup.run("step", [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], cwd=tmp_path)
    assert "the reason" in str(failure.value)


REPORT = """<testsuites><testsuite>
<testcase classname="a" name="fine"/>
<testcase classname="a" name="bad"><failure message="no">…</failure></testcase>
<testcase classname="a" name="broken"><error message="no">…</error></testcase>
<testcase classname="a" name="left_out"><skipped message="no browser">…</skipped></testcase>
</testsuite></testsuites>"""


def test_reports_are_counted(monkeypatch, tmp_path, capsys):
    runner = script("test")
    monkeypatch.setattr(runner, "LOGS", tmp_path)
    part = runner.Part("unit", "unit", ("true",), report=True)
    part.report_file.write_text(REPORT)
    outcome = runner.Outcome(part)
    runner.read_report(outcome)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (1, 2, 1)
    assert runner.summary([outcome], 1.0) == 1
    shown = capsys.readouterr().out
    assert "no browser:\n    a.left_out" in shown
    assert shown.splitlines()[-1] == "1 passed, 2 failed, 1 skipped"


def test_a_part_that_fails_without_a_report_counts(monkeypatch, tmp_path):
    runner = script("test")
    monkeypatch.setattr(runner, "LOGS", tmp_path)
    outcome = runner.run(runner.Part("lint", "x", ("false",)), live=False)
    assert (outcome.passed, outcome.failed) == (0, 1)
    outcome = runner.run(runner.Part("lint", "x", ("true",)), live=False)
    assert (outcome.passed, outcome.failed) == (1, 0)
    outcome = runner.run(runner.Part("e2e", "x", ("true",), lacking=lambda: "no browser"), live=False)
    assert (outcome.passed, outcome.failed, dict(outcome.skips)) == (0, 0, {"no browser": ["x"]})


def test_every_optional_package_has_an_entry_in_the_npm_lock():
    """`npm ci` refuses a lock file without one; `make lock` completes it."""
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())
    assert script("complete_npm_lock").missing(lock["packages"]) == {}


def test_a_platforms_entry_is_read_from_its_name():
    entry = script("complete_npm_lock").entry
    assert entry("@x/binding-linux-arm64-musl", "1.0.0", {"dev": True}) == {
        "version": "1.0.0", "cpu": ["arm64"], "dev": True, "libc": ["musl"], "optional": True, "os": ["linux"],
    }  # fmt: skip
    assert entry("@x/binding-win32-x64-msvc", "1.0.0", {})["os"] == ["win32"]


@pytest.mark.parametrize("name", ["runtime.lock", "dev.lock", "node.lock", "bootstrap.txt"])
def test_lock_files_pin_and_hash_everything(name):
    text = (ROOT / "requirements" / name).read_text()
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


def test_what_runs_is_the_same_for_developers():
    """dev.lock holds every pin of runtime.lock."""
    pins = {
        name: set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("runtime.lock", "dev.lock")
    }
    assert pins["runtime.lock"] <= pins["dev.lock"]
