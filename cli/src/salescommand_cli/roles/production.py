"""`serve` and `worker`: the same pieces as `dev`, against stores of one's own."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from salescommand_cli.errors import CommandError
from salescommand_cli.local.folder import DataFolder
from salescommand_cli.local.ports import PortUse, bind
from salescommand_cli.output import note
from salescommand_cli.roles.jobs import Jobs
from salescommand_cli.roles.loop import run
from salescommand_cli.roles.opening import enter_context
from salescommand_cli.roles.servers import Servers, control_listener
from salescommand_cli.roles.stop import SomethingEnded, StopRequested, StopSignals, unless
from salescommand_cli.settings import load_settings

if TYPE_CHECKING:
    from backend.context import Context
    from backend.settings import BackendSettings

NEEDED = {
    "MONGO_URL": "users, keys, sources, settings; such as mongodb://mongo:27017",
    "REDIS_URL": "sessions and leases; such as redis://redis:6379/0",
    "CLICKHOUSE_URL": "the lake; such as http://clickhouse:8123",
}


def run_serve(data: Path | None) -> int:
    """Run API, ingest and loader until a signal; return the exit code."""
    return _run("serve", data)


def run_worker_role(data: Path | None) -> int:
    """Run the background jobs until a signal; return the exit code."""
    return _run("worker", data)


def _run(role: str, data: Path | None) -> int:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        lines = "\n".join(f"  {name}: {NEEDED[name]}" for name in missing)
        raise CommandError(
            f"`salescommand {role}` needs {', '.join(missing)}:\n{lines}",
            hint="On a laptop, `salescommand dev` starts everything without them.",
            code=2,
        )
    from backend.logs import configure_logging

    settings = load_settings(data_dir=data)
    configure_logging(settings)
    return run(_serve(settings) if role == "serve" else _work(settings))


async def _until_stopped(stack: AsyncExitStack, servers: Servers, jobs: Jobs, signals: StopSignals) -> int:
    try:
        async with stack:
            await unless(asyncio.Event().wait(), signals.wait(), servers.first_end(), jobs.first_end())
    except StopRequested as asked:
        note(f"Stopped by {asked}.")
        return 0
    except SomethingEnded as ended:
        note(str(ended))
        return 1
    return 0


async def _serve(settings: BackendSettings) -> int:
    from backend.auth.principal import CONTROL
    from backend.main import create_app, create_metrics_app
    from salescommand_cli.roles.work import start_jobs

    signals = StopSignals()
    signals.install()
    folder = DataFolder(settings.data_dir)
    folder.prepare(("run", "spool"))
    async with AsyncExitStack() as stack:
        stack.enter_context(folder.hold("serve"))
        api = bind(PortUse(settings.api_port, "API", "SALESCOMMAND_API_PORT", settings.host))
        metrics = bind(PortUse(settings.metrics_port, "metrics", "SALESCOMMAND_METRICS_PORT", settings.host))
        context = await enter_context(stack, settings)
        servers, jobs = Servers(), Jobs()
        stack.push_async_callback(jobs.stop)
        start_jobs(jobs, context, worker=False)
        stack.callback(folder.control_socket.unlink, missing_ok=True)
        stack.push_async_callback(servers.stop)
        control = [control_listener(folder.control_socket)]
        await servers.start("control", create_app(context, principal=CONTROL), control)
        await servers.start("metrics", create_metrics_app(context), metrics)
        await servers.start("API", create_app(context, proxied=True), api)
        folder.describe("serve", api=f"http://localhost:{settings.api_port}", control=str(folder.control_socket))
        note(f"ready: API http://{settings.host}:{settings.api_port}, metrics {settings.metrics_port}")
        return await _until_stopped(stack.pop_all(), servers, jobs, signals)


async def _work(settings: BackendSettings) -> int:
    from backend.context import open_context
    from backend.main import create_metrics_app
    from salescommand_cli.roles.work import start_jobs

    signals = StopSignals()
    signals.install()
    async with AsyncExitStack() as stack:
        metrics = bind(PortUse(settings.metrics_port, "metrics", "SALESCOMMAND_METRICS_PORT", settings.host))
        context: Context = await stack.enter_async_context(open_context(settings, with_spool=False))
        servers, jobs = Servers(), Jobs()
        stack.push_async_callback(jobs.stop)
        start_jobs(jobs, context, loader=False)
        stack.push_async_callback(servers.stop)
        await servers.start("metrics", create_metrics_app(context), metrics)
        note(f"ready: worker, metrics {settings.metrics_port}")
        return await _until_stopped(stack.pop_all(), servers, jobs, signals)
