"""Measure rebuild and incremental step: `python -m benchmarks.lake --events 1000000`. Prints JSON, one measure a line.

The lake is made by the engine itself, in a folder that is kept with `--data` and used again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from salescommand_lake import LakeSettings, open_engine
from salescommand_lake.books import raw_books
from salescommand_lake.engine import Engine
from salescommand_lake.fold import fold_pending
from salescommand_lake.rebuild import RebuildScope, rebuild
from salescommand_lake.schema import ensure_schema
from salescommand_lake.synthetic import add_events, parse_only

SOURCE = "measured"
STEPS = 5
STEP_KEYS = 400


def tell(measure: str, **values: Any) -> None:
    """Print one measure."""
    sys.stdout.write(json.dumps({"measure": measure} | values) + "\n")
    sys.stdout.flush()


async def floor(engine: Engine, events: int) -> float:
    """Return events/s of only reading and parsing the bodies, the better of two."""
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        await parse_only(engine, SOURCE)
        seconds.append(time.perf_counter() - started)
    return events / min(seconds)


async def steps(engine: Engine, events: int, records: int) -> list[float]:
    """Return the seconds of incremental steps of 400 touched records each."""
    await fold_pending(engine)  # the connection, the compiled statements
    found = []
    for number in range(STEPS):
        await add_events(engine, source=SOURCE, events=STEP_KEYS, records=records, first=events + number * STEP_KEYS)
        started = time.perf_counter()
        await fold_pending(engine)
        found.append(time.perf_counter() - started)
    return found


async def measure(folder: Path, events: int, per_record: int) -> None:
    """Make the lake unless it is there, rebuild it, and fold a few steps."""
    settings = LakeSettings(data_dir=folder)
    engines = [open_engine(settings) for _ in range(2)]
    engine = engines[0]
    await ensure_schema(engine)
    if not await raw_books(engine):
        started = time.perf_counter()
        await add_events(engine, source=SOURCE, events=events, records=events // per_record)
        tell("generate", events=events, events_per_second=round(events / (time.perf_counter() - started)))
    parsing = await floor(engine, events)
    tell("read and parse only", events_per_second=round(parsing))
    started = time.perf_counter()
    await rebuild(engines, RebuildScope())
    rate = events / (time.perf_counter() - started)
    tell("rebuild", events=events, events_per_second=round(rate), ratio=round(rate / parsing, 3))
    while (await fold_pending(engine, max_events=200_000)).more:
        pass  # the ledger, which the generator leaves behind
    seconds = await steps(engine, events, events // per_record)
    tell("step of 400 records", events=events, seconds=[round(each, 2) for each in seconds])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tell("peak memory", mebibytes=round(peak / 1024))
    for each in engines:
        await each.close()


def main() -> None:
    """Read the options and measure."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.lake", description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--per-record", type=int, default=5, help="events of each record")
    options.add_argument("--data", type=Path, help="folder of the lake; a temporary one without it")
    given = options.parse_args()
    if given.data is not None:
        asyncio.run(measure(given.data, given.events, given.per_record))
        return
    with tempfile.TemporaryDirectory(prefix="salescommand-bench-") as folder:
        asyncio.run(measure(Path(folder), given.events, given.per_record))


if __name__ == "__main__":
    main()
