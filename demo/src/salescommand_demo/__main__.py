"""``python -m salescommand_demo``: loads the demo into a running API, or writes it to files to look at."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from salescommand_demo.encoding import encode
from salescommand_demo.generator import DEFAULT_EVENTS, DEFAULT_SEED, FEWEST_EVENTS, Generator
from salescommand_demo.loader import SOURCES, LoadError, LoadReport, load
from salescommand_demo.summary import describe


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.dry_run or options.out:
            _write(options)
        else:
            _load(options)
    except (LoadError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - this is a command
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m salescommand_demo", description=__doc__)
    parser.add_argument("--url", default="http://localhost:8001", help="address of the API")
    parser.add_argument("--key-file", type=Path, help=f"JSON object of write keys by source ({', '.join(SOURCES)})")
    parser.add_argument("--events", type=int, default=DEFAULT_EVENTS, help=f"about how many, from {FEWEST_EVENTS}")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another seed is another company")
    parser.add_argument(
        "--anchor", type=_moment, help="the moment that counts as now (ISO, with zone); default: the present hour"
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be posted and the true figures only")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write one NDJSON file per source, post nothing")
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone; write for example {text}Z")
    return moment


def _anchor(options: argparse.Namespace) -> datetime:
    given: datetime | None = options.anchor
    return given or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _write(options: argparse.Namespace) -> None:
    generator = Generator(anchor=_anchor(options), events=options.events, seed=options.seed)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        for source in SOURCES:
            lines = (encode(event.payload) for event in generator.arrivals() if event.source == source)
            (options.out / f"{source}.ndjson").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print(describe(generator.truth(), len(generator.arrivals())))  # noqa: T201 - this is a command


def _load(options: argparse.Namespace) -> None:
    if options.key_file is None:
        raise LoadError('--key-file is missing: a JSON object such as {"hubspot": "KEY", …} with a key for each source')
    keys: dict[str, str] = json.loads(options.key_file.read_text("utf-8"))
    missing = [source for source in SOURCES if source not in keys]
    if missing:
        raise LoadError(
            f"{options.key_file} has no key for {', '.join(missing)}; make one with: salescommand key create SOURCE"
        )
    anchor, events, seed = _anchor(options), options.events, options.seed
    loading = load(options.url, keys.__getitem__, anchor=anchor, events=events, seed=seed, progress=_show)
    report = asyncio.run(loading)
    print(_counted(report))  # noqa: T201 - this is a command
    print(describe(report.truth, report.posted))  # noqa: T201 - this is a command


def _show(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(f"\r{done:,} of {total:,} events", end=end, file=sys.stderr, flush=True)  # noqa: T201 - this is a command


def _counted(report: LoadReport) -> str:
    rows = [("source", "posted", "accepted", "duplicates", "rejected")]
    rows += [
        (source, f"{one.posted:,}", f"{one.accepted:,}", f"{one.duplicates:,}", f"{one.rejected:,}")
        for source, one in report.by_source.items()
    ]
    rows.append(("all", f"{report.posted:,}", f"{report.accepted:,}", f"{report.duplicates:,}", f"{report.rejected:,}"))
    return "\n".join(row[0].ljust(12) + "".join(figure.rjust(12) for figure in row[1:]) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
