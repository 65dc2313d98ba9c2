"""`contract`: what a source promises of its records, as JSON Schema."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from salescommand_cli.commands.options import DATA, DataOption, JsonOption, part
from salescommand_cli.commands.sources import call
from salescommand_cli.output import answer_json, note, table

contract = typer.Typer(no_args_is_help=True, help="Contracts: the JSON Schema that a source's records must fit.")
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source.")]
Word = Annotated[str, typer.Argument(metavar="ENTITY_TYPE", help="The word that is posted, such as `deal`.")]


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.add_typer(contract, name="contract", rich_help_panel=DATA)


@contract.command("draft")
def contract_draft(
    source: Source,
    entity_type: Word,
    events: Annotated[int, typer.Option(min=1, max=5000, help="How many of the newest events to look at.")] = 500,
    data: DataOption = None,
) -> None:
    """Print a schema that the newest events all fit, to be edited and applied."""
    found = call(data, "GET", f"{_path(source, entity_type)}/draft", params={"events": events})
    answer_json(found["schema"])
    note(f"Drafted from {found['events']} events.")


@contract.command("apply")
def contract_apply(
    source: Source,
    entity_type: Word,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON Schema, or - for standard input.")],
    quarantine: Annotated[bool, typer.Option(help="Keep what breaks it, unapplied, instead of refusing it.")] = False,
    data: DataOption = None,
) -> None:
    """Put a schema in force. Records that break it are refused from then on, or quarantined."""
    body = {"schema": _schema(file), "action": "quarantine" if quarantine else "refuse"}
    made = call(data, "PUT", _path(source, entity_type), json=body)
    note(f"{source}/{entity_type}: version {made['version']} is in force; what breaks it is {_what(made['action'])}.")


@contract.command("show")
def contract_show(
    source: Source,
    entity_type: Word,
    version: Annotated[int | None, typer.Option(min=1, help="An earlier version.")] = None,
    data: DataOption = None,
) -> None:
    """Print the schema in force, or an earlier version."""
    path = _path(source, entity_type)
    found = call(data, "GET", path if version is None else f"{path}/versions/{version}")
    answer_json(found["schema"])
    note(f"Version {found['version']}, by {found['author']}; what breaks it is {_what(found['action'])}.")


@contract.command("list")
def contract_list(source: Source, json: JsonOption = False, data: DataOption = None) -> None:
    """List the contracts in force."""
    found = call(data, "GET", f"/api/sources/{part(source)}/contracts")["items"]
    if json:
        answer_json(found)
        return
    columns = ["entity_type", "version", "action", "applied_at", "author"]
    table(columns, [[one[column] for column in columns] for one in found], right=["version"])


@contract.command("rollback")
def contract_rollback(
    source: Source,
    entity_type: Word,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1)],
    data: DataOption = None,
) -> None:
    """Put an earlier version in force again, as a new one."""
    made = call(data, "POST", f"{_path(source, entity_type)}/rollback", json={"version": version})
    note(f"{source}/{entity_type}: version {made['version']} is in force, the same as version {version}.")


@contract.command("remove")
def contract_remove(source: Source, entity_type: Word, data: DataOption = None) -> None:
    """Put a contract out of force; its versions stay."""
    call(data, "DELETE", _path(source, entity_type))
    note(f"{source}/{entity_type} has no contract any more.")


def _path(source: str, entity_type: str) -> str:
    return f"/api/sources/{part(source)}/contracts/{part(entity_type)}"


def _what(action: str) -> str:
    return "quarantined" if action == "quarantine" else "refused"


def _schema(file: Path) -> Any:
    from salescommand_cli.errors import CommandError

    try:
        return json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise CommandError(f"{file} is not JSON: {error}.") from None
