"""`python -m benchmarks lake`: rebuild, incremental step, memory, and how soon an event is in the numbers."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.ingest.programs import ROOT, BenchmarkError
from benchmarks.lake.freshness import freshness
from benchmarks.machine import machine
from benchmarks.report import Outcome, Row

__all__ = ["add_options", "measure"]

NAMES = ("rebuild", "step", "freshness")
SMALLER = 10
"""A step is compared with one in a lake that is this much smaller."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this part of the command takes."""
    parser.add_argument("--events", type=int, default=10_000_000, help="raw events of the lake, default 10,000,000")
    parser.add_argument("--per-record", type=int, default=5, help="events of each record, default 5")
    parser.add_argument("--rate", type=float, default=500.0, help="events posted a second, for freshness; default 500")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long they are posted, default 30")
    parser.add_argument("--only", default=",".join(NAMES), metavar="NAMES", help=f"some of: {','.join(NAMES)}")
    parser.add_argument(
        "--data", type=Path, help="where the lakes are, or are made and kept; a temporary folder without"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Run the measures that are asked for.

    Raises:
        ValueError: a name that is no measure's.
    """
    names = options.only.split(",")
    if unknown := set(names) - set(NAMES):
        raise ValueError(f"No such measure: {', '.join(sorted(unknown))}. There are {', '.join(NAMES)}.")
    with tempfile.TemporaryDirectory(prefix="salescommand-bench-") as temporary:
        folder = options.data or Path(temporary)
        outcome = Outcome([], machine(Path(temporary)))
        try:
            outcome.rows += _lakes(options, folder, names)
            if "freshness" in names:
                outcome.rows += freshness(Path(temporary), options.rate, options.seconds)
        except BenchmarkError as error:
            outcome.failed = True
            print(f"  failed: {error}", file=sys.stderr, flush=True)
    return outcome


def _lakes(options: argparse.Namespace, folder: Path, names: list[str]) -> list[Row]:
    rows = []
    wanted = [name for name in names if name != "freshness"]
    if not wanted:
        return []
    large = _subject(options, folder, options.events, wanted)
    size = f"{options.events:,} events"
    if "rebuild" in large:
        found = large["rebuild"]
        rate, parsing = found["events"] / found["seconds"], found["events"] / found["parsing"]
        detail = f"{found['events']:,} events in {found['seconds']:.0f} s"
        rows.append(Row("rebuild, with history, events/s", "60k", "150k", f"{rate / 1000:.0f}k", detail))
        detail = f"{parsing / 1000:.0f}k events/s by two threads"
        rows.append(Row("the same / only reading and parsing", "0.1", "0.25", f"{rate / parsing:.3f}", detail))
        rows.append(
            Row(f"memory, {size}", "4 GiB", "2 GiB", f"{large['memory'] / 2**30:.1f} GiB", "peak of the process")
        )
    if "step" in large:
        small = _subject(options, folder, options.events // SMALLER, ["step"])
        middle, less = statistics.median(large["step"]), statistics.median(small["step"])
        detail = f"{min(large['step']):.2f} to {max(large['step']):.2f} s"
        rows.append(Row(f"step of 400 records, {size}", "1 s", "0.3 s", f"{middle:.2f} s", detail))
        detail = f"{less:.2f} s with {options.events // SMALLER:,}"
        rows.append(Row("the same / with a tenth of the events", "1.5", "1.1", f"{middle / less:.2f}", detail))
    return rows


def _subject(options: argparse.Namespace, folder: Path, events: int, names: list[str]) -> dict[str, Any]:
    """Measure one lake in a process of its own."""
    words = {"data": folder / str(events), "events": events, "per-record": options.per_record, "only": ",".join(names)}
    command = [sys.executable, "-m", "benchmarks.lake.subject"]
    for name, value in words.items():
        command += [f"--{name}", str(value)]
    print(f"  {events:,} events: {', '.join(names)}", flush=True)
    ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if ran.returncode:
        raise BenchmarkError(f"the lake of {events:,} events could not be measured:\n{ran.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(ran.stdout)
    return found
