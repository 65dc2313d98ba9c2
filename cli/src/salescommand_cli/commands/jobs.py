"""`jobs`: background work, and following one piece of it to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from salescommand_cli.commands.options import DATA, DataOption, JsonOption, part
from salescommand_cli.output import answer_json, note, table

if TYPE_CHECKING:
    import httpx

jobs = typer.Typer(no_args_is_help=True, help="Background jobs: what runs, what ran; cancel or retry one.")
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Such as `job_5f0c2a9e1b7d4c33`.")]
POLL_SECONDS = 0.5


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.add_typer(jobs, name="jobs", rich_help_panel=DATA)


def _call(data: Any, method: str, path: str) -> Any:
    from salescommand_cli.api import ask, connect, run

    async def work() -> Any:
        async with connect(data, lake=False) as api:
            return await ask(api, method, path)

    return run(work())


@jobs.command("list")
def job_list(json: JsonOption = False, data: DataOption = None) -> None:
    """List the newest jobs."""
    found = _call(data, "GET", "/api/jobs")["items"]
    if json:
        answer_json(found)
        return
    columns = ["id", "kind", "state", "progress", "detail", "created_at"]
    rows = [[f"{one[c]:.0%}" if c == "progress" else one[c] for c in columns] for one in found]
    table(columns, rows, right=["progress"])


@jobs.command("show")
def job_show(job: JobArgument, data: DataOption = None) -> None:
    """Show one job as JSON."""
    answer_json(_call(data, "GET", f"/api/jobs/{part(job)}"))


@jobs.command("cancel")
def job_cancel(job: JobArgument, data: DataOption = None) -> None:
    """End a job that is queued or runs."""
    found = _call(data, "POST", f"/api/jobs/{part(job)}/cancel")
    note(f"{found['id']} is {found['state']}.")


@jobs.command("retry")
def job_retry(job: JobArgument, data: DataOption = None) -> None:
    """Start a job that failed or was cancelled again; a rebuild goes on where it was."""
    found = _call(data, "POST", f"/api/jobs/{part(job)}/retry")
    note(f"{found['id']} is {found['state']}.")


async def followed(api: httpx.AsyncClient, job: dict[str, Any]) -> dict[str, Any]:
    """Tell a job's progress on standard error until it has ended, and return it.

    Raises:
        CommandError: it failed or was cancelled.
    """
    import asyncio

    from salescommand_cli.api import ask
    from salescommand_cli.errors import CommandError

    said = ""
    while job["state"] in {"queued", "running"}:
        line = f"{job['progress']:4.0%}  {job['detail']}"
        if line != said:
            note(line)
            said = line
        await asyncio.sleep(POLL_SECONDS)
        job = await ask(api, "GET", f"/api/jobs/{job['id']}")
    if job["state"] != "done":
        reason = job["error"] or job["detail"]
        raise CommandError(f"{job['id']} {job['state']}: {reason}.", hint=f"`salescommand jobs retry {job['id']}`")
    return job
