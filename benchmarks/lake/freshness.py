"""How long it takes from the answer to a post until a published number counts it, while posts keep coming."""

from __future__ import annotations

import bisect
import itertools
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.ingest.names import SOURCE
from benchmarks.ingest.programs import ROOT, BenchmarkError, folder, running
from benchmarks.report import Row

__all__ = ["freshness", "waited"]

LOOK_SECONDS = 0.05
_PATIENCE = 60.0


def freshness(home: Path, rate: float, seconds: float) -> list[Row]:
    """Post new deals one by one at a rate, and look again and again how many are answered and how many published.

    Raises:
        BenchmarkError: not everything was published within a minute after the last post.
    """
    samples: list[tuple[float, int, int]] = []
    with folder(home) as made, running("benchmarks.ingest.subject", "--data", str(made), "--loader", "--worker") as one:
        words = {"port": one.port, "key": one.about["key"], "rate": rate, "seconds": seconds, "connections": 16}
        command = [sys.executable, "-m", "benchmarks.ingest.openloop"]
        for name, value in words.items():
            command += [f"--{name}", str(value)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as load:
            last = time.monotonic() + seconds + _PATIENCE
            while not samples or load.poll() is None or samples[-1][2] < samples[-1][1]:
                state = one.state()
                accepted = state["books"].get(SOURCE, {}).get("accepted", 0)
                samples.append((time.monotonic(), accepted, state["published"]))
                if time.monotonic() > last:
                    raise BenchmarkError(f"of {accepted:,} events only {state['published']:,} are published")
                time.sleep(LOOK_SECONDS)
    found = sorted(waited(samples))
    at = {share: found[min(len(found) - 1, int(len(found) * share))] for share in (0.5, 0.95, 1.0)}
    name = f"from an answer to the number, {rate:g} events/s, p95"
    detail = f"p50 {at[0.5]:.2f} s, most {at[1.0]:.2f} s, {len(found):,} events one by one"
    return [Row(name, "5 s", "1 s", f"{at[0.95]:.2f} s", detail)]


def waited(samples: list[tuple[float, int, int]]) -> list[float]:
    """Return for each event how long it waited, at most: from the look before its answer to the one that published it.

    ``samples`` are looks: when, how many events had been answered, how many were published.
    """
    published = [sample[2] for sample in samples]
    found: list[float] = []
    for (before, earlier, _), (_, answered, _) in itertools.pairwise(samples):
        for number in range(earlier + 1, answered + 1):
            place = bisect.bisect_left(published, number)
            found.append(samples[place][0] - before)
    return found
