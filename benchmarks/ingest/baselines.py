"""What ingest is compared with, as programs: the least a server can do, and what one would write first.

`hello`: uvicorn and a raw ASGI function that answers a constant, without reading anything. `usual`: FastAPI, a
pydantic body, and one insert into the same table for each request, answered when ClickHouse has it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from benchmarks.ingest.names import PATH, SOURCE
from salescommand_lake.engine import Engine, open_engine
from salescommand_lake.identifiers import encode_event_id, make_seq
from salescommand_lake.raw import RawRow, insert_raw
from salescommand_lake.schema import ensure_schema
from salescommand_lake.settings import LakeSettings

_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"21")]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer without looking."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b'{"status":"accepted"}'})


class Event(BaseModel):
    """A deal with an id, and whatever else comes with it."""

    model_config = ConfigDict(extra="allow")

    id: str
    updated_at: datetime


def usual(engine: Engine) -> FastAPI:
    """Return the application that one would write first."""
    app = FastAPI()

    @app.post(PATH)
    async def post(event: Event) -> dict[str, str]:
        seq = make_seq(datetime.now(UTC), 0)
        body = event.model_dump_json().encode()
        row = RawRow(
            source=SOURCE,
            entity_type="deal",
            source_id=event.id,
            seq=seq,
            body=body,
            batch_id=encode_event_id(seq),
            kind="generic",
            record_type="opportunity",
            source_time=event.updated_at,
            body_sha256=hashlib.sha256(body).digest(),
        )
        await insert_raw(engine, [row], row.batch_id)
        return {"status": "accepted", "source_id": event.id}

    return app


async def _usual(data: Path, listener: socket.socket) -> None:
    engine = open_engine(LakeSettings(data_dir=data))
    await ensure_schema(engine)
    await _serve(usual(engine), listener)
    await engine.close()


async def _serve(app: Any, listener: socket.socket) -> None:
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", server_header=False)
    ready = {"port": listener.getsockname()[1], "key": "none", "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=("hello", "usual"))
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    work = _serve(hello, listener) if options.which == "hello" else _usual(options.data, listener)
    with asyncio.Runner(loop_factory=uvicorn.Config(hello).get_loop_factory()) as runner:
        runner.run(work)


if __name__ == "__main__":
    main()
