"""`quarantine`: what could not be read, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from salescommand_cli.commands.options import DATA, DataOption, JsonOption, part
from salescommand_cli.output import answer, answer_json, note, table

quarantine = typer.Typer(no_args_is_help=True, help="What could not be read: list, correct, replay, ignore, undo.")

FilterOption = Annotated[
    list[str] | None,
    typer.Option("--filter", "-f", metavar="FIELD=VALUE", help="Only these, such as source=crm. May repeat."),
]
ReasonOption = Annotated[str, typer.Option(help="Why, for the log.")]


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.add_typer(quarantine, name="quarantine", rich_help_panel=DATA)


def _call(data: Path | None, method: str, path: str, **options: Any) -> Any:
    from salescommand_cli.api import ask, connect, run

    async def work() -> Any:
        async with connect(data) as api:
            return await ask(api, method, f"/api/quarantine{path}", **options)

    return run(work())


def _filters(given: list[str] | None) -> dict[str, str]:
    from salescommand_cli.errors import CommandError

    found = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        if not equals:
            raise CommandError(f"--filter {one}: write FIELD=VALUE, such as source=crm.")
        found[f"filter[{name}]"] = value
    return found


@quarantine.command("list")
def quarantine_list(which: FilterOption = None, json: JsonOption = False, data: DataOption = None) -> None:
    """List what is open, by source, field and reason."""
    found = _call(data, "GET", "", params=_filters(which))
    if json:
        answer_json(found)
        return
    columns = ["source", "record_type", "field", "reason", "count"]
    rows = [[group[column] for column in columns] + [", ".join(group["samples"])] for group in found["groups"]]
    table([*columns, "such as"], rows, right=["count"])


@quarantine.command("ignore")
def quarantine_ignore(reason: ReasonOption, which: FilterOption = None, data: DataOption = None) -> None:
    """Take the entries that match out of the queue, for a reason."""
    made = _call(data, "POST", "/ignore", params=_filters(which), json={"reason": reason})
    note(f"{made['after']['ignored']} entries are ignored. Take it back: salescommand quarantine undo {made['id']}")
    answer(made["id"])


@quarantine.command("replay")
def quarantine_replay(which: FilterOption = None, reason: ReasonOption = "", data: DataOption = None) -> None:
    """Have the events of the entries that match read again."""
    made = _call(data, "POST", "/replay", params=_filters(which), json={"reason": reason})
    note(f"{made['before']['open']} open entries: their events are read again.")


@quarantine.command("correct")
def quarantine_correct(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The event's id, ev_…")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The whole corrected body.")],
    reason: ReasonOption = "",
    data: DataOption = None,
) -> None:
    """Let a corrected copy stand in for an event; the event itself stays as it came."""
    from salescommand_cli.errors import CommandError

    try:
        body = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CommandError(f"{file} cannot be read: {why}.") from None
    made = _call(data, "POST", f"/events/{part(event)}/correct", json={"body": body, "reason": reason})
    note(f"{made['after']['event']} stands in for {event}. Take it back: salescommand quarantine undo {made['id']}")
    answer(made["id"])


@quarantine.command("undo")
def quarantine_undo(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="The action's id, qua_…")],
    reason: ReasonOption = "",
    data: DataOption = None,
) -> None:
    """Take an action back."""
    _call(data, "POST", "/undo", json={"action": action, "reason": reason})
    note(f"{action} is undone.")


@quarantine.command("log")
def quarantine_log(json: JsonOption = False, data: DataOption = None) -> None:
    """List what was done, the newest first."""
    found = _call(data, "GET", "/actions")["items"]
    if json:
        answer_json(found)
        return
    columns = ["at", "id", "action", "target", "actor", "reason", "undone"]
    table(columns, [[one[column] for column in columns] for one in found])
