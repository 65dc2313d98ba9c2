"""What a rebuild remembers in the lake, so that one which was stopped can go on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from salescommand_lake.engine import Engine


@dataclass(frozen=True, slots=True)
class Slice:
    """The records of one noun whose ids at their source lie from ``low`` up to, without, ``high``."""

    noun: str
    number: int
    low: str
    high: str | None
    events: int
    done: bool = False

    @property
    def range(self) -> str:
        """Return the condition on source_id."""
        return "source_id >= {low:String}" + (" AND source_id < {high:String}" if self.high is not None else "")

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what the condition binds."""
        return {"low": self.low} | ({"high": self.high} if self.high is not None else {})


@dataclass(frozen=True, slots=True)
class Entry:
    """A rebuild as the ledger has it."""

    rebuild_id: str
    scope: str
    mappings: str
    started_at: datetime


async def begin(engine: Engine, scope: str, mappings: str, slices: Sequence[Slice]) -> Entry:
    """Enter a new rebuild with its slices."""
    entry = Entry(uuid.uuid4().hex, scope, mappings, datetime.now(UTC))
    for row in await engine.query("SELECT rebuild_id, scope, mappings FROM rebuilds FINAL WHERE state = 'running'"):
        await _write(engine, Entry(row["rebuild_id"], row["scope"], row["mappings"], entry.started_at), "left")
    await mark(engine, entry, slices, done=False)
    await _write(engine, entry, "running")
    return entry


async def unfinished(engine: Engine, scope: str, mappings: str) -> tuple[Entry, list[Slice]] | None:
    """Return the rebuild of this scope, by these mappings, that was stopped last, None when there is none."""
    rows = await engine.query(
        "SELECT rebuild_id, started_at FROM rebuilds FINAL\n"
        "WHERE state = 'running' AND scope = {scope:String} AND mappings = {mappings:String}\n"
        "ORDER BY started_at DESC LIMIT 1",
        {"scope": scope, "mappings": mappings},
    )
    if not rows:
        return None
    started = datetime.fromisoformat(rows[0]["started_at"]).replace(tzinfo=UTC)
    entry = Entry(rows[0]["rebuild_id"], scope, mappings, started)
    found = await engine.query(
        "SELECT noun, number, low, high, events, done FROM rebuild_slices FINAL\n"
        "WHERE rebuild_id = {id:String} ORDER BY noun, number",
        {"id": entry.rebuild_id},
    )
    return entry, [
        Slice(row["noun"], int(row["number"]), row["low"], row["high"], int(row["events"]), bool(row["done"]))
        for row in found
    ]


async def mark(engine: Engine, entry: Entry, slices: Sequence[Slice], *, done: bool = True) -> None:
    """Say of slices whether they are done."""
    now = datetime.now(UTC)
    rows = [
        {"rebuild_id": entry.rebuild_id, "at": now} | {name: getattr(one, name) for name in _SLICE}
        for one in (replace(each, done=done) for each in slices)
    ]
    if rows:
        await engine.insert("rebuild_slices", rows, token=uuid.uuid4().hex)


async def finish(engine: Engine, entry: Entry) -> None:
    """Say that the rebuild is in place."""
    await _write(engine, entry, "done")


async def _write(engine: Engine, entry: Entry, state: str) -> None:
    row = {name: getattr(entry, name) for name in ("rebuild_id", "scope", "mappings", "started_at")}
    await engine.insert("rebuilds", [row | {"state": state, "updated_at": datetime.now(UTC)}], token=uuid.uuid4().hex)


_SLICE = ("noun", "number", "low", "high", "events", "done")
