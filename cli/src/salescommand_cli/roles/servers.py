"""Several HTTP servers in one event loop: the API, the UI, the metrics port, the control socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from backend.protocol import GuardedProtocol, cut_off_slow_clients, raise_file_limit, tune_interpreter

DRAIN_SECONDS = 5
BACKLOG = 2048


class _Server(uvicorn.Server):
    """A server that leaves the signals to the role that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Servers:
    """Starts servers on sockets that are bound already, watches them, and lets open requests finish at the end."""

    def __init__(self) -> None:
        self._servers: list[tuple[str, _Server, asyncio.Task[None]]] = []

    async def start(self, name: str, app: Any, sockets: Sequence[socket.socket]) -> None:
        """Serve the ASGI app and return once it takes requests."""
        raise_file_limit()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            http=GuardedProtocol,
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
            backlog=BACKLOG,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=list(sockets)), name=f"server:{name}")
        sweep = asyncio.create_task(cut_off_slow_clients(server.server_state.connections), name=f"sweep:{name}")
        task.add_done_callback(lambda _: sweep.cancel())
        self._servers.append((name, server, task))
        while not server.started:
            if task.done():
                await task
                raise RuntimeError(f"the {name} server ended before it took requests")
            await asyncio.sleep(0.005)
        tune_interpreter()

    async def first_end(self) -> str:
        """Wait until a server ends without being asked and say which."""
        tasks = {task: name for name, _, task in self._servers}
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = done.pop()
        error = None if ended.cancelled() else ended.exception()
        return f"the {tasks[ended]} server ended" + (f": {error}" if error else ".")

    async def stop(self) -> None:
        """Take no more requests, let the open ones finish for a few seconds."""
        for _, server, _ in self._servers:
            server.should_exit = True
        results = await asyncio.gather(*(task for _, _, task in self._servers), return_exceptions=True)
        self._servers.clear()
        for result in results:
            if isinstance(result, Exception):
                raise result


def control_listener(path: Path) -> socket.socket:
    """Listen on a Unix socket that only this user can open, replacing one that a killed process left."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    return listener
