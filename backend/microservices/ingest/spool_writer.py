"""The spool's writer: groups what has come in, puts it on disk, and answers.

A group is whatever came in while the last one was on its way to the disk, so groups grow with the load and nothing
waits for a timer. The event loop fills a small group, which only touches SQLite's cache, and a thread commits it: the
wait for the disk is then all that happens there, and the two rarely wait for each other to run Python.
A large group is filled in the thread too. One group is under way at a time, and whoever has it has the file.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import apsw
import msgspec

from backend.microservices.ingest.records import Submission
from backend.microservices.ingest.spool_errors import KeyReused, SpoolUnavailable
from backend.microservices.ingest.spool_group import Group
from backend.microservices.ingest.spool_memory import Memory, decode_entries
from backend.microservices.ingest.spool_shapes import Counters, SpoolLimits, SpoolStats
from backend.microservices.ingest.spool_store import SpoolStore

__all__ = ["SpoolWriter", "Work"]

log = logging.getLogger(__name__)
Work = Submission | Callable[[Group], Any]
_HOUSEKEEPING_EVERY = 32
_PURGED_PER_GROUP = 4
_PURGED_WHEN_IDLE = 16
_IDLE_SECONDS = 0.05
# A full disk would take no note of what was loaded either, so the last bit of it is left to that.
_MOST_RESERVE = 64 * 1024 * 1024
_MUCH_ROOM = 2 * 1024 * 1024 * 1024
# Above these a group is filled in the thread, so that the event loop is held for less than a millisecond.
_INLINE_ROWS = 512
_INLINE_BYTES = 512 * 1024


@dataclass(slots=True)
class _Job:
    work: Work
    weight: int
    done: Callable[[Any], None]
    """Gets the answer, or what went wrong as an exception."""
    answer: Any = None


@dataclass(slots=True)
class _Commit:
    """One group on its way to the disk; without jobs it only removes what was loaded."""

    jobs: list[_Job]
    inline: bool = False
    group: Group | None = None
    error: Exception | None = None
    seconds: float = field(default=0.0)


class SpoolWriter:
    """Writes one spool file. Made on the event loop that uses it."""

    def __init__(
        self,
        store: SpoolStore,
        limits: SpoolLimits,
        stats: SpoolStats,
        next_seq: Callable[[int], int],
        written: Callable[[bool], None],
    ) -> None:
        """`written` is called after each group, with whether it brought events."""
        self._loop = asyncio.get_running_loop()
        self._store = store
        self._limits = limits
        self._stats = stats
        self._next_seq = next_seq
        self._written = written
        self._waiting: deque[_Job] = deque()
        self._handed: queue.SimpleQueue[_Commit | None] = queue.SimpleQueue()
        self._busy = False
        self._broken = False
        self._untidy = True
        self._timer: asyncio.TimerHandle | None = None
        self.memory = Memory(store.memory_frame)
        self.books: dict[str, Counters] = {}
        self.used_bytes = 0
        self.free_bytes = 0
        """What the disk has left beyond the reserve that the loader needs to empty the spool; below 0: too little."""
        self.pending_bytes = 0

    async def start(self) -> None:
        """Read what the file holds and begin."""
        await asyncio.to_thread(self._load)
        self._thread = threading.Thread(target=self._run, name="spool-writer", daemon=True)
        self._thread.start()
        self._rest()

    async def close(self) -> None:
        """Put what waits on disk and end the thread."""
        await self.submit(_nothing)
        if self._timer is not None:
            self._timer.cancel()
        self._handed.put(None)
        await asyncio.to_thread(self._thread.join)

    def look_at_disk(self) -> None:
        """Read how much room the disk has."""
        disk = os.statvfs(self._store.path.parent)
        # Folding the log into the file may need as much again as the log has.
        reserve = min(_MOST_RESERVE, disk.f_blocks * disk.f_frsize // 8) + self._store.log_bytes()
        self.free_bytes = disk.f_bavail * disk.f_frsize - reserve

    def submit(self, work: Work, weight: int = 0) -> asyncio.Future[Any]:
        """Take work into the next group; the future has its answer once the group is on disk."""
        future = self._loop.create_future()

        def done(answer: Any) -> None:
            if future.done():  # the client went away
                return
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)

        self.enter(work, weight, done)
        return future

    def enter(self, work: Work, weight: int, done: Callable[[Any], None]) -> None:
        """Take work into the next group; `done` is called once the group is on disk, with the answer or the error."""
        self.pending_bytes += weight
        self._waiting.append(_Job(work, weight, done))
        if not self._busy:
            self._busy = True
            # Not at once: posts that were read from their sockets together go into one group.
            self._loop.call_soon(self._next)

    # -- on the event loop ------------------------------------------------------------------------------------------

    def _next(self) -> None:
        """Start the next group, or rest."""
        if not self._waiting:
            self._busy = False
            self._rest()
            return
        commit = self._take()
        if commit.inline and not self._broken:
            self._fill(commit)
        self._handed.put(commit)

    def _take(self) -> _Commit:
        """Take what is waiting, up to one group's limits."""
        waiting, jobs, rows, weight = self._waiting, [], 0, 0
        while waiting and rows < self._limits.group_rows and weight < self._limits.group_bytes:
            job = waiting.popleft()
            jobs.append(job)
            rows += len(job.work.drafts) if isinstance(job.work, Submission) else 1
            weight += job.weight
        return _Commit(jobs, inline=rows <= _INLINE_ROWS and weight <= _INLINE_BYTES)

    def _done(self, commit: _Commit) -> None:
        """Answer a group's jobs, then go on with what came in meanwhile."""
        self._stats.commits.observe(commit.seconds)
        if commit.error is not None:
            self._stats.failures += 1
            self._stats.last_error = str(commit.error)
        elif commit.group is not None:
            self.books = commit.group.books()
            self._stats.groups += 1
            self._stats.events += commit.group.added
            self._stats.last_error = None
        for job in commit.jobs:
            self.pending_bytes -= job.weight
            answer = job.answer
            if commit.error is not None:
                answer = SpoolUnavailable(f"the spool can't be written: {commit.error}")
            try:
                job.done(answer)
            except Exception:
                # The events are kept; the others of the group must have their answers.
                log.exception("an answer could not be given")
        self._written(commit.error is None and commit.group is not None and commit.group.added > 0)
        self._next()

    def _rest(self) -> None:
        """With nothing to do but old frames to remove, do that by and by."""
        if self._untidy and self._timer is None:
            self._timer = self._loop.call_later(_IDLE_SECONDS, self._tidy_soon)

    def _tidy_soon(self) -> None:
        self._timer = None
        if not self._busy and self._untidy:
            self._busy = True
            self._handed.put(_Commit([]))

    # -- on the event loop for a small group, in the thread for a large one ------------------------------------------

    def _fill(self, commit: _Commit) -> None:
        """Do a group's work up to the commit."""
        try:
            self._store.begin()
            group = Group(self._store, self.memory, self.books, self._next_seq)
            for job in commit.jobs:
                job.answer = _run_job(group, job.work)
            group.finish()
            commit.group = group
        except Exception as error:
            log.exception("a group can't be put into the spool")
            commit.error = error

    # -- in the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Write groups until told to stop."""
        while (commit := self._handed.get()) is not None:
            started = time.perf_counter()
            try:
                self._write(commit)
            except (apsw.Error, OSError, ValueError) as error:
                commit.error = error
            if commit.error is not None:
                self._undo(commit.error)
            commit.seconds = time.perf_counter() - started
            self._loop.call_soon_threadsafe(self._done, commit)

    def _write(self, commit: _Commit) -> None:
        if not commit.jobs:
            self._tidy()
            return
        if self._broken:
            self._store.reopen()
            self._load()
            self._broken = False
        if commit.group is None and commit.error is None:
            self._fill(commit)
        if commit.group is None:
            return
        self._untidy = True
        self._store.purge(_PURGED_PER_GROUP)
        # Housekeeping statements are kept off most groups: each costs as much as the insert.
        if self._stats.groups % _HOUSEKEEPING_EVERY == 0:
            commit.group.prune(self._limits.window_days, self._limits.window_entries, self._next_seq(0))
            self.used_bytes = self._store.used_bytes()
        self._store.commit()
        self.memory.commit()
        # A disk with much room is not looked at for each group; one group takes far less than that.
        if self.free_bytes < _MUCH_ROOM or self._stats.groups % _HOUSEKEEPING_EVERY == 0:
            self.look_at_disk()

    def _undo(self, error: Exception) -> None:
        """Undo a group that the disk did not take; the next one opens the file anew."""
        log.error("the spool can't be written: %s", error)
        self.memory.rollback()
        self._broken = True
        try:
            self._store.rollback()
        except apsw.Error as second:
            log.warning("rolling the spool back failed too: %s", second)

    def _tidy(self) -> None:
        """Remove loaded frames while nothing else is to do."""
        if self._broken:
            self._untidy = False
            return
        self._store.begin()
        self._untidy = self._store.purge(_PURGED_WHEN_IDLE) > 0
        self._store.commit()
        if not self._untidy:
            self._store.shrink()
        if self.free_bytes < 0:
            self._untidy = self._store.give_back() or self._untidy
        self.used_bytes = self._store.used_bytes()
        self.look_at_disk()

    def _load(self) -> None:
        self.memory.clear()
        for data in self._store.memory_frames():
            try:
                self.memory.load(decode_entries(data))
            except msgspec.DecodeError as error:
                log.warning("some repeats won't be recognised at the door, a frame of the memory is damaged: %s", error)
        self.books = self._store.all_counters()
        self._stats.damage = self._store.damage
        self.look_at_disk()
        self.used_bytes = self._store.used_bytes()


def _run_job(group: Group, work: Work) -> Any:
    """Run one job; what it refuses is its answer and leaves the others of the group alone."""
    try:
        return group.append(work) if isinstance(work, Submission) else work(group)
    except KeyReused as refusal:
        return refusal


def _nothing(group: Group) -> None:
    del group
