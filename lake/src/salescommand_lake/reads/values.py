"""Values as answers carry them: amounts as decimal strings, times as ISO 8601 in UTC with a Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from salescommand_lake.fold.state_sql import TIME_OFFSET
from salescommand_lake.identifiers import encode_event_id
from salescommand_lake.model import Field, FieldType

__all__ = ["Place", "iso", "place", "plain", "utc"]

Plain = str | int | bool | None
Place = tuple[str, datetime]
_SEQ = (1 << 64) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plain(field: Field, value: Any) -> Plain:
    """Return a field's value, as the engine gives it, as an answer carries it."""
    if value is None:
        return None
    if field.type is FieldType.TIME:
        return iso(value)
    if field.type is FieldType.INTEGER:
        return int(value)
    if field.type is FieldType.BOOL:
        return bool(value)
    return str(value)


def iso(text: str) -> str:
    """Return a time, as the engine gives it, in ISO 8601 with a Z."""
    return text.replace(" ", "T") + "Z"


def utc(text: str) -> datetime:
    """Return a time, as the engine gives it, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def place(ord_: str | int) -> Place:
    """Return the event and the source time that a place in a record's history carries."""
    number = int(ord_)
    milliseconds = (number >> 128) - TIME_OFFSET
    return encode_event_id(number & _SEQ), _EPOCH + timedelta(milliseconds=milliseconds)
