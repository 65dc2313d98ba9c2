"""The product as a program to be measured: the API's application with its door, the spool, and the loader or not.

`python -m benchmarks.ingest.subject --data DIR [--loader] [--worker]` starts the stores it needs, makes a write
key and prints one JSON line with its ports and the key: the API's, and one where every GET tells what it holds.
SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from backend.auth.principal import CONTROL
from backend.context import Context, open_context
from backend.main import create_app
from backend.services.serving import ServingService
from benchmarks.ingest.names import SOURCE
from salescommand_cli.local.children import Children
from salescommand_cli.local.folder import DataFolder
from salescommand_cli.local.stores import start_stores
from salescommand_cli.roles.jobs import Jobs
from salescommand_cli.roles.lake import prepare_lake
from salescommand_cli.roles.loop import run
from salescommand_cli.roles.servers import Servers
from salescommand_cli.roles.stop import StopRequested, StopSignals
from salescommand_cli.roles.work import start_jobs
from salescommand_cli.settings import load_settings
from salescommand_lake.synthetic import add_events

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class State:
    """Tells the harness what spool and loader hold, on a port of its own."""

    def __init__(self, context: Context, *, published: bool) -> None:
        self._context = context
        self._published = published

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del scope, receive
        spool = self._context.spool
        state: dict[str, Any] = {
            "depth": spool.depth,
            "groups": spool.stats.groups,
            "loaded": spool.loading.events,
            "batches": spool.loading.batches,
            "loader": spool.loading.last_error,
            "books": {
                name: {field: getattr(each, field) for field in each.__struct_fields__}
                for name, each in spool.books().items()
            },
        }
        if self._published:
            shown = await ServingService(self._context).latest([("view", "opportunity-count")])
            state["published"] = sum(row.rows for row in shown[1])
        body = json.dumps(state).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


async def make_key(context: Context) -> str:
    """Make a write key as an admin would."""
    transport = httpx.ASGITransport(app=create_app(context, principal=CONTROL))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.post(f"/api/sources/{SOURCE}/keys", json={"kind": "generic"})
        answer.raise_for_status()
        return str(answer.json()["key"])


async def serve(data: Path, *, loader: bool, worker: bool = False, stored: int = 0) -> None:
    """Serve until a signal."""
    signals = StopSignals()
    folder = DataFolder(data)
    folder.prepare()
    async with AsyncExitStack() as stack:
        children = Children(folder)
        stack.push_async_callback(children.end_all)
        stores = await start_stores(folder, children)
        settings = load_settings(data_dir=data, mongo_url=stores.mongo, redis_url=stores.redis)
        context = await stack.enter_async_context(open_context(settings))
        if loader:
            await prepare_lake(context)
        if stored:
            await add_events(context.engine, source="stored", events=stored, records=max(1, stored // 10))
        jobs = Jobs()
        stack.push_async_callback(jobs.stop)
        start_jobs(jobs, context, loader=loader, worker=worker)
        servers = Servers()
        stack.push_async_callback(servers.stop)
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        await servers.start("API", create_app(context, proxied=True), [listener])
        beside = socket.create_server(("127.0.0.1", 0))
        await servers.start("state", State(context, published=worker), [beside])
        signals.install()
        ports = {"port": listener.getsockname()[1], "state": beside.getsockname()[1]}
        ready = {**ports, "key": await make_key(context), "pid": os.getpid()}
        print(json.dumps(ready), flush=True)
        try:
            await signals.wait()
        except StopRequested:
            return


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--loader", action="store_true")
    parser.add_argument("--worker", action="store_true", help="fold and publish too")
    parser.add_argument("--stored", type=int, default=0, help="events of another source to have in the lake before")
    options = parser.parse_args()
    run(serve(options.data, loader=options.loader, worker=options.worker, stored=options.stored))


if __name__ == "__main__":
    main()
