"""A door over a real spool, with keys from a dict, and a client at it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.policy import Grant, SourcePolicy
from backend.microservices.ingest.records import Row
from backend.microservices.ingest.spool import Spool
from backend.stores.mongo import MongoUnavailable

KEY = "sc_wk_crm"
LIMITS = Limits(body_bytes=200_000, record_bytes=50_000, records=500, depth=50, members=300, read_seconds=0.3)


class Keys:
    """Write keys from a dict, as the real ring gives them."""

    def __init__(self) -> None:
        self.grants = {KEY: Grant("key_1", SourcePolicy("crm"))}
        self.away = False

    async def find(self, secret: str) -> Grant | None:
        if self.away:
            raise MongoUnavailable("no servers found")
        return self.grants.get(secret)

    def known(self, secret: str) -> Grant | None:
        return None if self.away else self.grants.get(secret)

    async def source(self, name: str) -> SourcePolicy | None:
        if self.away:
            raise MongoUnavailable("no servers found")
        return next((grant.policy for grant in self.grants.values() if grant.source == name), None)


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    """The application behind the door."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


@dataclass
class Door:
    """A door over a real spool, and a client at it."""

    spool: Spool
    keyring: Keys
    client: httpx.AsyncClient = field(init=False)

    async def post(self, body: bytes | Any, path: str = "crm/deal", **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(
            f"/api/microservices/ingest/{path}",
            content=content,
            headers={"authorization": f"Bearer {KEY}", **named},
        )

    async def rows(self) -> list[Row]:
        batch = await self.spool.next_batch(10_000, 2**40)
        return [] if batch is None else batch.rows


def problem(answer: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    """Check that an answer is a complete problem that says these words."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance", "hint"} <= body.keys()
    assert body["status"] == status
    assert "Traceback" not in answer.text
    for word in words:
        assert word in body["detail"], body["detail"]
    return body
