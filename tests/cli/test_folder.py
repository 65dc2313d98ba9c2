from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from salescommand_cli.errors import CommandError
from salescommand_cli.local.folder import LONGEST_SOCKET_PATH, DataFolder, FolderInUse
from salescommand_cli.local.processes import end, identity, is_alive
from tests.cli.support import run


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(tmp_path / "file" / "data", "dev", SALESCOMMAND_API_PORT="0", SALESCOMMAND_UI_PORT="0")
    assert done.returncode == 1
    assert str(tmp_path / "file" / "data") in done.stderr
    assert "SALESCOMMAND_DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere; see the test without rights below")
def test_a_read_only_folder_is_named(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    with pytest.raises(CommandError, match="cannot be written: permission denied"):
        DataFolder(folder).prepare()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give its rights up")
def test_a_read_only_part_is_named_also_when_started_by_root(tmp_path):
    tmp_path.chmod(0o755)
    folder = tmp_path / "data"
    DataFolder(folder).prepare()
    for part in (folder, *folder.iterdir()):
        os.chown(part, 65534, 65534)
        part.chmod(0o700)
    (folder / "lake").chmod(0o500)
    code = """
import os, sys
from pathlib import Path
from salescommand_cli.local.folder import DataFolder
os.setuid(65534)
try:
    DataFolder(Path(sys.argv[1])).prepare()
except Exception as error:
    print(error)
"""
    for parent in tmp_path.parents:
        if parent.name.startswith(("pytest-", "popen-")):  # a worker of a shared-out run has one folder more
            parent.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == f"the data folder {folder / 'lake'} cannot be written: permission denied.\n"


def test_one_process_at_a_time(tmp_path):
    first, second = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
    first.prepare()
    assert second.holder() is None
    with first.hold("dev"):
        with pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
            second.hold("dev")
        first.describe("dev", api="http://localhost:1")
        holder = second.holder()
        assert holder is not None
        assert (holder.pid, holder.role, holder.urls) == (os.getpid(), "dev", {"api": "http://localhost:1"})
    assert second.holder() is None
    with second.hold("serve"):
        pass


def test_a_lock_left_by_a_killed_process_is_free(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    folder.lock_file.write_text(json.dumps({"pid": 1, "role": "dev", "urls": {}}))
    assert folder.holder() is None
    with folder.hold("dev"):
        pass


@pytest.mark.parametrize("length", [10, 60, 120, 200])
def test_sockets_fit_into_an_address_however_deep_the_folder_is(tmp_path, length):
    deep = tmp_path
    while len(str(deep)) < len(str(tmp_path)) + length:
        deep = deep / "deeper"
    folder = DataFolder(deep)
    folder.prepare()
    address = folder.socket("control.sock")
    assert len(os.fsencode(address)) <= LONGEST_SOCKET_PATH
    assert address == DataFolder(deep).socket("control.sock")
    assert address.parent.stat().st_mode & 0o077 == 0
    assert address != DataFolder(deep.parent).socket("control.sock")


def test_a_process_is_known_by_more_than_its_number():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = identity(child.pid)
    try:
        assert known
        assert identity(child.pid) == known
        assert is_alive(child.pid, known)
        assert not is_alive(child.pid, "another")
        end(child.pid, "another", patience=0.1)
        assert child.poll() is None, "a process with another identity must be left alone"
        end(child.pid, known, patience=0.1)
        assert not is_alive(child.pid, known)
    finally:
        child.kill()
        child.wait()
    assert identity(child.pid) is None


def test_paths_may_hold_spaces(tmp_path):
    folder = DataFolder(Path(f"{tmp_path}/my data"))
    folder.prepare()
    assert (tmp_path / "my data" / "run").is_dir()


def test_a_spool_that_cannot_be_read_is_said_in_words(tmp_path):
    data = tmp_path / "data"
    (data / "spool").mkdir(parents=True)
    spool = data / "spool" / "events-0.sqlite"
    spool.write_bytes(b"not a database" * 1000)
    done = run(data, "source", "list")
    assert done.returncode == 1
    assert f"{spool} is not a spool" in done.stderr
    assert "Move it away" in done.stderr
    assert "ask the senders to post again" in done.stderr
    assert "Traceback" not in done.stderr
    assert spool.read_bytes() == b"not a database" * 1000
