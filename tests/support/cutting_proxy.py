"""A TCP proxy that can hang up at the worst moment: after the server has done the work, before the answer arrives."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self


class CuttingProxy(AbstractAsyncContextManager["CuttingProxy"]):
    """Passes bytes to a port of this machine and back. The next ``cuts`` answers are swallowed with the connection.

    Only answers to requests that contain ``marker`` count.
    """

    def __init__(self, target: int, marker: bytes) -> None:
        self._target = target
        self._marker = marker
        self._server: asyncio.Server | None = None
        self.cuts = 0
        self.swallowed = 0
        self.port = 0
        self._clients: set[asyncio.StreamWriter] = set()

    def hang_up(self) -> None:
        """Hang up on every client; the server goes on with what it is doing."""
        for client in self._clients:
            client.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        server_in, server_out = await asyncio.open_connection("127.0.0.1", self._target)
        marked = asyncio.Event()
        self._clients.add(client_out)
        up = asyncio.create_task(self._up(client_in, server_out, marked))
        while answer := await server_in.read(65536):
            if marked.is_set() and self.cuts > 0:
                self.cuts -= 1
                self.swallowed += 1
                client_out.transport.abort()
                break
            marked.clear()
            client_out.write(answer)
        up.cancel()
        self._clients.discard(client_out)
        for writer in (client_out, server_out):
            writer.close()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, marked: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if self._marker in data:
                marked.set()
            writer.write(data)
            await writer.drain()
