"""Measure on this machine, print a table, and write it to its section of docs/performance.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.ingest import command as ingest
from benchmarks.ingest.programs import ROOT
from benchmarks.lake import command as lake
from benchmarks.reads import command as reads
from benchmarks.report import table, write

COMMANDS = {
    "ingest": (ingest, "what taking, keeping and loading events costs, as ratios"),
    "reads": (reads, "how long the numbers of a dashboard take, now and as of a past day"),
    "lake": (lake, "rebuild, incremental step, memory, and how soon an event is in the numbers"),
}


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    what = top.add_subparsers(dest="what", required=True)
    for name, (module, words) in COMMANDS.items():
        one = what.add_parser(name, help=words, description=words)
        one.add_argument("--out", type=Path, help="write the table to this file, such as docs/performance.md")
        module.add_options(one)
    return top


def main() -> int:
    """Run the measures; return the exit code."""
    options = parser().parse_args()
    module, _ = COMMANDS[options.what]
    try:
        outcome = module.measure(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n" + table(outcome.rows))
    if options.out:
        write(ROOT / options.out, options.what, outcome)
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
