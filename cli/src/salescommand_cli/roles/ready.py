"""Waiting until a started system really answers, and the first sign-in link."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from salescommand_cli.errors import CommandError

if TYPE_CHECKING:
    import httpx

    from salescommand_cli.local.folder import DataFolder

READY_SECONDS = 60.0
ADMIN = "admin@localhost"


async def until_ready(url: str, folder: DataFolder) -> None:
    """Wait until health over HTTP says that every store is connected.

    Raises:
        CommandError: not within a minute; says which one is away and where the log is.
    """
    import httpx

    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as client:
        while True:
            health = (await client.get("/health")).json()
            away = [name for name, state in health.get("dependencies", {}).items() if state != "connected"]
            if not away:
                return
            if time.monotonic() > deadline:
                raise CommandError(
                    f"not ready after {READY_SECONDS:.0f} s: {', '.join(away)} unavailable.",
                    hint=f"The logs are in {folder.logs}.",
                )
            await asyncio.sleep(0.1)


async def first_link(api: httpx.AsyncClient) -> str:
    """Return a fresh one-time sign-in link of the first admin, who is made if there is none."""
    from salescommand_cli.api import ask

    answer = await ask(api, "POST", "/api/users", json={"email": ADMIN, "role": "admin"})
    return str(answer["link"])
