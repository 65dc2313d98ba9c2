"""The last guard before the server: an engine through which only approved statements can leave the process."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from salescommand_lake.engine import Engine, Row
from salescommand_lake.engine.base import Rows
from salescommand_lake.errors import LakeError
from salescommand_lake.plan.observe import LEDGER

__all__ = ["Guarded", "NotApproved"]

_READS = re.compile(r"\s*SELECT\s", re.IGNORECASE)
_OUTFILE = re.compile(r"\bINTO\s+OUTFILE\b", re.IGNORECASE)


class NotApproved(LakeError):  # noqa: N818 - named for what it is
    """A statement that changes something was about to leave without an approval. Nothing ran."""


class Guarded:
    """Passes questions on, and of statements that change something only those it was given.

    Without statements it is read-only: what a dry run and every look at a lake use.
    """

    def __init__(self, engine: Engine, statements: Iterable[str] = (), *, database: bool = False) -> None:
        """Stand before ``engine`` and let ``statements`` pass, to the letter; ``database``: its creation too."""
        self._engine = engine
        self._statements = frozenset(statements)
        self._database = database
        self.name = engine.name
        self.database = engine.database

    async def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Run a SELECT."""
        self._only_reads(sql)
        return await self._engine.query(sql, parameters, settings)

    async def command(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Run an approved statement.

        Raises:
            NotApproved: it is not one.
        """
        if sql not in self._statements:
            raise NotApproved(f"this statement is no part of an approved plan: {sql[:200]}")
        await self._engine.command(sql, parameters, settings)

    async def insert(self, table: str, rows: Rows, *, token: str | None = None) -> None:
        """Write to the ledger of the schema, once something was approved.

        Raises:
            NotApproved: another table, or nothing was approved.
        """
        if table != LEDGER or not self._statements:
            raise NotApproved(f"an insert into {table} is no part of an approved plan")
        await self._engine.insert(table, rows, token=token)

    async def stream_raw(self, sql: str, fmt: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """Run a SELECT and return its answer in a format of ClickHouse's."""
        self._only_reads(sql)
        return await self._engine.stream_raw(sql, fmt, parameters)

    def stream(
        self, sql: str, fmt: str, parameters: Mapping[str, Any] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Run a SELECT and give its answer piece by piece."""
        self._only_reads(sql)
        return self._engine.stream(sql, fmt, parameters)

    async def ensure_database(self) -> None:
        """Create the database when that is approved.

        Raises:
            NotApproved: it is not.
        """
        if not self._database:
            raise NotApproved(f"creating the database {self.database} is no part of an approved plan")
        await self._engine.ensure_database()

    async def ping(self) -> None:
        """Return when the engine answers."""
        await self._engine.ping()

    async def close(self) -> None:
        """Leave the engine open: it belongs to whoever opened it."""

    def _only_reads(self, sql: str) -> None:
        if not _READS.match(sql) or _OUTFILE.search(sql):
            raise NotApproved(f"this is not a question: {sql[:200]}")
