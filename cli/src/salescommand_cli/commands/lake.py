"""`lake`: the schema and the zones."""

from __future__ import annotations

from typing import Annotated, Any

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


@lake.command("rebuild")
def rebuild(
    source: Annotated[list[str] | None, typer.Option("--source", metavar="S", help="Only this source.")] = None,
    entity: Annotated[list[str] | None, typer.Option("--entity", metavar="E", help="Such as opportunity.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="Only records with events received since, such as 2026-03-01.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with one that was stopped.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would read, and change nothing.")] = False,
    data: DataOption = None,
) -> None:
    """Build records again from raw events, beside live traffic, and put them in place.

    Changed mappings are applied. Events whose bytes have expired keep the reading they had.
    """
    from salescommand_cli.api import ask, connect, run
    from salescommand_cli.commands.jobs import followed

    body = {"sources": source or [], "entities": entity or [], "since": _moment(since), "resume": resume}

    async def work() -> dict[str, Any]:
        async with connect(data, working=not dry_run) as api:
            if dry_run:
                found: dict[str, Any] = await ask(api, "POST", "/api/lake/rebuild/plan", json=body)
                return found
            job = await followed(api, await ask(api, "POST", "/api/lake/rebuild", json=body))
            return dict(job["result"])

    found = run(work())
    what = f"{found['events']:,} events in {found['slices']} slices; {found['kept']:,} changes of expired events kept"
    answer(f"Would read {what}." if dry_run else f"Rebuilt {what}; {found['seconds']} s.")


def _moment(text: str | None) -> str | None:
    """Read a day or a time; without a zone it is UTC."""
    from datetime import UTC, datetime

    from salescommand_cli.errors import CommandError

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--since: {text!r} is not a day or a time.", hint="Such as 2026-03-01.", code=2) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
