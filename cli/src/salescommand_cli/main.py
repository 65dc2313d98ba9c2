"""`salescommand`: one command for every role. Start-up stays fast, so each verb imports what it needs itself."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from salescommand_cli import version as own_version
from salescommand_cli.commands import (
    access,
    backup,
    check,
    contracts,
    declared,
    doctor,
    ingest,
    jobs,
    lake,
    metrics,
    policy,
    quarantine,
    run,
    sources,
    spool,
)
from salescommand_cli.commands.options import ABOUT, HEADINGS
from salescommand_cli.errors import CommandError

HELP = """SalesCommand: sales numbers that open down to the bytes they came from.

Start everything on this machine with `salescommand dev --demo`. All other commands work beside a running one, and
without one too.
"""


class Sections(TyperGroup):
    """Lists the commands under headings, in plain text: the decorated help takes twice as long to appear."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each heading, in the order in which the headings first appear."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                heading = getattr(command, "rich_help_panel", None) or "Commands"
                sections.setdefault(heading, []).append((name.ljust(7), command.get_short_help_str(66)))
        for heading in sorted(sections, key=_place):
            with formatter.section(heading):
                formatter.write_dl(sections[heading])


def _place(heading: str) -> int:
    return HEADINGS.index(heading) if heading in HEADINGS else len(HEADINGS)


cli = typer.Typer(
    name="salescommand",
    cls=Sections,
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for register in (
    run,
    ingest,
    access,
    sources,
    policy,
    contracts,
    quarantine,
    metrics,
    lake,
    declared,
    jobs,
    spool,
    backup,
    check,
    doctor,
):
    register.add_to(cli)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(own_version())
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@cli.command(rich_help_panel=ABOUT)
def version() -> None:
    """Print the version."""
    typer.echo(own_version())


def app() -> None:
    """Run the command line: 0 for success, 1 for a failure that is explained, 2 for a wrong use."""
    try:
        cli()
    except CommandError as error:
        sys.stderr.write(f"{error.message}\n")
        if error.hint:
            sys.stderr.write(f"{error.hint}\n")
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of the answer has seen enough (`| head`).
        sys.stderr.close()
        sys.exit(141)
