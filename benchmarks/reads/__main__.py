"""Measure dashboard reads: ``python -m benchmarks.reads [--deals N] [--repeats N]``. Prints a table in Markdown."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.reads.generate import DEALS, generate, touch
from salescommand_lake import LakeSettings, open_engine
from salescommand_lake.bridge import BridgeQuery, bridge
from salescommand_lake.engine import Engine
from salescommand_lake.metrics import MetricQuery, compute
from salescommand_lake.records import RecordQuery, list_records
from salescommand_lake.schema import ensure_schema
from salescommand_lake.serving import refresh

PAST = ("as_of", "2025-12-31")
READS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "open pipeline": ("open-pipeline", []),
    "open pipeline by stage": ("open-pipeline", [("by", "stage")]),
    "open pipeline by stage and owner": ("open-pipeline", [("by", "stage"), ("by", "owner")]),
    "weighted pipeline by month": ("weighted-pipeline", [("by", "month")]),
    "won value by team and month": ("won-value", [("by", "team"), ("by", "month"), ("from", "2026-01-01")]),
    "won value by account, one region": ("won-count", [("filter[region]", "EMEA"), ("by", "segment")]),
    "win rate by owner": ("win-rate", [("by", "owner")]),
    "cycle length, median": ("cycle-length-median", []),
    "coverage": ("coverage", [("from", "2026-01-01"), ("to", "2026-03-31")]),
    "velocity by segment": ("velocity", [("by", "segment")]),
    "stalled value": ("stalled-value", []),
    "slipped deals by month": ("slipped-count", [("by", "month")]),
    "stage conversion": ("stage-conversion", [("by", "stage")]),
    "overdue by ageing": ("overdue", [("by", "ageing")]),
    "activities by type": ("activity-count", [("by", "type")]),
}


async def timed(read: Callable[[], Awaitable[object]], repeats: int) -> tuple[float, float]:
    """Return the median and the 95th percentile of a read in milliseconds, the first run left out."""
    await read()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        await read()
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[min(len(taken) - 1, int(len(taken) * 0.95))]


def reads(engine: Engine) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return what is measured, by name."""

    def metric(slug: str, params: list[tuple[str, str]]) -> Callable[[], Awaitable[object]]:
        return lambda: compute(engine, slug, MetricQuery.parse(params))

    def listed(params: list[tuple[str, str]]) -> Callable[[], Awaitable[object]]:
        return lambda: list_records(engine, RecordQuery.parse("opportunity", params))

    found = {name: metric(slug, params) for name, (slug, params) in READS.items()}
    found |= {f"{name}, past day": metric(slug, [*params, PAST]) for name, (slug, params) in READS.items()}
    found["deals, newest first"] = listed([])
    found["open deals of an owner by value"] = listed(
        [("filter[owner]", "Owner 7"), ("filter[status]", "open"), ("sort", "-value")]
    )
    days = [("from", "2025-12-31"), ("to", "2026-03-31")]
    found["bridge of a quarter"] = lambda: bridge(engine, BridgeQuery.parse(days))
    found["bridge of a quarter by team"] = lambda: bridge(engine, BridgeQuery.parse([*days, ("by", "team")]))
    found["refresh of the serving zone"] = lambda: refresh(engine, "USD")
    return found


async def main(folder: Path, options: argparse.Namespace) -> None:
    """Make the lake if it is not there, then measure."""
    engine = open_engine(LakeSettings(data_dir=folder, threads=2))
    await ensure_schema(engine)
    if not (await list_records(engine, RecordQuery(type="owner", limit=1))).total:
        start = time.perf_counter()
        records = await generate(engine, options.deals)
        for number in range(6):
            await touch(engine, number)
        print(f"{records:,} records, six small parts unmerged; made in {time.perf_counter() - start:.0f} s\n")
    print("| read | p50, ms | p95, ms |\n| --- | ---: | ---: |")
    for name, read in reads(engine).items():
        if options.only in name:
            middle, late = await timed(read, options.repeats)
            print(f"| {name} | {middle:.0f} | {late:.0f} |", flush=True)
    await engine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=DEALS)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", default="", help="only the reads whose name contains this")
    parser.add_argument("--folder", type=Path, help="where the lake is, or is made and kept")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(main(chosen.folder or Path(temporary), chosen))
