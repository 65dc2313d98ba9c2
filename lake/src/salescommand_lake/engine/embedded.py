"""The engine inside of this process (chDB), with its files in a folder that belongs to this process alone.

chDB blocks its caller and lets go of the interpreter lock, so every statement runs on a thread: reads on a small pool,
in parallel, writes on one thread, one after the other. Each thread has a connection of its own, because a connection
serves one statement at a time and holds the settings of its session.

The engine's threads give way to the rest of the process: a merge of old parts must not hold up an answer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from salescommand_lake.engine.base import ONE_BLOCK, SESSION_SETTINGS, Row, Rows, bind, identifier, table_name
from salescommand_lake.engine.rows import encode
from salescommand_lake.errors import LakeError, LakeUnavailable, from_engine
from salescommand_lake.settings import LakeSettings

_READERS = 4
_NICE = 10
"""How far the engine's threads stand back (0: not at all, 19: as far as can be); about a tenth of a contended core."""
_MEBIBYTE = 1024 * 1024
_decode_rows = msgspec.json.Decoder(Row).decode_lines
_T = TypeVar("_T")
log = logging.getLogger(__name__)


class EmbeddedEngine:
    """The lake on chDB. One folder per process; several engines of one process may share it."""

    name = "embedded"

    def __init__(self, settings: LakeSettings) -> None:
        """Prepare an engine; the folder is opened by the first call."""
        self.database = identifier(settings.database)
        self._path = settings.embedded_path
        self._address = _address(self._path, settings)
        pinned = {**SESSION_SETTINGS, "max_threads": str(settings.threads)}
        self._session = {name: _literal(value) for name, value in pinned.items()}
        self._local = threading.local()
        self._connections: list[Any] = []
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="lake-read", initializer=_give_way)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="lake-write", initializer=_give_way)
        self._closed = False

    async def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Run a SELECT and return its rows; see Engine.query for the form of values."""

        def work() -> list[Row]:
            return _decode_rows(self._run(sql, "JSONEachRow", parameters, settings))

        return await self._on(self._readers, work)

    async def command(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Run a statement that changes something, after the writes that came before it."""
        await self._on(self._writer, lambda: self._run(sql, "Null", parameters, settings))

    async def insert(self, table: str, rows: Rows, *, token: str | None = None) -> None:
        """Insert rows in one block; see Engine.insert."""
        if not rows:
            return

        def work() -> None:
            self.insert_encoded(table, *encode(rows), token)

        await self._on(self._writer, work)

    async def stream_raw(self, sql: str, fmt: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """Run a SELECT and return its answer in the output format ``fmt``."""
        return await self._on(self._readers, lambda: self._run(sql, identifier(fmt), parameters, None))

    @asynccontextmanager
    async def stream(
        self, sql: str, fmt: str, parameters: Mapping[str, Any] | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Run a SELECT and give its answer piece by piece, on a connection of its own."""
        connection = await self._on(self._readers, self._configured)
        found: Any = None
        try:
            found = await self._on(self._readers, lambda: _sent(connection, sql, identifier(fmt), bind(parameters)))

            async def pieces() -> AsyncIterator[bytes]:
                while piece := await self._on(self._readers, lambda: _fetched(found)):
                    yield piece

            yield pieces()
        finally:
            # Shielded: a caller that goes away cancels us, and the statement must end all the same.
            await asyncio.shield(self._on(self._readers, lambda: _let_go(connection, found)))

    async def ensure_database(self) -> None:
        """Create the database when it does not exist."""
        await self._on(self._writer, lambda: self._run_bare(f"CREATE DATABASE IF NOT EXISTS `{self.database}`"))

    async def ping(self) -> None:
        """Open the folder when it is not open yet, and ask the engine for a row."""
        await self._on(self._readers, lambda: self._run_bare("SELECT 1"))

    async def close(self) -> None:
        """Wait for running statements, then give the folder back."""
        if self._closed:
            return
        self._closed = True

        def shut_down() -> None:
            self._readers.shutdown(wait=True)
            self._writer.shutdown(wait=True)
            for connection in self._connections:
                connection.close()
            self._connections.clear()

        # A thread of its own: neither pool may wait for itself, and closing must not be given up half way.
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, shut_down))

    # What follows runs on the threads of the engine.

    def insert_encoded(self, table: str, columns: Sequence[str], data: bytes, fmt: str, token: str | None) -> None:
        """Insert rows that are already encoded in the input format ``fmt``. Blocks: call it from a worker thread."""
        names = ", ".join(f"`{identifier(column)}`" for column in columns)
        # Without a token, equal blocks would be taken for a repeat of each other.
        options = {**ONE_BLOCK, "insert_deduplication_token": token or uuid.uuid4().hex}
        clause = ", ".join(f"{name} = {_literal(value)}" for name, value in options.items())
        statement = f"INSERT INTO {table_name(table)} ({names}) SETTINGS {clause}"
        connection = self._connection()
        try:
            stream = connection.send_insert(statement, fmt)
            with stream:
                stream.append(data)
                stream.finish()
        except RuntimeError as error:
            self._drop_connection()
            raise from_engine(str(error)) from None

    def _run(
        self, sql: str, fmt: str, parameters: Mapping[str, Any] | None, settings: Mapping[str, Any] | None
    ) -> bytes:
        connection = self._connection()
        bound = bind(parameters)
        wanted = {name: _literal(_setting(value)) for name, value in (settings or {}).items()}
        before = {name: self._session.get(name, "DEFAULT") for name in wanted}
        try:
            if wanted:
                _set(connection, wanted)
            answer = bytes(connection.query(sql, fmt, params=bound).bytes())
            if before:  # a connection keeps what it was told
                _set(connection, before)
        except RuntimeError as error:
            self._drop_connection()
            raise from_engine(str(error)) from None
        return answer

    def _run_bare(self, sql: str) -> None:
        """Run a statement that needs no database of ours."""
        connection = self._connect()
        try:
            connection.query(sql, "Null")
        except RuntimeError as error:
            raise from_engine(str(error)) from None
        finally:
            connection.close()

    def _connection(self) -> Any:
        """Return this thread's connection, with our settings and database."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            return connection
        connection = self._configured()
        with self._lock:
            self._connections.append(connection)
        self._local.connection = connection
        return connection

    def _configured(self) -> Any:
        """Return a new connection with our settings and database."""
        connection = self._connect()
        try:
            _set(connection, self._session)
            connection.query(f"USE `{self.database}`")
        except RuntimeError as error:
            connection.close()
            raise from_engine(str(error)) from None
        return connection

    def _drop_connection(self) -> None:
        """Forget this thread's connection after a failure: rows of the failed answer would come with the next one."""
        connection = self._local.connection
        del self._local.connection
        with self._lock:
            self._connections.remove(connection)
        connection.close()

    def _connect(self) -> Any:
        import chdb  # noqa: PLC0415 - takes a moment, and ClickHouse over HTTP does without it

        connect: Callable[[str], Any] = chdb.connect
        with self._lock:
            if not self._connections:
                _check_folder(self._path)
                try:
                    # One connection stays until the end: closing the last one would stop the engine.
                    self._connections.append(connect(self._address))
                except RuntimeError as error:
                    raise LakeUnavailable(_why_not_opened(self._path, str(error))) from None
        try:
            return connect(self._address)
        except RuntimeError as error:
            raise from_engine(str(error)) from None

    async def _on(self, pool: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        if self._closed:
            msg = "the embedded lake was closed in this process"
            raise LakeUnavailable(msg)
        return await asyncio.get_running_loop().run_in_executor(pool, work)


def _give_way() -> None:
    """Let other threads of this process run first; those that the engine starts from this one inherit it.

    Only Linux has a priority for each thread; elsewhere this would slow down the whole process.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _sent(connection: Any, sql: str, fmt: str, bound: Mapping[str, str]) -> Any:
    try:
        return connection.send_query(sql, fmt, params=dict(bound))
    except RuntimeError as error:
        raise from_engine(str(error)) from None


def _fetched(result: Any) -> bytes:
    """Return the next piece of an answer, empty at its end."""
    try:
        piece = result.fetch()
    except RuntimeError as error:
        raise from_engine(str(error)) from None
    return b"" if piece is None else bytes(piece.bytes())


def _let_go(connection: Any, result: Any) -> None:
    if result is not None:
        result.close()
    connection.close()


def _set(connection: Any, settings: Mapping[str, str]) -> None:
    connection.query("SET " + ", ".join(f"{identifier(name)} = {value}" for name, value in settings.items()))


def _setting(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _address(path: Path, settings: LakeSettings) -> str:
    """Return chDB's connection string: the folder and limits that suit a laptop. The first connection sets them."""
    limits: dict[str, int | str] = {
        "max_server_memory_usage": settings.memory,
        "mark_cache_size": 128 * _MEBIBYTE,
        "primary_index_cache_size": 128 * _MEBIBYTE,
        "index_mark_cache_size": 64 * _MEBIBYTE,
        "background_pool_size": 2,
        "background_schedule_pool_size": 4,
    }
    if "&" not in str(settings.backups_path):  # which would begin the next of these; such a lake makes no backups
        limits["backups.allowed_path"] = f"{settings.backups_path}/"
    if "?" in str(path):
        msg = f"the lake's folder {path} has a '?' in its name, which the embedded engine can't open; rename it"
        raise LakeError(msg)
    return f"{path}?" + "&".join(f"{name}={value}" for name, value in limits.items())


def _check_folder(path: Path) -> None:
    """Fail with words where the engine itself would only say that it could not start."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = (
            f"the lake's folder {path} can't be made: {error.strerror}. "
            "Choose another with SALESCOMMAND_DATA_DIR, or give this user the right to write there."
        )
        raise LakeUnavailable(msg) from None
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        msg = (
            f"the lake's folder {path} is read-only for this user. "
            "Make it writable, or choose another with SALESCOMMAND_DATA_DIR."
        )
        raise LakeUnavailable(msg)


def _why_not_opened(path: Path, message: str) -> str:
    if "different path" in message:
        return f"this process already has a lake open in another folder, so {path} can't be opened beside it"
    holder = _holder(path)
    if holder is not None:
        return (
            f"the lake's folder {path} is in use by {holder}. "
            "Stop that process, or choose another folder with SALESCOMMAND_DATA_DIR."
        )
    return (
        f"the lake's folder {path} could not be opened: {message}. Another process may hold it, or its files may be "
        "damaged or belong to another user. `salescommand doctor` looks into it."
    )


def _holder(path: Path) -> str | None:
    """Return the running process that the engine's status file names, None when there is none or it is us."""
    try:
        found = re.match(r"PID: (\d+)", (path / "status").read_text())
    except OSError:
        return None
    if found is None or int(found[1]) == os.getpid():
        return None
    pid = int(found[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        log.debug("process %d belongs to another user", pid)
    return f"process {pid}"
