"""Programs under measurement: started pinned to cores, asked what they hold, ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
STOP_SECONDS = 60


class BenchmarkError(Exception):
    """A measurement can't be made; the message says why."""


def pinned(cores: Sequence[int] | None, command: Sequence[str]) -> list[str]:
    """Return the command, kept on these cores."""
    if cores is None:
        return list(command)
    return ["taskset", "-c", ",".join(map(str, cores)), *command]


@dataclass
class Program:
    """A server that prints one JSON line with its addresses when it is ready."""

    arguments: Sequence[str]
    cores: Sequence[int] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            BenchmarkError: it ends or stays silent; says what it printed last.
        """
        log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the program
        self.process = subprocess.Popen(
            pinned(self.cores, [sys.executable, "-m", *self.arguments]),
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            log.seek(0)
            raise BenchmarkError(f"{' '.join(self.arguments)} did not start:\n{log.read()[-2000:]}")
        self.about = json.loads(line)

    @property
    def port(self) -> int:
        """Where it answers."""
        return int(self.about["port"])

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self.about["pid"])

    def state(self) -> dict[str, Any]:
        """Return what it says that it holds."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.about['state']}/", timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def wait_until_loaded(self, seconds: float = 3600) -> None:
        """Wait until the lake has everything.

        Raises:
            BenchmarkError: it takes too long.
        """
        deadline = time.monotonic() + seconds
        while self.state()["depth"]:
            if time.monotonic() > deadline:
                raise BenchmarkError(f"events are still in the spool after {seconds:.0f} s: {self.state()}")
            time.sleep(0.05)

    def settled(self, *, loaded: bool) -> dict[str, Any]:
        """Return the books once all is in them that a client left unfinished, and in the lake if there is one."""
        books = None
        while books != (books := self.state()["books"]):
            time.sleep(0.3)
        if loaded:
            self.wait_until_loaded()
        found: dict[str, Any] = self.state()["books"]
        return found

    def memory(self) -> int:
        """Return the bytes of memory that it has in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        """End it, and wait."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM) if self.about else self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def running(*arguments: str, cores: Sequence[int] | None = None, **environment: str) -> Iterator[Program]:
    """Run a program for the time of the block."""
    program = Program(arguments, cores, environment)
    try:
        program.start()
        yield program
    finally:
        program.stop()


@contextlib.contextmanager
def folder(home: Path) -> Iterator[Path]:
    """Make a folder on the disk that is measured, and remove it."""
    home.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="run-", dir=home))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
