"""`python -m benchmarks reads`: how long the numbers of a dashboard take, now and as of a past day."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.reads.generate import DEALS, generate, touch
from benchmarks.report import Outcome, Row
from salescommand_lake import LakeSettings, open_engine
from salescommand_lake.bridge import BridgeQuery, bridge
from salescommand_lake.engine import Engine
from salescommand_lake.metrics import MetricQuery, compute
from salescommand_lake.records import RecordQuery, list_records
from salescommand_lake.schema import ensure_schema
from salescommand_lake.serving import refresh

PAST = ("as_of", "2025-12-31")
LIMITS = {"refresh": ("-", "-"), "bridge": ("1 s", "200 ms"), "past day": ("1 s", "200 ms"), "": ("300 ms", "50 ms")}
"""What is allowed and what is aimed at, by a word of the read's name: a bridge looks at two past days."""
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


async def timed(read: Callable[[], Awaitable[object]], repeats: int) -> tuple[float, float, float]:
    """Return the median and the 95th percentile of a read, and its median of processor time over all threads.

    All are in milliseconds; the first run is left out. Processor time hardly depends on what else the machine does.
    """
    await read()
    taken, used = [], []
    for _ in range(repeats):
        start, before = time.perf_counter(), time.process_time()
        await read()
        taken.append((time.perf_counter() - start) * 1000)
        used.append((time.process_time() - before) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[min(len(taken) - 1, int(len(taken) * 0.95))], statistics.median(used)


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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this part of the command takes."""
    parser.add_argument("--deals", type=int, default=DEALS, help=f"default {DEALS:,}")
    parser.add_argument("--repeats", type=int, default=20, help="times that each read is asked, default 20")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the reads whose name contains this")
    parser.add_argument("--data", type=Path, help="where the lake is, or is made and kept; a temporary folder without")


def measure(options: argparse.Namespace) -> Outcome:
    """Make the lake if it is not there, then ask each read again and again."""
    with tempfile.TemporaryDirectory(prefix="salescommand-bench-") as temporary:
        return asyncio.run(_measure(options.data or Path(temporary), options))


async def _measure(folder: Path, options: argparse.Namespace) -> Outcome:
    engine = open_engine(LakeSettings(data_dir=folder, threads=2))
    await ensure_schema(engine)
    if not (await list_records(engine, RecordQuery(type="owner", limit=1))).total:
        start = time.perf_counter()
        records = await generate(engine, options.deals)
        for number in range(6):
            await touch(engine, number)
        print(f"{records:,} records made in {time.perf_counter() - start:.0f} s", flush=True)
    note = f"{options.deals:,} deals with five states each, six small parts unmerged, warm, no answer kept."
    outcome = Outcome([], machine(folder), note)
    for name, read in reads(engine).items():
        if options.only in name:
            middle, late, used = await timed(read, options.repeats)
            must, aim = next((limits for word, limits in LIMITS.items() if word in name), ("-", "-"))
            outcome.rows.append(
                Row(name, must, aim, f"p95 {late:.0f} ms", f"p50 {middle:.0f} ms, processor {used:.0f} ms")
            )
            print(f"  {name}: p50 {middle:.0f}, p95 {late:.0f}, processor {used:.0f} ms", flush=True)
    await engine.close()
    return outcome
