"""One lake under measurement, in a process of its own, so that its memory is its own and nobody else's.

`python -m benchmarks.lake.subject --data DIR --events N --per-record N --only NAMES` makes the lake unless it is there,
measures, and prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from pathlib import Path
from typing import Any

from salescommand_lake import LakeSettings, open_engine
from salescommand_lake.books import raw_books
from salescommand_lake.engine import Engine
from salescommand_lake.fold import fold_pending
from salescommand_lake.rebuild import RebuildScope, rebuild
from salescommand_lake.schema import ensure_schema
from salescommand_lake.synthetic import add_events, enter_folded, parse_only

SOURCE = "measured"
STEPS = 7
STEP_KEYS = 400


async def parsing(engine: Engine) -> float:
    """Return the seconds of only reading and parsing the bodies, the better of two."""
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        await parse_only(engine, SOURCE)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


async def counted(engine: Engine) -> tuple[int, int]:
    """Return how many raw events there are, and how many of them the ledger does not have."""
    books = (await raw_books(engine)).values()
    return sum(terms["raw"] for terms in books), sum(terms["pending"] for terms in books)


async def steps(engine: Engine, events: int, records: int) -> list[float]:
    """Return the seconds of incremental steps of 400 touched records each, scattered over all; the first is left out.

    The events continue the lake's own, so a lake can be measured again.
    """
    found = []
    for _ in range(STEPS + 1):
        there, _ = await counted(engine)
        await add_events(
            engine, source=SOURCE, events=STEP_KEYS, records=records, first=there, stride=max(1, records // STEP_KEYS)
        )
        started = time.perf_counter()
        await fold_pending(engine)
        found.append(time.perf_counter() - started)
    return found[1:]


async def measure(folder: Path, events: int, per_record: int, names: list[str]) -> dict[str, Any]:
    """Make the lake unless it is there, rebuild it, and fold a few steps."""
    settings = LakeSettings(data_dir=folder, threads=2)
    engines = [open_engine(settings) for _ in range(2)]
    engine = engines[0]
    await ensure_schema(engine)
    if not await raw_books(engine):
        await add_events(engine, source=SOURCE, events=events, records=events // per_record)
    there, pending = await counted(engine)
    found: dict[str, Any] = {}
    if "rebuild" in names or pending:
        floor = await parsing(engine)
        started = time.perf_counter()
        await rebuild(engines, RebuildScope())
        seconds = time.perf_counter() - started
        found["rebuild"] = {"events": there, "seconds": seconds, "parsing": floor}
        if pending:
            await enter_folded(engine)
    if "step" in names:
        found["step"] = await steps(engine, events, events // per_record)
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for each in engines:
        await each.close()
    return found


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--per-record", type=int, required=True)
    parser.add_argument("--only", default="rebuild,step")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(measure(given.data, given.events, given.per_record, given.only.split(",")))))


if __name__ == "__main__":
    main()
