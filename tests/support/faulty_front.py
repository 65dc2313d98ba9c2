"""A ClickHouse that fails on inserts into the raw zone as a script says: before them, after them, or for ever."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any

from starlette.types import Receive, Scope, Send

from tests.support.clickhouse_front import ClickHouseFront, FrontServer, _failed, _read

__all__ = ["FaultyServer"]

Fault = int | str
"""A number: refuse with it. `stall`: never answer. `503`: as a proxy answers. `hold`: insert once `release` is set."""


class FaultyFront(ClickHouseFront):
    """Takes one fault from `script` for every insert into the raw zone. `poison`: rows that are always refused."""

    def __init__(self, path: str, password: str) -> None:
        super().__init__(path, password=password)
        self.script: deque[Fault] = deque()
        self.poison: tuple[bytes, int] | None = None
        self.held = threading.Event()
        self.release = threading.Event()
        self.released = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        address = scope["query_string"] + body[:2000]

        async def again() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        if b"raw_events" not in address or b"INSERT" not in address:
            await super().__call__(scope, again, send)
            return
        if self.poison is not None and self.poison[0] in body:
            await _refuse(send, self.poison[1])
            return
        fault = self.script.popleft() if self.script else ""
        if fault == "stall":
            while (await receive())["type"] != "http.disconnect":
                continue
        elif fault == "hold":
            self.held.set()
            await asyncio.get_running_loop().run_in_executor(None, self.release.wait, 60)
            await super().__call__(scope, again, send)
            self.released.set()
        elif fault:
            await _refuse(send, fault)
        else:
            await super().__call__(scope, again, send)


async def _refuse(send: Send, fault: Fault) -> None:
    if fault == "503":
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    answer = _failed(str(fault), f"scripted failure {fault}")
    head = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": head})
    await send({"type": "http.response.body", "body": answer.body})


class FaultyServer(FrontServer):
    """A faulty front on a port of this machine."""

    def __init__(self, path: str, password: str = "") -> None:
        super().__init__(path, password=password)
        self._front.close()
        self.front = FaultyFront(path, password)
        self._front = self.front
