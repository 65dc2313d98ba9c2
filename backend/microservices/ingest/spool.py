"""The spool: every accepted event is here, on disk, before it is answered, until the lake has it.

One writer puts it there, in groups (`spool_writer`). Numbers are given, repeats recognised and books kept in the same
transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import apsw

from backend.microservices.ingest.loader_state import LoaderState
from backend.microservices.ingest.recent import RecentRequests
from backend.microservices.ingest.records import Ack, Submission
from backend.microservices.ingest.spool_batches import Batch, SpoolBatches
from backend.microservices.ingest.spool_errors import SpoolFull, SpoolOverloaded, SpoolUnavailable
from backend.microservices.ingest.spool_group import Group
from backend.microservices.ingest.spool_reader import SpoolReader
from backend.microservices.ingest.spool_shapes import Counters, SpoolLimits, SpoolStats
from backend.microservices.ingest.spool_store import SpoolStore
from backend.microservices.ingest.spool_writer import SpoolWriter
from salescommand_lake.identifiers import INSTANCE_BITS, make_seq, seq_time

__all__ = ["Batch", "Spool", "SpoolLimits", "SpoolStats"]

T = TypeVar("T")


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
        self.instance = instance
        """Number of the instance, part of its events' numbers."""
        self._now = now
        self.draining = False
        """Set before the instance is removed for good: no more events are taken."""
        self._closing = False
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
        self._writer = SpoolWriter(self._store, self.limits, self.stats, self._next_seq, self._written)
        await self._writer.start()
        self._reader = SpoolReader(self.path)
        if self.depth:
            self.arrived.set()

    async def close(self) -> None:
        """Put what waits on disk, then close the file. Later posts are turned away."""
        if self._closing:
            return
        self._closing = True
        await self._writer.close()
        await asyncio.to_thread(self._reading.shutdown)
        self._reader.close()
        await asyncio.to_thread(self._store.close)

    # -- what the door needs ----------------------------------------------------------------------------------------

    async def append(self, submission: Submission) -> list[Ack]:
        """Put records on disk and return the event of each, new or the first one that it repeats.

        Raises:
            KeyReused: its idempotency key came before with other content. Counted as rejected.
            SpoolUnavailable: it can't be stored now; nothing was.
        """
        self._check_open()
        if submission.drafts and self._writer.free_bytes < 0:
            await self._writer.submit(_look)
        weight = self._room_for(submission)
        acks: list[Ack] = await self._writer.submit(submission, weight)
        return acks

    def submit(self, submission: Submission, done: Callable[[list[Ack] | Exception], None]) -> None:
        """The same as `append` without waiting: `done` is called with the events, or with what `append` would raise.

        Raises:
            SpoolUnavailable: it can't be stored now; `done` is not called.
        """
        self._writer.enter(submission, self._room_for(submission), done)

    def _check_open(self) -> None:
        if self._closing:
            raise SpoolUnavailable("the process is shutting down")
        if self.draining:
            raise SpoolUnavailable("this instance is being emptied to be removed")

    def _room_for(self, submission: Submission) -> int:
        """Return what a submission weighs.

        Raises:
            SpoolUnavailable: there is no room for it.
        """
        self._check_open()
        writer, weight = self._writer, submission.weight
        if submission.drafts:
            if writer.used_bytes > self.limits.spool_bytes:
                raise SpoolFull(f"the spool holds {writer.used_bytes} bytes, its limit is {self.limits.spool_bytes}")
            if writer.free_bytes < 0:
                raise SpoolFull("the disk of the spool is nearly full")
        if writer.pending_bytes and writer.pending_bytes + weight > self.limits.pending_bytes:
            raise SpoolOverloaded(f"{writer.pending_bytes} bytes wait for the disk")
        return weight

    def books(self) -> dict[str, Counters]:
        """Return every source's books as they are on disk. The objects are not changed afterwards."""
        return self._writer.books

    @property
    def spool_id(self) -> str:
        """What tells this spool from any other; made with the file."""
        return self._store.spool_id

    @property
    def depth(self) -> int:
        """Events that the lake doesn't have yet."""
        return sum(each.in_spool for each in self._writer.books.values())

    @property
    def used_bytes(self) -> int:
        """Bytes of the file's content."""
        return self._writer.used_bytes

    @property
    def disk_is_full(self) -> bool:
        """Whether posts are turned away because the disk has too little room."""
        return self._writer.free_bytes < 0

    @property
    def pending_bytes(self) -> int:
        """Bytes of posts that wait for the disk."""
        return self._writer.pending_bytes

    @property
    def remembered(self) -> int:
        """Marks that repeats are recognised by."""
        return len(self._writer.memory)

    def oldest(self, source: str | None = None) -> datetime | None:
        """Return when the oldest event that waits was received (of one source, or of all), None when none waits."""
        chosen = self._writer.books.values() if source is None else [self._writer.books.get(source, Counters())]
        seqs = [each.oldest_seq for each in chosen if each.in_spool]
        return seq_time(min(seqs)) if seqs else None

    # -- for the loader's side, and for the writer --------------------------------------------------------------------

    async def _change(self, work: Callable[[Group], T]) -> T:
        """Run a change of the loader's in the writer's next group."""
        result: T = await self._writer.submit(work)
        return result

    async def _read(self, work: Callable[[SpoolReader], T]) -> T:
        try:
            return await self._loop.run_in_executor(self._reading, work, self._reader)
        except apsw.CorruptError:
            await self._mend()
            raise

    async def _mend(self) -> None:
        """Have the writer look through the file and save what can be read of it, then read the new one."""
        with contextlib.suppress(SpoolUnavailable):
            await self._writer.submit(_found_damaged)
        await self._writer.submit(_look)
        await self._loop.run_in_executor(self._reading, self._read_anew)

    def _read_anew(self) -> None:
        self._reader.close()
        self._reader = SpoolReader(self.path)

    def _written(self, arrived: bool) -> None:
        """A group is on disk."""
        if arrived:
            self.arrived.set()
        self._settle()

    def _next_seq(self, last: int) -> int:
        """Return the next number after `last`: the time now, or one microsecond more when the clock stands or steps."""
        seq = make_seq(self._now(), self.instance)
        if seq <= last:
            seq = ((last >> INSTANCE_BITS) + 1) << INSTANCE_BITS | self.instance
        return seq


def _found_damaged(group: Group) -> None:
    """Fail as the writer would: it then opens the file anew, and looks at what is in it."""
    raise apsw.CorruptError("a page that was read is damaged")


def _look(group: Group) -> None:
    """Do nothing in a group, once the file is open again."""
