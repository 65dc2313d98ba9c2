"""One event from the door to the lake and back, as an integration and a reader see it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from salescommand_cli.api import ask, check, connect, run
from salescommand_cli.errors import CommandError
from salescommand_cli.output import note

if TYPE_CHECKING:
    import httpx

__all__ = ["run_check"]

SOURCE = "selfcheck"
ENTITY = "selfcheck"
PATH = f"/api/microservices/ingest/{SOURCE}/{ENTITY}"


def run_check(url: str | None, patience: float, data: Path | None) -> int:
    """Post one event and read it back; return the exit code.

    Args:
        url: where to post and read; None goes the way that the command itself has.
        patience: seconds that the event may take into the lake.
        data: the data folder of a running system on this machine.

    Raises:
        CommandError: a step failed; the message names it.
    """

    async def work() -> int:
        async with connect(data, lake=False, working=url is None) as owner, _means(owner) as (key, token):
            if url is None:
                await _walk(owner, key, token, patience)
                return 0
            import httpx

            async with httpx.AsyncClient(base_url=url, timeout=patience + 10.0, trust_env=False) as client:
                await _walk(client, key, token, patience)
        return 0

    return run(work())


@asynccontextmanager
async def _means(owner: httpx.AsyncClient) -> AsyncIterator[tuple[str, str]]:
    """Give a write key and a reader's token that are gone afterwards."""
    made_key = await ask(owner, "POST", f"/api/sources/{SOURCE}/keys", json={"temporary": True})
    try:
        made_token = await ask(owner, "POST", "/api/tokens", json={"name": "selfcheck", "role": "analyst"})
        try:
            yield made_key["key"], made_token["token"]
        finally:
            await ask(owner, "DELETE", f"/api/tokens/{made_token['id']}")
    finally:
        await ask(owner, "DELETE", f"/api/sources/{SOURCE}/keys/{made_key['id']}")


async def _walk(client: httpx.AsyncClient, key: str, token: str, patience: float) -> None:
    import httpx

    sent = json.dumps({"id": secrets.token_hex(8), "at": datetime.now(UTC).isoformat(), "text": "é 你好"}).encode()
    began = time.monotonic()
    try:
        headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=stored"}
        answered = await client.post(PATH, content=sent, headers=headers)
        check(answered)
        event = answered.json()["event_id"]
        note(f"accepted    {event} after {time.monotonic() - began:.2f} s")
        body = await _read(client, event, token, began + patience)
    except httpx.HTTPError as error:
        raise CommandError(
            f"{client.base_url} does not answer: {type(error).__name__} {error}".rstrip(),
            hint="`/health` of that address says what it can reach.",
        ) from None
    if body != sent:
        raise CommandError(f"The lake gave back {len(body)} bytes for {event} that are not the {len(sent)} posted.")
    note(f"read back   {len(body)} bytes, the same, after {time.monotonic() - began:.2f} s")


async def _read(client: httpx.AsyncClient, event: str, token: str, until: float) -> bytes:
    """Return the event's bytes out of the lake, as soon as they are there."""
    import asyncio

    while True:
        found = await client.get(f"/api/events/{event}/body", headers={"Authorization": f"Bearer {token}"})
        if found.is_success:
            return found.content
        if time.monotonic() > until:
            check(found)
        await asyncio.sleep(0.2)
