"""An engine that fails where a test says: what a killed worker, a lost connection or a bad statement leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from salescommand_lake import Engine
from salescommand_lake.errors import LakeError, LakeUnavailable


class FailingEngine:
    """Passes everything on to an engine, but stops at one of its writes, before or after it was done."""

    def __init__(self, engine: Engine, *, at: int, done: bool) -> None:
        self._engine = engine
        self._at = at
        self._done = done
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def _write(self, work: Callable[[], Any]) -> None:
        self.writes += 1
        if self.writes == self._at and not self._done:
            msg = "the worker was killed before a write"
            raise LakeUnavailable(msg)
        await work()
        if self.writes == self._at:
            msg = "the worker was killed after a write"
            raise LakeUnavailable(msg)

    async def command(self, sql: str, parameters: Any = None, settings: Any = None) -> None:
        await self._write(lambda: self._engine.command(sql, parameters, settings))

    async def insert(self, table: str, rows: Sequence[Mapping[str, Any]], *, token: str | None = None) -> None:
        await self._write(lambda: self._engine.insert(table, rows, token=token))


class RefusingEngine:
    """Passes everything on to an engine, but refuses the statements that contain a text, for good."""

    def __init__(self, engine: Engine, text: str) -> None:
        self._engine = engine
        self._text = text

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def command(self, sql: str, parameters: Any = None, settings: Any = None) -> None:
        if self._text in sql:
            raise LakeError("the engine does not like this statement", code=43)
        await self._engine.command(sql, parameters, settings)
