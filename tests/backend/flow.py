"""The way of an event in one test: post it through the door, load it, fold it, and read the API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.context import Context
from backend.microservices.ingest.loader import Loader
from salescommand_lake import serving
from salescommand_lake.fold import fold_pending
from salescommand_lake.schema import ensure_schema
from tests.support import lakes

Record = Mapping[str, Any]


@dataclass
class Flow:
    """A backend with a loader that runs; `settle` folds what was posted."""

    context: Context
    client: httpx.AsyncClient
    keys: dict[str, str] = field(default_factory=dict)

    async def key(self, source: str, kind: str = "generic") -> str:
        if source not in self.keys:
            answer = await self.client.post(f"/api/sources/{source}/keys", json={"kind": kind})
            assert answer.status_code == 201, answer.text
            self.keys[source] = answer.json()["key"]
        return self.keys[source]

    async def post(self, source: str, entity_type: str, body: Record | Sequence[Record] | bytes) -> dict[str, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.client.post(
            f"/api/microservices/ingest/{source}/{entity_type}",
            params={"wait": "stored"},
            content=content,
            headers={"Authorization": f"Bearer {await self.key(source)}", "Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def settle(self) -> None:
        """Fold and publish what was posted."""
        while (await fold_pending(self.context.engine)).more:
            pass
        await serving.refresh(self.context.engine, "USD")

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.client.get(path, params=params or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.client.request(method, path, **options)


@asynccontextmanager
async def flowing(context: Context, control: httpx.AsyncClient) -> AsyncIterator[Flow]:
    """Give a flow on an empty lake; the loader runs meanwhile."""
    if not lakes.is_known(context.engine.database):
        await ensure_schema(context.engine)
        await lakes.learn(context.engine)
    loading = asyncio.create_task(Loader(context).run())
    try:
        yield Flow(context, control)
    finally:
        loading.cancel()
        await asyncio.wait([loading])
