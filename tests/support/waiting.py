"""Waiting for a condition, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from salescommand_lake import Engine


async def until(condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 20, what: str = "") -> None:
    """Return once the condition holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        held = condition()
        if not isinstance(held, bool):
            held = await held
        if held:
            return
        assert time.monotonic() < deadline, f"still not so after {seconds} s: {what or condition}"
        await asyncio.sleep(0.01)


async def until_running(engine: Engine, statement: str, *, times: int = 1) -> None:
    """Return once the engine is at statements that contain a text."""

    async def they_run() -> bool:
        found = await engine.query(
            "SELECT count() AS n FROM system.processes WHERE position(query, {text:String}) > 0"
            " AND position(query, 'system.processes') = 0",
            {"text": statement},
        )
        return int(found[0]["n"]) >= times

    await until(they_run, what=f"the engine is at {statement}")
