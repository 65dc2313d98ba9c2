"""The raw zone: every byte comes back, nothing is stored twice, events are found."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from salescommand_lake import Engine
from salescommand_lake.identifiers import decode_event_id, encode_event_id, make_seq, seq_time
from salescommand_lake.raw import EventFilters, RawRow, get_body, get_event, insert_raw, list_events
from tests.support.depth import deep

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
FIRST = make_seq(NOON, 7)

# Bodies that break something somewhere: parsers, escapes, numbers, nesting, encodings.
NASTY = [
    b"{}",
    b'{"a":null}',
    b'{"a":1.10,"b":1e5,"c":-0.0,"d":123456789012345678901234567890}',
    b'{"a":1,"a":2}',
    b'{"b":{"c":1},"b.c":2}',
    b'{"a":"\\ud800"}',
    b'{"a":1e400}',
    b'{"a":"\xff\xfe"}',
    b'{"a":"\\u0000\\b\\f\\n\\r\\t\\"\\\\\\/"}',
    b'{"a":"tab\there"}',
    b'{"":{"":""}}',
    b'{"d":"2026-01-01","t":"2026-01-01T00:00:00Z"}',
    b'{"a":[1,"x",{"b":[null,true,[]]}]}',
    b'  {"spaced" : 1 }\r\n',
    b'\xef\xbb\xbf{"bom":1}',
    b"[1,2]",
    b'"text"',
    b"null",
    b"",
    b"\x00",
    b"not json",
    b'{"a":1} trailing',
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
    b'{"' + b"k" * 70_000 + b'":1}',
    json.dumps({f"key {n}": n for n in range(3000)}).encode(),
    '{"ü":"🎉\u2028"}'.encode(),
]


def row(number: int, body: bytes = b'{"a":1}', **more: Any) -> RawRow:
    fields: dict[str, Any] = {
        "source": "crm",
        "entity_type": "deal",
        "source_id": str(number),
        "seq": FIRST + (number << 10),
        "body": body,
        "batch_id": "b1",
        "event_key": number.to_bytes(16, "big"),
        "record_type": "opportunity",
    }
    return RawRow(**fields | more)


async def one(engine: Engine, sql: str) -> Any:
    return next(iter((await engine.query(sql))[0].values()))


def json_values() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


BODIES = st.one_of(
    st.binary(max_size=200),
    st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.dictionaries(st.text(), json_values(), max_size=5).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.text(), json_values(), max_size=5).map(
        lambda v: json.dumps(v, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ),
    st.sampled_from(NASTY),
)


@settings(max_examples=deep(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies=st.lists(BODIES, min_size=1, max_size=12), source_id=st.text())
@example(bodies=NASTY, source_id="it's\n\\\0")
@example(bodies=[b"\\N", b"\\", b'"', b"\n\n"], source_id="\ud800")
async def test_every_body_comes_back_byte_for_byte(any_engine: Engine, bodies: list[bytes], source_id: str) -> None:
    await any_engine.command("TRUNCATE TABLE raw_events")
    rows = [row(number, body, source_id=source_id) for number, body in enumerate(bodies)]
    token = hashlib.sha256(b"\0".join(bodies) + source_id.encode("utf-8", "surrogatepass")).hexdigest()
    await insert_raw(any_engine, rows, token + os.urandom(4).hex())
    for expected in rows:
        event_id = encode_event_id(expected.seq)
        assert await get_body(any_engine, event_id) == expected.body
        event = await get_event(any_engine, event_id)
        assert event is not None
        assert event.bytes == len(expected.body)
        assert event.body_sha256 == hashlib.sha256(expected.body).hexdigest()
    assert await one(any_engine, "SELECT countIf(SHA256(body) != body_sha256) AS n FROM raw_events") == "0"
    stored = await one(any_engine, "SELECT hex(any(source_id)) AS id FROM raw_events")
    assert bytes.fromhex(stored) == source_id.encode("utf-8", "surrogatepass")


REFUSED = [
    (b'{"a":1,"a":2}', "a key occurs twice"),
    (b'{"b":{"c":1},"b.c":2}', "collides with a nested one"),
    (b'{"a":"\\ud800"}', "lone surrogate"),
    (b'{"a":1e400}', "number out of range"),
    (b'{"a":' * 3000 + b"1" + b"}" * 3000, "nested too deep"),
    (b'{"a":"\xff"}', "broken text"),
    (b"nonsense", "not readable as JSON"),
    (b"[1]", "not a JSON object"),
    (b"null", "not a JSON object"),
    (b"", "there is no body"),
]
ACCEPTED = [
    b"{}",
    b'{"a":null}',
    b'{"a":{}}',
    b'{"a":1}',
    b'{"d":"2026-01-01"}',
    b' {"n":123456789012345678901234567890}',
]


async def test_a_refused_body_is_stored_with_the_reason_and_fails_nobody(any_engine: Engine) -> None:
    bodies = [body for body, _ in REFUSED] + ACCEPTED
    await insert_raw(any_engine, [row(number, body) for number, body in enumerate(bodies)], "mixed")
    rows = await any_engine.query(
        "SELECT source_id, payload_error, empty(JSONAllPaths(payload)) AS bare FROM raw_events"
    )
    errors = {int(found["source_id"]): found["payload_error"] for found in rows}
    for number, (body, reason) in enumerate(REFUSED):
        assert reason in errors[number], body[:40]
    assert [errors[number] for number in range(len(REFUSED), len(bodies))] == [""] * len(ACCEPTED)
    assert all(found["bare"] for found in rows if found["payload_error"])


async def test_the_payload_can_be_queried(any_engine: Engine) -> None:
    await insert_raw(any_engine, [row(1, b'{"deal":{"amount":"12.50","day":"2026-01-01"}}')], "t")
    rows = await any_engine.query(
        "SELECT payload.deal.amount.:String AS amount, payload.deal.day.:String AS day FROM raw_events"
    )
    assert rows == [{"amount": "12.50", "day": "2026-01-01"}]


async def test_the_same_token_adds_nothing_to_raw_or_to_the_queue(any_engine: Engine) -> None:
    rows = [row(1), row(2), row(2, source_id="1"), row(3, source="other"), row(4, record_type="")]
    rows = [row(n, source=r.source, source_id=r.source_id, record_type=r.record_type) for n, r in enumerate(rows)]
    for _ in range(3):
        await insert_raw(any_engine, rows, "token-1")
    await insert_raw(any_engine, [row(10, batch_id="b2")], "token-2")
    assert await one(any_engine, "SELECT count() AS n FROM raw_events") == "6"
    batches = await any_engine.query(
        "SELECT batch_id, source, record_type, events, first_seq, last_seq, loaded_at > '2026-01-01' AS late "
        "FROM raw_batches ORDER BY batch_id, source, record_type"
    )
    assert [tuple(batch.values()) for batch in batches] == [
        ("b1", "crm", "", "1", str(rows[4].seq), str(rows[4].seq), 1),
        ("b1", "crm", "opportunity", "3", str(rows[0].seq), str(rows[2].seq), 1),
        ("b1", "other", "opportunity", "1", str(rows[3].seq), str(rows[3].seq), 1),
        ("b2", "crm", "opportunity", "1", str(row(10).seq), str(row(10).seq), 1),
    ]
    keys = await any_engine.query(
        "SELECT source, record_type, entity_type, source_id, events FROM raw_batch_keys WHERE batch_id = 'b1' "
        "ORDER BY source, record_type, source_id"
    )
    assert [tuple(key.values()) for key in keys] == [
        ("crm", "", "deal", "4", "1"),
        ("crm", "opportunity", "deal", "1", "2"),
        ("crm", "opportunity", "deal", "2", "1"),
        ("other", "opportunity", "deal", "3", "1"),
    ]


async def test_a_batch_over_two_months_is_stored_once(any_engine: Engine) -> None:
    turn = datetime(2026, 2, 28, 23, 59, 59, 999_990, tzinfo=UTC)
    rows = [row(n, seq=make_seq(turn + timedelta(microseconds=n), 0)) for n in range(20)]
    for _ in range(2):
        await insert_raw(any_engine, rows, "two months")
    assert await one(any_engine, "SELECT count() AS n FROM raw_events") == "20"
    assert await one(any_engine, "SELECT sum(events) AS n FROM raw_batches") == "20"
    assert await one(any_engine, "SELECT uniqExact(_partition_id) AS n FROM raw_events") == "2"
    for expected in rows:
        assert await get_event(any_engine, encode_event_id(expected.seq)) is not None


async def test_an_event_comes_back_with_all_that_was_known(any_engine: Engine) -> None:
    body = b'{"id":1}'
    stored = row(
        5,
        body,
        kind="hubspot",
        vendor_seq=99,
        operation="patch",
        source_time=datetime(2026, 2, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        body_index=3,
        request_sha256=hashlib.sha256(b"request").digest(),
    )
    await insert_raw(any_engine, [stored], "t")
    event = await get_event(any_engine, encode_event_id(stored.seq))
    assert event is not None
    assert event.seq == stored.seq
    assert event.event_id == encode_event_id(stored.seq)
    assert (event.source, event.kind, event.entity_type, event.record_type) == ("crm", "hubspot", "deal", "opportunity")
    assert (event.source_id, event.operation, event.vendor_seq, event.batch_id) == ("5", "patch", 99, "b1")
    assert event.source_time == datetime(2026, 2, 1, tzinfo=UTC)
    assert event.source_time_given
    assert event.received_at == seq_time(stored.seq)
    assert event.bytes == len(body)
    assert event.body_sha256 == hashlib.sha256(body).hexdigest()
    assert event.request_sha256 == hashlib.sha256(b"request").hexdigest()
    assert (event.body_index, event.payload_error) == (3, "")


@pytest.mark.parametrize(
    "source_time",
    [None, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1)))],
)
async def test_a_time_that_the_engine_can_not_hold_counts_as_not_given(
    any_engine: Engine, source_time: datetime | None
) -> None:
    await insert_raw(any_engine, [row(1, source_time=source_time, vendor_seq=2**64), row(2)], "t")
    event = await get_event(any_engine, encode_event_id(row(1).seq))
    assert event is not None
    assert not event.source_time_given
    assert event.source_time == event.received_at.replace(microsecond=event.received_at.microsecond // 1000 * 1000)
    assert event.vendor_seq == 0


async def test_an_event_that_is_not_there(any_engine: Engine) -> None:
    assert await get_event(any_engine, encode_event_id(FIRST)) is None
    assert await get_body(any_engine, encode_event_id(FIRST)) is None
    for wrong in ("", "ev_", "ev_0000000000i00", "xx_0000000000000", "ev_zzzzzzzzzzzzz", "ev_00000000000000"):
        with pytest.raises(ValueError, match="not an event id"):
            await get_event(any_engine, wrong)


async def listed(engine: Engine, filters: EventFilters, limit: int) -> list[int]:
    """Walk through all pages and return the arrival numbers in the order of the pages."""
    found: list[int] = []
    cursor = None
    while True:
        page = await list_events(engine, filters, cursor, limit)
        assert 0 < len(page.items) <= limit or not found
        found += [event.seq for event in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 7, 10, 500])
async def test_events_are_listed_newest_first_page_by_page(any_engine: Engine, limit: int) -> None:
    rows = [row(n, source=("crm", "erp")[n % 2], record_type=("opportunity", "account", "")[n % 3]) for n in range(30)]
    await insert_raw(any_engine, rows[:11], "a")
    await insert_raw(any_engine, rows[11:], "b")

    def expected(*numbers: int) -> Sequence[int]:
        return [rows[n].seq for n in sorted(numbers, reverse=True)]

    assert await listed(any_engine, EventFilters(), limit) == expected(*range(30))
    assert await listed(any_engine, EventFilters(sources=["erp"]), limit) == expected(*range(1, 30, 2))
    assert await listed(any_engine, EventFilters(record_types=["account", ""]), limit) == expected(
        *(n for n in range(30) if n % 3)
    )
    assert await listed(any_engine, EventFilters(sources=["crm"], source_ids=["4", "5"]), limit) == expected(4)
    assert await listed(any_engine, EventFilters(entity_types=["x' OR 1"]), limit) == []


async def test_an_event_that_was_stored_twice_is_listed_once(any_engine: Engine) -> None:
    await insert_raw(any_engine, [row(1), row(2)], "a")
    await insert_raw(any_engine, [row(1), row(2)], "another token")
    page = await list_events(any_engine, limit=50)
    assert [event.seq for event in page.items] == [row(2).seq, row(1).seq]


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_page_has_a_size_that_makes_sense(engine: Engine, limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        await list_events(engine, limit=limit)


async def test_one_event_is_found_without_reading_all(engine: Engine) -> None:
    await engine.command(
        "INSERT INTO raw_events "
        "(source, entity_type, source_id, ingested_at, seq, received_at, body, payload, payload_error) "
        "SELECT 's', 'deal', toString(cityHash64(number) % 50000), toDateTime('2026-03-01 00:00:00') + number, "
        "  ((1772323200 - 1577836800 + number) * 1000000) * 1024, toDateTime('2026-03-01 00:00:00') + number, "
        "  concat('{\"n\":', toString(number), '}'), CAST('{}', 'JSON'), '' FROM numbers(400000)"
    )
    await engine.command("OPTIMIZE TABLE raw_events FINAL")
    second = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=123_456)
    event_id = encode_event_id(make_seq(second, 0))
    assert await get_body(engine, event_id) == b'{"n":123456}'
    plan = await engine.query(
        "EXPLAIN indexes = 1 "
        "SELECT body FROM raw_events WHERE seq = {seq:UInt64} AND ingested_at = {at:DateTime('UTC')}",
        {"seq": decode_event_id(event_id), "at": second},
    )
    granules = [line["explain"] for line in plan if "Granules:" in line["explain"]]
    read, total = granules[-1].split(":")[1].strip().split("/")
    assert int(read) * 20 < int(total)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_times_are_utc_wherever_the_machine_stands(tmp_path: Path, zone: str) -> None:
    script = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from salescommand_lake import LakeSettings, open_engine
from salescommand_lake.identifiers import encode_event_id, make_seq
from salescommand_lake.raw import RawRow, get_body, list_events, insert_raw
from salescommand_lake.schema import ensure_schema
async def main():
    engine = open_engine(LakeSettings(data_dir=Path(sys.argv[1])))
    await ensure_schema(engine)
    seqs = [make_seq(datetime(2026, month, day, hour, tzinfo=UTC), 0)
            for month, day, hour in ((2, 28, 12), (2, 28, 23), (3, 1, 0), (3, 1, 3), (3, 1, 12))]
    await insert_raw(engine, [RawRow(source="s", entity_type="d", source_id=str(n), seq=seq, body=str(n).encode(),
                                     batch_id="b") for n, seq in enumerate(seqs)], "t")
    print([await get_body(engine, encode_event_id(seq)) for seq in seqs])
    page = await list_events(engine, cursor=encode_event_id(seqs[3]))
    print([event.received_at.isoformat() for event in page.items])
    print(await engine.query("SELECT groupArray(toString(ingested_at)) AS at, groupUniqArray(_partition_id) AS p "
                             "FROM (SELECT ingested_at, _partition_id FROM raw_events ORDER BY seq)"))
    await engine.close()
asyncio.run(main())
"""
    environment = {**os.environ, "TZ": zone}
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    bodies, received, stored = ran.stdout.splitlines()
    assert bodies == "[b'0', b'1', b'2', b'3', b'4']"
    assert received == "['2026-03-01T00:00:00+00:00', '2026-02-28T23:00:00+00:00', '2026-02-28T12:00:00+00:00']"
    assert "'2026-02-28 23:00:00', '2026-03-01 00:00:00'" in stored
    assert "202602" in stored
    assert "202603" in stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", -1),
        ("seq", 2**64),
        ("event_key", b"short"),
        ("operation", "upsert"),
        ("body_sha256", b"short"),
        ("request_sha256", b""),
        ("body_index", -1),
        ("received_at", datetime(2026, 1, 1)),  # noqa: DTZ001
        ("source_time", datetime(2026, 1, 1)),  # noqa: DTZ001
    ],
)
def test_a_row_that_the_platform_made_wrong_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{field} of the event crm/deal"):
        row(1, **{field: value})
