"""Background work inside a role: named tasks that must keep running."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

STOP_SECONDS = 15.0


class Jobs:
    """Named tasks, watched and ended together."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], str] = {}

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Run the work beside everything else."""
        self._tasks[asyncio.create_task(work, name=name)] = name

    async def first_end(self) -> str:
        """Wait until a job ends by itself, which none should, and say which and why."""
        if not self._tasks:
            await asyncio.Event().wait()
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = done.pop()
        error = None if ended.cancelled() else ended.exception()
        return f"the {self._tasks[ended]} ended" + (f": {type(error).__name__}: {error}" if error else ".")

    async def stop(self) -> None:
        """Cancel every job and wait until each has put its work down."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        self._tasks.clear()
