"""`ingest` and `demo`: posting events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from salescommand_cli.commands.options import DATA, DataOption


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.command(rich_help_panel=DATA)(ingest)


def ingest(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source.")],
    entity_type: Annotated[str, typer.Argument(metavar="ENTITY_TYPE", help="What the records are, such as `deal`.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON, NDJSON or CSV; - for standard input.")],
    kind: Annotated[str | None, typer.Option(help="Kind of a new source: hubspot, odoo, … or generic.")] = None,
    form: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="json, ndjson or csv; else by the file's name.")
    ] = None,
    id_field: Annotated[
        str | None, typer.Option("--id", metavar="FIELD", help="Repeat this field as `id`, the record's own id.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="SALESCOMMAND_WRITE_KEY", help="Write key; else one is made and revoked.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Post to this address instead of the data folder's system.")] = None,
    rejected: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where refused records go (FILE.rejected.ndjson).")
    ] = None,
    restart: Annotated[bool, typer.Option(help="Begin at the first record, whatever an earlier run reached.")] = False,
    data: DataOption = None,
) -> None:
    """Post a file, or one JSON object, through the ingest API.

    A run that was cut off goes on where it stopped; posting the same file again changes nothing.
    """
    from salescommand_cli.posting import Import, run_import

    raise typer.Exit(
        run_import(
            Import(
                source=source, entity_type=entity_type, file=file, kind=kind, form=form, id_field=id_field, key=key,
                url=url, rejected=rejected, restart=restart, data=data,
            )
        )
    )  # fmt: skip
