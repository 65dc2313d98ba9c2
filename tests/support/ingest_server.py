"""Ingest as a program of its own, to be killed: door, spool, loader and the embedded engine, over HTTP.

`python -m tests.support.ingest_server DATA_DIR` prints its port once it serves. Behind the door it tells what it has:
`/books` the books at the door, `/raw` the numbers of all events in the raw zone. `DIE_AT_INSERT=N` in the environment
kills it after its Nth insert, before the spool knows of it. `LOSE=TABLE,…` besides leaves these tables without what
that insert wrote there, though they know its token: what a MergeTree looks like that was killed between the two.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from redis.asyncio import Redis

from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.loader import Loader
from backend.microservices.ingest.policy import Grant, SourcePolicy
from backend.microservices.ingest.spool import Batch, Spool
from backend.settings import BackendSettings
from backend.stores.jobs import JobBoard
from salescommand_lake.batches import stored_by_source
from salescommand_lake.engine import Engine, open_engine
from salescommand_lake.schema import ensure_schema
from salescommand_lake.settings import LakeSettings

KEY = "sc_wk_test"


class Keys:
    """One key for one source."""

    def known(self, secret: str) -> Grant | None:
        return Grant("key_1", SourcePolicy("crm")) if secret == KEY else None

    async def find(self, secret: str) -> Grant | None:
        return self.known(secret)

    async def source(self, name: str) -> SourcePolicy | None:
        return SourcePolicy("crm") if name == "crm" else None


@dataclass
class Parts:
    """What door and loader need of a context."""

    spool: Spool
    engine: Engine
    settings: BackendSettings
    keyring: Keys = field(default_factory=Keys)
    raw_arrived: asyncio.Event = field(default_factory=asyncio.Event)
    redis: Any = None
    jobs: Any = None


class Inside:
    """The application behind the door."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        found: Any = {"depth": self._parts.spool.depth}
        if scope["path"] == "/books":
            found = {name: _plain(each) for name, each in self._parts.spool.books().items()}
        elif scope["path"] == "/raw":
            rows = await self._parts.engine.query("SELECT seq, batch_id FROM raw_events")
            queued = await stored_by_source(self._parts.engine, sorted({row["batch_id"] for row in rows}))
            found = {"seqs": [int(row["seq"]) for row in rows], "queued": queued}
        body = json.dumps(found).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def _plain(counters: Any) -> dict[str, int]:
    return {name: getattr(counters, name) for name in counters.__struct_fields__}


class DyingSpool(Spool):
    """A spool whose process is killed when the lake has a block and the spool does not know it."""

    inserts_left = int(os.environ.get("DIE_AT_INSERT", "0"))
    engine: Engine

    async def complete(self, batch: Batch) -> None:
        self.inserts_left -= 1
        if self.inserts_left == 0:
            for table in filter(None, os.environ.get("LOSE", "").split(",")):
                await _lose(self.engine, table, batch.entry.batch_id)
            os.kill(os.getpid(), signal.SIGKILL)
        await super().complete(batch)


async def _lose(engine: Engine, table: str, batch_id: str) -> None:
    """Remove the part of a table that holds a batch, and nothing else, behind the engine's back."""
    rows = await engine.query(
        f"SELECT path, rows, (SELECT count() FROM {table} WHERE batch_id = {{batch_id:String}}) AS lost "
        "FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active AND name IN "
        f"(SELECT DISTINCT _part FROM {table} WHERE batch_id = {{batch_id:String}})",
        {"table": table, "batch_id": batch_id},
    )
    assert [int(row["rows"]) - int(row["lost"]) for row in rows] == [0], rows
    shutil.rmtree(rows[0]["path"])


async def serve(data: Path) -> None:
    engine = open_engine(LakeSettings(data_dir=data))
    await ensure_schema(engine)
    spool = DyingSpool(data / "spool" / "events.sqlite")
    spool.engine = engine
    if "LOSE" in os.environ:
        for table in ("raw_events", "raw_batches", "raw_batch_keys"):
            await engine.command(f"SYSTEM STOP MERGES {table}")
    await spool.open()
    settings = BackendSettings.load(data_dir=data, loader_wait_ms=5, loader_max_rows=200)
    redis = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    parts = Parts(spool, engine, settings, redis=redis, jobs=JobBoard(redis))
    loading = asyncio.create_task(Loader(parts).run())
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(IngestFront(Inside(parts), parts), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    print(listener.getsockname()[1], flush=True)  # noqa: T201 - how the test learns the port
    await serving
    loading.cancel()
    await asyncio.wait([loading])
    await spool.close()
    await engine.close()
    await redis.aclose()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(Path(sys.argv[1])))
