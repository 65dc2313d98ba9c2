"""`ingest` and `demo`: posting events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from salescommand_cli.commands.options import DATA, DataOption


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.command(rich_help_panel=DATA)(ingest)
    cli.command(rich_help_panel=DATA)(demo)


def ingest(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source.")],
    entity_type: Annotated[str, typer.Argument(metavar="ENTITY_TYPE", help="What the records are, such as `deal`.")],
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="JSON, NDJSON or CSV, also as .gz or .zst; - for stdin."),
    ],
    kind: Annotated[str | None, typer.Option(help="Kind of a new source: hubspot, odoo, … or generic.")] = None,
    form: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="json, ndjson or csv; else by the file's name.")
    ] = None,
    id_field: Annotated[
        str | None,
        typer.Option(
            "--id",
            "--id-column",
            metavar="FIELD",
            help="Repeat this field, or several (a+b), as `id`, the record's own id.",
        ),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHARACTER", help="What separates the fields of a CSV file: , ; tab …")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a CSV file (utf-8).", show_default=False)] = None,
    key: Annotated[
        str | None, typer.Option(envvar="SALESCOMMAND_WRITE_KEY", help="Write key; else one is made and revoked.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Post to this address instead of the data folder's system.")] = None,
    rejected: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where refused records go (beside: FILE.rejected.ndjson).")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, metavar="N", help="Records a second at most; 0 for no limit.")] = 0.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, post nothing.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin at the first record, whatever an earlier run reached.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Post files, or one JSON object, through the ingest API.

    A run that was cut off goes on where it stopped; posting the same file again changes nothing.
    """
    from salescommand_cli.posting import Import, run_import

    raise typer.Exit(
        run_import(
            Import(
                source=source, entity_type=entity_type, files=files, kind=kind, form=form, id_field=id_field,
                delimiter=delimiter, encoding=encoding, key=key, url=url, rejected=rejected, rate=rate,
                restart=restart, dry_run=dry_run, data=data,
            )
        )
    )  # fmt: skip


def demo(
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", show_default=False, help="Where the API answers; else the running system says."),
    ] = None,
    events: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", show_default=False, help="Size of the demo in events (about 20,000)."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Load the demo company into the running system, once.

    What is there already is recognised: running it again loads nothing twice.
    """
    from salescommand_cli.roles.demo import run_demo

    raise typer.Exit(run_demo(data, url, events))
