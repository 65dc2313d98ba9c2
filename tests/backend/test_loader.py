"""The loader: everything from the spool into the lake, exactly once, whatever the lake answers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from backend.context import Context
from backend.microservices.ingest import loader as loader_module
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.loader import Loader
from backend.microservices.ingest.loader_ahead import block_of
from backend.microservices.ingest.prepare import Request, prepare
from backend.microservices.ingest.records import Ack
from salescommand_lake.engine import Ready
from salescommand_lake.errors import (
    AccessDenied,
    LakeError,
    LakeUnavailable,
    OutOfMemory,
    QueryTimeout,
    RowRejected,
    TooManyParts,
)
from salescommand_lake.schema import ensure_schema
from tests.support.native import rows_of
from tests.support.waiting import until


class Troubled:
    """A real engine that fails inserts into the raw zone on demand: before they happen, or after (answer lost)."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.before: Callable[[Sequence[Mapping[str, Any]]], LakeError | None] = lambda rows: None
        self.after: LakeError | None = None
        self.tokens: list[str | None] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def insert(self, table: str, rows: Ready, *, token: str | None = None) -> None:
        if table != "raw_events":
            await self._engine.insert(table, rows, token=token)
            return
        self.tokens.append(token)
        error = self.before(rows_of(rows.data))
        if error is not None:
            raise error
        await self._engine.insert(table, rows, token=token)
        if self.after is not None:
            error, self.after = self.after, None
            raise error


@pytest.fixture
async def troubled(context: Context) -> Context:
    """A context with a schema, whose engine can be made to fail."""
    await ensure_schema(context.engine)
    return changed(context, engine=Troubled(context.engine))


def changed(context: Context, **changes: Any) -> Context:
    """Return the context with other parts; metrics can't be registered twice."""
    return replace(context, registry=CollectorRegistry(), **changes)


def engine_of(context: Context) -> Troubled:
    engine: Any = context.engine
    assert isinstance(engine, Troubled)
    return engine


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of milliseconds, so that retries don't take the time they take in life."""
    monkeypatch.setattr(loader_module, "_FIRST_DELAY", 0.005)
    monkeypatch.setattr(loader_module, "_BREAKER_DELAY", 0.02)
    monkeypatch.setattr(loader_module, "_LONGEST_DELAY", 0.05)


@asynccontextmanager
async def loading(context: Context) -> AsyncIterator[Loader]:
    loader = Loader(context)
    task = asyncio.create_task(loader.run())
    try:
        yield loader
    finally:
        task.cancel()
        await asyncio.wait([task])


async def append(context: Context, *ids: int, source: str = "crm", bodies: Sequence[bytes] = ()) -> list[Ack]:
    bodies = bodies or [json.dumps({"id": each, "name": f"n{each}"}).encode() for each in ids]
    request = Request(source, "deal", "generic", "", "", b"[" + b",".join(bodies) + b"]")
    return await context.spool.append(prepare(request, Limits()).submission)


async def raw(context: Context) -> list[dict[str, Any]]:
    return await context.engine.query(
        "SELECT seq, source, source_id, entity_type, record_type, kind, operation, hex(body) AS bytes_hex, "
        "lower(hex(body_sha256)) = lower(hex(SHA256(body))) AS hashed, payload_error "
        "FROM raw_events ORDER BY seq"
    )


async def emptied(context: Context) -> None:
    await until(lambda: context.spool.depth == 0, what=f"the spool is empty ({context.spool.loading.last_error})")


async def check_exactly_once(context: Context, acks: Sequence[Ack]) -> None:
    rows = await raw(context)
    assert Counter(int(row["seq"]) for row in rows) == Counter(ack.seq for ack in acks)
    assert all(row["hashed"] for row in rows)
    queue = await context.engine.query("SELECT sum(events) AS events FROM raw_batches")
    assert int(queue[0]["events"]) == len(rows)  # what waits for the fold is the same


async def test_events_arrive_as_they_were_posted(troubled: Context) -> None:
    odd = [
        b'{"id":1,"b":{"c":1},"b.c":2}',
        b'{"id":2,"a":1,"a":2}',
        b'{"id":3,"x":"\\ud800"}',
        b'{"id":4,"x":1e400}',
        '{"id":5,"name":"प्रेम \\u0000 😀"}'.encode(),
        b'{"id":6,  "x":1.10, "z":null}',
    ]
    acks = await append(troubled, bodies=odd)
    async with loading(troubled):
        await emptied(troubled)
    rows = await raw(troubled)
    assert [bytes.fromhex(row["bytes_hex"]) for row in rows] == odd
    assert [row["source_id"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert [bool(row["payload_error"]) for row in rows] == [True, True, True, True, False, False]
    assert {(row["source"], row["entity_type"], row["record_type"], row["kind"]) for row in rows} == {
        ("crm", "deal", "opportunity", "generic")
    }
    await check_exactly_once(troubled, acks)
    assert troubled.spool.loading.last_loaded_at is not None
    assert troubled.raw_arrived.is_set()


async def test_small_and_large_loads(troubled: Context) -> None:
    small = changed(troubled, settings=troubled.settings.model_copy(update={"loader_max_rows": 7}))
    acks = []
    async with loading(small):
        for start in range(0, 60, 3):
            acks += await append(troubled, *range(start, start + 3))
        await emptied(troubled)
        assert troubled.spool.loading.batches > 60 / 7
    await check_exactly_once(troubled, acks)


@pytest.mark.parametrize(
    "error",
    [
        LakeUnavailable("connection refused"),
        QueryTimeout("took too long", code=159),
        TooManyParts("too many parts", code=252),
        AccessDenied("wrong password", code=516),
        LakeError("a proxy refuses the request"),
        OSError("no route"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_it_tries_again_with_the_same_block(troubled: Context, error: Any) -> None:
    engine = engine_of(troubled)
    failures = 5

    def fail(rows: Sequence[Mapping[str, Any]]) -> LakeError | None:
        return error if len(engine.tokens) <= failures else None

    engine.before = fail
    acks = await append(troubled, *range(10))
    async with loading(troubled):
        await until(lambda: troubled.spool.loading.attempts >= 3)
        state = troubled.spool.loading
        assert state.state == ("failed" if not getattr(error, "retryable", False) else "waiting")
        assert str(error) in (state.last_error or "")
        acks += await append(troubled, *range(10, 20))  # posts go on meanwhile
        await emptied(troubled)
    assert len(set(engine.tokens[: failures + 1])) == 1
    await check_exactly_once(troubled, acks)
    assert troubled.spool.books()["crm"].refused == 0


async def test_a_lost_answer_stores_nothing_twice(troubled: Context) -> None:
    engine = engine_of(troubled)
    acks = await append(troubled, *range(50))
    engine.after = LakeUnavailable("the connection was cut after the insert")
    async with loading(troubled):
        await emptied(troubled)
    assert len(engine.tokens) == 1  # it was found there
    await check_exactly_once(troubled, acks)


async def test_a_row_the_engine_refuses_is_kept_apart(troubled: Context) -> None:
    engine = engine_of(troubled)

    def picky(rows: Sequence[Mapping[str, Any]]) -> LakeError | None:
        bad = any(row["source_id"] in {"13", "14"} for row in rows)
        return RowRejected("Code: 117. Cannot parse that row", code=117) if bad else None

    engine.before = picky
    acks = await append(troubled, *range(40))
    async with loading(troubled):
        await emptied(troubled)
    await check_exactly_once(troubled, [ack for place, ack in enumerate(acks) if place not in {13, 14}])
    books = troubled.spool.books()["crm"]
    assert (books.loaded, books.refused, books.in_spool) == (38, 2, 0)
    refused = await troubled.spool.refused_events()
    assert [row.source_id for row, *_ in refused] == ["14", "13"]
    assert "Cannot parse that row" in refused[0][1]


async def test_after_a_lost_answer_a_block_is_never_split(troubled: Context) -> None:
    """A refusal that follows a try with an unknown outcome: what is stored already must not come under new tokens."""
    engine = engine_of(troubled)
    acks = await append(troubled, *range(8))
    engine.after = LakeUnavailable("cut after the insert")
    answers = iter([None, RowRejected("refused on the second try", code=117)])
    engine.before = lambda rows: next(answers, None)
    async with loading(troubled):
        await emptied(troubled)
    assert len(set(engine.tokens)) == 1
    await check_exactly_once(troubled, acks)
    assert troubled.spool.books()["crm"].refused == 0


async def test_an_unknown_refusal_of_some_rows_sets_them_apart(troubled: Context) -> None:
    """A number that we have no class for, and that stays while everything else works, is about the rows."""
    engine = engine_of(troubled)
    engine.before = lambda rows: (
        LakeError("Code: 9999. A new kind of refusal", code=9999)
        if any(row["source_id"] == "7" for row in rows)
        else None
    )
    acks = await append(troubled, *range(20))
    async with loading(troubled):
        await emptied(troubled)
    await check_exactly_once(troubled, [ack for place, ack in enumerate(acks) if place != 7])
    assert troubled.spool.books()["crm"].refused == 1
    assert "A new kind of refusal" in (await troubled.spool.refused_events())[0][1]


async def test_an_unknown_refusal_of_everything_is_an_alarm(troubled: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the events then: few are set apart, the others wait, and loading resumes by itself."""
    monkeypatch.setattr(loader_module, "_STRANGE_IN_A_ROW", 3)
    engine = engine_of(troubled)
    engine.before = lambda rows: LakeError("Code: 9999. Out of order", code=9999)
    await append(troubled, *range(40))
    async with loading(troubled):
        await until(lambda: troubled.spool.loading.state == "failed" and troubled.spool.loading.attempts > 8)
        books = troubled.spool.books()["crm"]
        assert (books.refused, books.in_spool) == (3, 37)
        assert "Out of order" in troubled.spool.loading.detail
        engine.before = lambda rows: None
        await emptied(troubled)
    assert troubled.spool.books()["crm"].loaded == 37


async def test_a_block_that_may_be_at_work_is_not_halved(troubled: Context) -> None:
    """The lake hangs, then says that memory is short: the first try may yet be stored."""
    engine = engine_of(troubled)
    answers = iter([LakeUnavailable("no answer"), *[OutOfMemory("memory limit", code=241)] * 5])
    engine.before = lambda rows: next(answers, None)
    acks = await append(troubled, *range(8))
    async with loading(troubled):
        await emptied(troubled)
    assert len(set(engine.tokens)) == 1
    await check_exactly_once(troubled, acks)


async def test_the_breaker_opens_at_once_for_too_many_parts(troubled: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_module, "_BREAKER_DELAY", 30.0)
    engine = engine_of(troubled)
    engine.before = lambda rows: TooManyParts("too many parts", code=252)
    await append(troubled, 1)
    async with loading(troubled):
        await until(lambda: troubled.spool.loading.attempts == 1)
        assert (troubled.spool.loading.breaker, troubled.spool.loading.state) == ("open", "waiting")
        engine.before = lambda rows: None
    assert troubled.spool.loading.breaker == "closed"  # stopping tries once more


async def test_a_lake_that_hangs_is_asked_again(troubled: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_module, "INSERT_SECONDS", 2.0)  # the insert itself must fit, on a busy machine too
    engine = engine_of(troubled)
    hanging = iter([True, True])
    insert = engine.insert

    async def hang(table: str, rows: Any, *, token: str | None = None) -> None:
        if next(hanging, False):
            await insert(table, rows, token=token)
            await asyncio.Event().wait()
        monkeypatch.setattr(loader_module, "INSERT_SECONDS", 60)
        await insert(table, rows, token=token)

    monkeypatch.setattr(engine, "insert", hang)
    acks = await append(troubled, *range(5))
    async with loading(troubled):
        await emptied(troubled)
    # It was stored before it hung, so the next try finds it there.
    assert len(engine.tokens) == 1
    assert troubled.spool.loading.retries == {"QueryTimeout": 1}
    await check_exactly_once(troubled, acks)


async def test_out_of_memory_takes_smaller_blocks(troubled: Context) -> None:
    engine = engine_of(troubled)
    engine.before = lambda rows: OutOfMemory("memory limit", code=241) if len(rows) > 10 else None
    acks = await append(troubled, *range(100))
    async with loading(troubled):
        await emptied(troubled)
    await check_exactly_once(troubled, acks)
    assert troubled.spool.books()["crm"].refused == 0


async def test_between_insert_and_checkpoint(troubled: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies when the lake has the block and the spool doesn't know it: the next one adds nothing."""
    acks = await append(troubled, *range(20))
    inserted = asyncio.Event()

    async def never(batch: Any) -> None:
        inserted.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(troubled.spool, "complete", never)
        patched.setattr(loader_module, "DRAIN_SECONDS", 0.01)
        async with loading(troubled):
            await asyncio.wait_for(inserted.wait(), 20)
    assert troubled.spool.depth == 20
    acks += await append(troubled, *range(20, 25))
    async with loading(troubled):
        await emptied(troubled)
    await check_exactly_once(troubled, acks)


async def test_stopping_loads_what_is_there(troubled: Context) -> None:
    slow = changed(troubled, settings=troubled.settings.model_copy(update={"loader_wait_ms": 60_000}))
    async with loading(slow):
        acks = await append(troubled, *range(5))
        await asyncio.sleep(0)
    await check_exactly_once(troubled, acks)
    assert troubled.spool.loading.state == "stopped"


async def test_redis_away_does_not_matter(troubled: Context) -> None:
    from redis.asyncio import Redis

    nowhere = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    acks = await append(troubled, 1, 2, 3)
    async with loading(changed(troubled, redis=nowhere)):
        await emptied(troubled)
    await check_exactly_once(troubled, acks)
    await nowhere.aclose()


async def test_a_backlog_is_loaded_block_after_block_each_read_ahead(troubled: Context) -> None:
    for first in range(0, 400, 40):
        await append(troubled, *range(first, first + 40))
    engine = engine_of(troubled)
    poisoned, seen = "233", Counter[int]()

    def refuse(rows: Sequence[Mapping[str, Any]]) -> LakeError | None:
        seen[len(rows)] += 1
        return RowRejected("no", code=117) if any(row["source_id"] == poisoned for row in rows) else None

    engine.before = refuse
    small = changed(troubled, settings=troubled.settings.model_copy(update={"loader_max_rows": 40}))
    async with loading(small):
        await emptied(troubled)
    stored = await raw(troubled)
    assert sorted(int(row["source_id"]) for row in stored) == [n for n in range(400) if str(n) != poisoned]
    assert all(row["hashed"] for row in stored)
    assert seen[40] >= 9
    books = troubled.spool.books()["crm"]
    assert (books.loaded, books.refused, books.in_spool) == (399, 1, 0)


async def test_a_block_of_many_slices_holds_each_event_once_in_its_order(context: Context) -> None:
    await append(context, *range(2345))
    batch = await context.spool.next_batch(10_000, 2**30)
    assert batch is not None
    rows = rows_of(block_of(batch.rows, "b").data)
    assert [row["source_id"] for row in rows] == [str(n) for n in range(2345)]
    assert [row["seq"] for row in rows] == [row.seq for row in batch.rows]
    assert {row["batch_id"] for row in rows} == {"b"}
    assert all(json.loads(row["body"])["id"] == int(row["source_id"]) for row in rows)
