"""Bodies at the door: packed ones, slow ones, ones in parts, and too many at once."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from backports import zstd

from backend.microservices.ingest.encoding import decoded
from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import Refused
from backend.microservices.ingest.spool import Spool
from tests.support.door import KEY, Door, Keys, elsewhere, problem


def test_members_without_end_are_not_opened() -> None:
    for encoding, empty in (("gzip", gzip.compress(b"")), ("zstd", zstd.compress(b""))):
        assert decoded(empty * 10_000, encoding, Limits()) == b""
        with pytest.raises(Refused, match="more than 10000 members"):
            decoded(empty * 10_001, encoding, Limits())


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
async def test_compressed_bodies(door: Door, encoding: str, compress: Any) -> None:
    body = b'{"id":"packed"}'
    assert (await door.post(compress(body), content_encoding=encoding)).json()["source_id"] == "packed"
    assert (await door.rows())[0].body == body
    halves = compress(b'{"id":1}\n{"i') + compress(b'd":2}')  # members of gzip, frames of zstd
    joined = await door.post(halves, "crm/halves", content_encoding=encoding, content_type="application/x-ndjson")
    assert [each["source_id"] for each in joined.json()["events"]] == ["1", "2"]
    problem(await door.post(halves + b"rest", content_encoding=encoding), 400, encoding)
    many = compress(b"0" * 100_000) * 3
    problem(await door.post(many, content_encoding=encoding), 413, "200000 bytes")
    bomb = compress(b"0" * 50_000_000)
    problem(await door.post(bomb, content_encoding=encoding), 413, "200000 bytes")
    problem(await door.post(b"no such thing", content_encoding=encoding), 400, encoding)
    problem(await door.post(compress(body)[:-6], content_encoding=encoding), 400)
    problem(await door.post(zlib.compress(body), content_encoding="br"), 415, "br")


async def test_slow_clients_are_cut_off(door: Door) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"id":'
        await asyncio.Event().wait()

    request = door.client.post(
        "/api/microservices/ingest/crm/deal", content=slowly(), headers={"authorization": f"Bearer {KEY}"}
    )
    problem(await asyncio.wait_for(request, 5), 408)


async def test_bodies_in_parts(door: Door) -> None:
    async def parts(count: int) -> AsyncIterator[bytes]:
        yield b'{"id":"parts","x":"'
        for _ in range(count):
            yield b"y" * 1000
        yield b'"}'

    headers = {"authorization": f"Bearer {KEY}"}
    url = "/api/microservices/ingest/crm/deal"
    assert (await door.client.post(url, content=parts(10), headers=headers)).json()["source_id"] == "parts"
    problem(await door.client.post(url, content=parts(300), headers=headers), 413)


async def test_bodies_count_from_their_first_byte_to_their_answer(tmp_path: Path) -> None:
    """What waits to be opened and to be put on disk is held in memory as much as what is being received."""
    spool = Spool(tmp_path / "events.sqlite")
    await spool.open()
    made = Door(spool, Keys())
    front = IngestFront(elsewhere, made, Limits(reading_bytes=60_000))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://test") as made.client:
        bodies = [{"id": n, "text": "x" * 20_000} for n in range(6)]
        answers = await asyncio.gather(*(made.post(body) for body in bodies))
        taken = [answer.status_code for answer in answers].count(200)
        assert 1 <= taken < 6
        for answer in answers:
            if answer.status_code != 200:
                assert "retry-after" in answer.headers
                problem(answer, 503, "Too many large bodies")
        assert len(await made.rows()) == taken
        assert (await made.post(bodies[0])).status_code == 200  # all is released
        assert (await made.post(b"x" * 70_000)).status_code == 503
        assert [(await made.post(bodies[0])).status_code for _ in range(4)] == [200] * 4
    await spool.close()
