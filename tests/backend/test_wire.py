"""Plain posts as the clients of any language send them, byte by byte over a socket, against the real server."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.spool import Spool
from tests.support.door import KEY, Keys, elsewhere

BODY = b'{"id":"wire"}'
PATH = "/api/microservices/ingest/crm/deal"


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    async with _serving(tmp_path) as number:
        yield number


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[int]:
    parts: Any = type("Parts", (), {})()
    parts.keyring = Keys()
    parts.spool = Spool(folder / "events.sqlite")
    await parts.spool.open()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(IngestFront(elsewhere, parts), log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving
    await parts.spool.close()


async def exchange(port: int, *parts: bytes, wait_for: bytes = b"") -> tuple[int, bytes, bytes]:
    """Send the first part; after `wait_for` came back, the others. Return status, head and body of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(10):
            writer.write(parts[0])
            if wait_for:
                assert wait_for in await reader.readuntil(b"\r\n\r\n")
            for part in parts[1:]:
                writer.write(part)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            no_body = parts[0].startswith(b"HEAD")
            body = b"" if no_body else await reader.readexactly(int(length.partition(b":")[2]))
    finally:
        writer.close()
    return int(head.split()[1]), head, body


def request(*headers: str, method: str = "POST", path: str = PATH, version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", f"Authorization: Bearer {KEY}", *headers, "", ""]
    return "\r\n".join(lines).encode()


HOST = "Host: localhost"
LENGTH = f"Content-Length: {len(BODY)}"
BASIC = base64.b64encode(f"{KEY}:".encode()).decode()


@pytest.mark.parametrize(
    "parts",
    [
        (request(LENGTH, version="1.0") + BODY,),
        (request(LENGTH, HOST) + BODY,),
        (request(LENGTH, HOST, "Content-Type: application/x-www-form-urlencoded", "User-Agent: curl/8") + BODY,),
        (request(LENGTH, HOST, "Content-Type: application/json; charset=ISO-8859-1") + BODY,),
        (request(LENGTH, HOST, "Content-Type: ;;"), BODY[:5], BODY[5:]),
        (request(LENGTH, HOST, path=PATH + "/") + BODY,),
        (request(LENGTH, HOST, path=PATH.replace("deal", "%64eal")) + BODY,),
        (request(LENGTH, HOST, path=PATH + "?utm_source=x&b=%FF") + BODY,),
        (request(HOST, "Transfer-Encoding: chunked"), b"5\r\n" + BODY[:5] + b"\r\n", b"8;x=y\r\n" + BODY[5:] + b"\r\n",
         b"0\r\nTrailer: x\r\n\r\n"),
        (request(HOST, "Transfer-Encoding: chunked", "Expect: 100-continue"),
         b"d\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (request(LENGTH, HOST, "Connection: close") + BODY,),
        (request(LENGTH, HOST).replace(f"Bearer {KEY}".encode(), f"Basic {BASIC}".encode()) + BODY,),
    ],
)  # fmt: skip
async def test_a_plain_post_succeeds(port: int, parts: tuple[bytes, ...]) -> None:
    wait_for = b"100 Continue" if b"Expect" in parts[0] else b""
    status, _, body = await exchange(port, *parts, wait_for=wait_for)
    assert (status, json.loads(body)["source_id"]) == (200, "wire"), body


async def test_curl_waits_for_continue_with_a_large_body(port: int) -> None:
    large = b'{"id":"wire","x":"' + b"y" * 900_000 + b'"}'
    head = request(HOST, f"Content-Length: {len(large)}", "Expect: 100-continue")
    status, _, body = await exchange(port, head, large, wait_for=b"100 Continue")
    assert (status, json.loads(body)["source_id"]) == (200, "wire")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_other_methods_are_told_what_is_allowed(port: int, method: str) -> None:
    status, head, body = await exchange(port, request(HOST, "Content-Length: 0", method=method))
    assert status == 405
    assert b"allow: POST" in head
    assert method == "HEAD" or json.loads(body)["hint"]


@pytest.mark.parametrize(
    "path", [PATH.replace("deal", "a%2Fb"), "/api/microservices/ingest/", PATH + "//", PATH + "/x/y"]
)
async def test_addresses_that_lead_nowhere(port: int, path: str) -> None:
    status, _, body = await exchange(port, request(LENGTH, HOST, path=path) + BODY)
    assert status == 404
    assert json.loads(body)["hint"]


async def test_one_connection_takes_many_posts(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write((request(LENGTH, HOST) + BODY) * 5)
    found = b""
    async with asyncio.timeout(10):
        while found.count(b'"source_id":"wire"') < 5:
            found += await reader.read(65536)
    writer.close()
    assert found.count(b" 200 ") == 5
