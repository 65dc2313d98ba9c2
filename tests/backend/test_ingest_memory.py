"""The door holds only so much in memory, from the first byte of a body to its answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.spool import Spool
from tests.support.door import Door, Keys, elsewhere, problem


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
