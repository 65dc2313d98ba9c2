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
    applied = call(data, "PUT", "/api/mappings", content=_document(file), headers=YAML)
    what = f"{applied['scope']} {applied['record_type']}, version {applied['version']}"
    answer(f"Applied {what}." if applied["changed"] else f"Nothing to do: {what} is the same.")


@mapping.command("preview")
def mapping_preview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML document, or - for standard input.")],
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many records to look at, newest first.")] = 500,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Say what applying a document would change: records, fields and numbers. Nothing is written."""
    path = f"/api/mappings/preview?limit={limit}"
    found = call(data, "POST", path, content=_document(file), headers=YAML)
    if json:
        answer_json(found)
        return
    counts = f"{found['added']} added, {found['removed']} removed, {found['changed']} changed"
    answer(f"{found['scope']} {found['record_type']}: {counts}, of {found['records']} records of {found['total']}.")
    rows = [["field", name, count, ""] for name, count in found["fields"].items()]
    rows += [["unreadable", one["field"] or "event", one["events"], one["reason"]] for one in found["errors"]]
    rows += [["number", one["metric"], one["before"], one["after"]] for one in found["numbers"]]
    for one in found["examples"]:
        fields = ", ".join(f"{name}: {old} → {new}" for name, (old, new) in one["fields"].items())
        rows.append([one["change"], one["title"], one["source_id"], fields])
    table(["what", "name", "count or before", "after or why"], rows)


def _document(file: Path) -> bytes:
    """Return the bytes of a document.

    Raises:
        CommandError: the file can't be read.
    """
    import sys

    from salescommand_cli.errors import CommandError

    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")).encode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CommandError(f"{file} cannot be read: {reason}.") from None


YAML = {"Content-Type": "text/yaml"}
ScopeArgument = Annotated[str, typer.Argument(metavar="SCOPE", help="Such as `source:shop-eu` or `kind:hubspot`.")]
TypeArgument = Annotated[str, typer.Argument(metavar="RECORD_TYPE", help="Such as `opportunity`.")]


@mapping.command("history")
def mapping_versions(
    scope: ScopeArgument, record_type: TypeArgument, json: JsonOption = False, data: DataOption = None
) -> None:
    """List the versions of a mapping document, newest first."""
    found = call(data, "GET", f"/api/mappings/{part(scope)}/{part(record_type)}/history")["items"]
    if json:
        answer_json(found)
        return
    columns = ["version", "applied_at", "author", "removed", "in_force"]
    table(columns, [[one.get(column) for column in columns] for one in found], right=["version"])


@mapping.command("rollback")
def mapping_rollback(
    scope: ScopeArgument,
    record_type: TypeArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=0, help="As `history` lists them; 0 is shipped.")],
    data: DataOption = None,
) -> None:
    """Apply an earlier version of a mapping document again."""
    path = f"/api/mappings/{part(scope)}/{part(record_type)}/rollback"
    applied = call(data, "POST", path, json={"version": version})
    what = f"{scope} {record_type}: version {version} is in force again, as version {applied['version']}"
    answer(f"{what}." if applied["changed"] else f"Nothing to do: {scope} {record_type} reads the same already.")


@mapping.command("remove")
def mapping_remove(scope: ScopeArgument, record_type: TypeArgument, data: DataOption = None) -> None:
    """Put a mapping document out of force; the shipped one reads its events again, or none does."""
    call(data, "DELETE", f"/api/mappings/{part(scope)}/{part(record_type)}")
    answer(f"Removed {scope} {record_type}.")


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
    scope: ScopeArgument,
    record_type: TypeArgument,
    data: DataOption = None,
) -> None:
    """Print one mapping document."""
    found = call(data, "GET", f"/api/mappings/{part(scope)}/{part(record_type)}")
    answer(str(found["text"]).rstrip("\n"))
