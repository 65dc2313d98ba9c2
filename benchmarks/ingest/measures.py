"""The measures. Each takes the run's plan and returns rows of the table."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ingest.names import PATH, SOURCE
from benchmarks.ingest.programs import ROOT, BenchmarkError, Program, folder, pinned, running
from benchmarks.report import Row

SUBJECT, BASELINES = "benchmarks.ingest.subject", "benchmarks.ingest.baselines"
SERVER, CLIENT, BOTH = (0,), (1,), (0, 1)
IN_FLIGHT = 64
CLIENTS = 256
"""Connections of an open loop: so many that a post which is due seldom waits for one."""


@dataclass(frozen=True)
class Plan:
    """How long and how much."""

    pairs: int = 5
    seconds: float = 6.0
    rows: int = 200_000
    latency_seconds: float = 30.0
    stored: int = 10_000_000
    outage_seconds: float = 600.0
    overload_seconds: float = 300.0
    home: Path = ROOT / ".bench"


def wrk_program() -> str:
    """Return the load generator.

    Raises:
        BenchmarkError: it is not installed; says how to.
    """
    found = shutil.which("wrk")
    if found is None:
        raise BenchmarkError("wrk is missing: `apt-get install wrk` (Debian, Ubuntu) or `brew install wrk` (macOS).")
    return found


def closed_loop(
    program: Program, seconds: float, prefix: str, cores: Sequence[int] | None, connections: int = IN_FLIGHT
) -> tuple[float, int]:
    """Post with wrk; return answers a second, and how many.

    Raises:
        BenchmarkError: some answers were no success.
    """
    command = [wrk_program(), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
    command += ["-s", "benchmarks/ingest/post.lua"]
    command += [f"http://127.0.0.1:{program.port}", "--", prefix, str(program.about["key"]), PATH]
    text = subprocess.run(pinned(cores, command), cwd=ROOT, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise BenchmarkError(f"not every post was answered with 200:\n{text}")
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"(\d+) requests in", text)
    if rate is None or count is None:
        raise BenchmarkError(f"wrk said something else:\n{text}")
    return float(rate[1]), int(count[1])


def open_loop(
    program: Program, rate: float, seconds: float, cores: Sequence[int] | None, **more: Any
) -> dict[str, Any]:
    """Post at a rate; return what `openloop` reports."""
    command = [sys.executable, "-m", "benchmarks.ingest.openloop", "--port", str(program.port)]
    command += ["--key", str(program.about["key"]), "--rate", f"{rate:g}", "--seconds", f"{seconds:g}"]
    for name, value in more.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return _json(pinned(cores, command))


def verified(data: Path, books: dict[str, Any], least: int, most: int, acknowledged: Path | None = None) -> str:
    """Check a folder that a program left; return what was checked, in words.

    Raises:
        BenchmarkError: something is lost, twice there, or the books are wrong.
    """
    command = [sys.executable, "-m", "benchmarks.ingest.verify", "--data", str(data)]
    if acknowledged is not None:
        command += ["--acknowledged", str(acknowledged)]
    found = _json(command)
    mine = books[SOURCE]
    problems = {
        "lost": found["lost"],
        "duplicated": found["duplicated"],
        "outside of what was sent": int(not least <= found["rows"] <= most),
        "not in the books": mine["accepted"] - found["rows"],
        "books out of balance": mine["received"] - mine["accepted"] - mine["rejected"],
    }
    if any(problems.values()):
        raise BenchmarkError(f"{problems}; {least} to {most} were sent, {found}, books {mine}")
    return f"{found['rows']:,} kept exactly once, 0 lost"


def _json(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkError(f"{' '.join(command[:6])} … failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ratio(pairs: Iterable[tuple[float, float]]) -> str:
    """Return the median of the paired ratios, with the least and the largest."""
    found = sorted(mine / base for mine, base in pairs)
    return f"{statistics.median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f})"


def _rates(pairs: Sequence[tuple[float, float]], mine: str, base: str) -> str:
    return " against ".join(
        f"{statistics.median(pair[side] for pair in pairs):,.0f} {word}/s" for side, word in ((0, mine), (1, base))
    )


def _posted(plan: Plan, say: Callable[[str], None], *, loader: bool) -> tuple[list[tuple[float, float]], list[str]]:
    server, client = (BOTH, BOTH) if loader else (SERVER, CLIENT)
    pairs, checks = [], []
    for number in range(plan.pairs):
        with running(BASELINES, "hello", cores=server) as hello:
            closed_loop(hello, 1, "w", client)
            base, _ = closed_loop(hello, plan.seconds, "x", client)
        with folder(plan.home) as data:
            options = ["--loader"] if loader else []
            with running(SUBJECT, "--data", str(data), *options, cores=server) as door:
                _, warm = closed_loop(door, 1, "w", client)
                mine, count = closed_loop(door, plan.seconds, f"p{number}", client)
                books = door.settled(loaded=loader)
            checks.append(verified(data, books, warm + count, warm + count + 2 * IN_FLIGHT))
        pairs.append((mine, base))
        say(f"{mine:,.0f} posts/s, hello {base:,.0f}/s, ratio {mine / base:.2f}; {checks[-1]}")
    return pairs, checks


def single(plan: Plan, say: Callable[[str], None]) -> list[Row]:
    """Single posts, durable, on one core."""
    pairs, checks = _posted(plan, say, loader=False)
    name = "single event, durable, key checked, metrics on / raw ASGI hello; one core, 64 connections"
    return [Row(name, "0.60", "0.9", ratio(pairs), _rates(pairs, "posts", "hello answers"), checks)]


def loader(plan: Plan, say: Callable[[str], None]) -> list[Row]:
    """The same while the loader runs; and what one would write first."""
    pairs, checks = _posted(plan, say, loader=True)
    name = "the same with the loader running into embedded ClickHouse, 2 cores"
    rows = [Row(name, "0.35", "0.6", ratio(pairs), _rates(pairs, "posts", "hello answers"), checks)]
    with folder(plan.home) as data, running(BASELINES, "usual", "--data", str(data), cores=BOTH) as usual:
        rate, _ = closed_loop(usual, plan.seconds, "u", BOTH)
    say(f"FastAPI, pydantic and an insert for each request: {rate:,.0f}/s")
    mine = statistics.median(pair[0] for pair in pairs)
    detail = f"{mine:,.0f} against {rate:,.0f} posts/s"
    rows.append(Row("the same / FastAPI + pydantic + an insert per request", "-", "-", f"{mine / rate:.0f}", detail))
    return rows


def batch(plan: Plan, say: Callable[[str], None]) -> list[Row]:
    """Lines in large posts, until the lake has them, against a direct insert."""
    pairs, checks, records = [], [], 5000
    posts = max(1, plan.rows // records)
    for _ in range(plan.pairs):
        base = _direct(plan, posts * records)
        with folder(plan.home) as data:
            with running(SUBJECT, "--data", str(data), "--loader", cores=BOTH) as door:
                open_loop(door, 1e6, 2 / 1e6, BOTH, records=records, connections=2, prefix="w")
                door.wait_until_loaded()
                sent = open_loop(door, 1e6, posts / 1e6, BOTH, records=records, connections=4, patience=3600)
                door.wait_until_loaded()
                mine = time.monotonic() - sent["begin"]  # the generator's clock is the same, its start doesn't count
                books = door.settled(loaded=True)
            if sent["acknowledged"] != posts:
                raise BenchmarkError(f"not every post was taken: {sent}")
            checks.append(verified(data, books, (posts + 2) * records, (posts + 2) * records))
        pairs.append((1 / mine, 1 / base))
        say(f"{posts * records:,} records in {mine:.1f} s (answered in {sent['seconds']:.1f}), direct {base:.1f} s")
    name = "NDJSON batches, validated, until the lake has them / direct bulk insert into the same table"
    scaled = [(mine * posts * records, base * posts * records) for mine, base in pairs]
    return [Row(name, "0.5", "1.0", ratio(pairs), _rates(scaled, "records", "rows"), checks)]


def _direct(plan: Plan, rows: int, *more: str) -> float:
    with folder(plan.home) as data:
        command = [sys.executable, "-m", "benchmarks.ingest.bulk", "--rows", str(rows), "--data", str(data), *more]
        return float(_json(pinned(BOTH, command))["seconds"])


def latency(plan: Plan, say: Callable[[str], None]) -> list[Row]:
    """Answers at half load, timed from when each post was due."""
    rows = []
    for with_loader, cores, label in ((False, SERVER, "one core"), (True, BOTH, "with the loader, 2 cores")):
        found, checks = [], []
        for number in range((plan.pairs + 1) // 2):
            with folder(plan.home) as data:
                ids = data / "acknowledged"
                arguments = ["--data", str(data), *(["--loader"] if with_loader else [])]
                with running(SUBJECT, *arguments, cores=cores) as door:
                    most, warm = closed_loop(door, plan.seconds, "w", CLIENT)
                    options = {"connections": CLIENTS, "prefix": f"l{number}", "acknowledged": ids}
                    one = open_loop(door, most / 2, plan.latency_seconds, CLIENT, **options)
                    books = door.settled(loaded=with_loader)
                least = warm + one["acknowledged"]
                checks.append(verified(data, books, least, least + IN_FLIGHT, ids))
            found.append(one)
            say(f"{label}: {most / 2:,.0f}/s, p50 {one['p50']:.2f} p99 {one['p99']:.2f} max {one['max']:.1f} ms")
        middle = sorted(found, key=lambda one: one["p99"])[len(found) // 2]
        detail = f"p50 {middle['p50']:.1f}, p99.9 {middle['p999']:.1f}, longest {middle['max']:.0f} ms"
        name = f"answer at half load, open loop, p99; {label}"
        rows.append(Row(name, "20 ms", "5 ms", f"{middle['p99']:.1f} ms", detail, checks))
    return rows


def growth(plan: Plan, say: Callable[[str], None]) -> list[Row]:
    """What an event costs in processor time, until it is loaded, with nothing stored and with much, in turns."""
    pairs: list[tuple[float, float]] = []
    checks = []
    with (
        folder(plan.home) as one,
        folder(plan.home) as other,
        running(SUBJECT, "--data", str(one), "--loader", cores=BOTH) as empty,
        running(SUBJECT, "--data", str(other), "--loader", "--stored", str(plan.stored), cores=BOTH) as full,
    ):
        say(f"{plan.stored:,} events stored")
        for door in (empty, full):
            _cost(door, plan, "w")
        for number in range(plan.pairs):
            base = _cost(empty, plan, f"g{number}")
            pairs.append((_cost(full, plan, f"g{number}"), base))
            say(f"{pairs[-1][0] * 1e6:.0f} µs an event, {base * 1e6:.0f} with none")
        for door in (empty, full):
            books = door.state()["books"][SOURCE]
            checks.append(f"{books['loaded']:,} of {books['accepted']:,} accepted are in the lake")
    mine, base = (statistics.median(pair[side] for pair in pairs) * 1e6 for side in (0, 1))
    detail = f"{mine:.0f} against {base:.0f} µs of processor time"
    name = f"cost per event, until loaded, with {plan.stored / 1e6:g} million events stored / with none"
    return [Row(name, "1.2", "1.0", ratio(pairs), detail, checks)]


def _cost(door: Program, plan: Plan, prefix: str) -> float:
    before = _processor_seconds(door.pid)
    _, count = closed_loop(door, plan.seconds, prefix, BOTH)
    door.wait_until_loaded()
    return (_processor_seconds(door.pid) - before) / count


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def overload(plan: Plan, say: Callable[[str], None]) -> list[Row]:
    """Ten times as many events as it can take, from more clients than their posts fit in memory."""
    records, mebi = 1000, 1024 * 1024
    with folder(plan.home) as data:
        with running(SUBJECT, "--data", str(data), "--loader", cores=BOTH) as door:
            posts = {"records": records, "padding": 400}
            calm = open_loop(door, 1e5, plan.seconds, BOTH, connections=4, patience=0, prefix="w", **posts)
            door.wait_until_loaded()
            most = calm["acknowledged"] / calm["seconds"]
            before, seen, stop = door.memory(), [0], threading.Event()

            def watch() -> None:
                while not stop.wait(0.2):
                    seen.append(door.memory())

            watcher = threading.Thread(target=watch)
            watcher.start()
            sent = open_loop(door, most * 10, plan.overload_seconds, BOTH, connections=1000, drop=True, **posts)
            stop.set()
            watcher.join()
            books = door.settled(loaded=True)
            after = door.memory()
        taken = (calm["acknowledged"] + sent["acknowledged"]) * records
        found = f"{max(seen) / mebi:,.0f} MiB at most"
        say(found)
        # A post that nobody waited for any more may have been taken.
        unanswered = sum(each["sent"] - sum(each["statuses"].values()) for each in (calm, sent))
        check = verified(data, books, taken, taken + unanswered * records)
    answers = ", ".join(f"{count:,} x {status}" for status, count in sorted(sent["statuses"].items()))
    detail = (
        f"{before / mebi:,.0f} MiB before, {after / mebi:,.0f} after; {most * records:,.0f} events/s when calm, "
        f"{sent['due'] * records / plan.overload_seconds:,.0f} offered: of {sent['due']:,} posts {answers}, "
        f"{sent['lost']:,} hung up on, {sent['unsent']:,} not sent because all 1,000 clients waited"
    )
    say(f"{found}; {detail}")
    return [Row(f"memory at 10x overload for {plan.overload_seconds:g} s", "bounded", "-", found, detail, [check])]
