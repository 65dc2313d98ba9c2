"""HTTP/1.1 on the wire: uvicorn's protocol, with slow clients cut off, and a short way to the door.

uvicorn bounds neither how long a client may take to send a request nor how many may connect. It also makes some
thirty objects per request, which is most of what taking a post costs; a post to the door is answered with a few.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import sys
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.microservices.ingest.address import PREFIX, Headers
from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.problems import Refused
from backend.wire_post import WirePost, closing

__all__ = ["GuardedProtocol", "cut_off_slow_clients", "raise_file_limit", "tune_interpreter"]

log = logging.getLogger(__name__)
KEEP_ALIVE_SECONDS = 5.0
"""How long an answered client may stay without asking again."""
FIRST_SECONDS = 10.0
"""How long a new client may take to begin."""
REQUEST_SECONDS = 60.0
"""How long a request may take to arrive, body and all; the door's own limit for a body is shorter."""
MAX_HEAD_BYTES = 65_536
"""Of a request's line and headers, and of what may follow a chunked body. The parser itself has no bound."""
MAX_CONNECTIONS = 4000
"""Clients at once on one server; more are told to come again."""
_KNOWN_HEADS = 8
_LONGEST_KNOWN_HEAD = 1024
_END_OF_HEAD = b"\r\n\r\n"
_SWEEP_SECONDS = 1.0
_DOOR = PREFIX.encode()
_CROWDED = closing(
    Refused(
        503,
        "Too many connections",
        f"{MAX_CONNECTIONS} clients are connected already.",
        "Come again in a second; keep a connection and send several posts over it.",
        kind="too-many-connections",
        retry_after=1,
    )
)
_LONG_HEAD = closing(
    Refused(
        431,
        "The headers are too large",
        f"A request's line and headers may have {MAX_HEAD_BYTES} bytes.",
        "Leave out what the service does not read, such as cookies.",
        kind="headers-too-large",
    )
)
_NOT_HTTP = closing(
    Refused(
        400,
        "Not an HTTP request",
        "What was sent can't be read as HTTP/1.1.",
        "Look at the request line, the headers and the content length; if the client speaks TLS, use https.",
        kind="not-http",
    )
)


class GuardedProtocol(HttpToolsProtocol):
    """One client. Its two clocks are read by `cut_off_slow_clients`, so that a request starts no timer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._door = self.app if isinstance(self.app, IngestFront) else None
        self._idle_since: float | None = None
        self._receiving_since: float | None = None
        self._answered = False
        self._head_bytes = 0
        self._passed_on = False
        self._arriving: WirePost | None = None
        self._chunk = b""
        self._heads: dict[bytes, tuple[str, Headers]] = {}
        """Beginnings of plain posts that this client sent, as bytes, and what the parser made of them."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a client, or send it away when there are too many."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        if len(self.connections) > MAX_CONNECTIONS:
            transport.write(_CROWDED)
            transport.close()

    def overdue(self, now: float) -> bool:
        """Tell whether the client has been waited for long enough."""
        if self._receiving_since is not None:
            return now - self._receiving_since > REQUEST_SECONDS
        if self._idle_since is not None:
            return now - self._idle_since > (KEEP_ALIVE_SECONDS if self._answered else FIRST_SECONDS)
        return False

    def cut_off(self) -> None:
        """Hang up on the client, whatever it was sending."""
        self.transport.abort() if self._receiving_since is not None else self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and hang up on a client whose headers don't end."""
        if self._heads and self._take_alike(data):
            return
        self._passed_on = False
        self._chunk = data if self._receiving_since is None else b""
        super().data_received(data)
        if self._arriving is not None:
            # More is to come: its limits are watched while it does.
            post, self._arriving = self._arriving, None
            self._start_asgi_task(post, self.app)  # type: ignore[arg-type]
        self._head_bytes = 0 if self._passed_on else self._head_bytes + len(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_LONG_HEAD)
            self.transport.close()

    def _take_alike(self, data: bytes) -> bool:
        """Take a post that begins, byte for byte, as one did before: it means the same, and need not be parsed.

        A client that keeps its connection says the same of itself each time. Only whole requests that stand alone are
        taken so; false when this is none.
        """
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        known = self._heads.get(data[:end])
        cycle = self.cycle
        if known is None or self._receiving_since is not None or not cycle.response_complete:
            return False
        path, headers = known
        body = data[end:]
        if len(body) != int(headers.content_length) or self._door is None or self.transport.is_closing():
            return False
        post = WirePost(self, self._door)
        post.keep_alive = True
        if not self._door.take(path, headers, body, post.write):
            return False
        post.more_body = False
        self.cycle = post  # type: ignore[assignment]
        self._idle_since = None
        return True

    def _learn(self, path: str, headers: Headers, body: bytes) -> None:
        """Remember how a plain post began, where it came whole and alone."""
        head = self._chunk[: len(self._chunk) - len(body)]
        whole = self._chunk.endswith(body) and head.find(_END_OF_HEAD) == len(head) - len(_END_OF_HEAD)
        if not whole or len(head) > _LONGEST_KNOWN_HEAD or headers.content_length != str(len(body)):
            return
        if len(self._heads) >= _KNOWN_HEADS:
            self._heads.clear()
        self._heads[head] = path, headers

    def send_400_response(self, msg: str) -> None:
        """Say that what came can't be parsed."""
        del msg
        self.transport.write(_NOT_HTTP)
        self.transport.close()

    # -- what the parser calls ----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins. uvicorn's scope is made later, once it is clear that it is needed."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._passed_on = True
        self._idle_since, self._receiving_since = None, self.loop.time()

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._passed_on = True
        if (
            self._door is None
            or not self.url.startswith(_DOOR)
            or self.parser.get_method() != b"POST"
            or self.parser.should_upgrade()
        ):
            url, headers, expects = self.url, self.headers, self.expect_100_continue
            super().on_message_begin()
            self.url, self.headers, self.expect_100_continue = url, headers, expects
            self.scope["headers"] = headers
            super().on_headers_complete()
            return
        before = self.cycle
        self.cycle = cycle = WirePost(self, self._door)  # type: ignore[assignment]
        if before is None or before.response_complete:
            self._arriving = cycle
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))  # type: ignore[arg-type]

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._passed_on = True
        if self._arriving is None:
            super().on_body(body)
        else:
            self._arriving.body += body

    def on_message_complete(self) -> None:
        """All of the request is here, perhaps after its answer, when it was refused before its end."""
        self._passed_on = True
        self._receiving_since = None
        post, self._arriving = self._arriving, None
        if post is not None:
            post.more_body = False
            taken = post.take()
            if taken is None:
                self._start_asgi_task(post, self.app)  # type: ignore[arg-type]
            elif post.keep_alive:
                self._learn(*taken, post.body)
            return
        if self.cycle.response_complete:
            self._idle_since, self._answered = self.loop.time(), True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request is answered: go on with one that came meanwhile, or wait."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._receiving_since is None:
            self._idle_since, self._answered = self.loop.time(), True


async def cut_off_slow_clients(connections: set[Any]) -> None:
    """Hang up on clients of a server (its `server_state.connections`) that take too long. Runs until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        now = loop.time()
        for client in list(connections):
            if isinstance(client, GuardedProtocol) and client.overdue(now):
                client.cut_off()


def tune_interpreter() -> None:
    """Set what a server under load needs otherwise than a script.

    The garbage collector need not walk, again and again, what lives as long as the process; and a thread that encodes
    a large block must let the event loop have its turn sooner than after Python's five milliseconds.
    """
    sys.setswitchinterval(0.0002)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def raise_file_limit() -> None:
    """Let this process have as many open files as it may: each client is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
