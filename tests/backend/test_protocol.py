"""The wire in front of the door: the short way answers like the long one, and slow or too many clients cost little."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import uvicorn
from hypothesis import strategies as st

from backend import protocol
from backend.microservices.ingest import front as front_module
from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.spool import Spool
from backend.protocol import GuardedProtocol, cut_off_slow_clients
from tests.support.door import KEY, Door, Keys, elsewhere
from tests.support.waiting import until

DEAL = "/api/microservices/ingest/crm/deal"


class Wire:
    """A served door and plain sockets at it."""

    def __init__(self, port: int, door: Door, server: uvicorn.Server) -> None:
        self.port = port
        self.door = door
        self.server = server

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def exchange(self, *sent: bytes, answers: int = 1) -> list[tuple[int, dict[str, str], bytes]]:
        reader, writer = await self.connect()
        for part in sent:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        found = [await read_answer(reader) for _ in range(answers)]
        writer.close()
        return found


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    if head[0] == "HTTP/1.1 100 Continue":
        return await read_answer(reader)
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    return int(head[0].split()[1]), headers, await reader.readexactly(int(headers.get("content-length", 0)))


def request(body: bytes, *more: str, path: str = DEAL, version: str = "1.1", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = [f"POST {path} HTTP/{version}", "Host: x", f"X-Write-Key: {KEY}", f"Content-Length: {size}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def served(spool: Spool, http: Any, *, body_bytes: int = 200_000) -> AsyncIterator[Wire]:
    door = Door(spool, Keys())
    limits = Limits(body_bytes=body_bytes, read_seconds=5)
    front = IngestFront(elsewhere, door, limits)
    config = uvicorn.Config(
        front, log_config=None, access_log=False, lifespan="off", port=0, http=http, proxy_headers=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    sweeping = asyncio.create_task(cut_off_slow_clients(server.server_state.connections))
    yield Wire(server.servers[0].sockets[0].getsockname()[1], door, server)
    sweeping.cancel()
    server.should_exit = True
    await serving


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    opened = Spool(tmp_path / "events.sqlite")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def wire(spool: Spool) -> AsyncIterator[Wire]:
    async with served(spool, GuardedProtocol) as found:
        yield found


def comparable(answer: tuple[int, dict[str, str], bytes]) -> Any:
    status, headers, body = answer
    content: Any = json.loads(body)
    for name in ("event_id", "duplicate"):  # the second server sees repeats
        content.pop(name, None)
    return status, {name: value for name, value in headers.items() if name not in {"date", "content-length"}}, content


SENT = {
    "one": [request(b'{"id":1}')],
    "in parts": [request(b"", length=9), b'{"id', b'":22}'],
    "chunked": [
        f"POST {DEAL} HTTP/1.1\r\nHost: x\r\nX-Write-Key: {KEY}\r\nTransfer-Encoding: chunked\r\n\r\n".encode(),
        b'5\r\n{"id"\r\n',
        b"3\r\n:3}\r\n0\r\n\r\n",
    ],
    "waits for 100": [request(b"", "Expect: 100-continue", length=8), b'{"id":4}'],
    "large": [request(b'{"id":5,"text":"' + b"x" * 150_000 + b'"}')],
    "old": [request(b'{"id":6}', version="1.0")],
    "closes": [request(b'{"id":7}', "Connection: close")],
    "escaped": [request(b'{"id":8}', path="/api/microservices/ingest/crm/de%61l?wait=no")],
    "not JSON": [request(b"nonsense")],
    "no key": [request(b"{}").replace(KEY.encode(), b"wrong")],
    "too large": [request(b"", length=10**9)],
    "bad address": [request(b"{}", path=DEAL + "/more")],
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT.keys())
async def test_the_short_way_answers_like_the_long_one(spool: Spool, sent: list[bytes]) -> None:
    answers = []
    for http in (GuardedProtocol, "httptools"):
        async with served(spool, http) as wire:
            answers += await wire.exchange(*sent)
    assert comparable(answers[0]) == comparable(answers[1])


SAME = [request(b'{"id":"a%d"}' % number) for number in range(4)]
"""Requests whose heads are the same to the byte, so that from the second on they need not be parsed."""
ODD = [
    request(b'{"id":"longer-%d"}' % 7),
    request(b"nonsense 1"),
    request(b"nonsense 2"),
    request(b'{"id":"a9"}').replace(KEY.encode(), b"no"),
    request(b'{"id":"a5"}', "Idempotency-Key: k"),
    request(b'{"id":"a6"}', "Idempotency-Key: k"),
    b"".join(SENT["chunked"]),
]


STEPS = st.tuples(
    st.lists(st.sampled_from([*SAME, *SAME, *ODD]), min_size=1, max_size=3), st.lists(st.integers(1, 150), max_size=3)
)
"""Requests that are written together, and how that is cut."""


@hypothesis.settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
)
@hypothesis.given(steps=st.lists(STEPS, min_size=1, max_size=5))
async def test_any_row_of_requests_cut_anywhere_is_answered_like_the_long_way(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[bytes], list[int]]]
) -> None:
    outcomes = []
    for http in (GuardedProtocol, "httptools"):
        spool = Spool(tmp_path_factory.mktemp("spool") / "events.sqlite")
        await spool.open()
        async with served(spool, http) as wire:
            reader, writer = await wire.connect()
            answers = []
            for together, cuts in [([SAME[0]], []), *steps]:
                for part in _cut(b"".join(together), cuts):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.001 * bool(cuts))
                async with asyncio.timeout(10):
                    answers += [await read_answer(reader) for _ in together]
            writer.close()
        batch = await spool.next_batch(100, 2**30)
        await spool.close()
        rows = [] if batch is None else [(row.source_id, row.body, row.body_sha256) for row in batch.rows]
        outcomes.append(([comparable(each) for each in answers], rows))
    assert outcomes[0] == outcomes[1]


def _cut(sent: bytes, sizes: list[int]) -> list[bytes]:
    parts, at = [], 0
    for size in sizes:
        parts.append(sent[at : at + size])
        at += size
    return [part for part in (*parts, sent[at:]) if part]


async def test_the_limit_of_a_body_holds_for_small_ones_too(spool: Spool) -> None:
    async with served(spool, GuardedProtocol, body_bytes=30) as wire:
        answers = await wire.exchange(*(request(b'{"id":"%s"}' % (b"x" * size)) for size in (5, 30)), answers=2)
    assert [status for status, _, _ in answers] == [200, 413]


async def test_a_failure_of_ours_is_answered_as_one(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    reader, writer = await wire.connect()
    for place, status in ((0, 200), (1, 500)):
        writer.write(SAME[place])
        answer = await read_answer(reader)
        assert (answer[0], answer[1]["content-type"].endswith("problem+json")) == (status, status == 500)
        monkeypatch.setattr(front_module, "prepare", broken)
    writer.close()


async def test_a_key_that_is_withdrawn_counts_no_longer_on_a_known_connection(wire: Wire) -> None:
    reader, writer = await wire.connect()
    for sent in SAME[:2]:
        writer.write(sent)
        assert (await read_answer(reader))[0] == 200
    assert [len(client._heads) for client in wire.server.server_state.connections] == [1]
    wire.door.keyring.grants.clear()
    writer.write(SAME[2])
    assert (await read_answer(reader))[0] == 401
    writer.close()


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00", b"POST\r\n\r\n", request(b"{}", "Content-Length: x")])
async def test_what_is_not_http_is_told_as_a_problem(wire: Wire, sent: bytes) -> None:
    (answer,) = await wire.exchange(sent)
    status, headers, body = answer
    assert (status, headers["content-type"], headers["connection"]) == (400, "application/problem+json", "close")
    assert "https" in json.loads(body)["hint"]


async def test_everything_else_passes_on(wire: Wire) -> None:
    other = b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n"
    reader, writer = await wire.connect()
    writer.write(other)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 299")


async def test_requests_in_a_row_are_answered_in_order(wire: Wire) -> None:
    bodies = [b'{"id":"r-%d"}' % number for number in range(5)]
    answers = await wire.exchange(b"".join(map(request, bodies)), answers=5)
    assert [json.loads(body)["source_id"] for _, _, body in answers] == [f"r-{number}" for number in range(5)]


async def test_after_an_early_refusal_the_connection_goes_on(wire: Wire) -> None:
    wrong = request(b"", length=100_000).replace(KEY.encode(), b"wrong")
    reader, writer = await wire.connect()
    writer.write(wrong)
    assert (await read_answer(reader))[0] == 401
    writer.write(b"x" * 100_000 + request(b'{"id":1}'))
    assert (await read_answer(reader))[0] == 200
    writer.close()


async def test_a_client_that_goes_away_in_its_body(wire: Wire) -> None:
    _, writer = await wire.connect()
    writer.write(request(b'{"id":', length=50))
    await until(lambda: len(wire.server.server_state.tasks) == 1)
    writer.close()
    await until(lambda: not wire.server.server_state.tasks)
    assert wire.door.spool.recent.of("crm")[0]["outcome"] == "unavailable"


@pytest.mark.parametrize(
    ("limit", "sent"),
    [
        ("FIRST_SECONDS", b""),
        ("REQUEST_SECONDS", b"POST " + DEAL.encode() + b" HTTP/1.1\r\nHost: x\r\nX-Slow: "),
        ("REQUEST_SECONDS", b"GET /other HTTP/1.1\r\nHost"),
        ("KEEP_ALIVE_SECONDS", request(b'{"id":1}')),
    ],
    ids=["silent", "half a header", "half a request elsewhere", "answered and idle"],
)
async def test_slow_clients_are_cut_off(wire: Wire, monkeypatch: pytest.MonkeyPatch, limit: str, sent: bytes) -> None:
    monkeypatch.setattr(protocol, limit, 0.05)
    reader, writer = await wire.connect()
    writer.write(sent)
    async with asyncio.timeout(20):
        try:
            await reader.read()
        except ConnectionResetError:
            pass
        else:
            assert reader.at_eof()
    assert not wire.server.server_state.connections


_CHUNKED = f"POST {DEAL} HTTP/1.1\r\nHost: x\r\nX-Write-Key: {KEY}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"POST /", b"a" * 10_000),
        (b"GET /other HTTP/1.1\r\nHost: x\r\nX-Long: ", b"a" * 10_000),
        (request(b"")[:-2], b"X-Many: a\r\n" * 1000),
        (_CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-Trailing: a\r\n" * 1000),
    ],
    ids=["address", "one header", "many headers", "trailers"],
)
async def test_who_sends_headers_without_an_end_is_cut_off(wire: Wire, begin: bytes, more: bytes) -> None:
    reader, writer = await wire.connect()
    writer.write(begin)
    answer = b""
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionError):
            for _ in range(400):
                writer.write(more)
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            answer = await reader.read()
    assert answer[:12] in {b"", b"HTTP/1.1 431"}
    await until(lambda: not wire.server.server_state.connections)


async def test_many_small_parts_are_no_long_head(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_HEAD_BYTES", 300)
    reader, writer = await wire.connect()
    writer.write(_CHUNKED)
    body = b'{"id": "' + b"x" * 500 + b'"}'
    for byte in body:
        for part in (b"1\r\n", b"%c" % byte, b"\r\n"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
    writer.write(b"0\r\n\r\n")
    assert (await read_answer(reader))[0] == 200
    writer.close()


async def test_too_many_clients_are_told_to_come_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_CONNECTIONS", 3)
    held = [await wire.connect() for _ in range(3)]
    await until(lambda: len(wire.server.server_state.connections) == 3)
    reader, _ = await wire.connect()
    status, headers, _ = await read_answer(reader)
    assert (status, headers["retry-after"]) == (503, "1")
    assert await reader.read() == b""
    held[0][1].write(request(b'{"id":1}'))
    assert (await read_answer(held[0][0]))[0] == 200
    for _, writer in held:
        writer.close()
