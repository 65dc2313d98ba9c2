"""Faults of the whole: what was acknowledged is in the lake exactly once, and the books say so."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from salescommand_lake.identifiers import decode_event_id
from tests.support.ingest_server import KEY
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("SALESCOMMAND_FAULT_ROUNDS", "5"))
HEADERS = {"Authorization": f"Bearer {KEY}"}

pytestmark = pytest.mark.faults


@dataclass
class Server:
    """A running ingest program."""

    process: asyncio.subprocess.Process
    url: str

    async def get(self, path: str) -> Any:
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            return (await client.get(path)).json()

    async def settled(self) -> None:
        async def empty() -> bool:
            return bool((await self.get("/"))["depth"] == 0)

        await until(empty, seconds=60, what="the spool is empty")


@asynccontextmanager
async def serving(data: Path, **environment: str) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.ingest_server",
        str(data),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert process.stdout is not None
    try:
        port = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        assert port, "the server ended before it served"
        yield Server(process, f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 60)


@dataclass
class Poster:
    """Posts records with ids of their own, notes what was acknowledged, and repeats what was not."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    refused: int = 0

    async def run(self, url: str) -> None:
        """Post until the server is gone."""
        limits = httpx.Limits(max_connections=8)
        async with httpx.AsyncClient(base_url=url, headers=HEADERS, limits=limits, timeout=30) as client:
            await asyncio.gather(*(self._post_on(client) for _ in range(8)))

    async def _post_on(self, client: httpx.AsyncClient) -> None:
        while True:
            record = self.unanswered.pop() if self.unanswered else str(next(self.numbers))
            try:
                await self.post(client, record)
            except httpx.TransportError:
                self.unanswered.append(record)
                return

    async def post(self, client: httpx.AsyncClient, record: str) -> None:
        body = {"id": record, "updated_at": "2026-01-01T00:00:00Z", "name": record * 20}
        answer = await client.post("/api/microservices/ingest/crm/deal", json=body)
        assert answer.status_code == 200, answer.text
        content = answer.json()
        assert content["source_id"] == record
        # A repeat of a post whose answer was lost is told as one, with the event that was stored.
        assert self.acknowledged.setdefault(record, content["event_id"]) == content["event_id"]


def check_books(books: dict[str, int]) -> None:
    assert books["received"] == books["accepted"] + books["rejected"], books
    kept = sum(books[name] for name in ("duplicates", "in_spool", "loaded", "refused", "damaged"))
    assert books["accepted"] == kept, books


async def check_exactly_once(server: Server, poster: Poster) -> None:
    raw = await server.get("/raw")
    stored = Counter(raw["seqs"])
    acknowledged = {decode_event_id(event) for event in poster.acknowledged.values()}
    lost = sorted(acknowledged - stored.keys())
    assert not lost, (len(lost), len(acknowledged), len(stored), lost[:5], await server.get("/books"))
    assert max(stored.values()) == 1, "stored twice"
    # What was stored without an answer is at most what was being posted when the server died.
    assert len(stored.keys() - acknowledged) <= len(poster.unanswered)
    assert raw["queued"] == {"crm": len(stored)}, "the fold's queue differs from the raw zone"
    books = (await server.get("/books"))["crm"]
    check_books(books)
    assert (books["in_spool"], books["loaded"]) == (0, len(stored))


async def test_killed_while_posting(tmp_path: Path) -> None:
    """At random moments, and every third time between an insert and the spool's note of it."""
    poster = Poster()
    seed = time.time_ns()
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)  # noqa: S311
    for number in range(ROUNDS):
        before = len(poster.acknowledged)
        dying = {"DIE_AT_INSERT": str(chance.randint(1, 4))} if number % 3 == 1 else {}
        async with serving(tmp_path, **dying) as server:
            posting = asyncio.create_task(poster.run(server.url))
            if dying:
                await asyncio.wait_for(server.process.wait(), 60)
                await posting
                continue
            check_books((await server.get("/books")).get("crm") or dict.fromkeys(BOOKS, 0))
            enough = before + chance.randint(30, 400)
            await until(lambda enough=enough: len(poster.acknowledged) > enough, seconds=60)
            server.process.send_signal(signal.SIGKILL)
            await server.process.wait()
            await posting
    async with serving(tmp_path) as server:
        async with httpx.AsyncClient(base_url=server.url, headers=HEADERS, timeout=30) as client:
            while poster.unanswered:
                await poster.post(client, poster.unanswered.pop())
        await server.settled()
        await check_exactly_once(server, poster)


async def _start_again(data: Path, poster: Poster) -> None:
    """Load what the killed server left, repeat what it did not answer, and count."""
    async with serving(data) as server:
        await server.settled()
        async with httpx.AsyncClient(base_url=server.url, headers=HEADERS, timeout=30) as client:
            while poster.unanswered:
                await poster.post(client, poster.unanswered.pop())
        await server.settled()
        await check_exactly_once(server, poster)


@pytest.mark.parametrize(
    "lost",
    [
        "raw_events,raw_batches,raw_batch_keys",
        "raw_events,raw_batch_keys",
        "raw_batches",
    ],
)
async def test_killed_between_the_token_and_the_part(tmp_path: Path, lost: str) -> None:
    """The engine answers a repeat with "I have it" and has nothing: what it lacks is restored, and only that."""
    poster = Poster()
    async with serving(tmp_path, DIE_AT_INSERT="3", LOSE=lost) as server:
        await asyncio.wait_for(poster.run(server.url), 60)
    await _start_again(tmp_path, poster)


def _forget_tokens(data: Path) -> None:
    logs = list(data.rglob("deduplication_logs"))
    assert logs
    for each in logs:
        shutil.rmtree(each)


async def test_the_memory_of_tokens_is_gone(tmp_path: Path) -> None:
    """After a power cut the engine may have the rows and not the token: they are not stored a second time."""
    poster = Poster()
    async with serving(tmp_path, DIE_AT_INSERT="3") as server:
        await asyncio.wait_for(poster.run(server.url), 60)
    _forget_tokens(tmp_path)
    await _start_again(tmp_path, poster)


async def test_a_second_instance_on_the_same_spool_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "import asyncio, sys; from pathlib import Path; from backend.microservices.ingest.spool import Spool\n"
            "asyncio.run(Spool(Path(sys.argv[1])).open())",
            str(tmp_path / "spool" / "events.sqlite"),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        _, words = await asyncio.wait_for(second.communicate(), 60)
        assert second.returncode
        assert "is in use by another process. Stop it" in words.decode()
        assert (await server.get("/"))["depth"] == 0


async def test_terminated_while_posting(tmp_path: Path) -> None:
    """SIGTERM ends posts cleanly and loads what it can; what is left waits in the spool."""
    poster = Poster()
    async with serving(tmp_path) as server:
        posting = asyncio.create_task(poster.run(server.url))
        await until(lambda: len(poster.acknowledged) > 100, seconds=60)
        server.process.terminate()
        assert await asyncio.wait_for(server.process.wait(), 60) in {0, -signal.SIGTERM}
        await posting
    async with serving(tmp_path) as server:
        await server.settled()
        await check_exactly_once(server, poster)


async def test_killed_while_starting(tmp_path: Path) -> None:
    poster = Poster()
    async with serving(tmp_path) as server:
        async with httpx.AsyncClient(base_url=server.url, headers=HEADERS, timeout=30) as client:
            for n in range(50):
                await poster.post(client, str(n))
        server.process.kill()
        await server.process.wait()
    for delay in (0.3, 0.8, 1.5):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.ingest_server",
            str(tmp_path),
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )
        await asyncio.sleep(delay)  # a point in its start, not a wait for anything
        process.kill()
        await process.wait()
    async with serving(tmp_path) as server:
        await server.settled()
        await check_exactly_once(server, poster)


BOOKS = ("received", "accepted", "rejected", "duplicates", "in_spool", "loaded", "refused", "damaged")
