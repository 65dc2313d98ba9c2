"""`check`: one event all the way, from a post to its bytes out of the lake."""

from __future__ import annotations

from typing import Annotated

import typer

from salescommand_cli.commands.options import RUN, DataOption


def add_to(cli: typer.Typer) -> None:
    """Add the verb of this module."""
    cli.command(rich_help_panel=RUN)(check)


def check(
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", show_default=False, help="Post to this address, such as http://backend:8001."),
    ] = None,
    patience: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How long the event may take into the lake.")
    ] = 60.0,
    data: DataOption = None,
) -> None:
    """Post one event with a key of its own and read its bytes back, then revoke what was made for it.

    The event goes to the source `selfcheck` with a type that no mapping reads: no number changes. Exit code 1 says
    which step failed.
    """
    from salescommand_cli.checking import run_check

    raise typer.Exit(run_check(url, patience, data))
