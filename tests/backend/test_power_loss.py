"""Power loss: of the spool's files only what was fsynced is sure to be there. Every acknowledged event is."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.backend.test_spool import opened
from tests.backend.test_spool_damage import load_all
from tests.support.power_loss import Disk, Write, build_shim, compiler, environment, read_log

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("SALESCOMMAND_FAULT_ROUNDS", "5"))

NAME = "events.sqlite"

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(compiler() is None, reason="no C compiler (cc, gcc, clang) to build the power-loss shim"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the power-loss shim is for Linux"),
]


@pytest.fixture
def written(tmp_path: Path) -> tuple[list[Write], list[tuple[int, int]]]:
    """The writes of a process that fills a spool and takes from it, and its answers with the moment of each.

    A negative number: events up to it were on their way out of the spool from then on.
    """
    acks, log, path = tmp_path / "acks", tmp_path / "log", tmp_path / "disk" / NAME
    environ = {**environment(build_shim(tmp_path), log, NAME), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.support.spool_writer", str(path), str(acks), str(log), "120"]
    subprocess.run(command, cwd=ROOT, env=environ, check=True)
    lines = (line.split() for line in acks.read_text().splitlines())
    return read_log(log), [(int(seq), int(moment)) for seq, moment in lines]


async def test_acknowledged_events_survive_a_power_cut_at_any_moment(
    tmp_path: Path, written: tuple[list[Write], list[tuple[int, int]]]
) -> None:
    seed = time.time_ns()
    chance = random.Random(seed)  # noqa: S311
    writes, told = written
    assert {write.op for write in writes} >= {"W", "S"}
    assert len(told) > 300
    answered_at = [(seq, at) for seq, at in told if seq > 0]
    for number in range(ROUNDS * 6):
        moment = chance.randint(answered_at[0][1], writes[-1].end)
        after = tmp_path / f"after-{number}"
        after.mkdir()
        Disk(writes, moment, chance).put(after)
        answered = {seq for seq, at in answered_at if at <= moment}
        leaving = max((-seq for seq, at in told if seq < 0 and at <= moment), default=0)
        where = f"seed {seed}, moment {moment}"
        async with opened(after / NAME) as spool:
            assert spool.stats.damage is None, where
            there = set(await load_all(spool))
            books = spool.books()["crm"]
            # What is not there has left for the lake, and the books say how much that is.
            gone = answered - there
            assert not {seq for seq in gone if seq > leaving}, f"acknowledged and lost: {where}"
            assert books.loaded + books.in_spool >= len(answered), where
            assert len(gone) <= books.loaded - len(there), where
            assert books.received == books.accepted == books.loaded, where
            assert (books.damaged, books.refused) == (0, 0), where
