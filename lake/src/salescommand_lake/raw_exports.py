"""Events as files that stream: what the raw zone holds, in the order in which it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType

from salescommand_lake.engine import Engine
from salescommand_lake.noun_tables import EVENT_ID_SQL
from salescommand_lake.raw import EventFilters, conditions
from salescommand_lake.reads.files import FORMATS, harmless
from salescommand_lake.reads.question import QueryError

__all__ = ["EVENT_FIELDS", "export_events", "parse_event_fields"]

EVENT_FIELDS = MappingProxyType(
    {
        "event_id": EVENT_ID_SQL,
        "source": "source",
        "kind": "kind",
        "entity_type": "entity_type",
        "record_type": "record_type",
        "source_id": "source_id",
        "operation": "operation",
        "source_time": "source_time",
        "received_at": "received_at",
        "bytes": "length(body)",
        "body_sha256": "lower(hex(body_sha256))",
        "body": "body",
    }
)
"""The columns of a file of events, as SQL. All but the body are there unless a caller names some."""
_TEXT = ("source", "kind", "entity_type", "record_type", "source_id", "body")


def parse_event_fields(text: str | None) -> tuple[str, ...]:
    """Read the parameter ``fields``: names with commas between them; all but the body when it is absent.

    Raises:
        QueryError: events have no such field.
    """
    if not text:
        return tuple(name for name in EVENT_FIELDS if name != "body")
    wanted = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in wanted:
        if name not in EVENT_FIELDS:
            raise QueryError("fields", f"there is no field {name!r}", f"use some of {', '.join(EVENT_FIELDS)}")
    return wanted


def export_events(
    engine: Engine, filters: EventFilters, name: str, fields: Sequence[str]
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Return the events that match as a stream of the format ``name``, sorted by nothing in particular.

    A body is its text; bytes that are no UTF-8 are exact only in Parquet. Leaving the context early ends the statement.

    Raises:
        LakeError: the engine is away.
    """
    where, parameters = conditions(filters)
    columns = ", ".join(f"{EVENT_FIELDS[field]} AS `{field}`" for field in fields)
    sql = f"SELECT {columns} FROM raw_events WHERE {' AND '.join(where) or 'true'}"
    if name == "csv":
        safe = ", ".join(harmless(field) if field in _TEXT else f"`{field}`" for field in fields)
        sql = f"SELECT {safe} FROM ({sql})"
    return engine.stream(sql, FORMATS[name].engine, parameters)
