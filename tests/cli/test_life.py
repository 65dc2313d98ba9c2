"""Starting, stopping, and what dies in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import httpx
import pytest

from tests.cli.support import COMMAND, dev, environment, processes_of, run, wait_until

pytestmark = pytest.mark.usefixtures("stores")
LINUX_ONLY = pytest.mark.skipif(os.uname().sysname != "Linux", reason="only Linux ends children with their parent")


def child(data, name: str) -> int:
    noted = json.loads((data / "run" / "children.json").read_text())
    return next(int(one["pid"]) for one in noted if one["name"] == name)


def test_commands_work_without_a_running_system_and_what_they_make_is_kept(tmp_path):
    data = tmp_path / "data"
    made = run(data, "key", "create", "alone", "--kind", "generic")
    assert made.returncode == 0, made.stderr
    assert len(made.stdout.splitlines()) == 1
    assert made.stderr == ""
    assert processes_of(data) == {}
    file = tmp_path / "one.json"
    file.write_text('[{"id": "x-1", "name": "kept", "stage": "Proposal"}]')
    posted = run(data, "ingest", "alone", "opportunity", str(file))
    assert posted.stdout.startswith("1 accepted"), posted.stderr
    assert processes_of(data) == {}
    with dev(data) as system:
        # The second start has data and must be quick; the generous limit is for busy machines.
        seconds = float(system.output.split(" ready in ")[1].split(" s")[0])
        assert seconds < 60
        value = json.loads(run(data, "metric", "open-count", "--filter", "source=alone", "--json").stdout)
        assert value["rows"] == 1
        post = f"{system.address('API')}/api/microservices/ingest/alone/opportunity"
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        assert (
            httpx.post(f"{post}?wait=stored", json={"id": "x-2", "name": "later"}, headers=headers).status_code == 200
        )
        _replaces_the_key_and_applies_a_contract(data, tmp_path, post)
        assert json.loads(run(data, "spool", "status", "--json").stdout)["status"] == "accepting"
        drained = run(data, "spool", "drain")
        assert (drained.returncode, drained.stdout) == (0, "The spool is empty.\n"), drained.stderr
        assert httpx.post(post, json={"id": "x-3"}, headers=headers).status_code == 503
        assert "spool: draining; 0 events wait" in run(data, "spool", "status").stdout
        assert system.stop(signal.SIGINT) == 0
        assert "Stopped. The data is kept." in system.output
    assert processes_of(data) == {}
    assert not (data / "run" / "control.sock").exists()


def _replaces_the_key_and_applies_a_contract(data, folder, post):
    """What integrators type beside a running system."""
    [old] = json.loads(run(data, "key", "list", "alone", "--json").stdout)
    rotated = run(data, "key", "rotate", "alone", old["id"], "--grace", "1h")
    assert len(rotated.stdout.splitlines()) == 1, rotated.stderr
    assert old["id"] in rotated.stderr
    drafted = run(data, "contract", "draft", "alone", "opportunity")
    schema = folder / "opportunity.json"
    schema.write_text(drafted.stdout)
    assert json.loads(drafted.stdout)["required"] == ["id", "name"], drafted.stderr
    assert run(data, "contract", "apply", "alone", "opportunity", str(schema)).returncode == 0
    headers = {"X-Write-Key": rotated.stdout.strip()}
    assert httpx.post(post, json={"id": "x-3"}, headers=headers).status_code == 422
    told = run(data, "source", "tail", "alone", "--outcome", "rejected")
    assert '"name" is a required property' in told.stdout, told.stderr
    assert run(data, "contract", "remove", "alone", "opportunity").returncode == 0


@pytest.mark.faults
@pytest.mark.parametrize("name", ["redis", "mongo"])
def test_a_child_that_dies_is_named_and_the_rest_stops(tmp_path, name):
    data = tmp_path / "data"
    with dev(data) as system:
        pid = child(data, name)
        os.kill(pid, signal.SIGKILL)
        assert system.process.wait(60) == 1
        assert f"{name} (process {pid}) was ended by SIGKILL" in system.output
        assert str(data / "logs" / f"{name}.log") in system.output
        assert "Traceback" not in system.output
    assert processes_of(data) == {}


@pytest.mark.faults
@LINUX_ONLY
def test_children_end_with_a_killed_parent_and_what_was_acknowledged_is_there(tmp_path):
    data = tmp_path / "data"
    key = run(data, "key", "create", "crash").stdout.strip()
    acknowledged = 0
    with dev(data) as system:
        post = f"{system.address('API')}/api/microservices/ingest/crash/opportunity"
        with httpx.Client(headers={"Authorization": f"Bearer {key}"}) as client:
            for number in range(200):
                answer = client.post(post, json={"id": f"c-{number}", "name": "deal", "amount": "1"})
                acknowledged += answer.status_code == 200
        system.process.kill()
        system.process.wait()
        wait_until(lambda: processes_of(data) == {}, "children end with their parent", 30)
    with dev(data) as system:
        token = run(data, "token", "create").stdout.strip()
        with httpx.Client(base_url=system.address("API"), headers={"Authorization": f"Bearer {token}"}) as client:

            def total() -> int:
                query = {"filter[source]": "crash", "limit": 1}
                return client.get("/api/records/opportunity", params=query).json()["total"]

            wait_until(lambda: total() == acknowledged, f"{acknowledged} acknowledged records", 60)
    assert acknowledged == 200


@pytest.mark.faults
def test_what_a_killed_process_left_behind_is_ended_by_the_next_start(tmp_path):
    """Where the kernel does not end children with their parent, the next start does, by number and identity."""
    data = tmp_path / "data"
    from salescommand_cli.local.folder import DataFolder

    folder = DataFolder(data)
    folder.prepare()
    stranger = subprocess.Popen(["sleep", "600"])
    left = subprocess.Popen(["sleep", "600"])
    try:
        folder.note_children({"redis": left.pid})
        noted = json.loads((data / "run" / "children.json").read_text())
        noted.append({"name": "mongo", "pid": stranger.pid, "identity": "of a process before the last boot"})
        (data / "run" / "children.json").write_text(json.dumps(noted))
        done = run(data, "token", "create")
        assert done.returncode == 0, done.stderr
        assert left.wait(30) == -signal.SIGTERM
        assert stranger.poll() is None, "a process that only has the same number must be left alone"
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


@pytest.mark.faults
def test_a_stop_during_the_start_leaves_nothing(tmp_path):
    data = tmp_path / "data"
    process = subprocess.Popen(
        [COMMAND, "dev", "--api-port", "0", "--ui-port", "0"], env=environment(data), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, cwd=tmp_path,
    )  # fmt: skip
    wait_until((data / "run" / "children.json").exists, "the first child")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert processes_of(data) == {}


@pytest.mark.faults
def test_a_process_that_does_not_answer_is_named(tmp_path):
    data = tmp_path / "data"
    with dev(data) as system:
        system.process.send_signal(signal.SIGSTOP)
        try:
            started = time.monotonic()
            done = run(data, "token", "create")
        finally:
            system.process.send_signal(signal.SIGCONT)
        assert done.returncode == 1
        assert f"process {system.process.pid}" in done.stderr
        assert "does not answer" in done.stderr
        assert time.monotonic() - started < 30
