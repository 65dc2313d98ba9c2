"""`salescommand dev`: everything on one machine, in one process and two children."""

from __future__ import annotations

import asyncio
import shlex
import socket
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salescommand_cli.errors import CommandError
from salescommand_cli.local.children import Children
from salescommand_cli.local.folder import DataFolder
from salescommand_cli.local.ports import PortUse, bind
from salescommand_cli.local.stores import StoreUrls, start_stores
from salescommand_cli.output import note
from salescommand_cli.roles.banner import Banner
from salescommand_cli.roles.jobs import Jobs
from salescommand_cli.roles.loop import run
from salescommand_cli.roles.opening import enter_context
from salescommand_cli.roles.servers import Servers, control_listener
from salescommand_cli.roles.stop import SomethingEnded, StopRequested, StopSignals, unless
from salescommand_cli.settings import load_settings, ui_folder

if TYPE_CHECKING:
    from backend.context import Context
    from backend.settings import BackendSettings


@dataclass(frozen=True, slots=True)
class DevOptions:
    """What was asked for; None leaves it to the variable or the default."""

    data: Path | None = None
    api_port: int | None = None
    ui_port: int | None = None
    demo: bool = False
    demo_events: int | None = None


@dataclass(slots=True)
class Listeners:
    """The bound sockets of the three ports, and what to say about them."""

    api: list[socket.socket]
    ui: list[socket.socket]
    metrics: list[socket.socket]
    notes: list[str] = field(default_factory=list)

    @staticmethod
    def port(sockets: list[socket.socket]) -> int:
        """Return the port that was bound, which is a real one even if 0 was asked for."""
        return int(sockets[0].getsockname()[1])

    def close(self) -> None:
        """Close what no server has closed."""
        for each in (*self.api, *self.ui, *self.metrics):
            each.close()


@dataclass(slots=True)
class Machine:
    """The running parts of one `dev`."""

    folder: DataFolder
    settings: BackendSettings
    context: Context
    children: Children
    servers: Servers
    jobs: Jobs
    notes: list[str]


def run_dev(options: DevOptions) -> int:
    """Run until somebody stops it; return the exit code."""
    return run(_dev(options))


async def _dev(options: DevOptions) -> int:
    started = time.monotonic()
    signals = StopSignals()
    signals.install()
    settings = load_settings(data_dir=options.data, api_port=options.api_port, ui_port=options.ui_port)
    folder = DataFolder(settings.data_dir)
    folder.prepare()
    with folder.hold("dev"):
        listeners = _bind_all(settings)
        try:
            async with AsyncExitStack() as stack:
                try:
                    machine = await unless(_start(stack, folder, settings, listeners), signals.wait())
                    signals.install()
                    await _serve(machine, options, started, signals)
                finally:
                    note("Stopping …")
        except StopRequested:
            note("Stopped. The data is kept.")
            return 0
        except SomethingEnded as ended:
            note(f"{ended}\nEverything else was stopped; the data is kept. Run the same command to start again.")
            return 1
        finally:
            listeners.close()
    return 0


async def _serve(machine: Machine, options: DevOptions, started: float, signals: StopSignals) -> None:
    """Say that all is ready, load the demo if asked to, go on until something ends it."""
    await unless(_announce(machine, options, started), *_watchers(machine, signals))
    await unless(asyncio.Event().wait(), *_watchers(machine, signals))


def _watchers(machine: Machine, signals: StopSignals) -> tuple[Coroutine[Any, Any, str], ...]:
    """Return what may end the whole; a coroutine can be awaited once, so each phase needs its own."""
    return signals.wait(), machine.children.first_death(), machine.servers.first_end(), machine.jobs.first_end()


def _bind_all(settings: BackendSettings) -> Listeners:
    api = bind(PortUse(settings.api_port, "API", "SALESCOMMAND_API_PORT", settings.host))
    try:
        ui = bind(PortUse(settings.ui_port, "UI", "SALESCOMMAND_UI_PORT", settings.host))
    except CommandError:
        _close(api)
        raise
    try:
        metrics, notes = _bind_metrics(settings)
    except CommandError:
        _close([*api, *ui])
        raise
    return Listeners(api, ui, metrics, notes)


def _bind_metrics(settings: BackendSettings) -> tuple[list[socket.socket], list[str]]:
    """Bind the metrics port. A second instance, which has moved its other ports, takes a free one by itself."""
    fields = type(settings).model_fields
    wanted = PortUse(settings.metrics_port, "metrics", "SALESCOMMAND_METRICS_PORT")
    try:
        return bind(wanted), []
    except CommandError:
        chosen = settings.metrics_port != fields["metrics_port"].default
        if chosen or settings.api_port == fields["api_port"].default:
            raise
        free = bind(PortUse(0, wanted.use, wanted.variable))
        return free, [f"port {wanted.port} is taken by another program; metrics are on a free port this time"]


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


async def _start(stack: AsyncExitStack, folder: DataFolder, settings: BackendSettings, listeners: Listeners) -> Machine:
    """Start the parts in order; `stack` ends them in the opposite order, also when a later one fails."""
    from salescommand_cli.roles.lake import prepare_lake

    children = await stack.enter_async_context(_children(folder))
    note("Starting the embedded stores …")
    stores = await start_stores(folder, children)
    settings = _with_addresses(settings, folder, stores, listeners)
    _log(settings, folder)
    context = await enter_context(stack, settings)
    await prepare_lake(context)
    jobs = await stack.enter_async_context(_jobs(context))
    servers = Servers()
    stack.callback(folder.control_socket.unlink, missing_ok=True)
    stack.push_async_callback(servers.stop)
    await _start_servers(servers, folder, context, listeners)
    urls = {
        "api": f"http://localhost:{settings.api_port}",
        "ui": settings.origin,
        "metrics": f"http://127.0.0.1:{settings.metrics_port}",
        "control": str(folder.control_socket),
    }
    folder.describe("dev", **urls)
    return Machine(folder, settings, context, children, servers, jobs, listeners.notes)


@asynccontextmanager
async def _children(folder: DataFolder) -> AsyncIterator[Children]:
    children = Children(folder)
    found = await children.end_left_behind()
    if found:
        note(f"Ended what an earlier run left behind: {', '.join(found)}.")
    try:
        yield children
    finally:
        for name in await children.end_all():
            note(f"{name} did not end by itself and was killed.")


@asynccontextmanager
async def _jobs(context: Context) -> AsyncIterator[Jobs]:
    from salescommand_cli.roles.work import start_jobs

    jobs = Jobs()
    try:
        start_jobs(jobs, context)
        yield jobs
    finally:
        await jobs.stop()


def _with_addresses(
    settings: BackendSettings, folder: DataFolder, stores: StoreUrls, listeners: Listeners
) -> BackendSettings:
    """Return the settings with what was found out: store addresses, real ports, the whole path of the folder."""
    return settings.model_copy(
        update={
            "data_dir": folder.path,
            "mongo_url": stores.mongo,
            "redis_url": stores.redis,
            "api_port": Listeners.port(listeners.api),
            "ui_port": Listeners.port(listeners.ui),
            "metrics_port": Listeners.port(listeners.metrics),
        }
    )


def _log(settings: BackendSettings, folder: DataFolder) -> None:
    from salescommand_cli.roles.logs import log_quietly

    log_quietly(settings, folder.logs / "salescommand.log")


async def _start_servers(servers: Servers, folder: DataFolder, context: Context, listeners: Listeners) -> None:
    from backend.auth.principal import CONTROL
    from backend.main import create_app, create_metrics_app

    await servers.start("control", create_app(context, principal=CONTROL), [control_listener(folder.control_socket)])
    await servers.start("metrics", create_metrics_app(context), listeners.metrics)
    await servers.start("UI", create_app(context, ui_dir=ui_folder() or Path("frontend/dist")), listeners.ui)
    await servers.start("API", create_app(context), listeners.api)


async def _announce(machine: Machine, options: DevOptions, started: float) -> None:
    from salescommand_cli.api import control_client
    from salescommand_cli.roles.ready import first_link, until_ready

    settings = machine.settings
    async with control_client(machine.folder.control_socket) as api:
        await until_ready(f"http://127.0.0.1:{settings.api_port}", machine.folder)
        banner = Banner(
            seconds=0,
            ui=settings.origin,
            api=f"http://localhost:{settings.api_port}",
            metrics=f"http://127.0.0.1:{settings.metrics_port}/metrics",
            sign_in="",
            erase="make reset" if options.data is None else f"rm -r {shlex.quote(str(machine.folder.path))}",
            ui_built=ui_folder() is not None,
            notes=list(machine.notes),
        )
        if options.demo:
            from salescommand_cli.roles.demo import load_demo

            banner.demo, banner.try_it = await load_demo(
                api, machine.folder, f"http://127.0.0.1:{settings.api_port}", options.demo_events
            )
        banner.sign_in = await first_link(api)
        banner.seconds = time.monotonic() - started
        banner.show()
        sys.stdout.flush()
