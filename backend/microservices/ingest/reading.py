"""Receiving a body, within the limits of one and of all that are being received."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Receive

from backend.microservices.ingest.encoding import too_large
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import Refused

__all__ = ["BodyReader", "Disconnected"]


class Disconnected(Exception):  # noqa: N818 - named for what it is
    """The client went away before its body was complete."""


class BodyReader:
    """Reads bodies, and counts their bytes from the first one until they are released."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    async def read(self, content_length: str, receive: Receive, limit: int | None = None) -> bytes:
        """Return the whole body. It counts as held until it is given to `release`.

        `limit` is in bytes, where a smaller one than the usual is to hold.

        Raises:
            Refused: 413 too large, 408 too slow, 503 too much is being received.
            Disconnected: the client went away.
        """
        limit = limit or self._limits.body_bytes
        if content_length.isdigit() and int(content_length[:20]) > limit:
            raise too_large(limit)
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > limit:
                raise too_large(limit)
            self._hold(len(body))
            return body
        try:
            async with asyncio.timeout(self._limits.read_seconds):
                return await self._parts(message, receive, limit)
        except TimeoutError:
            detail = f"The body did not arrive within {self._limits.read_seconds:g} seconds."
            raise Refused(408, "The client is too slow", detail, "Post again.", kind="timeout") from None

    async def _parts(self, message: Any, receive: Receive, limit: int) -> bytes:
        """Collect a body that comes in parts, within the limits of one and of all that are being read."""
        parts: list[bytes] = []
        size = held = 0
        try:
            while True:
                if message["type"] != "http.request":
                    raise Disconnected
                part = message.get("body", b"")
                size += len(part)
                self._hold(len(part))
                held += len(part)
                parts.append(part)
                if size > limit:
                    raise too_large(limit)
                if not message.get("more_body"):
                    return b"".join(parts)
                message = await receive()
        except BaseException:
            self.release(held)
            raise

    def release(self, size: int) -> None:
        """Count a body's bytes no longer: it is answered."""
        self._held -= size

    def _hold(self, size: int) -> None:
        if self._held + size > self._limits.reading_bytes:
            detail = "Too many large bodies are being received and opened."
            hint = "Post again in a second."
            raise Refused(503, "The service is busy", detail, hint, kind="overloaded", retry_after=1)
        self._held += size
