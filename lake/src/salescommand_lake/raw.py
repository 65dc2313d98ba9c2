"""The raw zone: storing events exactly as they came, and finding them again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from salescommand_lake.engine import Columns, Engine, Ready, Row
from salescommand_lake.identifiers import EPOCH, INSTANCE_BITS, decode_event_id, encode_event_id, make_seq, seq_time

Operation = Literal["full", "patch", "delete", "undelete", "merge"]

MAX_PAGE = 500
_OPERATIONS = ("full", "patch", "delete", "undelete", "merge")
_LAST_SEQ = make_seq(datetime(2105, 12, 31, tzinfo=UTC), (1 << INSTANCE_BITS) - 1)  # ingested_at is a DateTime
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND, _MILLISECOND = timedelta(microseconds=1), timedelta(milliseconds=1)
_EPOCH_MICROSECONDS = (EPOCH - _UNIX) // _MICROSECOND
_EPOCH_SECONDS = _EPOCH_MICROSECONDS // 1_000_000
_EARLIEST_MS = (datetime(1900, 1, 1, tzinfo=UTC) - _UNIX) // _MILLISECOND
_LATEST_MS = (datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC) - _UNIX) // _MILLISECOND
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBlock:
    """Many events on their way into ``raw_events``: a sequence for each column, as long as ``seq``, in its order.

    The same as so many ``RawRow``, at a fraction of the cost: one ``batch_id``, everything received at the time of
    its ``seq``, times of the source in milliseconds since 1970 UTC, hashes of the bodies given.
    """

    batch_id: str
    seq: Sequence[int]
    source: Sequence[str]
    entity_type: Sequence[str]
    source_id: Sequence[str]
    event_key: Sequence[bytes]
    vendor_seq: Sequence[int]
    kind: Sequence[str]
    record_type: Sequence[str]
    operation: Sequence[Operation]
    source_time_ms: Sequence[int | None]
    body: Sequence[bytes]
    body_sha256: Sequence[bytes]
    body_index: Sequence[int]
    request_sha256: Sequence[bytes]
    contract_error: Sequence[str]

    def columns(self) -> Columns:
        """Return the events as ``insert_raw`` takes them.

        Raises:
            ValueError: a value that the platform itself makes is wrong; the message names its column.
        """
        # Reading one event relies on ingested_at being the second of its seq.
        received = [(seq >> INSTANCE_BITS) + _EPOCH_MICROSECONDS for seq in self.seq]
        return _columns(self, received, [self.batch_id] * len(self.seq))

    def check(self) -> None:
        """Check what the table's types would not.

        Raises:
            ValueError: a value that the platform itself makes is wrong; the message names its column.
        """
        if not self.seq:
            return
        checks = {
            "seq": min(self.seq) >= 0 and max(self.seq) <= _LAST_SEQ,
            "event_key": set(map(len, self.event_key)) == {16},
            "operation": set(self.operation).issubset(_OPERATIONS),
            "body_sha256": set(map(len, self.body_sha256)) == {32},
            "request_sha256": set(map(len, self.request_sha256)) == {32},
            "body_index": min(self.body_index) >= 0 and max(self.body_index) < 1 << 32,
        }
        if wrong := [name for name, fine in checks.items() if not fine]:
            msg = f"the events of the batch {self.batch_id} have a value in {', '.join(wrong)} that is not valid"
            raise ValueError(msg)


def _columns(block: RawBlock, received: Sequence[int], batch_ids: Sequence[str]) -> Columns:
    """Return the columns of events with these times of arrival, in microseconds since 1970 UTC."""
    block.check()
    given = [time is not None and _EARLIEST_MS <= time <= _LATEST_MS for time in block.source_time_ms]
    values: dict[str, Sequence[Any]] = {
        "source": block.source,
        "entity_type": block.entity_type,
        "source_id": block.source_id,
        "ingested_at": [(seq >> INSTANCE_BITS) // 1_000_000 + _EPOCH_SECONDS for seq in block.seq],
        "event_key": block.event_key,
        "seq": block.seq,
        "vendor_seq": [number if 0 <= number < _UINT64 else 0 for number in block.vendor_seq],
        "kind": block.kind,
        "record_type": block.record_type,
        "operation": block.operation,
        "source_time": [
            time if fits else at // 1000 for time, fits, at in zip(block.source_time_ms, given, received, strict=True)
        ],
        "source_time_given": given,
        "received_at": received,
        "body": block.body,
        "body_sha256": block.body_sha256,
        "body_index": block.body_index,
        "request_sha256": block.request_sha256,
        "contract_error": block.contract_error,
        "batch_id": batch_ids,
    }
    return Columns(_TYPES, values)


_SAME = (
    *("seq", "source", "entity_type", "source_id", "event_key", "vendor_seq", "kind", "record_type", "operation"),
    *("body", "body_index", "request_sha256", "contract_error"),
)
"""What rows and blocks hold in the same form."""


def _block(rows: Sequence[RawRow]) -> Columns:
    """Return rows as columns."""
    arrivals = [(row.seq >> INSTANCE_BITS) + _EPOCH_MICROSECONDS for row in rows]
    received = [
        at if row.received_at is None else (row.received_at - _UNIX) // _MICROSECOND
        for row, at in zip(rows, arrivals, strict=True)
    ]
    times = [None if row.source_time is None else (row.source_time - _UNIX) // _MILLISECOND for row in rows]
    block = RawBlock(
        batch_id="",
        source_time_ms=times,
        body_sha256=[row.body_sha256 or hashlib.sha256(row.body).digest() for row in rows],
        **{name: [getattr(row, name) for row in rows] for name in _SAME},
    )
    return _columns(block, received, [row.batch_id for row in rows])


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


async def insert_raw(engine: Engine, rows: Sequence[RawRow] | Columns | Ready, token: str) -> None:
    """Store events in one insert. The same token again, with the same rows, adds nothing anywhere.

    A body that ClickHouse's JSON type refuses is stored like any other, with the reason in ``payload_error``.

    Raises:
        LakeError: nothing was stored, or with ``outcome_unknown`` perhaps everything: repeat it with the same token.
    """
    if rows:
        ready = rows if isinstance(rows, Columns | Ready) else await asyncio.to_thread(_block, rows)
        await engine.insert("raw_events", ready, token=token)


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
