"""The table of a run, for the terminal and for docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ingest.measures import Plan, Row

__all__ = ["table", "write"]

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| measure | must | aim | found | in figures | checked |", "| --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        check = row.checks[-1] if row.checks else "-"
        lines.append(f"| {row.name} | {row.must} | {row.aim} | **{row.found}** | {row.detail} | {check} |")
    return "\n".join(lines)


def write(path: Path, rows: Sequence[Row], about: Sequence[str], plan: Plan) -> None:
    """Put the table between the marks of a document, which keeps its other text.

    Raises:
        ValueError: the document has no such marks.
    """
    text = path.read_text()
    if _BEGIN not in text or _END not in text:
        raise ValueError(f"{path} has no {_BEGIN} … {_END}")
    spread = f"median of {plan.pairs} pairs (least to largest)" if plan.pairs > 1 else "one pair"
    measured = "\n".join(
        [
            _BEGIN,
            f"Measured {datetime.now(UTC):%Y-%m-%d} on:",
            "",
            *(f"* {line}" for line in about),
            "",
            f"Ratios are the {spread}, {plan.seconds:g} s each.",
            "",
            table(rows),
            _END,
        ]
    )
    head, tail = text.split(_BEGIN)[0], text.split(_END)[1]
    path.write_text(head + measured + tail)
