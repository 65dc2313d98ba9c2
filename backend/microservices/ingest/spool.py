"""The spool: every accepted event is here, on disk, before it is answered, until the lake has it.

One thread writes. It takes whatever has come in while the last group was on its way to the disk, so groups grow with
the load and nothing waits for a timer. Numbers are given, repeats recognised and books kept in the same transaction.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from backend.microservices.ingest.loader_state import LoaderState
from backend.microservices.ingest.recent import RecentRequests
from backend.microservices.ingest.records import Ack, Submission
from backend.microservices.ingest.spool_batches import Batch, SpoolBatches
from backend.microservices.ingest.spool_errors import (
    KeyReused,
    SpoolFull,
    SpoolOverloaded,
    SpoolUnavailable,
)
from backend.microservices.ingest.spool_group import Group
from backend.microservices.ingest.spool_memory import Memory, decode_entries
from backend.microservices.ingest.spool_reader import SpoolReader
from backend.microservices.ingest.spool_shapes import Counters, SpoolLimits, SpoolStats
from backend.microservices.ingest.spool_store import SpoolStore
from salescommand_lake.identifiers import INSTANCE_BITS, make_seq, seq_time

__all__ = ["Batch", "Spool", "SpoolLimits", "SpoolStats"]

log = logging.getLogger(__name__)
T = TypeVar("T")
_HOUSEKEEPING_EVERY = 32
_Job = tuple["asyncio.Future[Any]", Submission | Callable[[Group], Any], int]


class Spool(SpoolBatches):
    """A spool in one SQLite file. `open()` it on the event loop that uses it, `close()` it in the end."""

    def __init__(
        self,
        path: Path,
        *,
        instance: int = 0,
        limits: SpoolLimits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = path
        self.limits = limits or SpoolLimits()
        self.stats = SpoolStats()
        self.arrived = asyncio.Event()
        """Set when events were added; the loader clears it."""
        self.inserting = asyncio.Lock()
        """Held while events are on their way into the lake, in both places or in neither."""
        self.loading = LoaderState()
        """What the loader of this spool does."""
        self.recent = RecentRequests()
        """The last requests of each source."""
        self._instance = instance
        self._now = now
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._pending_bytes = 0
        self._books: dict[str, Counters] = {}
        self._used_bytes = 0
        self._closing = False
        self._broken = False
        self._left: _Job | None = None
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="spool-reader")

    # -- life -------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the file and start the writer.

        Raises:
            SpoolUnusable: the file is not a spool of this version, or is damaged.
            SpoolInUse: another process has it.
        """
        self._loop = asyncio.get_running_loop()
        self._store = await asyncio.to_thread(SpoolStore, self.path)
        self._memory = Memory(self._store.memory_frame)
        await asyncio.to_thread(self._load)
        self._reader = SpoolReader(self.path)
        self._thread = threading.Thread(target=self._write, name="spool-writer", daemon=True)
        self._thread.start()
        if self.depth:
            self.arrived.set()

    async def close(self) -> None:
        """Put what waits on disk, then close the file. Later posts are turned away."""
        if self._closing:
            return
        self._closing = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._reading.shutdown)
        self._reader.close()
        await asyncio.to_thread(self._store.close)

    def _load(self) -> None:
        self._memory.clear()
        for data in self._store.memory_frames():
            try:
                self._memory.load(decode_entries(data))
            except msgspec.DecodeError as error:
                log.warning("some repeats won't be recognised at the door, a frame of the memory is damaged: %s", error)
        self._books = self._store.all_counters()
        self._used_bytes = self._store.used_bytes()

    # -- what the door needs ----------------------------------------------------------------------------------------

    async def append(self, submission: Submission) -> list[Ack]:
        """Put records on disk and return the event of each, new or the first one that it repeats.

        Raises:
            KeyReused: its idempotency key came before with other content. Counted as rejected.
            SpoolUnavailable: it can't be stored now; nothing was.
        """
        weight = submission.weight
        if self._closing:
            raise SpoolUnavailable("the process is shutting down")
        if submission.drafts and self._used_bytes > self.limits.spool_bytes:
            raise SpoolFull(f"the spool holds {self._used_bytes} bytes, its limit is {self.limits.spool_bytes}")
        if self._pending_bytes and self._pending_bytes + weight > self.limits.pending_bytes:
            raise SpoolOverloaded(f"{self._pending_bytes} bytes wait for the disk")
        acks: list[Ack] = await self._submit(submission, weight)
        return acks

    def books(self) -> dict[str, Counters]:
        """Return every source's books as they are on disk. The objects are not changed afterwards."""
        return self._books

    @property
    def depth(self) -> int:
        """Events that the lake doesn't have yet."""
        return sum(each.in_spool for each in self._books.values())

    @property
    def used_bytes(self) -> int:
        """Bytes of the file's content."""
        return self._used_bytes

    @property
    def pending_bytes(self) -> int:
        """Bytes of posts that wait for the disk."""
        return self._pending_bytes

    @property
    def remembered(self) -> int:
        """Marks that repeats are recognised by."""
        return len(self._memory)

    def oldest(self, source: str | None = None) -> datetime | None:
        """Return when the oldest event that waits was received (of one source, or of all), None when none waits."""
        chosen = self._books.values() if source is None else [self._books.get(source, Counters())]
        seqs = [each.oldest_seq for each in chosen if each.in_spool]
        return seq_time(min(seqs)) if seqs else None

    # -- the writer -------------------------------------------------------------------------------------------------

    async def _submit(self, work: Submission | Callable[[Group], T], weight: int = 0) -> Any:
        future: asyncio.Future[Any] = self._loop.create_future()
        self._pending_bytes += weight
        try:
            self._queue.put((future, work, weight))
            return await future
        finally:
            self._pending_bytes -= weight

    async def _change(self, work: Callable[[Group], T]) -> T:
        """Run a change of the loader's in the writer's next group."""
        result: T = await self._submit(work)
        return result

    async def _read(self, work: Callable[[SpoolReader], T]) -> T:
        return await self._loop.run_in_executor(self._reading, work, self._reader)

    def _write(self) -> None:
        """Write groups until the queue says to stop. Runs in its own thread."""
        stop, busy = False, False
        while not stop:
            try:
                # With nothing to do but old frames to remove, do that between groups.
                first = self._left or self._queue.get(timeout=0.05 if busy else None)
            except queue.Empty:
                busy = self._tidy()
                continue
            self._left = None
            jobs, stop = self._drain(first)
            if jobs:
                self._group(jobs)
            busy = True
        while self._left is not None:
            jobs, _ = self._drain(self._left)
            self._group(jobs)

    def _drain(self, first: _Job | None) -> tuple[list[_Job], bool]:
        """Take what is waiting, up to one group's limits."""
        if first is None:
            return [], True
        jobs, rows, weight = [first], _size(first), first[2]
        self._left = None
        while rows < self.limits.group_rows and weight < self.limits.group_bytes:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
            rows += _size(job)
            weight += job[2]
        return jobs, False

    def _group(self, jobs: list[_Job]) -> None:
        """Put one group on disk and answer its jobs."""
        started = time.perf_counter()
        answers: list[tuple[_Job, Any]] = []
        try:
            if self._broken:
                self._store.reopen()
                self._load()
                self._broken = False
            group = Group(self._store, self._memory, self._books, self._next_seq)
            self._store.begin()
            answers.extend((job, _run(group, job[1])) for job in jobs)
            # Housekeeping statements are kept off most groups: each costs as much as the insert.
            if self.stats.groups % _HOUSEKEEPING_EVERY == 0:
                group.prune(self.limits.window_days, self.limits.window_entries, self._next_seq(0))
                self._used_bytes = self._store.used_bytes()
            group.finish()
            self._store.commit()
            self._memory.commit()
            self._books = group.books()
        except (apsw.Error, OSError) as error:
            self._fail(error)
            answers = [(job, SpoolUnavailable(f"the spool can't be written: {error}")) for job in jobs]
        else:
            self.stats.groups += 1
            self.stats.events += group.added
            self.stats.last_error = None
        self.stats.commit_seconds += time.perf_counter() - started
        self._loop.call_soon_threadsafe(self._answer, answers)

    def _fail(self, error: Exception) -> None:
        """Undo a group that the disk did not take; the next one opens the file anew."""
        log.error("the spool can't be written: %s", error)
        self.stats.failures += 1
        self.stats.last_error = str(error)
        self._memory.rollback()
        self._broken = True
        try:
            self._store.rollback()
        except apsw.Error as second:
            log.warning("rolling the spool back failed too: %s", second)

    def _tidy(self) -> bool:
        """Remove loaded frames while nothing else is to do; tell whether there may be more."""
        try:
            if self._broken:
                return False
            self._store.begin()
            removed = self._store.purge(16) > 0
            self._store.commit()
            if not removed:
                self._store.shrink()
            self._used_bytes = self._store.used_bytes()
        except (apsw.Error, OSError) as error:
            self._fail(error)
            return False
        return removed

    def _answer(self, answers: list[tuple[_Job, Any]]) -> None:
        """Resolve the group's futures; runs on the event loop."""
        for (future, work, _), answer in answers:
            if future.done():  # the client went away
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
            if isinstance(work, Submission):
                self.arrived.set()
        self._settle()

    def _next_seq(self, last: int) -> int:
        """Return the next number after `last`: the time now, or one microsecond more when the clock stands or steps."""
        seq = make_seq(self._now(), self._instance)
        if seq <= last:
            seq = ((last >> INSTANCE_BITS) + 1) << INSTANCE_BITS | self._instance
        return seq


def _size(job: _Job) -> int:
    work = job[1]
    return len(work.drafts) if isinstance(work, Submission) else 1


def _run(group: Group, work: Submission | Callable[[Group], Any]) -> Any:
    """Run one job; what it refuses is its answer and leaves the others of the group alone."""
    try:
        return group.append(work) if isinstance(work, Submission) else work(group)
    except KeyReused as refusal:
        return refusal
