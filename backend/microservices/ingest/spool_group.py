"""One group of the spool's writer: what is done between begin and commit."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from backend.microservices.ingest.records import Ack, Row, Submission, digest16
from backend.microservices.ingest.spool_errors import KeyReused
from backend.microservices.ingest.spool_memory import Memory, Remembered, decode_entries, encode_entries
from backend.microservices.ingest.spool_shapes import BatchEntry, Counters
from backend.microservices.ingest.spool_store import SpoolStore
from salescommand_lake.identifiers import INSTANCE_BITS

__all__ = ["Group"]

_FORGOTTEN_AT_ONCE = 64
_ONE_LATER = 1 << INSTANCE_BITS
_MICROSECONDS_PER_DAY = 86_400_000_000


class Group:
    """Collects the changes of one transaction: new rows, memory, books."""

    def __init__(
        self, store: SpoolStore, memory: Memory, books: dict[str, Counters], next_seq: Callable[[int], int]
    ) -> None:
        self._store = store
        self._memory = memory
        self._books = books
        self._changed: dict[str, Counters] = {}
        self._next_seq = next_seq
        self._last_seq = store.last_seq
        self._clocked = False
        self._rows: list[Row] = []

    @property
    def added(self) -> int:
        """Events that the group adds."""
        return len(self._rows)

    def books(self) -> dict[str, Counters]:
        """Return the books with the group's changes."""
        return {**self._books, **self._changed}

    def _count(self, source: str) -> Counters:
        counters = self._changed.get(source)
        if counters is None:
            known = self._books.get(source)
            counters = self._changed[source] = msgspec.structs.replace(known) if known else Counters()
        return counters

    def _take_seq(self) -> int:
        # The clock is read once in a group: its events came in together, and each gets a microsecond of its own.
        self._last_seq = self._last_seq + _ONE_LATER if self._clocked else self._next_seq(self._last_seq)
        self._clocked = True
        return self._last_seq

    # -- events from the door ---------------------------------------------------------------------------------------

    def append(self, submission: Submission) -> list[Ack]:
        """Add one request's records.

        Raises:
            KeyReused: its idempotency key came before with other content; its records count as rejected.
        """
        counters = self._count(submission.source)
        counters.received += len(submission.drafts) + submission.rejected
        memory = self._memory
        first = memory.find(submission.request) if submission.request else None
        if first is not None and first.content != submission.content:
            counters.rejected += len(submission.drafts) + submission.rejected
            raise KeyReused("this idempotency key was used before with other content")
        counters.rejected += submission.rejected
        counters.accepted += len(submission.drafts)
        acks = []
        find, stage, take_seq = memory.find, memory.stage, self._take_seq
        request, content, rows = submission.request, submission.content, self._rows
        for draft in submission.drafts:
            row = draft.row
            timed = row.source_time_ms is not None
            known = find(draft.item) if draft.item else None
            if known is None and row.event_key:
                known = find(row.event_key)
            if known is None and not timed:
                known = memory.repeats_latest(draft.record, row.body_sha256)
            if known is not None:
                counters.duplicates += 1
                acks.append(Ack(known.event, duplicate=True))
                if not request or first is not None:
                    continue  # nothing new to remember
            seq = row.seq = take_seq()
            event = seq if known is None else known.event
            key = row.event_key = row.event_key or digest16("s", str(seq))
            if known is not None:
                key = b""
            stage(Remembered(seq, event, key, draft.record, row.body_sha256, timed, draft.item, request, content))
            if known is None:
                rows.append(row)
                counters.in_spool += 1
                counters.oldest_seq = counters.oldest_seq or seq
                acks.append(Ack(seq, duplicate=False))
        return acks

    # -- changes of the loader --------------------------------------------------------------------------------------

    def plan(self, batch: BatchEntry) -> None:
        """Write a planned insert down."""
        self._store.put_batch(batch)

    def split(self, batch: BatchEntry, parts: list[BatchEntry]) -> None:
        """Replace a planned insert by its parts."""
        self._store.drop_batch(batch.first_seq)
        for part in parts:
            self._store.put_batch(part)

    def complete(self, batch: BatchEntry) -> None:
        """The lake has the batch: its events leave the spool."""
        self._leave(batch.last_seq, batch.sources, "loaded")
        self._store.drop_batch(batch.first_seq)

    def found_stored(self, batch: BatchEntry) -> None:
        """The lake has a batch of which the spool has lost some: what counted as damaged is loaded after all."""
        held = self._store.held(batch.first_seq, batch.last_seq)
        for source, count in batch.sources.items():
            lost = count - held.get(source, 0)
            counters = self._count(source)
            counters.in_spool += lost
            counters.damaged -= lost
        self.complete(batch)

    def refuse(self, batch: BatchEntry, row: Row, reason: str, code: int | None) -> None:
        """The lake refuses the only event of a batch: keep it apart, with the lake's words."""
        self._store.add_refused(row, reason, code, time.time_ns() // 1_000_000)
        self._leave(batch.last_seq, batch.sources, "refused")
        self._store.drop_batch(batch.first_seq)

    def retry(self, seqs: list[int]) -> int:
        """Put refused events back among those that wait for the lake; return how many there were."""
        moved = self._store.retry(seqs)
        for source, count in moved.items():
            counters = self._count(source)
            counters.refused -= count
            counters.in_spool += count
            counters.oldest_seq = min(counters.oldest_seq or seqs[0], *seqs)
        return sum(moved.values())

    def plan_retries(self, parts: list[tuple[list[Row], str]]) -> None:
        """Write inserts of refused events down."""
        for rows, batch_id in parts:
            self._store.plan_retries(rows, batch_id)

    def complete_retries(self, batch: BatchEntry) -> None:
        """The lake has refused events after all."""
        self._store.drop_retries(batch.batch_id)
        self._move(batch.sources, "loaded")

    def refuse_again(self, batch: BatchEntry, row: Row, reason: str, code: int | None) -> None:
        """The lake refuses an event once more: keep it apart, with the lake's words of now."""
        self._store.add_refused(row, reason, code, time.time_ns() // 1_000_000)
        self._move(batch.sources, "refused")

    def _move(self, sources: dict[str, int], where: str) -> None:
        for source, count in sources.items():
            counters = self._count(source)
            counters.in_spool -= count
            setattr(counters, where, getattr(counters, where) + count)
            counters.oldest_seq = counters.oldest_seq if counters.in_spool else 0

    def set_aside(self, first_seq: int) -> None:
        """A frame can't be read: move it out of the way, count its events as damaged."""
        last_seq, sources = self._store.set_aside(first_seq)
        self._leave(last_seq, sources, "damaged")

    def _leave(self, last_seq: int, sources: dict[str, int], where: str) -> None:
        self._store.set_loaded_through(last_seq)
        for source, count in sources.items():
            counters = self._count(source)
            counters.in_spool -= count
            setattr(counters, where, getattr(counters, where) + count)
        for source, known in self._books.items():
            # What is left is younger than what went; its exact number would cost a read.
            if (known.oldest_seq and known.oldest_seq <= last_seq) or source in sources:
                counters = self._count(source)
                counters.oldest_seq = last_seq + 1 if counters.in_spool else 0

    # -- the end of the group ---------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write what was collected."""
        if self._rows:
            sources: dict[str, int] = {}
            for row in self._rows:
                sources[row.source] = sources.get(row.source, 0) + 1
            self._store.add_frame(self._rows, sources)
        entries = self._memory.staged
        if entries:
            self._store.add_memory(entries[0].seq, entries[-1].seq, encode_entries(entries))
        if self._last_seq > self._store.last_seq:
            self._store.set_last_seq(self._last_seq)
        for source, counters in self._changed.items():
            self._store.put_counters(source, counters)

    def prune(self, window_days: float, window_entries: int, now_seq: int) -> None:
        """Forget memories that are past the window."""
        horizon = (now_seq >> INSTANCE_BITS) - int(window_days * _MICROSECONDS_PER_DAY)
        for _ in range(_FORGOTTEN_AT_ONCE):
            last_seq = self._store.oldest_memory()
            if last_seq is None or (last_seq >> INSTANCE_BITS >= horizon and len(self._memory) <= window_entries):
                return
            self._memory.forget(decode_entries(self._store.drop_oldest_memory()))
