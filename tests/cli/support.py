"""Running the command as people do: as a process of its own, with its own data folder and free ports."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("salescommand"))
START_SECONDS = 120
STOP_SECONDS = 60
# Variables of whoever runs the tests must not reach the command.
FOREIGN = ("SALESCOMMAND_", "MONGO_URL", "DB_NAME", "REDIS_URL", "CLICKHOUSE_")


def environment(data: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | {"SALESCOMMAND_DATA_DIR": str(data), "SALESCOMMAND_METRICS_PORT": "0"} | more


def run(data: Path, *words: str, stdin: str = "", **more: str):
    """Run one command to its end."""
    return subprocess.run(
        [COMMAND, *words], env=environment(data, **more), input=stdin, capture_output=True, text=True, check=False,
        timeout=START_SECONDS, cwd=tempfile.gettempdir(),
    )  # fmt: skip


def wait_until(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)  # asks again; the condition ends the wait


def processes_of(data: Path) -> dict[int, str]:
    """Return the processes whose command line names the data folder, this test's own left out."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(data) in words and state != "Z" and int(entry.name) != os.getpid():
            found[int(entry.name)] = words
    return found


@dataclass
class Dev:
    """A running `salescommand dev`."""

    process: subprocess.Popen[str]
    data: Path
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text()

    def address(self, label: str) -> str:
        found = re.search(rf"^ +{label} +(http\S+)", self.output, re.MULTILINE)
        assert found, self.output
        return found[1]

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sent)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def dev(data: Path, *words: str, **more: str) -> Iterator[Dev]:
    """Start `salescommand dev` on free ports, wait for `ready`, and end it at the end whatever happened."""
    data.mkdir(parents=True, exist_ok=True)
    log = data.with_name(f"{data.name}-output.log")
    with log.open("w") as output:
        command = [COMMAND, "dev", "--data", str(data), "--api-port", "0", "--ui-port", "0", *words]
        process = subprocess.Popen(
            command, env=environment(data, **more), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            text=True, start_new_session=True, cwd=data.parent,
        )  # fmt: skip
    running = Dev(process, data, log)
    try:
        wait_until(lambda: " ready in " in running.output or process.poll() is not None, "ready")
        assert process.poll() is None, running.output
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
