"""ClickHouse over HTTP, by clickhouse-connect's asynchronous client."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
import clickhouse_connect
import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from salescommand_lake.engine.base import ONE_BLOCK, SESSION_SETTINGS, Row, Rows, bind, identifier, table_name
from salescommand_lake.engine.rows import encode
from salescommand_lake.errors import AccessDenied, LakeError, LakeUnavailable, clean, code_of, from_engine
from salescommand_lake.settings import LakeSettings

_CONNECT_SECONDS = 5
_PING_SECONDS = 5
_STATEMENT_SECONDS = 600
_PLACEHOLDER = re.compile(r"\{\w+:")
_HTTP_STATUS = re.compile(r"(?:response code|status) (\d{3})")
_decode_rows = msgspec.json.Decoder(Row).decode_lines
_PIECE_BYTES = 1024 * 1024
_ANSWER_WHEN_STORED = {"wait_end_of_query": "1", "send_progress_in_http_headers": "0"}
"""The driver takes an answer's head for success, and asks for progress in it: then a 200 may come before the end."""


class HttpEngine:
    """The lake on a ClickHouse server. Connects at the first call, and again after every outage."""

    name = "http"

    def __init__(self, settings: LakeSettings) -> None:
        """Prepare an engine for ``settings.url``; nothing is sent yet.

        Raises:
            LakeError: the address is not one.
        """
        self.database = identifier(settings.database)
        self._where = settings.where
        self._options = _options(settings)
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()
        self._closed = False

    async def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Run a SELECT and return its rows; see Engine.query for the form of values."""
        return _decode_rows(await self._run(sql, "JSONEachRow", parameters, settings))

    async def command(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Run a statement that changes something; returns when the server has done it."""
        await self._run(sql, None, parameters, settings)

    async def insert(self, table: str, rows: Rows, *, token: str | None = None) -> None:
        """Insert rows in one block; see Engine.insert."""
        if not rows:
            return
        name = table_name(table)
        columns, data, fmt = await asyncio.to_thread(encode, rows)
        columns = [identifier(column) for column in columns]
        options = {**ONE_BLOCK, **_ANSWER_WHEN_STORED, "insert_deduplication_token": token or uuid.uuid4().hex}
        async with self._client_for_call() as client:
            await client.raw_insert(name, columns, _sent_once(data), settings=options, fmt=fmt)

    async def stream_raw(self, sql: str, fmt: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """Run a SELECT and return its answer in the output format ``fmt``."""
        return await self._run(sql, identifier(fmt), parameters, None)

    @asynccontextmanager
    async def stream(
        self, sql: str, fmt: str, parameters: Mapping[str, Any] | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Run a SELECT and give its answer piece by piece; leaving early hangs up, which ends it on the server."""
        bound: dict[str, Any] | None = {name: _Bound(text) for name, text in bind(parameters).items()}
        if not _PLACEHOLDER.search(sql):
            bound = None
        async with self._client_for_call() as client:
            options = {"cancel_http_readonly_queries_on_client_close": 1}
            context = await client.raw_stream(sql, bound, options, identifier(fmt))
            async with context as pieces:
                yield pieces

    async def ensure_database(self) -> None:
        """Create the database when it does not exist."""
        await self._run(f"CREATE DATABASE IF NOT EXISTS `{self.database}`", None, None, None, use_database=False)

    async def ping(self) -> None:
        """Ask the server for a row, and give up after five seconds."""
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await self._run("SELECT 1", "Null", None, None, use_database=False)
        except TimeoutError:
            msg = f"ClickHouse at {self._where} does not answer within {_PING_SECONDS} seconds"
            raise LakeUnavailable(msg) from None

    async def close(self) -> None:
        """Wait for running statements, then close the connections."""
        self._closed = True
        async with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _run(
        self,
        sql: str,
        fmt: str | None,
        parameters: Mapping[str, Any] | None,
        settings: Mapping[str, Any] | None,
        *,
        use_database: bool = True,
    ) -> bytes:
        bound: dict[str, Any] | None = {name: _Bound(text) for name, text in bind(parameters).items()}
        if not _PLACEHOLDER.search(sql):
            bound = None  # the driver would take the statement for one of Python's % formats
        options = {name: int(value) if isinstance(value, bool) else value for name, value in (settings or {}).items()}
        async with self._client_for_call() as client:
            return await client.raw_query(sql, bound, options, fmt, use_database=use_database)

    @asynccontextmanager
    async def _client_for_call(self) -> AsyncIterator[AsyncClient]:
        """Give the client for one call and translate what it raises."""
        try:
            yield await self._connect()
        except ClickHouseError as error:
            raise self._translate(error) from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._away(str(error) or type(error).__name__) from None

    async def _connect(self) -> AsyncClient:
        async with self._connecting:
            if self._closed:
                msg = f"the connection to ClickHouse at {self._where} was closed in this process"
                raise LakeUnavailable(msg)
            if self._client is None:
                client = await clickhouse_connect.get_async_client(**self._options)
                client.database = self.database  # only now, since it need not exist yet
                self._client = client
            return self._client

    def _translate(self, error: ClickHouseError) -> LakeError:
        message = str(error)
        code = getattr(error, "code", None) or code_of(message)
        if code is not None:
            return from_engine(message, code)
        status = _HTTP_STATUS.search(message)
        if status and status[1] in ("401", "403"):
            return AccessDenied(f"ClickHouse at {self._where} refuses this user: {clean(message)}")
        if status and status[1].startswith("4"):
            return LakeError(f"ClickHouse at {self._where} refuses the request: {clean(message)}")
        return self._away(message)

    def _away(self, reason: str) -> LakeUnavailable:
        return LakeUnavailable(f"ClickHouse at {self._where} can't be reached: {clean(reason)}")


async def _sent_once(data: bytes) -> AsyncIterator[bytes]:
    """Give the data in pieces, which the driver can't send again by itself.

    It would when the server hangs up, and tell only of the second answer. But the first try may be at work still, and
    whoever is told that memory was short would divide the block and store it twice.
    """
    for start in range(0, len(data), _PIECE_BYTES):
        yield data[start : start + _PIECE_BYTES]


class _Bound:
    """A parameter that is already in the engine's form; the driver sends its text as it is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


def _options(settings: LakeSettings) -> dict[str, Any]:
    parts = urlsplit(settings.url or "")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        msg = f"CLICKHOUSE_URL is {settings.where!r}; it must look like http://clickhouse:8123"
        raise LakeError(msg)
    return {
        "interface": parts.scheme,
        "host": parts.hostname,
        "port": port or (8443 if parts.scheme == "https" else 8123),
        "proxy_path": parts.path.rstrip("/"),
        "username": unquote(parts.username) if parts.username else settings.user,
        "password": unquote(parts.password) if parts.password else settings.password,
        "settings": dict(SESSION_SETTINGS),
        "compress": False,
        "autogenerate_session_id": False,
        "connect_timeout": _CONNECT_SECONDS,
        "send_receive_timeout": _STATEMENT_SECONDS,
        "client_name": "salescommand",
        **({"ca_cert": str(settings.ca_file)} if settings.ca_file else {}),
    }
