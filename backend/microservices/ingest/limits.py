"""What a post may weigh and how deep it may nest."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits at the door. Sizes in bytes, times in seconds."""

    body_bytes: int = 32 * MEBIBYTE
    """One request, after decompression."""
    record_bytes: int = MEBIBYTE
    unproven_bytes: int = 4 * MEBIBYTE
    """One request without a write key, which is read before its signature can be checked. Webhooks are far smaller."""
    records: int = 100_000
    """Records in one request."""
    depth: int = 200
    """Nested objects and lists; the engine's JSON type gives up a little below a thousand."""
    members: int = 10_000
    """Names in the objects of one record, all levels together: each may become a path in the engine's JSON type."""
    reading_bytes: int = 256 * MEBIBYTE
    """Bodies from their first byte to their answer, of all clients together; above it posts get 503."""
    read_seconds: float = 30.0
    """A client that takes longer to send its body is cut off with 408."""
    name_length: int = 64
    entity_length: int = 128
    id_length: int = 512
    key_length: int = 256
    """Length of an `Idempotency-Key`."""
