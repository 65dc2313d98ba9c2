"""The background work of a role: loader and worker, and the metrics port's application."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from salescommand_cli.errors import CommandError
from salescommand_cli.roles.jobs import Jobs

if TYPE_CHECKING:
    import httpx

    from backend.context import Context

SETTLE_SECONDS = 600.0
POLL_SECONDS = 0.2


def start_jobs(jobs: Jobs, context: Context, *, loader: bool = True, worker: bool = True) -> None:
    """Start the loader (spool to raw zone) and the worker (raw to canonical to serving)."""
    if loader:
        from backend.microservices.ingest.adoption import Adoption
        from backend.microservices.ingest.loader import Loader

        jobs.start("loader", Loader(context).run())
        jobs.start("adoption", Adoption(context).run())
    if worker:
        from backend.background import run_jobs
        from backend.microservices.worker.loop import run_worker

        jobs.start("worker", run_worker(context))
        jobs.start("background jobs", run_jobs(context))


def behind(balance: dict[str, Any]) -> int:
    """Return how many accepted events are not in the numbers yet, from the books."""
    totals: dict[str, int] = balance["totals"]
    return totals["in_spool"] + totals["pending"]


async def until_settled(api: httpx.AsyncClient, *, seconds: float = SETTLE_SECONDS) -> dict[str, Any]:
    """Wait until everything accepted is in the numbers, and return the books.

    Raises:
        CommandError: the worker makes no progress; says how many events wait.
    """
    from salescommand_cli.api import ask

    deadline = time.monotonic() + seconds
    while True:
        balance: dict[str, Any] = await ask(api, "GET", "/api/microservices/balance")
        waiting = behind(balance)
        if waiting == 0:
            return balance
        if time.monotonic() > deadline:
            raise CommandError(
                f"{waiting:,} events are accepted but not in the numbers after {seconds:.0f} s.",
                hint="They are kept. `salescommand lake status` says what the jobs do.",
            )
        await asyncio.sleep(POLL_SECONDS)
