"""`python -m benchmarks ingest`: measure on this machine, print a table, write it to docs/performance.md."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.ingest import measures
from benchmarks.ingest.measures import Plan, Row
from benchmarks.ingest.outage import outage
from benchmarks.ingest.programs import ROOT, BenchmarkError
from benchmarks.machine import bare_sync, machine
from benchmarks.report import table, write

MEASURES: dict[str, Callable[[Plan, Callable[[str], None]], list[Row]]] = {
    "single": measures.single,
    "loader": measures.loader,
    "batch": measures.batch,
    "latency": measures.latency,
    "growth": measures.growth,
    "outage": outage,
    "overload": measures.overload,
}
QUICK = Plan(
    pairs=1,
    seconds=3.0,
    rows=100_000,
    latency_seconds=5.0,
    stored=200_000,
    outage_seconds=8.0,
    overload_seconds=10.0,
)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    what = top.add_subparsers(dest="what", required=True)
    ingest = what.add_parser("ingest", help="what taking, keeping and loading events costs, as ratios")
    ingest.add_argument("--quick", action="store_true", help="about two minutes: enough to see that all of it works")
    ingest.add_argument("--only", default="", metavar="NAMES", help=f"some of: {','.join(MEASURES)}")
    ingest.add_argument("--out", type=Path, help="write the table to this file, such as docs/performance.md")
    for field in dataclasses.fields(Plan):
        option = f"--{field.name.replace('_', '-')}"
        kind = {"int": int, "float": float, "Path": Path}[str(field.type)]
        ingest.add_argument(option, type=kind, help=f"default {field.default}, quick {getattr(QUICK, field.name)}")
    return top


def main() -> int:
    """Run the measures; return the exit code."""
    options = parser().parse_args()
    start = QUICK if options.quick else Plan()
    chosen = {field.name: getattr(options, field.name) for field in dataclasses.fields(Plan)}
    plan = dataclasses.replace(start, **{name: value for name, value in chosen.items() if value is not None})
    plan = dataclasses.replace(plan, home=plan.home.resolve())
    plan.home.mkdir(parents=True, exist_ok=True)
    names = [name for name in options.only.split(",") if name] or list(MEASURES)
    if unknown := set(names) - set(MEASURES):
        print(f"No such measure: {', '.join(sorted(unknown))}. There are {', '.join(MEASURES)}.", file=sys.stderr)
        return 2
    about = [*machine(plan.home), bare_sync(plan.home)]
    print("\n".join(about), flush=True)
    rows: list[Row] = []
    failed = False
    for name in names:
        started = time.monotonic()
        print(f"\n{name}", flush=True)
        try:
            rows += MEASURES[name](plan, lambda line: print(f"  {line}", flush=True))
        except BenchmarkError as error:
            failed = True
            print(f"  failed: {error}", file=sys.stderr, flush=True)
        print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
    print("\n" + table(rows))
    if options.out:
        write(ROOT / options.out, rows, about, plan)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
