"""Bodies at the door: packed ones, slow ones, ones in parts, and too many at once."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from backports import zstd

from backend.microservices.ingest.encoding import decoded
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import Refused
from tests.support.door import KEY, Door, problem


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
