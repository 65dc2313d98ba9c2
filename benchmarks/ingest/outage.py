"""ClickHouse away while events arrive, and how fast the spool drains once it is back."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.ingest.measures import BOTH, CLIENT, SUBJECT, Plan, closed_loop, open_loop, verified
from benchmarks.ingest.names import SOURCE
from benchmarks.ingest.programs import ROOT, BenchmarkError, Program, folder, running
from benchmarks.report import Row

__all__ = ["outage"]


class Server:
    """ClickHouse's HTTP interface over an engine in a process of its own, which can be ended and started again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "tests.support.clickhouse_front", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--path", str(self._path)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.05)
        raise BenchmarkError("the ClickHouse server of the measurement did not start")

    def stop(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def outage(plan: Plan, say: Callable[[str], None]) -> list[Row]:
    """Post at half load over an outage; nothing may be missing or twice there."""
    with folder(plan.home) as data:
        server, ids = Server(data / "lake"), data / "acknowledged"
        server.start()
        try:
            with running(SUBJECT, "--data", str(data), "--loader", cores=BOTH, CLICKHOUSE_URL=server.url) as door:
                most, warm = closed_loop(door, plan.seconds, "w", BOTH)
                door.wait_until_loaded()
                posting = _posting(door, most / 2, plan, ids)
                time.sleep(2)
                server.stop()
                gone = time.monotonic()
                time.sleep(plan.outage_seconds)
                behind = door.state()["depth"]
                say(f"{behind:,} events waited after {plan.outage_seconds:g} s without ClickHouse; it comes back")
                server.start()
                back = time.monotonic()
                drained, arrived = _drain(door)
                level = time.monotonic()
                sent = posting()
                books = door.settled(loaded=True)
            rows = min(behind, plan.rows)
            direct = rows / _direct(server.url, rows)
        finally:
            server.stop()
        least = warm + sent["acknowledged"]
        check = verified(data, books, least, least + 128, ids)
    name = f"ClickHouse away for {plan.outage_seconds:g} s at half load"
    away, draining = (_longest(sent, *span) for span in ((gone, back), (back, level)))
    detail = (
        f"{behind:,} waited, {sent['acknowledged']:,} acknowledged in all; longest answer of a second: "
        f"{away} ms while away, {draining} ms while draining"
    )
    say(f"{check}; drained at {drained:,.0f}/s while {arrived:,.0f}/s arrived, direct {direct:,.0f}/s")
    return [
        Row(f"{name}: lost / duplicated", "0 / 0", "0 / 0", "0 / 0", detail, [check]),
        Row(
            "drain while events keep arriving / direct bulk insert of as many rows",
            "0.5",
            "0.8",
            f"{drained / direct:.2f}",
            f"{drained:,.0f} against {direct:,.0f} rows/s, {arrived:,.0f} events/s arriving",
        ),
    ]


def _longest(sent: dict[str, Any], since: float, until: float) -> str:
    """Return the median and the maximum, in milliseconds, of the longest answers of the seconds between two times."""
    worst = sorted(sent["worst"][max(0, int(since - sent["begin"])) : int(until - sent["begin"]) + 1]) or [0.0]
    return f"{worst[len(worst) // 2]:,.0f} (in the worst second {worst[-1]:,.0f})"


def _posting(door: Program, rate: float, plan: Plan, ids: Path) -> Callable[[], dict[str, Any]]:
    """Post beside what follows; the answer waits for the end of it."""
    found: dict[str, Any] = {}
    seconds = plan.outage_seconds * 1.3 + 20

    def work() -> None:
        found.update(open_loop(door, rate, seconds, CLIENT, acknowledged=ids))

    thread = threading.Thread(target=work)
    thread.start()

    def finish() -> dict[str, Any]:
        thread.join()
        if not found:
            raise BenchmarkError("the posts beside the outage failed")
        return found

    return finish


def _drain(door: Program) -> tuple[float, float]:
    """Return the events a second that were loaded, and that arrived, from the first load to an all but empty spool."""
    start = door.state()
    while (first := door.state())["loaded"] == start["loaded"]:
        time.sleep(0.02)
    began, last, ended = time.monotonic(), first, time.monotonic()
    while last["depth"] > max(2000, first["depth"] // 50):
        time.sleep(0.05)
        last, ended = door.state(), time.monotonic()
    seconds = max(ended - began, 0.05)
    arrived = last["books"][SOURCE]["accepted"] - first["books"][SOURCE]["accepted"]
    return (last["loaded"] - first["loaded"]) / seconds, arrived / seconds


def _direct(url: str, rows: int) -> float:
    command = [sys.executable, "-m", "benchmarks.ingest.bulk", "--rows", str(rows), "--url", url]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["seconds"])
