"""`lake`: the schema and the zones."""

from __future__ import annotations

from typing import Any

import typer

from salescommand_cli.commands.options import DATA, DataOption, JsonOption
from salescommand_cli.output import answer, answer_json, table

lake = typer.Typer(no_args_is_help=True, help="The lake: its schema, its zones, its books.")


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.add_typer(lake, name="lake", rich_help_panel=DATA)


def _system(data: Any) -> dict[str, Any]:
    from salescommand_cli.api import ask, connect, run

    async def work() -> dict[str, Any]:
        async with connect(data) as api:
            found: dict[str, Any] = await ask(api, "GET", "/api/system")
            return found

    return run(work())


@lake.command("check")
def check(data: DataOption = None) -> None:
    """Compare the tables with what this build needs; exit code 1 when they differ."""
    schema = _system(data)["schema"]
    for difference in schema["differences"]:
        answer(difference if isinstance(difference, str) else str(difference.get("message", difference)))
    if schema["differences"] or schema["have"] != schema["need"]:
        answer(f"The schema differs: have {schema['have']}, need {schema['need']}.")
        raise typer.Exit(1)
    answer(f"The schema is right: version {schema['have']}.")


@lake.command("status")
def status(json: JsonOption = False, data: DataOption = None) -> None:
    """Show the driver, the zones with their sizes, the jobs and the books."""
    found = _system(data)
    if json:
        answer_json(found)
        return
    engine, schema = found["lake"], found["schema"]
    answer(f"lake: {engine['driver']}, {engine['state']}; schema: have {schema['have']}, need {schema['need']}")
    table(
        ["zone", "table", "rows", "bytes"],
        [[zone["zone"], zone["table"], f"{zone['rows']:,}", f"{zone['bytes']:,}"] for zone in found["zones"]],
        right=["rows", "bytes"],
    )
    table(
        ["job", "state", "last run", "detail"],
        [[job["name"], job["state"], job.get("last_run_at"), job.get("detail")] for job in found["jobs"]],
    )
    counts = [(name, count) for name, count in (found["books"] or {}).items() if isinstance(count, int)]
    table(["books", "records"], [[name, f"{count:,}"] for name, count in counts], right=["records"])
