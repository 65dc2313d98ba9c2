"""The memory of events that were accepted: what tells a repeat from a change.

On disk it is a sequence of frames, one per group commit. In memory there are only 64-bit marks (Python's own hash of
the digest, which differs from process to process); a hit on a mark is confirmed with the full hashes on disk, so two
different events never pass for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

__all__ = ["Memory", "Remembered", "decode_entries", "encode_entries"]

_CACHED_FRAMES = 8


class Remembered(msgspec.Struct, array_like=True, gc=False):
    """One accepted record. `event` is the number of the first event, the same as `seq` unless this was a repeat."""

    seq: int
    event: int
    event_key: bytes
    record: bytes
    body_sha256: bytes
    timed: bool
    item: bytes
    request: bytes
    content: bytes


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(list[Remembered]).decode


def encode_entries(entries: list[Remembered]) -> bytes:
    """Return one frame's bytes."""
    return _ENCODE(entries)


def decode_entries(data: bytes) -> list[Remembered]:
    """Return the entries of one frame.

    Raises:
        msgspec.DecodeError: the bytes are damaged.
    """
    return _DECODE(data)


class Memory:
    """Marks of what is remembered. Changes are staged until the group that made them is on disk."""

    def __init__(self, read_frame: Callable[[int], bytes | None]) -> None:
        """Confirm hits through `read_frame`, which returns the frame that holds a number."""
        self._read_frame = read_frame
        self._keys: dict[int, int] = {}
        self._latest: dict[int, tuple[int, int]] = {}
        self._staged: dict[bytes, Remembered] = {}
        self._staged_latest: dict[bytes, Remembered | None] = {}
        self._entries: list[Remembered] = []
        self._frames: dict[int, dict[int, Remembered]] = {}

    def __len__(self) -> int:
        return len(self._keys) + len(self._latest)

    @property
    def staged(self) -> list[Remembered]:
        """What the current group adds."""
        return self._entries

    def find(self, key: bytes) -> Remembered | None:
        """Return what is remembered under an event key, a request or a record's place in a request."""
        if not key:
            return None
        staged = self._staged.get(key)
        if staged is not None:
            return staged
        seq = self._keys.get(hash(key))
        entry = None if seq is None else self._entry(seq)
        return entry if entry is not None and key in (entry.event_key, entry.item, entry.request) else None

    def repeats_latest(self, record: bytes, body_sha256: bytes) -> Remembered | None:
        """Return the record's latest event when it had this body."""
        if record in self._staged_latest:
            entry = self._staged_latest[record]
        else:
            known = self._latest.get(hash(record))
            entry = self._entry(known[0]) if known is not None and known[1] == hash(body_sha256) else None
        same = entry is not None and entry.record == record and entry.body_sha256 == body_sha256
        return entry if same else None

    def stage(self, entry: Remembered) -> None:
        """Remember an entry once the group is on disk; lookups see it at once."""
        self._entries.append(entry)
        staged = self._staged
        if entry.event_key:
            staged.setdefault(entry.event_key, entry)
        if entry.request:  # without one, a record has no place in it either
            staged.setdefault(entry.item, entry)
            staged.setdefault(entry.request, entry)
        if entry.event == entry.seq:
            # An event with a time of its own is recognised by its key; it only ends what was latest before.
            self._staged_latest[entry.record] = None if entry.timed else entry

    def commit(self) -> None:
        """The group is on disk."""
        self.load(self._entries)
        self.rollback()

    def rollback(self) -> None:
        """Forget the group."""
        self._staged, self._staged_latest, self._entries = {}, {}, []

    def load(self, entries: Iterable[Remembered]) -> None:
        """Take in entries that are on disk, in the order of their numbers."""
        keys, latest = self._keys, self._latest
        for entry in entries:
            seq = entry.seq
            if entry.event_key:
                keys.setdefault(hash(entry.event_key), seq)
            if entry.request:
                keys.setdefault(hash(entry.item), seq)
                keys.setdefault(hash(entry.request), seq)
            if entry.event == seq:
                if entry.timed:
                    latest.pop(hash(entry.record), None)
                else:
                    latest[hash(entry.record)] = (seq, hash(entry.body_sha256))

    def forget(self, entries: Iterable[Remembered]) -> None:
        """Drop entries that are taken off the disk."""
        for entry in entries:
            for key in (entry.event_key, entry.item, entry.request):
                if key and self._keys.get(hash(key)) == entry.seq:
                    del self._keys[hash(key)]
            known = self._latest.get(hash(entry.record))
            if known is not None and known[0] == entry.seq:
                del self._latest[hash(entry.record)]
        self._frames.clear()

    def clear(self) -> None:
        """Forget everything, to be loaded anew."""
        self._keys.clear()
        self._latest.clear()
        self._frames.clear()
        self.rollback()

    def _entry(self, seq: int) -> Remembered | None:
        for frame in self._frames.values():
            if seq in frame:
                return frame[seq]
        data = self._read_frame(seq)
        if data is None:
            return None
        frame = {entry.seq: entry for entry in decode_entries(data)}
        if len(self._frames) >= _CACHED_FRAMES:
            del self._frames[next(iter(self._frames))]
        self._frames[next(iter(frame))] = frame
        return frame.get(seq)
