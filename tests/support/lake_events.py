"""Events for tests of the fold: made short, stored in batches, read back as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from salescommand_lake import Engine
from salescommand_lake.identifiers import make_seq
from salescommand_lake.mapping import compile_mapping, load_document
from salescommand_lake.mapping.compile import RAW_COLUMNS
from salescommand_lake.model import Field, FieldType, Noun
from salescommand_lake.raw import RawRow, insert_raw

START = datetime(2026, 1, 1, tzinfo=UTC)


def event(
    number: int,
    body: Any,
    *,
    source: str = "crm",
    source_id: str | None = None,
    entity_type: str = "opportunity",
    record_type: str = "opportunity",
    **more: Any,
) -> RawRow:
    """Make the event that arrives ``number`` seconds after the start; a dict is its JSON, bytes are what they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = source_id if source_id is not None else str(body.get("id", "1"))
    options = {"kind": "generic", "batch_id": "b", **more}
    seq = make_seq(START + timedelta(seconds=number), 0)
    return RawRow(
        source=source, entity_type=entity_type, source_id=found, seq=seq, body=data, record_type=record_type, **options
    )


def in_batch(row: RawRow, batch_id: str) -> RawRow:
    """Return the same event as part of another insert."""
    import dataclasses

    return dataclasses.replace(row, batch_id=batch_id)


async def store(engine: Engine, rows: Sequence[RawRow], batch_id: str) -> None:
    """Store events as one batch."""
    await insert_raw(engine, [in_batch(row, batch_id) for row in rows], batch_id)


async def read_by_sql(engine: Engine, text: str, rows: Sequence[RawRow], batch_id: str) -> dict[int, dict[str, Any]]:
    """Return what the compiled mapping makes of events: the row of the changes table by arrival number."""
    await store(engine, rows, batch_id)
    compiled = compile_mapping(load_document(text, "test"))
    raw = f"SELECT {RAW_COLUMNS} FROM raw_events WHERE batch_id = {{batch:String}}"
    found = await engine.query(compiled.select(raw, version=1, generation=1), {"batch": batch_id})
    return {int(row["seq"]): row for row in found}


def plain(field: Field, value: Any) -> Any:
    """Return a value of a query's answer as the Python value that it stands for."""
    if value is None:
        return None
    if field.type in {FieldType.DECIMAL, FieldType.RATE}:
        return Decimal(str(value))
    if field.type is FieldType.DATE:
        return date.fromisoformat(value)
    if field.type is FieldType.TIME:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if field.type is FieldType.INTEGER:
        return int(value)
    return value


async def states(engine: Engine, noun: Noun, where: str = "true") -> dict[tuple[str, str], dict[str, Any]]:
    """Return the current states by (source, id at the source), fields as Python values."""
    rows = await engine.query(f"SELECT * FROM {noun.table} FINAL WHERE {where}")
    return {(row["source"], row["source_id"]): as_state(noun, row) for row in rows}


def as_state(noun: Noun, row: dict[str, Any]) -> dict[str, Any]:
    """Return a state's row with fields as Python values."""
    seq = (1 << 64) - 1
    return {
        **{field.name: plain(field, row[field.name]) for field in noun.fields},
        "is_deleted": row["is_deleted"],
        "provenance": {name: int(place) & seq for name, place in row["provenance"].items()},
        "events": int(row["events"]),
        "superseded": int(row["superseded"]),
        "source_time": datetime.fromisoformat(row["source_time"]).replace(tzinfo=UTC),
        "known_at": datetime.fromisoformat(row["known_at"]).replace(tzinfo=UTC),
        "version": int(row["version"]),
    }


def sources_of(rows: Iterable[RawRow]) -> set[str]:
    """Return the sources of events."""
    return {row.source for row in rows}
