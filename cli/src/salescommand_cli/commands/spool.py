"""`spool`: what waits on this machine's disk, and emptying it before the machine goes."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from salescommand_cli.commands.options import DATA, DataOption, JsonOption
from salescommand_cli.output import answer, answer_json, note

spool = typer.Typer(no_args_is_help=True, help="The spool: accepted events that the lake does not have yet.")


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.add_typer(spool, name="spool", rich_help_panel=DATA)


@spool.command("status")
def status(json: JsonOption = False, data: DataOption = None) -> None:
    """Show how many events wait, since when, and what the loader does."""
    from salescommand_cli.api import connect, run

    async def work() -> dict[str, Any]:
        async with connect(data, lake=False) as api:
            return await _ingest(api)

    found = run(work())
    if json:
        answer_json(found)
        return
    oldest = f", the oldest for {found['oldest_seconds']:.0f} s" if found["oldest_seconds"] is not None else ""
    answer(f"spool: {found['status']}; {found['spool_events']:,} events wait{oldest}; {found['spool_bytes']:,} bytes")
    answer(f"refused: {found['refused_events']:,}; damaged: {found['damaged_events']:,}")
    for instance, events in found["left_behind"].items():
        answer(f"left behind by instance {instance}: {events:,} events wait")
    answer(f"loader: {found['loader']['state']}: {found['loader']['detail']}")


@spool.command("drain")
def drain(
    data: DataOption = None,
    patience: Annotated[
        float, typer.Option("--timeout", min=1, metavar="SECONDS", help="How long to wait for the lake.")
    ] = 600.0,
) -> None:
    """Take no more events and load what waits, also what other instances left behind; exit code 0 once all is loaded.

    For the moment before an instance is removed for good. A running one turns posts away from then on, until it is
    started again.
    """
    from salescommand_cli.api import ask, connect, run

    async def work() -> int:
        async with connect(data, working=True) as api:
            await ask(api, "POST", "/api/microservices/drain")
            return await _emptied(api, patience)

    waiting = run(work())
    if waiting:
        note(f"{waiting:,} events still wait. They are kept; `salescommand spool status` says why.")
        raise typer.Exit(1)
    answer("The spool is empty.")


async def _emptied(api: Any, patience: float) -> int:
    """Wait until nothing waits, and return how many events do after all."""
    import asyncio

    deadline = time.monotonic() + patience
    while True:
        found = await _ingest(api)
        waiting = found["spool_events"] + sum(found["left_behind"].values())
        if not waiting or time.monotonic() > deadline:
            return int(waiting)
        await asyncio.sleep(0.2)


async def _ingest(api: Any) -> dict[str, Any]:
    from salescommand_cli.api import ask

    found = await ask(api, "GET", "/api/microservices/health")
    ingest: dict[str, Any] = found["services"]["ingest"]
    return ingest
