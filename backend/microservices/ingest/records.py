"""The shapes that pass from the door to the spool and on to the loader."""

from __future__ import annotations

import hashlib

import msgspec

from backend.microservices.ingest.kinds.base import Operation

__all__ = ["Ack", "Draft", "Row", "Submission", "digest16", "hash16", "hashed_text"]


class Row(msgspec.Struct, array_like=True, gc=False):
    """One event as the spool keeps it. Times in milliseconds since 1970 UTC, hashes as raw bytes."""

    seq: int
    source: str
    entity_type: str
    source_id: str
    record_type: str
    kind: str
    operation: Operation
    source_time_ms: int | None
    vendor_seq: int
    body: bytes
    body_sha256: bytes
    body_index: int
    request_sha256: bytes
    event_key: bytes
    """16 bytes. Equal for two events only when they are the same event of the record."""
    contract_error: str = ""
    """How it breaks its contract; it is kept, and quarantined instead of applied."""


class Draft(msgspec.Struct, gc=False):
    """One record on its way into the spool: a row whose number the writer gives, and what tells repeats."""

    row: Row
    record: bytes
    """16 bytes that name the record: source, entity type, record type, id."""
    item: bytes = b""
    """16 bytes for this record's place under the request's idempotency key, empty without one."""


class Submission(msgspec.Struct, gc=False):
    """What one request adds to the books of a source: its good records, and how many were refused at the door."""

    source: str
    drafts: list[Draft]
    rejected: int = 0
    request: bytes = b""
    """16 bytes for the request's idempotency key, empty without one."""
    content: bytes = b""
    """16 bytes for what was sent under that key."""

    @property
    def weight(self) -> int:
        """Bytes that the submission holds in memory, roughly."""
        weight = 200
        for draft in self.drafts:
            weight += len(draft.row.body) + 400
        return weight


class Ack(msgspec.Struct, frozen=True, gc=False):
    """The number of the event that a record became, or already was."""

    seq: int
    duplicate: bool


def digest16(*parts: str, last: bytes = b"") -> bytes:
    """Hash texts, and bytes after them, into 16 bytes. Only the last text may hold control characters."""
    return hash16(hashed_text(*parts) + last)


def hashed_text(*parts: str) -> bytes:
    """Return what `digest16` hashes of texts: each with a separator after it."""
    return "\x1f".join((*parts, "")).encode("utf-8", "surrogatepass")


def hash16(data: bytes) -> bytes:
    """Hash bytes into 16 bytes."""
    return hashlib.blake2b(data, digest_size=16).digest()
