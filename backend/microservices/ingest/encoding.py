"""Content encodings of a request body: gzip and zstd, never decompressed beyond the limit."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from typing import Any

from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import Refused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["decoded", "too_large"]


# How members of gzip, and frames of zstd or those it skips, begin (RFC 1952, RFC 8878). Each costs a decompressor, so
# that a few million empty ones would keep a processor for minutes.
_BEGINS = {"gzip": (b"\x1f\x8b\x08",), "zstd": (b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18")}
_MOST_MEMBERS = 10_000


def decoded(body: bytes, encoding: str, limits: Limits) -> bytes:
    """Return the body as it was before compression.

    Raises:
        Refused: 415 for an encoding that isn't known, 400 for damaged data, 413 for too much of it.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return body
    # Both formats are joined by writing one behind the other; the readers take members and frames as they come, and
    # nothing beyond what is asked for.
    reader: Any
    if name in {"gzip", "x-gzip"}:
        reader = gzip.GzipFile(fileobj=io.BytesIO(body))
    elif name == "zstd":
        reader = zstd.ZstdFile(io.BytesIO(body))
    else:
        detail = f"The content encoding {name!r} is not known."
        raise Refused(415, "Unknown content encoding", detail, "Send gzip, zstd or plain.", kind="content-encoding")
    if sum(map(body.count, _BEGINS[name.removeprefix("x-")])) > _MOST_MEMBERS:
        detail = f"The {name} data has more than {_MOST_MEMBERS} members."
        raise Refused(400, "The body can't be decompressed", detail, "Compress it as one.", kind="encoding")
    try:
        found: bytes = reader.read(limits.body_bytes + 1)
    except EOFError:
        detail = f"The {name} data ends too early."
        raise Refused(400, "The body can't be decompressed", detail, "Send all of it.", kind="encoding") from None
    except (gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
        detail = f"The body is not valid {name}: {error}."
        raise Refused(400, "The body can't be decompressed", detail, "Compress it again.", kind="encoding") from None
    if len(found) > limits.body_bytes:
        raise too_large(limits.body_bytes)
    return found


def too_large(limit: int) -> Refused:
    """Return the refusal of a body that weighs too much."""
    detail = f"The body has more than {limit} bytes (after decompression)."
    return Refused(413, "The body is too large", detail, "Send the records in several requests.", kind="too-large")
