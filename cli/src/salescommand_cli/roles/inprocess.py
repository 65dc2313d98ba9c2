"""The API inside a command, for when nothing runs on the data folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from salescommand_cli.api import BASE, TIMEOUT_SECONDS
from salescommand_cli.local.children import Children
from salescommand_cli.local.folder import DataFolder
from salescommand_cli.local.stores import start_stores
from salescommand_cli.roles.jobs import Jobs
from salescommand_cli.roles.lake import prepare_lake
from salescommand_cli.roles.opening import enter_context
from salescommand_cli.settings import load_settings

if TYPE_CHECKING:
    import httpx

    from backend.context import Context


async def enter_alone(stack: AsyncExitStack, folder: DataFolder) -> Context:
    """Hold the folder, start the stores that no variable names, and open the context, until `stack` ends.

    Raises:
        CommandError: the folder is in use or can't be written, or the spool can't be used.
    """
    from salescommand_cli.roles.logs import log_quietly

    folder.prepare()
    stack.enter_context(folder.hold("command"))
    children = Children(folder)
    await children.end_left_behind()
    stack.push_async_callback(children.end_all)
    stores = await start_stores(folder, children)
    settings = load_settings(data_dir=folder.path, mongo_url=stores.mongo, redis_url=stores.redis)
    log_quietly(settings, folder.logs / "salescommand.log")
    return await enter_context(stack, settings)


@asynccontextmanager
async def open_in_process(folder: DataFolder, *, lake: bool, working: bool) -> AsyncIterator[httpx.AsyncClient]:
    """Hold the folder, start the stores that no variable names, and give a client of the API in this process.

    Without `lake` its tables are not looked at, which is quicker. With `working`, loader and worker run too, and the
    end waits until what was posted is in the numbers.
    """
    import httpx

    from backend.auth.principal import CONTROL
    from backend.main import create_app

    async with AsyncExitStack() as stack:
        context = await enter_alone(stack, folder)
        if lake and not context.settings.clickhouse_url:
            # A ClickHouse of its own is brought up to date by the roles, not by a command that passes by.
            await prepare_lake(context)
        transport = httpx.ASGITransport(app=create_app(context, principal=CONTROL))
        client = httpx.AsyncClient(transport=transport, base_url=BASE, timeout=TIMEOUT_SECONDS)
        await stack.enter_async_context(client)
        if working:
            await stack.enter_async_context(_worked(context, client))
        yield client


@asynccontextmanager
async def _worked(context: Context, client: httpx.AsyncClient) -> AsyncIterator[None]:
    from salescommand_cli.roles.work import start_jobs, until_settled

    jobs = Jobs()
    try:
        start_jobs(jobs, context)
        yield
        await until_settled(client)
    finally:
        await jobs.stop()
