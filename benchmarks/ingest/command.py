"""`python -m benchmarks ingest`: the measures by name, and their options."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks.ingest import measures
from benchmarks.ingest.measures import Plan
from benchmarks.ingest.outage import outage
from benchmarks.ingest.programs import BenchmarkError
from benchmarks.machine import bare_sync, machine
from benchmarks.report import Outcome, Row

__all__ = ["add_options", "measure"]

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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this part of the command takes."""
    parser.add_argument("--quick", action="store_true", help="about two minutes: enough to see that all of it works")
    parser.add_argument("--only", default="", metavar="NAMES", help=f"some of: {','.join(MEASURES)}")
    for field in dataclasses.fields(Plan):
        option = f"--{field.name.replace('_', '-')}"
        kind = {"int": int, "float": float, "Path": type(Plan.home)}[str(field.type)]
        parser.add_argument(option, type=kind, help=f"default {field.default}, quick {getattr(QUICK, field.name)}")


def measure(options: argparse.Namespace) -> Outcome:
    """Run the measures.

    Raises:
        ValueError: a name that is no measure's.
    """
    start = QUICK if options.quick else Plan()
    chosen = {field.name: getattr(options, field.name) for field in dataclasses.fields(Plan)}
    plan = dataclasses.replace(start, **{name: value for name, value in chosen.items() if value is not None})
    plan = dataclasses.replace(plan, home=plan.home.resolve())
    plan.home.mkdir(parents=True, exist_ok=True)
    names = [name for name in options.only.split(",") if name] or list(MEASURES)
    if unknown := set(names) - set(MEASURES):
        raise ValueError(f"No such measure: {', '.join(sorted(unknown))}. There are {', '.join(MEASURES)}.")
    about = [*machine(plan.home), bare_sync(plan.home)]
    outcome = Outcome([], about, "Ratios are medians of pairs (least to largest).", order=list(MEASURES))
    print("\n".join(outcome.about), flush=True)
    for name in names:
        started = time.monotonic()
        print(f"\n{name}", flush=True)
        try:
            rows = MEASURES[name](plan, lambda line: print(f"  {line}", flush=True))
            when = f"{datetime.now(UTC):%Y-%m-%d}, {_length(name, plan)}, load {os.getloadavg()[1]:.0f}"
            outcome.rows += [dataclasses.replace(row, of=name, measured=when) for row in rows]
        except BenchmarkError as error:
            outcome.failed = True
            print(f"  failed: {error}", file=sys.stderr, flush=True)
        print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
    return outcome


def _length(name: str, plan: Plan) -> str:
    """Say how long and how often a measure measures."""
    lengths = {
        "batch": f"{plan.pairs} pairs of {plan.rows:,} records",
        "latency": f"{max(1, plan.pairs // 2)} times {plan.latency_seconds:g} s",
        "outage": f"{plan.outage_seconds:g} s",
        "overload": f"{plan.overload_seconds:g} s",
    }
    return lengths.get(name, f"{plan.pairs} pairs of {plan.seconds:g} s")
