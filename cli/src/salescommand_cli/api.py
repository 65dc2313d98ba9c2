"""Talking to the API as the owner of the installation: to a running one, or to one opened for this command."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from salescommand_cli.errors import CommandError
from salescommand_cli.local.folder import DataFolder, FolderInUse, Holder
from salescommand_cli.settings import load_settings

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
BASE = "http://salescommand"
TIMEOUT_SECONDS = 120.0
STARTING_SECONDS = 30.0
GREETING_SECONDS = 10.0


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one command's work to its end."""
    return asyncio.run(work)


def control_client(address: Path) -> httpx.AsyncClient:
    """Return a client on the control socket of a running dev or serve."""
    import httpx

    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=str(address)), base_url=BASE, timeout=TIMEOUT_SECONDS, trust_env=False
    )


@asynccontextmanager
async def connect(
    data: Path | None = None, *, lake: bool = True, working: bool = False
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client with an admin's rights, through the running process or, when none runs, in this one.

    Args:
        data: the data folder; None reads SALESCOMMAND_DATA_DIR.
        lake: in this process, bring the embedded lake's tables up to date first.
        working: in this process, also run loader and worker, and finish their work at the end.

    Raises:
        CommandError: the folder is held by a process that does not answer, or cannot be used.
    """
    folder = DataFolder(load_settings(data_dir=data).data_dir)
    async with AsyncExitStack() as stack:
        yield await _client(stack, folder, lake=lake, working=working)


async def _client(stack: AsyncExitStack, folder: DataFolder, *, lake: bool, working: bool) -> httpx.AsyncClient:
    """Find the way to the API; while another process starts, or another command works, wait for it."""
    from salescommand_cli.roles.inprocess import open_in_process

    deadline = time.monotonic() + STARTING_SECONDS
    while True:
        holder = folder.holder()
        if holder is None:
            with contextlib.suppress(FolderInUse):  # somebody was quicker: look again
                return await stack.enter_async_context(open_in_process(folder, lake=lake, working=working))
        elif "control" in holder.urls:
            address = Path(holder.urls["control"])
            await _greet(address, folder, holder)
            return await stack.enter_async_context(control_client(address))
        elif time.monotonic() > deadline:
            raise FolderInUse(folder.path, holder.pid, holder.role)
        await asyncio.sleep(0.1)


async def _greet(address: Path, folder: DataFolder, holder: Holder) -> None:
    import httpx

    async with control_client(address) as client:
        try:
            await client.get("/health", timeout=GREETING_SECONDS)
        except httpx.HTTPError as error:
            raise CommandError(
                f"{folder.path} is in use by `salescommand {holder.role}` (process {holder.pid}), "
                f"which does not answer: {type(error).__name__}.",
                hint=f"Stop that process (kill {holder.pid}) and run the command again.",
            ) from None


async def ask(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    """Send a request and return the answer's JSON (None when there is no body).

    Raises:
        CommandError: the API refused; its problem document as a sentence, its hint as the hint.
    """
    import httpx

    try:
        response = await client.request(method, path, **options)
    except httpx.HTTPError as error:
        raise CommandError(f"{method} {path} got no answer: {type(error).__name__} {error}".rstrip()) from None
    check(response)
    return response.json() if response.content else None


def check(response: httpx.Response) -> None:
    """Turn a problem document into a sentence.

    Raises:
        CommandError: the response is not a success.
    """
    if response.is_success:
        return
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict) or "title" not in problem:
        request = response.request
        raise CommandError(f"{request.method} {request.url.path} was answered {response.status_code}.")
    sentence = f"{problem['title']}: {problem['detail']}" if problem.get("detail") else str(problem["title"])
    for fault in problem.get("errors") or []:
        line = f" (line {fault['line']})" if fault.get("line") else ""
        told = f"{fault.get('field', '')}{line}: {fault.get('message', '')}"
        if str(fault.get("message", "")) not in sentence:
            sentence += f"\n  {told}"
    raise CommandError(sentence, hint=problem.get("hint"))
