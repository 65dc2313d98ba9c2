"""One post to the door on the wire: how its parts come in, and how its answer is written."""

from __future__ import annotations

import asyncio
import logging
import urllib.parse
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from backend.microservices.ingest.address import Headers, read_headers
from backend.microservices.ingest.admission import open_post
from backend.microservices.ingest.answers import extra_headers
from backend.microservices.ingest.front import PLAIN_HEADERS, IngestFront
from backend.microservices.ingest.problems import Refused

__all__ = ["WirePost", "closing"]

log = logging.getLogger(__name__)
_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class WirePost:
    """A post to the door on its way: what uvicorn calls a cycle, with only what the protocol needs of one."""

    __slots__ = (
        "_door",
        "_expects",
        "_headers",
        "_protocol",
        "_url",
        "_waiting",
        "body",
        "disconnected",
        "keep_alive",
        "more_body",
        "response_complete",
    )

    def __init__(self, protocol: HttpToolsProtocol, door: IngestFront) -> None:
        self._url = protocol.url
        self._headers = protocol.headers
        self._protocol = protocol
        self._door = door
        self._expects = protocol.expect_100_continue
        self._waiting: asyncio.Future[None] | None = None
        self.keep_alive = protocol.parser.get_http_version() != "1.0" and protocol.parser.should_keep_alive()
        self.body = b""
        self.more_body = True
        self.disconnected = False
        self.response_complete = False

    @property
    def message_event(self) -> WirePost:
        """What the protocol sets when more has come."""
        return self

    def set(self) -> None:
        """More has come, or nothing will."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def take(self) -> tuple[str, Headers] | None:
        """Have the door take it at once, now that all of it is here; return how it was read, None if not taken."""
        url = self._url
        if self._expects or b"?" in url or b"%" in url or b"#" in url:
            return None
        path, headers = url.decode("ascii"), read_headers(self._headers)
        return (path, headers) if self._door.take(path, headers, bytes(self.body), self.write) else None

    def _scope(self) -> dict[str, Any]:
        protocol = self._protocol
        parsed = httptools.parse_url(self._url)
        path = parsed.path.decode("ascii")
        return {
            "type": "http",
            "method": "POST",
            "path": urllib.parse.unquote(path) if "%" in path else path,
            "query_string": parsed.query or b"",
            "headers": self._headers,
            "client": protocol.client,
            "scheme": protocol.scheme,
        }

    async def receive(self) -> dict[str, Any]:
        """Return the next part of the body as ASGI does, all of it at once where it has come."""
        if self.more_body and not self.body:
            transport = self._protocol.transport
            if self._expects and not transport.is_closing():
                self._expects = False
                transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._protocol.flow.resume_reading()
            if not self.disconnected:
                self._waiting = self._protocol.loop.create_future()
                await self._waiting
        if self.disconnected:
            return {"type": "http.disconnect"}
        part, self.body = bytes(self.body), b""
        if len(part) > HIGH_WATER_LIMIT:
            self._protocol.flow.resume_reading()
        return {"type": "http.request", "body": part, "more_body": self.more_body}

    async def run_asgi(self, app: Any) -> None:
        """Have the door answer, and write its answer at once."""
        del app
        try:
            answer = await self._door.answer(open_post(self._scope()), self.receive)
        except BaseException:
            log.exception("a post was not answered")
            self._protocol.transport.abort()
            raise
        if answer is not None:
            self.write(*answer)

    def write(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Write the answer at once."""
        if self.disconnected:
            return
        protocol = self._protocol
        end = b"\r\n\r\n%b" if self.keep_alive else b"\r\nconnection: close\r\n\r\n%b"
        content = b"%bcontent-length: %d" + end
        protocol.transport.write(content % (_head(status, headers, protocol.server_state), len(body), body))
        self.response_complete = True
        if not self.keep_alive:
            protocol.transport.close()
        protocol.on_response_complete()


_plain: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
"""How plain answers begin, and the server's own headers that this was made with: it makes them anew each second."""


def _head(status: int, headers: list[tuple[bytes, bytes]], server: ServerState) -> bytes:
    """Return the line and headers of an answer but for its length."""
    global _plain  # noqa: PLW0603 - a cache of one
    plain = status == 200 and headers is PLAIN_HEADERS
    if plain and _plain[0] is server.default_headers:
        return _plain[1]
    lines = [b"%b: %b\r\n" % pair for pair in (*server.default_headers, *headers)]
    head = _LINES[status] + b"".join(lines)
    if plain:
        _plain = (server.default_headers, head)
    return head


def closing(refusal: Refused) -> bytes:
    """Return the whole answer to a connection that is hung up on before its request is understood."""
    body = refusal.document("")
    headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store"), *extra_headers(refusal)]
    lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return b"%b%bconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (_LINES[refusal.status], lines, len(body), body)
