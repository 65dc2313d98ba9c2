"""The embedded engine: its folder, its threads, its end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from salescommand_lake import Engine, LakeSettings, open_engine
from salescommand_lake.errors import LakeError, LakeUnavailable
from tests.support.waiting import until_running

# A process of its own, since this one has the run's folder open. It says what pinging the lake in argv[1] raised.
PING = """
import asyncio, os, sys
from pathlib import Path
import chdb
import salescommand_lake.engine.embedded
from salescommand_lake import LakeSettings, open_engine
from salescommand_lake.errors import LakeError
if len(sys.argv) > 2:
    os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
async def main():
    engine = open_engine(LakeSettings(data_dir=Path(sys.argv[1])))
    try:
        await engine.ping()
        print("fine")
    except LakeError as error:
        print(type(error).__name__, error.retryable, error)
    finally:
        await engine.close()
asyncio.run(main())
"""


def ping_elsewhere(data_dir: Path, *more: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", PING, str(data_dir), *more], capture_output=True, text=True, check=True, timeout=60
    )
    return ran.stdout.strip()


async def test_a_folder_in_use_names_its_holder(engine: Engine, lake_home: Path) -> None:
    await engine.ping()
    said = ping_elsewhere(lake_home)
    assert said.startswith("LakeUnavailable True")
    assert f"in use by process {os.getpid()}" in said
    assert str((lake_home / "lake").resolve()) in said
    assert "SALESCOMMAND_DATA_DIR" in said


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = ping_elsewhere(tmp_path / "file" / "data")
    assert said.startswith("LakeUnavailable")
    assert "can't be made" in said
    assert "SALESCOMMAND_DATA_DIR" in said


@pytest.mark.skipif(os.name != "posix", reason="needs users and rights")
def test_a_folder_that_is_read_only() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o755)
        lake = home / "lake"
        lake.mkdir()
        lake.chmod(0o555)
        said = ping_elsewhere(home, *(["65534"] if os.getuid() == 0 else []))
        lake.chmod(0o755)
    assert said.startswith("LakeUnavailable")
    assert "read-only for this user" in said


def test_a_folder_left_behind_by_a_killed_process_opens_again(tmp_path: Path) -> None:
    script = PING.replace('print("fine")', "os.kill(os.getpid(), 9)")
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, check=False, timeout=60)
    assert killed.returncode == -9
    assert (tmp_path / "lake" / "status").exists()
    assert ping_elsewhere(tmp_path) == "fine"


async def test_a_second_folder_in_one_process_is_explained(engine: Engine, tmp_path: Path) -> None:
    await engine.ping()
    other = open_engine(LakeSettings(data_dir=tmp_path))
    with pytest.raises(LakeUnavailable, match="already has a lake open in another folder"):
        await other.ping()
    await other.close()


async def test_closing_waits_for_running_statements(engine: Engine, lake_settings: LakeSettings) -> None:
    closing = open_engine(lake_settings)
    running = [asyncio.create_task(closing.query("SELECT sleep(0.5) AS x")) for _ in range(2)]
    await until_running(engine, "SELECT sleep(0.5)", times=2)
    await closing.close()
    assert await asyncio.gather(*running) == [[{"x": 0}]] * 2
    with pytest.raises(LakeUnavailable, match="was closed"):
        await closing.ping()
    await closing.close()
    await engine.ping()  # another engine on the same folder goes on


async def test_reads_go_on_while_something_is_written(engine: Engine) -> None:
    await engine.command("CREATE TABLE slow (x UInt8) ENGINE = MergeTree ORDER BY x")
    writing = asyncio.create_task(engine.command("INSERT INTO slow SELECT sleep(2)"))
    await until_running(engine, "INSERT INTO slow")
    assert await engine.query("SELECT count() AS n FROM slow") == [{"n": "0"}]
    assert not writing.done()
    await writing


def test_memory_and_pools_are_bounded(tmp_path: Path) -> None:
    asked = (
        "SELECT name, value FROM system.server_settings "
        "WHERE name IN ('max_server_memory_usage', 'background_pool_size', 'mark_cache_size') ORDER BY name"
    )
    script = PING.replace(
        "await engine.ping()", f'await engine.ensure_database(); print(await engine.query("{asked}"))'
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    for value in ("'2147483648'", "'134217728'", "'2'"):
        assert f"'value': {value}" in ran.stdout


def test_a_folder_with_a_question_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="has a '\\?' in its name"):
        open_engine(LakeSettings(data_dir=tmp_path / "what?"))
