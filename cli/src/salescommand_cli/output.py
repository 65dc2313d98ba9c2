"""Writing to the terminal: answers on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """Return the console for people: progress, notes, warnings (standard error)."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def answer(text: str) -> None:
    """Write one line of the command's answer and nothing else."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Write one line for people beside the answer."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def answer_json(value: Any) -> None:
    """Write a value as JSON, for programs."""
    import json

    answer(json.dumps(value, indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
    """Write a table: aligned for people, tab-separated without decoration when the output is not a terminal."""
    shown = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in shown:
            answer("\t".join(row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        grid.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in shown:
        grid.add_row(*row)
    Console(highlight=False, markup=False).print(grid)
