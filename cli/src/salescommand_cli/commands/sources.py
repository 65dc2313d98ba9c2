"""`source` and `mapping`: what posts here, and how its payloads are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from salescommand_cli.commands.options import DATA, DataOption, JsonOption, part
from salescommand_cli.output import answer, answer_json, note, table

source = typer.Typer(no_args_is_help=True, help="The systems that post events, and their books.")
mapping = typer.Typer(no_args_is_help=True, help="Mapping documents: how a payload becomes a record.")


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.add_typer(source, name="source", rich_help_panel=DATA)
    cli.add_typer(mapping, name="mapping", rich_help_panel=DATA)


def call(data: Path | None, method: str, path: str, **options: Any) -> Any:
    """Ask the API once."""
    from salescommand_cli.api import ask, connect, run

    async def work() -> Any:
        async with connect(data) as api:
            return await ask(api, method, path, **options)

    return run(work())


@source.command("list")
def source_list(json: JsonOption = False, data: DataOption = None) -> None:
    """List the sources with their state and their books."""
    found = call(data, "GET", "/api/sources")["items"]
    if json:
        answer_json(found)
        return
    counts = ["accepted", "rejected", "duplicates", "in_spool", "raw", "pending", "quarantined"]
    columns = ["source", "kind", "state", *counts]
    table(columns, [[one.get(column) for column in columns] for one in found], right=counts)


@source.command("show")
def source_show(name: Annotated[str, typer.Argument(metavar="SOURCE")], data: DataOption = None) -> None:
    """Show one source as JSON."""
    answer_json(call(data, "GET", f"/api/sources/{part(name)}"))


@source.command("set")
def source_set(
    name: Annotated[str, typer.Argument(metavar="SOURCE")],
    kind: Annotated[str, typer.Option(help="What it is: hubspot, salesforce, odoo, pipedrive, stripe or generic.")],
    label: Annotated[str | None, typer.Option(help="Name to show.")] = None,
    data: DataOption = None,
) -> None:
    """Say what a source is. A new one is made."""
    body = {"kind": kind} | ({"label": label} if label else {})
    call(data, "PUT", f"/api/sources/{part(name)}", json=body)
    note(f"{name} is {kind}.")


@mapping.command("apply")
def mapping_apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML document, or - for standard input.")],
    data: DataOption = None,
) -> None:
    """Add or update a mapping document. Records it touches are computed again from their raw events."""
    import sys

    from salescommand_cli.errors import CommandError

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CommandError(f"{file} cannot be read: {reason}.") from None
    applied = call(data, "PUT", "/api/mappings", content=text.encode(), headers={"Content-Type": "text/yaml"})
    what = f"{applied['scope']} {applied['record_type']}, version {applied['version']}"
    answer(f"Applied {what}." if applied["changed"] else f"Nothing to do: {what} is the same.")


@mapping.command("list")
def mapping_list(json: JsonOption = False, data: DataOption = None) -> None:
    """List the mapping documents in force."""
    found = call(data, "GET", "/api/mappings")["items"]
    if json:
        answer_json(found)
        return
    columns = ["scope", "record_type", "version", "origin"]
    table(columns, [[one.get(column) for column in columns] for one in found], right=["version"])


@mapping.command("show")
def mapping_show(
    scope: Annotated[str, typer.Argument(help="Such as `source:shop-eu` or `kind:hubspot`.")],
    record_type: Annotated[str, typer.Argument(help="Such as `opportunity`.")],
    data: DataOption = None,
) -> None:
    """Print one mapping document."""
    found = call(data, "GET", f"/api/mappings/{part(scope)}/{part(record_type)}")
    answer(str(found["text"]).rstrip("\n"))
