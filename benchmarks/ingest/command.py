"""`python -m benchmarks ingest`: the measures by name, and their options."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable

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
    spread = f"median of {plan.pairs} pairs (least to largest)" if plan.pairs > 1 else "one pair"
    outcome = Outcome(
        [], [*machine(plan.home), bare_sync(plan.home)], f"Ratios are the {spread}, {plan.seconds:g} s each."
    )
    print("\n".join(outcome.about), flush=True)
    for name in names:
        started = time.monotonic()
        print(f"\n{name}", flush=True)
        try:
            outcome.rows += MEASURES[name](plan, lambda line: print(f"  {line}", flush=True))
        except BenchmarkError as error:
            outcome.failed = True
            print(f"  failed: {error}", file=sys.stderr, flush=True)
        print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
    return outcome
