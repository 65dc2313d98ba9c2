"""Content encodings of a request body: gzip and zstd, never decompressed beyond the limit."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import Refused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["decoded", "too_large"]


def decoded(body: bytes, encoding: str, limits: Limits) -> bytes:
    """Return the body as it was before compression.

    Raises:
        Refused: 415 for an encoding that isn't known, 400 for damaged data, 413 for too much of it.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return body
    make: Callable[[], Any]
    if name in {"gzip", "x-gzip"}:
        make = partial(zlib.decompressobj, zlib.MAX_WBITS | 16)
    elif name == "zstd":
        make = zstd.ZstdDecompressor
    else:
        detail = f"The content encoding {name!r} is not known."
        raise Refused(415, "Unknown content encoding", detail, "Send gzip, zstd or plain.", kind="content-encoding")
    try:
        return _joined(body, make, name, limits)
    except (zlib.error, zstd.ZstdError) as error:
        detail = f"The body is not valid {name}: {error}."
        raise Refused(400, "The body can't be decompressed", detail, "Compress it again.", kind="encoding") from None


def _joined(body: bytes, make: Callable[[], Any], name: str, limits: Limits) -> bytes:
    """Decompress all members of gzip, or frames of zstd: both formats are joined by writing one behind the other."""
    parts: list[bytes] = []
    room = limits.body_bytes
    while True:
        decompressor = make()
        part = decompressor.decompress(body, room + 1)
        room -= len(part)
        if room < 0:
            raise too_large(limits.body_bytes)
        parts.append(part)
        if not decompressor.eof:
            detail = f"The {name} data ends too early."
            raise Refused(400, "The body can't be decompressed", detail, "Send all of it.", kind="encoding")
        body = decompressor.unused_data
        if not body:
            return b"".join(parts)


def too_large(limit: int) -> Refused:
    """Return the refusal of a body that weighs too much."""
    detail = f"The body has more than {limit} bytes (after decompression)."
    return Refused(413, "The body is too large", detail, "Send the records in several requests.", kind="too-large")
