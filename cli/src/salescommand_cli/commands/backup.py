"""`backup`: everything that the installation knows, to one place and back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from salescommand_cli.commands.options import DATA, DataOption, JsonOption
from salescommand_cli.output import answer, answer_json, note, table

backup = typer.Typer(no_args_is_help=True, help="Backups: make one, list them, put one back.")


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.add_typer(backup, name="backup", rich_help_panel=DATA)


@backup.command("create")
def create(json: JsonOption = False, data: DataOption = None) -> None:
    """Write the lake, with users, keys, sources, mappings and settings, to SALESCOMMAND_BACKUP_TO.

    Events are taken meanwhile; the numbers stand still until it is done. SALESCOMMAND_SECRET_KEY (or `secret.key` in
    the data folder) is not part of it: keep it elsewhere, since a backup can't be restored without it.
    """
    from salescommand_cli.api import ask, connect, run
    from salescommand_cli.commands.jobs import followed

    async def work() -> dict[str, Any]:
        async with connect(data, working=True) as api:
            job = await followed(api, await ask(api, "POST", "/api/backups"))
            return dict(job["result"])

    made = run(work())
    if json:
        answer_json(made)
        return
    note(
        f"{made['events']:,} events and {made['documents']:,} documents, {made['bytes']:,} bytes, {made['seconds']} s."
    )
    answer(made["name"])


@backup.command("list")
def backup_list(json: JsonOption = False, data: DataOption = None) -> None:
    """List the backups of the last 90 days, the newest first."""
    from salescommand_cli.api import ask, connect, run

    async def work() -> dict[str, Any]:
        async with connect(data, lake=False) as api:
            found: dict[str, Any] = await ask(api, "GET", "/api/backups")
            return found

    found = run(work())
    if json:
        answer_json(found)
        return
    every = f"every {found['every_hours']} hours" if found["every_hours"] else "only when asked for"
    note(f"{found['place'] or 'No place is set: SALESCOMMAND_BACKUP_TO'}; {every}.")
    gone = {None: "", True: "", False: "gone"}
    table(
        ["name", "made", "events", "bytes", ""],
        [
            [one["name"], one["made_at"], f"{one['events']:,}", f"{one['bytes']:,}", gone[one["there"]]]
            for one in found["items"]
        ],
        right=["events", "bytes"],
    )


@backup.command("restore")
def restore(
    name: Annotated[str, typer.Argument(metavar="BACKUP", help="Such as `salesintel-20260131T023000Z`.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the events that are there; they can't be had back.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Put a backup in the place of what is there. Stop everything else first.

    What is there keeps its place until the backup is restored whole. The name and SALESCOMMAND_BACKUP_TO say where it
    is; with SALESCOMMAND_SECRET_KEY its users, keys and settings are opened.
    """
    from salescommand_cli.api import run
    from salescommand_cli.local.folder import DataFolder
    from salescommand_cli.roles.restore import restore_here
    from salescommand_cli.settings import load_settings

    found = run(restore_here(DataFolder(load_settings(data_dir=data).data_dir), name, replace=replace))
    for source, events in found.after.items():
        note(f"{source}: {events:,} events were taken after the backup and are not in it; the books say so as damaged.")
    answer(f"Restored {found.name}: {found.events:,} events, {found.documents:,} documents.")
