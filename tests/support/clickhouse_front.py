"""ClickHouse's HTTP interface over the embedded engine, so that the real client talks to a real engine.

It does what ClickHouse's own clients rely on: the statement in the address, the body or both; ``param_*``; settings;
every format; multipart forms; gzip; users; the error number in a header and the message in the body. What it leaves
out: sessions, progress headers, external tables, and killing queries.

As a program: ``python -m tests.support.clickhouse_front --port 8123 --path /var/lib/clickhouse``.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import gzip
import hmac
import json
import os
import re
import threading
import uuid
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import chdb
import uvicorn

_connect: Callable[[str], Any] = chdb.connect
Users = Mapping[str, str]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# What belongs to the transport; everything else in the address is a setting.
_TRANSPORT = frozenset(
    {
        "database",
        "query",
        "user",
        "password",
        "session_id",
        "session_timeout",
        "session_check",
        "query_id",
        "quota_key",
        "compress",
        "decompress",
        "buffer_size",
        "wait_end_of_query",
        "client_protocol_version",
        "role",
        "default_format",
        "stacktrace",
        "close_session",
    }
)
_INLINE_DATA = re.compile(rb"\s*INSERT\s+INTO\b[^;]*?\bFORMAT\s+(\w+)[ \t]*\r?\n?", re.IGNORECASE)
_SELECTS = re.compile(rb"\bSELECT\b", re.IGNORECASE)
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_CODE = re.compile(r"Code:\s*(\d+)")
_NOT_FOUND = {"60", "81"}
_OUR_FAULT = {"6", "26", "27", "36", "41", "43", "44", "46", "47", "53", "62", "70", "72", "115", "117", "130", "457"}


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class ClickHouseFront:
    """An ASGI application that answers as ClickHouse does, from the engine in ``path``."""

    def __init__(
        self, path: str, user: str = "default", password: str = "", also: Users = MappingProxyType({})
    ) -> None:
        # Beside the engine's folder, as the product has it: the first connection of a process sets it for all.
        self._path = f"{path}?backups.allowed_path={Path(path).parent / 'backups'}/"
        self._users = {user: password, **also}
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="front")
        # Holds the engine open between requests: the last connection to close stops it.
        self._keeper = _connect(self._path)

    def close(self) -> None:
        self._pool.shutdown(wait=True)
        self._keeper.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"a front speaks HTTP, not {scope['type']}")
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _read(receive)
        address = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._pool, self._answer, scope["path"], headers, address, body)
        payload, extra = answer.body, dict(answer.headers)
        if address.get("enable_http_compression") == "1" and "gzip" in headers.get("accept-encoding", ""):
            payload, extra["Content-Encoding"] = gzip.compress(payload, 1), "gzip"
        extra |= {"Content-Length": str(len(payload)), "X-ClickHouse-Server-Display-Name": "front"}
        head = [(name.encode(), value.encode("latin-1", "replace")) for name, value in extra.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        await send({"type": "http.response.body", "body": payload})

    def _answer(self, path: str, headers: Mapping[str, str], address: dict[str, str], body: bytes) -> Answer:
        if path == "/ping" or (path == "/" and not address and not body):
            return Answer(200, b"Ok.\n", {})
        try:
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            if headers.get("content-type", "").startswith("multipart/form-data"):
                form = _form(headers["content-type"], body)
                address, body = {**address, **form}, b""
            if not self._may(headers, address):
                return _failed("516", "default: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)")
            return self._run(address, body)
        except RuntimeError as error:  # what chDB raises for everything
            found = _CODE.search(str(error))
            text = str(error)
            return _failed(found[1] if found else "1001", text[text.index("Code:") :] if found else text)

    def _may(self, headers: Mapping[str, str], address: Mapping[str, str]) -> bool:
        given = (address.get("user", "default"), address.get("password", ""))
        if "x-clickhouse-user" in headers:
            given = (headers["x-clickhouse-user"], headers.get("x-clickhouse-key", ""))
        elif headers.get("authorization", "").startswith("Basic "):
            try:
                user, _, password = base64.b64decode(headers["authorization"][6:]).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return False
            given = (user, password)
        user, password = given
        return user in self._users and hmac.compare_digest(password.encode(), self._users[user].encode())

    def _run(self, address: Mapping[str, str], body: bytes) -> Answer:
        """Run one request on a connection of its own, so that settings and database die with it."""
        query = address.get("query", "").encode()
        text = query + (b"\n" if query and body else b"") + body
        connection = _connect(self._path)
        try:
            if "database" in address:
                connection.query(f"USE `{address['database'].replace('`', '')}`")
            settings = {name: value for name, value in address.items() if _is_setting(name)}
            if settings:
                assigned = (f"{name} = {_quoted(value)}" for name, value in settings.items())
                connection.query("SET " + ", ".join(assigned))
            insert = _INLINE_DATA.match(text)
            if insert and not _SELECTS.search(insert[0]):
                written = _insert(connection, text, insert)
                return Answer(200, b"", _headers(address, "", written=written))
            fmt = _FORMAT.search(text.decode("utf-8", "replace"))
            name = fmt[1] if fmt else address.get("default_format", "TabSeparated")
            bound = {name[6:]: value for name, value in address.items() if name.startswith("param_")}
            result = connection.query(text.decode("utf-8", "surrogateescape"), name, params=bound)
            return Answer(200, bytes(result.bytes()), _headers(address, name, read=result.rows_read()))
        finally:
            connection.close()


def _insert(connection: Any, text: bytes, insert: re.Match[bytes]) -> int:
    """Stream the data behind ``INSERT ... FORMAT name`` into the engine, bytes untouched."""
    statement = text[: insert.start(1)].decode()
    statement = statement[: statement.upper().rindex("FORMAT")]
    with connection.send_insert(statement, insert[1].decode()) as stream:
        stream.append(text[insert.end() :])
        return int(stream.finish().rows_written)


def _is_setting(name: str) -> bool:
    return name not in _TRANSPORT and not name.startswith("param_")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _headers(address: Mapping[str, str], fmt: str, *, read: int = 0, written: int = 0) -> dict[str, str]:
    summary = {"read_rows": str(read), "written_rows": str(written), "elapsed_ns": "0"}
    return {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-ClickHouse-Query-Id": address.get("query_id") or str(uuid.uuid4()),
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Format": fmt,
        "X-ClickHouse-Summary": json.dumps(summary),
    }


def _failed(code: str, message: str) -> Answer:
    status = 403 if code == "516" else 404 if code in _NOT_FOUND else 400 if code in _OUR_FAULT else 500
    text = message if message.startswith("Code:") else f"Code: {code}. DB::Exception: {message}"
    return Answer(status, (text + "\n").encode(), {"X-ClickHouse-Exception-Code": code})


def _form(content_type: str, body: bytes) -> dict[str, str]:
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and not part.is_multipart():
            data = part.get_payload(decode=True)
            fields[name] = data.decode() if isinstance(data, bytes) else ""
    return fields


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client hung up before the request was complete")
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


class FrontServer:
    """A front on a port of this machine, in a thread. It can be stopped and started again on the same port."""

    def __init__(self, path: str, user: str = "default", password: str = "", port: int = 0) -> None:
        self._front = ClickHouseFront(path, user, password)
        self.port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; returns when requests are answered."""
        config = uvicorn.Config(self._front, host="127.0.0.1", port=self.port, log_level="error", lifespan="off")
        socket = config.bind_socket()
        self.port = socket.getsockname()[1]
        listening = threading.Event()
        server = _Announcing(config, listening)
        self._server = server
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
        self._thread.start()
        if not listening.wait(30):
            raise RuntimeError("the front did not start")

    def stop(self) -> None:
        """Hang up on everybody and stop listening: the outage that a test wants. The data stays."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(30)
        for socket in [socket for server in self._server.servers for socket in server.sockets]:
            socket.close()
        self._server = self._thread = None

    def close(self) -> None:
        self.stop()
        self._front.close()


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, listening: threading.Event) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self._listening.set()


def main() -> None:
    """Run a front until it is told to stop."""
    parser = argparse.ArgumentParser(prog="clickhouse_front", description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--path", type=Path, required=True, help="folder of the data")
    parser.add_argument("--user", default=os.environ.get("CLICKHOUSE_USER", "default"))
    parser.add_argument("--password", default=os.environ.get("CLICKHOUSE_PASSWORD", ""))
    options = parser.parse_args()
    options.path.mkdir(parents=True, exist_ok=True)
    operator = os.environ.get("CLICKHOUSE_OPERATOR_PASSWORD")
    also = {"lake_operator": operator} if operator else {}
    front = ClickHouseFront(str(options.path.resolve()), options.user, options.password, also)
    try:
        uvicorn.run(front, host=options.host, port=options.port, log_level="info", lifespan="off", access_log=False)
    finally:
        front.close()


if __name__ == "__main__":
    main()
