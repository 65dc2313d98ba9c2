"""The demo through the real door into a real spool: what is planned to be refused is, and nothing comes in twice."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.policy import Grant, SourcePolicy
from backend.microservices.ingest.spool import Spool
from salescommand_demo import KINDS, load

ANCHOR = datetime(2026, 3, 18, 14, 25, tzinfo=UTC)


class Keyring:
    """The name of a source is its write key."""

    def known(self, secret: str) -> Grant | None:
        return None

    async def find(self, secret: str) -> Grant | None:
        policy = await self.source(secret)
        return Grant(f"key_{secret}", policy) if policy else None

    async def source(self, name: str) -> SourcePolicy | None:
        return SourcePolicy(name, KINDS[name]) if name in KINDS else None


@dataclass(frozen=True)
class Context:
    spool: Spool
    keyring: Keyring


async def _no_application(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError(scope["path"])


async def test_second_load_changes_nothing(tmp_path: Path):
    spool = Spool(tmp_path / "spool.db")
    await spool.open()
    try:
        transport = httpx.ASGITransport(app=IngestFront(_no_application, Context(spool, Keyring())))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            wish: dict[str, Any] = {"anchor": ANCHOR, "events": 3000, "client": client}
            first = await load("http://api.test", lambda source: source, **wish)
            again = await load("http://api.test", lambda source: source, **wish)
    finally:
        await spool.close()
    assert first.rejected == again.rejected == first.truth.dirt.rejected == 1
    assert first.duplicates == first.truth.dirt.duplicates
    assert first.accepted == first.posted - 1
    assert again.duplicates == again.accepted == first.accepted
