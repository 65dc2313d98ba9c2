"""The table of a run, for the terminal and for a section of docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

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


@dataclass
class Outcome:
    """What a run found: the rows, lines about where and how, and whether a measure could not be made."""

    rows: list[Row]
    about: list[str]
    note: str = ""
    failed: bool = False


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    checked = any(row.checks for row in rows)
    names = ["measure", "must", "aim", "found", "in figures", *(["checked"] if checked else [])]
    lines = [names, ["---"] * len(names)]
    for row in rows:
        check = [row.checks[-1] if row.checks else "-"] if checked else []
        lines.append([row.name, row.must, row.aim, f"**{row.found}**", row.detail, *check])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write(path: Path, section: str, outcome: Outcome) -> None:
    """Put the table between the marks of its section in a document, which keeps its other text.

    Raises:
        ValueError: the document has no such marks.
    """
    begin, end = f"<!-- measured: {section}: begin -->", f"<!-- measured: {section}: end -->"
    head, found, rest = path.read_text().partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{path} has no {begin} … {end}")
    lines = [begin, f"Measured {datetime.now(UTC):%Y-%m-%d} on:", "", *(f"* {line}" for line in outcome.about), ""]
    lines += [outcome.note, ""] if outcome.note else []
    path.write_text("\n".join([head + lines[0], *lines[1:], table(outcome.rows), end]) + tail)
