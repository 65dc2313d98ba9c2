"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder (SALESCOMMAND_DATA_DIR, ./data).", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
RoleOption = Annotated[
    str | None,
    typer.Option(
        "--role",
        metavar="ROLE",
        help="admin, manager, rep or analyst; for a token also integration.",
        show_default=False,
    ),
]
ACCESS = "People and programs"
DATA = "Data"
RUN = "Run"
ABOUT = "About"
HEADINGS = (RUN, DATA, ACCESS, ABOUT)


def part(text: str) -> str:
    """Quote a name for use as one part of a path.

    Raises:
        CommandError: it holds a slash, which no part can.
    """
    from urllib.parse import quote

    from salescommand_cli.errors import CommandError

    if "/" in text or not text:
        raise CommandError(f"{text!r} cannot be a name here.", hint="Letters, digits, '.', '_' and '-'.", code=2)
    return quote(text, safe="")
