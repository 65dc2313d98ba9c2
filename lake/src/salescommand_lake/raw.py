"""The raw zone: storing events exactly as they came, and finding them again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from salescommand_lake.engine import Columns, Engine, Row
from salescommand_lake.identifiers import EPOCH, INSTANCE_BITS, decode_event_id, encode_event_id, make_seq, seq_time

Operation = Literal["full", "patch", "delete", "undelete", "merge"]

MAX_PAGE = 500
_OPERATIONS = ("full", "patch", "delete", "undelete", "merge")
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)
_LAST_SEQ = make_seq(datetime(2105, 12, 31, tzinfo=UTC), (1 << INSTANCE_BITS) - 1)  # ingested_at is a DateTime
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND, _MILLISECOND = timedelta(microseconds=1), timedelta(milliseconds=1)
_EPOCH_MICROSECONDS = (EPOCH - _UNIX) // _MICROSECOND
_UINT64 = 1 << 64
_NO_KEY, _NO_SHA = bytes(16), bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One event on its way into ``raw_events``; the columns of the same name say what the values mean.

    ``received_at`` is the time of ``seq`` unless it is given, and ``body_sha256`` is computed then. A vendor's
    time or sequence that the engine can't hold (before 1900, after 2299, beyond 64 bits) counts as not given, so that
    no event is lost to it.

    Raises:
        ValueError: a value that the platform itself makes is wrong; the message names it.
    """

    source: str
    entity_type: str
    source_id: str
    seq: int
    body: bytes
    batch_id: str
    received_at: datetime | None = None
    event_key: bytes = _NO_KEY
    vendor_seq: int = 0
    kind: str = ""
    record_type: str = ""
    operation: Operation = "full"
    source_time: datetime | None = None
    body_sha256: bytes = b""
    body_index: int = 0
    request_sha256: bytes = _NO_SHA
    contract_error: str = ""

    def __post_init__(self) -> None:
        if (
            0 <= self.seq <= _LAST_SEQ
            and len(self.event_key) == 16
            and self.operation in _OPERATIONS
            and len(self.body_sha256) in {0, 32}
            and len(self.request_sha256) == 32
            and 0 <= self.body_index < 1 << 32
            and (self.received_at is None or self.received_at.tzinfo is not None)
            and (self.source_time is None or self.source_time.tzinfo is not None)
        ):
            return
        self._complain()

    def _complain(self) -> None:
        checks = (
            (0 <= self.seq <= _LAST_SEQ, "seq", self.seq),
            (self.received_at is None or self.received_at.tzinfo is not None, "received_at", self.received_at),
            (len(self.event_key) == 16, "event_key", self.event_key),
            (self.operation in _OPERATIONS, "operation", self.operation),
            (len(self.body_sha256) in (0, 32), "body_sha256", self.body_sha256),
            (len(self.request_sha256) == 32, "request_sha256", self.request_sha256),
            (0 <= self.body_index < 1 << 32, "body_index", self.body_index),
            (self.source_time is None or self.source_time.tzinfo is not None, "source_time", self.source_time),
        )
        for fine, name, value in checks:
            if not fine:
                msg = f"{name} of the event {self.source}/{self.entity_type} is {value!r}, which is not valid"
                raise ValueError(msg)


_TYPES = {
    "source": "String",
    "entity_type": "String",
    "source_id": "String",
    "ingested_at": "DateTime",
    "event_key": "FixedString(16)",
    "seq": "UInt64",
    "vendor_seq": "UInt64",
    "kind": "String",
    "record_type": "String",
    "operation": "String",
    "source_time": "DateTime64(3, 'UTC')",
    "source_time_given": "Bool",
    "received_at": "DateTime64(6, 'UTC')",
    "body": "String",
    "body_sha256": "FixedString(32)",
    "body_index": "UInt32",
    "request_sha256": "FixedString(32)",
    "contract_error": "String",
    "batch_id": "String",
}


def _columns(rows: Sequence[RawRow]) -> Columns:
    """Return the rows as columns of ``raw_events``, without those that the table fills in itself."""
    # Reading one event relies on ingested_at being the second of its seq.
    arrivals = [(row.seq >> INSTANCE_BITS) + _EPOCH_MICROSECONDS for row in rows]
    received = [
        at if row.received_at is None else (row.received_at - _UNIX) // _MICROSECOND
        for row, at in zip(rows, arrivals, strict=True)
    ]
    given = [row.source_time is not None and _EARLIEST <= row.source_time <= _LATEST for row in rows]
    values: dict[str, Sequence[Any]] = {
        "source": [row.source for row in rows],
        "entity_type": [row.entity_type for row in rows],
        "source_id": [row.source_id for row in rows],
        "ingested_at": [at // 1_000_000 for at in arrivals],
        "event_key": [row.event_key for row in rows],
        "seq": [row.seq for row in rows],
        "vendor_seq": [row.vendor_seq if 0 <= row.vendor_seq < _UINT64 else 0 for row in rows],
        "kind": [row.kind for row in rows],
        "record_type": [row.record_type for row in rows],
        "operation": [row.operation for row in rows],
        "source_time": [
            (row.source_time - _UNIX) // _MILLISECOND if fits and row.source_time is not None else at // 1000
            for row, fits, at in zip(rows, given, received, strict=True)
        ],
        "source_time_given": given,
        "received_at": received,
        "body": [row.body for row in rows],
        "body_sha256": [row.body_sha256 or hashlib.sha256(row.body).digest() for row in rows],
        "body_index": [row.body_index for row in rows],
        "request_sha256": [row.request_sha256 for row in rows],
        "contract_error": [row.contract_error for row in rows],
        "batch_id": [row.batch_id for row in rows],
    }
    return Columns(_TYPES, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEvent:
    """One stored event without its bytes. Times are UTC, hashes hexadecimal, ``bytes`` the length of the body."""

    event_id: str
    seq: int
    source: str
    kind: str
    entity_type: str
    record_type: str
    source_id: str
    operation: Operation
    source_time: datetime
    source_time_given: bool
    received_at: datetime
    vendor_seq: int
    bytes: int
    body_sha256: str
    body_index: int
    request_sha256: str
    payload_error: str
    contract_error: str
    batch_id: str


@dataclass(frozen=True, slots=True)
class EventFilters:
    """Which events to list: each set of values means any of them, an empty one means all."""

    sources: Sequence[str] = ()
    record_types: Sequence[str] = ()
    entity_types: Sequence[str] = ()
    source_ids: Sequence[str] = ()
    batch_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, newest first. ``next_cursor`` gives the page after it, None when this is the last."""

    items: list[RawEvent]
    next_cursor: str | None


_COLUMNS = """
  seq, source, kind, entity_type, record_type, source_id, operation, source_time, source_time_given, received_at,
  vendor_seq, length(body) AS bytes, lower(hex(body_sha256)) AS body_sha256, body_index,
  lower(hex(request_sha256)) AS request_sha256, payload_error, contract_error, batch_id
"""


async def insert_raw(engine: Engine, rows: Sequence[RawRow], token: str) -> None:
    """Store events in one insert. The same token again, with the same rows, adds nothing anywhere.

    A body that ClickHouse's JSON type refuses is stored like any other, with the reason in ``payload_error``.

    Raises:
        LakeError: nothing was stored, or with ``outcome_unknown`` perhaps everything: repeat it with the same token.
    """
    if rows:
        await engine.insert("raw_events", await asyncio.to_thread(_columns, rows), token=token)


async def list_events(
    engine: Engine, filters: EventFilters | None = None, cursor: str | None = None, limit: int = 50
) -> EventPage:
    """Return the newest events that match, ``limit`` of them (1 to 500), from ``cursor`` on.

    Raises:
        ValueError: the cursor is not one, or the limit is out of range.
    """
    if not 1 <= limit <= MAX_PAGE:
        msg = f"limit is {limit}; it must be 1 to {MAX_PAGE}"
        raise ValueError(msg)
    where, parameters = conditions(filters or EventFilters())
    if cursor is not None:
        seq = decode_event_id(cursor)
        # The time bound says nothing new, but leaves out the partitions of later months.
        where += ["seq < {before:UInt64}", "ingested_at <= {until:DateTime('UTC')}"]
        parameters |= {"before": seq, "until": seq_time(seq).replace(microsecond=0)}
    rows = await engine.query(
        f"SELECT {_COLUMNS} FROM raw_events WHERE {' AND '.join(where) or 'true'} "
        "ORDER BY seq DESC LIMIT {limit:UInt32}",
        {**parameters, "limit": limit + 1},
    )
    # An event may be stored twice when an insert is repeated later than its token is remembered; it is listed once.
    # LIMIT 1 BY would do it too, but then the engine reads every row.
    events = list({row["seq"]: _event(row) for row in rows[:limit]}.values())
    return EventPage(events, events[-1].event_id if len(rows) > limit else None)


async def get_event(engine: Engine, event_id: str) -> RawEvent | None:
    """Return one event, None when it is not there (any more).

    Raises:
        ValueError: ``event_id`` is not one.
    """
    where, parameters = _one(event_id)
    rows = await engine.query(f"SELECT {_COLUMNS} FROM raw_events WHERE {where} LIMIT 1", parameters)
    return _event(rows[0]) if rows else None


async def get_body(engine: Engine, event_id: str) -> bytes | None:
    """Return the exact bytes of one event, None when it is not there (any more).

    Raises:
        ValueError: ``event_id`` is not one.
    """
    where, parameters = _one(event_id)
    answer = await engine.stream_raw(f"SELECT body FROM raw_events WHERE {where} LIMIT 1", "RowBinary", parameters)
    return _first_string(answer) if answer else None


def conditions(filters: EventFilters) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions of filters on ``raw_events``, and what they bind."""
    wanted: Mapping[str, Sequence[str]] = {
        "source": filters.sources,
        "record_type": filters.record_types,
        "entity_type": filters.entity_types,
        "source_id": filters.source_ids,
        "batch_id": filters.batch_ids,
    }
    where = [f"{column} IN {{{column}:Array(String)}}" for column, values in wanted.items() if values]
    return where, {column: list(values) for column, values in wanted.items() if values}


def _one(event_id: str) -> tuple[str, dict[str, Any]]:
    """Return the condition that finds one event: its second gives the month's partition, an index the rest."""
    seq = decode_event_id(event_id)
    where = "seq = {seq:UInt64} AND ingested_at = {at:DateTime('UTC')}"
    return where, {"seq": seq, "at": seq_time(seq).replace(microsecond=0)}


def _event(row: Row) -> RawEvent:
    numbers = {name: int(row[name]) for name in ("seq", "vendor_seq", "bytes")}
    times = {name: _time(row[name]) for name in ("source_time", "received_at")}
    return RawEvent(event_id=encode_event_id(numbers["seq"]), **{**row, **numbers, **times})


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _first_string(answer: bytes) -> bytes:
    """Read the string at the start of a RowBinary answer: its length in groups of 7 bits, then the bytes."""
    length, shift, position = 0, 0, 0
    while True:
        byte = answer[position]
        length |= (byte & 0x7F) << shift
        shift += 7
        position += 1
        if byte < 0x80:
            return answer[position : position + length]
