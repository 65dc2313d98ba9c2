"""The loader against an API that counts, is busy now and then, or refuses."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from salescommand_demo import SOURCES, LoadError, load
from salescommand_demo.__main__ import main

ANCHOR = datetime(2026, 3, 18, 14, 25, tzinfo=UTC)


class Door:
    """An ingest API in a few lines: remembers bodies, and answers as it is told to."""

    def __init__(self, trouble: Callable[[int], tuple[int, dict[str, str]] | None] = lambda _: None) -> None:
        self.trouble = trouble
        self.calls = 0
        self.paths: list[str] = []
        self.keys: set[str] = set()
        self.seen: set[bytes] = set()

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        body = (await receive())["body"]
        self.calls += 1
        status, headers, answer = 200, {}, {}
        trouble = self.trouble(self.calls)
        if trouble is not None:
            status, headers = trouble
        else:
            self.paths.append(scope["path"])
            self.keys.add(dict(scope["headers"])[b"authorization"].decode())
            status, answer = self._take(body)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _take(self, body: bytes) -> tuple[int, dict[str, Any]]:
        records = self._records(body)
        if records is None:
            return 400, {"title": "The body can't be read"}
        known = [record for record in records if record in self.seen]
        self.seen.update(records)
        return 200, {"status": "accepted", "accepted": len(records), "duplicates": len(known), "rejected": []}

    @staticmethod
    def _records(body: bytes) -> list[bytes] | None:
        try:
            parsed = [json.loads(line) for line in body.split(b"\n")]
        except ValueError:
            return None
        inner = parsed if len(parsed) > 1 else parsed[0]
        if isinstance(inner, dict):
            opened = inner.get("results") or inner.get("records") or (inner.get("data") if "success" in inner else None)
            inner = opened if isinstance(opened, list) else [inner]
        return [json.dumps(record).encode() for record in inner]


def _client(door: Door) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=door), base_url="http://api.test")


async def _load(door: Door, **more: Any):
    async with _client(door) as client:
        return await load(
            "http://api.test", lambda source: f"key-{source}", anchor=ANCHOR, events=1000, client=client, **more
        )


async def test_everything_is_posted_once_and_again_it_is_known():
    door, steps = Door(), []
    first = await _load(door, progress=lambda done, total: steps.append((done, total)))
    assert first.posted == first.accepted + first.rejected
    assert first.rejected == 1 == first.truth.dirt.rejected
    assert set(first.by_source) == set(SOURCES)
    assert door.keys == {f"Bearer key-{source}" for source in SOURCES}
    assert steps[-1] == (first.posted, first.posted)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert Counter(path.split("/")[4] for path in door.paths).keys() == set(SOURCES)

    again = await _load(door)
    assert again.duplicates == again.accepted == first.accepted


async def test_a_busy_api_is_asked_again_when_it_said():
    waits = {3: (429, {"Retry-After": "0"}), 7: (503, {"Retry-After": "0"}), 9: (503, {"Retry-After": "0"})}
    door = Door(waits.get)
    report = await _load(door)
    assert report.rejected == 1
    assert report.accepted == report.posted - 1


async def test_wrong_keys_end_the_load_with_advice():
    with pytest.raises(LoadError, match=r"401.*write key of source"):
        await _load(Door(lambda _: (401, {})))


async def test_an_api_that_stays_busy_ends_the_load(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("salescommand_demo.loader.TRIES", 2)
    with pytest.raises(LoadError, match="status 503"):
        await _load(Door(lambda _: (503, {"Retry-After": "0"})))


async def test_keys_may_come_from_a_coroutine():
    door = Door()

    async def key_for(source: str) -> str:
        await asyncio.sleep(0)
        return f"made-{source}"

    async with _client(door) as client:
        await load("http://api.test", key_for, anchor=ANCHOR, events=1000, client=client)
    assert "Bearer made-odoo" in door.keys


def test_command_writes_files_to_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--out", str(tmp_path), "--events", "1000", "--anchor", "2026-03-18T14:25:00Z"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{source}.ndjson" for source in SOURCES}
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in tmp_path.iterdir())
    said = capsys.readouterr().out
    assert f"{lines:,} events" in said
    assert "win rate" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--events", "5"], "missing"),
        (["--dry-run", "--events", "5"], "too few"),
        (["--key-file", "/nowhere/keys.json"], "nowhere"),
    ],
)
def test_command_says_what_is_wrong(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert main(arguments) == 1
    assert message in capsys.readouterr().err
