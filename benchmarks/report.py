"""The table of a run, for the terminal and for a section of docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

_OF = re.compile(r"\| `([a-z]+)` \|")

__all__ = ["Outcome", "Row", "table", "write"]


@dataclass
class Row:
    """One row of the table."""

    name: str
    must: str
    aim: str
    found: str
    detail: str = ""
    checks: list[str] = field(default_factory=list)
    of: str = ""
    """The measure that it is a result of, where a part has several that can run alone."""
    measured: str = ""
    """When, how long, and how busy the machine was on average over five minutes."""


@dataclass
class Outcome:
    """What a run found: the rows, lines about where and how, and whether a measure could not be made.

    `order` names all measures of a part whose rows say which one they are of: those of measures that did not run now
    stay in the document as they were.
    """

    rows: list[Row]
    about: list[str]
    note: str = ""
    failed: bool = False
    order: Sequence[str] = ()


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    checked, named = any(row.checks for row in rows), any(row.of for row in rows)
    names = ["measure", "must", "aim", "found", "in figures", *(["checked"] if checked or named else [])]
    names = ["of", *names, "measured"] if named else names
    lines = [names, ["---"] * len(names)]
    for row in rows:
        check = [row.checks[-1] if row.checks else "-"] if checked or named else []
        cells = [row.name, row.must, row.aim, f"**{row.found}**", row.detail, *check]
        lines.append([f"`{row.of}`", *cells, row.measured] if named else cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _kept(before: str, found: str, order: Sequence[str]) -> str:
    """Return the table `found` with the rows of `before` that are of other measures, in their order."""
    lines: dict[str, list[str]] = {}
    for text in (before, found):
        rows = [(match[1], line) for line in text.splitlines() if (match := _OF.match(line))]
        lines |= {of: [line for each, line in rows if each == of] for of, _ in rows}
    return "\n".join([*found.splitlines()[:2], *(line for of in order for line in lines.get(of, []))])


def write(path: Path, section: str, outcome: Outcome) -> None:
    """Put the table between the marks of its section in a document, which keeps its other text.

    Raises:
        ValueError: the document has no such marks.
    """
    begin, end = f"<!-- measured: {section}: begin -->", f"<!-- measured: {section}: end -->"
    head, found, rest = path.read_text().partition(begin)
    before, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{path} has no {begin} … {end}")
    lines = [begin, f"Measured {datetime.now(UTC):%Y-%m-%d} on:", "", *(f"* {line}" for line in outcome.about), ""]
    lines += [outcome.note, ""] if outcome.note else []
    found_now = table(outcome.rows)
    if outcome.order:
        found_now = _kept(before, found_now, outcome.order)
    path.write_text("\n".join([head + lines[0], *lines[1:], found_now, end]) + tail)
