"""The spool: kept before it is acknowledged, repeats told from changes, bounded, honest about trouble."""

from __future__ import annotations

import asyncio
import hashlib
import resource
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.microservices.ingest.records import Ack, Draft, Row, Submission, digest16
from backend.microservices.ingest.spool import Spool
from backend.microservices.ingest.spool_errors import (
    KeyReused,
    SpoolFull,
    SpoolInUse,
    SpoolOverloaded,
    SpoolUnavailable,
    SpoolUnusable,
)
from backend.microservices.ingest.spool_shapes import SpoolLimits
from salescommand_lake.identifiers import make_seq, seq_time
from tests.support.waiting import until


def draft(source_id: str, body: bytes = b"{}", *, at: int | None = None, source: str = "crm", event: str = "") -> Draft:
    """Make a record as the door does."""
    sha = hashlib.sha256(body).digest()
    names = (source, "deal", "opportunity", source_id)
    timed = digest16("c", *names, str(at), last=sha) if at is not None else b""
    key = digest16("v", *names, event) if event else timed
    row = Row(0, source, "deal", source_id, "opportunity", "generic", "full", at, 0, body, sha, 0, sha, key)
    return Draft(row, digest16(*names))


def post(*drafts: Draft, key: str = "", rejected: int = 0) -> Submission:
    """Make a request of these records, under an idempotency key when one is given."""
    source = drafts[0].row.source if drafts else "crm"
    made = Submission(source, list(drafts), rejected)
    if key:
        made.request = digest16("r", source, key)
        made.content = digest16(last=b"".join(each.row.body_sha256 for each in drafts))
        for place, each in enumerate(drafts):
            each.item = digest16("i", source, key, str(place))
    return made


@asynccontextmanager
async def opened(path: Path, **options: Any) -> AsyncIterator[Spool]:
    spool = Spool(path, **options)
    await spool.open()
    try:
        yield spool
    finally:
        await spool.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "events.sqlite"


async def rows_of(spool: Spool, limit: int = 10_000) -> list[Row]:
    batch = await spool.next_batch(limit, 2**40)
    return [] if batch is None else batch.rows


async def test_what_is_acknowledged_is_there_after_a_restart(path: Path) -> None:
    async with opened(path) as spool:
        groups = await asyncio.gather(*(spool.append(post(draft(str(n), b'{"n":%d}' % n))) for n in range(200)))
        seqs = [ack.seq for [ack] in groups]
        assert len(set(seqs)) == 200
        assert not any(ack.duplicate for [ack] in groups)
    async with opened(path) as spool:
        rows = await rows_of(spool)
        assert sorted(seqs) == [row.seq for row in rows]
        assert {row.body for row in rows} == {b'{"n":%d}' % n for n in range(200)}
        assert all(len(row.event_key) == 16 for row in rows)
        books = spool.books()["crm"]
        assert (books.received, books.accepted, books.in_spool, books.duplicates) == (200, 200, 200, 0)
        assert spool.depth == 200
        assert spool.oldest() == seq_time(min(seqs))


async def test_repeats(path: Path) -> None:
    async with opened(path) as spool:
        [first] = await spool.append(post(draft("1", b"A", at=1000)))
        [other] = await spool.append(post(draft("1", b"B", at=2000)))
        [again] = await spool.append(post(draft("1", b"A", at=1000)))
        assert again == Ack(first.seq, duplicate=True)
        assert not other.duplicate
        # The same id at another source, and the same content of another record, are other events.
        assert not (await spool.append(post(draft("1", b"A", at=1000, source="erp"))))[0].duplicate
        assert not (await spool.append(post(draft("2", b"A", at=1000))))[0].duplicate
        # A vendor's own event id decides whatever the content.
        [event] = await spool.append(post(draft("9", b"X", event="e1")))
        [repeat] = await spool.append(post(draft("9", b"Y", event="e1")))
        assert repeat == Ack(event.seq, duplicate=True)
    async with opened(path) as spool:  # the memory is on disk
        assert (await spool.append(post(draft("1", b"A", at=1000))))[0] == Ack(first.seq, duplicate=True)


async def test_without_a_time_only_the_latest_event_can_be_repeated(path: Path) -> None:
    async with opened(path) as spool:
        sent = [b"A", b"A", b"B", b"A", b"A"]
        acks = [(await spool.append(post(draft("1", body))))[0] for body in sent]
        assert [ack.duplicate for ack in acks] == [False, True, False, False, True]
        assert acks[4].seq == acks[3].seq != acks[0].seq
        # An event with a time ends what was latest.
        await spool.append(post(draft("1", b"T", at=5)))
        assert not (await spool.append(post(draft("1", b"A"))))[0].duplicate
    async with opened(path) as spool:
        assert (await spool.append(post(draft("1", b"A"))))[0].duplicate
        assert spool.books()["crm"].duplicates == 3


async def test_repeats_inside_one_group_and_one_request(path: Path) -> None:
    async with opened(path) as spool:
        same = [draft("1", b"A", at=1), draft("1", b"A", at=1), draft("2", b"B"), draft("2", b"B")]
        acks = await spool.append(post(*same))
        assert [ack.duplicate for ack in acks] == [False, True, False, True]
        assert acks[0].seq == acks[1].seq
        answers = await asyncio.gather(*(spool.append(post(draft("3", b"C", at=1))) for _ in range(20)))
        assert sum(not ack.duplicate for [ack] in answers) == 1
        assert len({ack.seq for [ack] in answers}) == 1


async def test_idempotency_keys(path: Path) -> None:
    async with opened(path) as spool:
        first = await spool.append(post(draft("1", b"A"), draft("2", b"B"), key="k"))
        await spool.append(post(draft("1", b"C")))  # no longer the latest content
        again = await spool.append(post(draft("1", b"A"), draft("2", b"B"), key="k"))
        assert again == [Ack(ack.seq, duplicate=True) for ack in first]
        with pytest.raises(KeyReused):
            await spool.append(post(draft("1", b"other"), key="k"))
        # A key of another source is another key, and a request of repeats keeps its key too.
        assert not (await spool.append(post(draft("1", b"A", source="erp"), key="k")))[0].duplicate
        [repeat] = await spool.append(post(draft("2", b"B"), key="k2"))
        assert repeat == Ack(first[1].seq, duplicate=True)
    async with opened(path) as spool:
        with pytest.raises(KeyReused):
            await spool.append(post(draft("5", b"Z"), key="k2"))
        assert await spool.append(post(draft("2", b"B"), key="k2")) == [Ack(first[1].seq, duplicate=True)]
        books = spool.books()["crm"]
        assert books.rejected == 2
        assert books.received == books.accepted + books.rejected
        assert books.accepted == books.duplicates + books.in_spool


async def test_memory_ends_with_its_window(path: Path) -> None:
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    limits = SpoolLimits(window_days=7)
    async with opened(path, now=lambda: clock[0], limits=limits) as spool:
        await spool.append(post(draft("1", b"A", at=1)))
        clock[0] += timedelta(days=6)
        assert (await spool.append(post(draft("1", b"A", at=1))))[0].duplicate
        clock[0] += timedelta(days=2)
        for n in range(64):  # housekeeping comes every few groups
            await spool.append(post(draft(f"x{n}")))
        assert not (await spool.append(post(draft("1", b"A", at=1))))[0].duplicate
    async with opened(path, limits=SpoolLimits(window_entries=10)) as spool:
        for n in range(64):
            await spool.append(post(draft(f"y{n}")))
        assert spool.remembered < 100


async def test_numbers_never_fall(path: Path) -> None:
    clock = [datetime(2026, 6, 1, tzinfo=UTC)]
    seqs: list[int] = []
    for step in (0, -3600, 10, -86400):
        clock[0] += timedelta(seconds=step)
        async with opened(path, now=lambda: clock[0], instance=5) as spool:
            acks = await spool.append(post(*(draft(f"{step}-{n}") for n in range(50))))
            seqs += [ack.seq for ack in acks]
    assert seqs == sorted(set(seqs))
    assert all(seq & 1023 == 5 for seq in seqs)


# -- batches ----------------------------------------------------------------------------------------------------------


async def test_a_batch_comes_again_exactly_until_it_is_complete(path: Path) -> None:
    async with opened(path) as spool:
        for n in range(5):
            await spool.append(post(*(draft(f"{n}-{k}") for k in range(10))))
        one = await spool.next_batch(20, 2**30)
        assert one is not None
        assert len(one.rows) == 20
    async with opened(path) as spool:
        await spool.append(post(draft("later")))
        again = await spool.next_batch(3, 10)  # other limits don't change what was written down
        assert again == one
        await spool.complete(again)
        assert (await spool.planned()) == []
        two = await spool.next_batch(10_000, 2**30)
        assert two is not None
        assert [row.source_id for row in two.rows] == [f"{n}-{k}" for n in (2, 3, 4) for k in range(10)] + ["later"]
        assert two.entry.batch_id != one.entry.batch_id
        await asyncio.wait_for(spool.stored(one.rows[0].seq), 1)
        waiter = asyncio.ensure_future(spool.stored(two.rows[-1].seq))
        await spool.complete(two)
        await asyncio.wait_for(waiter, 5)
        assert await spool.next_batch(10, 10) is None
        books = spool.books()["crm"]
        assert (books.loaded, books.in_spool, spool.depth) == (51, 0, 0)
        assert spool.oldest() is None


async def test_batches_end_with_the_month(path: Path) -> None:
    clock = [datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)]
    async with opened(path, now=lambda: clock[0]) as spool:
        await spool.append(post(draft("old")))
        clock[0] += timedelta(seconds=1)
        await spool.append(post(draft("new")))
        months = []
        while (batch := await spool.next_batch(1000, 2**30)) is not None:
            months.append([(row.source_id, seq_time(row.seq).month) for row in batch.rows])
            await spool.complete(batch)
        assert months == [[("old", 12)], [("new", 1)]]


async def test_splitting_and_refusing(path: Path) -> None:
    async with opened(path) as spool:
        await spool.append(post(*(draft(str(n), source="crm") for n in range(4))))
        await spool.append(post(draft("x", source="erp")))
        whole = await spool.next_batch(100, 2**30)
        assert whole is not None
        await spool.split(whole)
        halves = await spool.planned()
        assert [half.sources for half in halves] == [{"crm": 2}, {"crm": 2, "erp": 1}]
    async with opened(path) as spool:
        seen = []
        while (batch := await spool.next_batch(100, 2**30)) is not None:
            seen.append([row.source_id for row in batch.rows])
            if len(batch.rows) > 1:
                await spool.split(batch)
            elif batch.rows[0].source_id == "1":
                await spool.refuse(batch, "the engine's words", 117)
            else:
                await spool.complete(batch)
        assert ["0"] in seen
        assert ["1"] in seen
        [(row, reason, code, at)] = await spool.refused_events()
        assert (row.source_id, row.body, reason, code) == ("1", b"{}", "the engine's words", 117)
        assert at > 0
    async with opened(path) as spool:
        books = spool.books()
        assert (books["crm"].refused, books["crm"].loaded, books["crm"].in_spool) == (1, 3, 0)
        assert (books["erp"].loaded, books["erp"].in_spool) == (1, 0)


async def test_loaded_rows_leave_the_file(path: Path) -> None:
    async with opened(path) as spool:
        for n in range(40):
            await spool.append(post(draft(str(n), b"x" * 50_000)))
        size = spool.used_bytes
        while (batch := await spool.next_batch(1000, 2**30)) is not None:
            await spool.complete(batch)
        await until(lambda: spool.used_bytes < size / 4, what="loaded frames are removed")


# -- trouble ----------------------------------------------------------------------------------------------------------


async def test_only_one_process_may_have_it(path: Path) -> None:
    async with opened(path):
        with pytest.raises(SpoolInUse, match="in use"):
            await Spool(path).open()
    async with opened(path) as spool:
        assert spool.depth == 0


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database " * 1000)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")


def newer(path: Path) -> None:
    async def make() -> None:
        async with opened(path):
            pass

    asyncio.run(make())
    with closing(sqlite3.connect(path)) as later:
        later.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("make", [garbage, foreign, newer])
def test_files_that_are_no_spool_are_left_alone(path: Path, make: Callable[[Path], None]) -> None:
    path.parent.mkdir()
    make(path)
    before = path.read_bytes()
    with pytest.raises(SpoolUnusable, match=str(path)):
        asyncio.run(Spool(path).open())
    assert path.read_bytes() == before


async def fill(spool: Spool, size: int, kept: list[int]) -> None:
    """Post until the spool takes no more."""
    for n in range(200):
        kept += [ack.seq for ack in await spool.append(post(draft(f"fill-{n}", b"x" * size)))]


async def test_posts_are_turned_away_when_it_is_full(path: Path) -> None:
    limits = SpoolLimits(spool_bytes=1024 * 1024)
    async with opened(path, limits=limits) as spool:
        with pytest.raises(SpoolFull, match="limit is 1048576") as full:
            await fill(spool, 100_000, [])
        assert full.value.retry_after > 0
        accepted = spool.books()["crm"].accepted
        rows = 0
        while (batch := await spool.next_batch(1000, 2**30)) is not None:
            rows += len(batch.rows)
            await spool.complete(batch)
        assert rows == accepted
        await until(lambda: spool.used_bytes <= limits.spool_bytes, what="there is room again")
        await spool.append(post(draft("after")))


async def test_memory_for_waiting_posts_is_bounded(path: Path) -> None:
    async with opened(path, limits=SpoolLimits(pending_bytes=200_000)) as spool:
        work = [spool.append(post(draft(str(n), b"x" * 50_000))) for n in range(20)]
        answers = await asyncio.gather(*work, return_exceptions=True)
        turned_away = [each for each in answers if isinstance(each, SpoolOverloaded)]
        assert turned_away
        assert len(await rows_of(spool)) == 20 - len(turned_away) == spool.books()["crm"].accepted
        assert spool.pending_bytes == 0


@asynccontextmanager
async def files_limited_to(size: int) -> AsyncIterator[None]:
    """Let writes beyond `size` bytes of a file fail, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.faults
async def test_a_disk_that_takes_no_more_loses_nothing_and_recovers(path: Path) -> None:
    kept: list[int] = []
    async with opened(path) as spool:
        kept += [ack.seq for ack in await spool.append(post(draft("before")))]
        async with files_limited_to(400_000):
            with pytest.raises(SpoolUnavailable) as refused:
                await fill(spool, 20_000, kept)
            assert refused.value.retry_after > 0
            assert spool.stats.last_error
        kept += [ack.seq for ack in await spool.append(post(draft("after")))]
        assert spool.stats.last_error is None
    async with opened(path) as spool:
        assert [row.seq for row in await rows_of(spool)] == kept
        books = spool.books()["crm"]
        assert books.accepted == books.in_spool == len(kept)


@pytest.mark.faults
async def test_damaged_events_are_counted_and_the_others_go_on(path: Path) -> None:
    async with opened(path) as spool:
        for n in range(3):
            await spool.append(post(draft(str(n), f"body-{n}".encode())))
    with closing(sqlite3.connect(path)) as file, file:
        # Bit rot in the bytes of the second frame.
        frames = file.execute("SELECT first_seq, data FROM frames ORDER BY first_seq").fetchall()
        data = frames[1][1].replace(b"body-1", b"bodx-1")
        file.execute("UPDATE frames SET data = ? WHERE first_seq = ?", (data, frames[1][0]))
    async with opened(path) as spool:
        found = []
        while (batch := await spool.next_batch(100, 2**30)) is not None:
            found += [row.source_id for row in batch.rows]
            await spool.complete(batch)
        assert found == ["0", "2"]
        books = spool.books()["crm"]
        assert (books.damaged, books.loaded, books.in_spool) == (1, 2, 0)


async def test_after_closing_posts_are_turned_away(path: Path) -> None:
    async with opened(path) as spool:
        waiting = [asyncio.ensure_future(spool.append(post(draft(str(n))))) for n in range(50)]
        await asyncio.sleep(0)
    assert not any(ack.duplicate for [ack] in await asyncio.gather(*waiting))  # what came before is kept
    with pytest.raises(SpoolUnavailable, match="shutting down"):
        await spool.append(post(draft("late")))


# -- any history ------------------------------------------------------------------------------------------------------

POSTS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2"]),
        st.sampled_from([b"A", b"B"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from(["", "", "k1", "k2"]),
        st.booleans(),
    ),
    max_size=25,
)


class Model:
    """What a spool must answer, written the plain way."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[bytes, int]] = {}
        self.timed: dict[tuple[str, bytes, int], int] = {}
        self.latest: dict[str, tuple[bytes, int] | None] = {}
        self.events = 0

    def answer(self, record: str, body: bytes, at: int | None, key: str) -> tuple[int, bool] | None:
        if key and key in self.keys:
            content, event = self.keys[key]
            return (event, True) if content == body else None
        event = self._known(record, body, at)
        new = event is None
        if event is None:
            self.events += 1
            event = self.events
            if at is not None:
                self.timed[record, body, at] = event
            self.latest[record] = None if at is not None else (body, event)
        if key:
            self.keys[key] = (body, event)
        return event, not new

    def _known(self, record: str, body: bytes, at: int | None) -> int | None:
        if at is not None:
            return self.timed.get((record, body, at))
        latest = self.latest.get(record)
        return latest[1] if latest is not None and latest[0] == body else None


@given(history=POSTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_history_is_answered_as_the_model_does(
    history: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("spool") / "events.sqlite"
    model, numbers = Model(), {}
    spool = Spool(path)
    await spool.open()
    for record, body, at, key, restart in history:
        if restart:
            await spool.close()
            spool = Spool(path)
            await spool.open()
        expected = model.answer(record, body, at, key)
        if expected is None:
            with pytest.raises(KeyReused):
                await spool.append(post(draft(record, body, at=at), key=key))
            continue
        [ack] = await spool.append(post(draft(record, body, at=at), key=key))
        assert ack.duplicate == expected[1]
        assert numbers.setdefault(expected[0], ack.seq) == ack.seq
    assert len(await rows_of(spool)) == model.events
    await spool.close()


def test_numbers_carry_their_time() -> None:
    moment = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
    assert seq_time(make_seq(moment, 3)) == moment
