"""What a lake promises, on each driver: the embedded engine, and the real client talking HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salescommand_lake import Engine
from salescommand_lake.engine import Columns
from salescommand_lake.engine.base import Row
from salescommand_lake.errors import (
    LakeError,
    OutOfMemory,
    QueryTimeout,
    RowRejected,
    SchemaMismatch,
)
from tests.support.depth import deep
from tests.support.waiting import until

VALUES = """
CREATE TABLE things (
  id UInt64, text String, amount Decimal(18, 4), big UInt256, at DateTime64(6, 'UTC'), second DateTime, day Date,
  flag Bool, ratio Float64, maybe Nullable(String), list Array(String), map Map(String, UInt64), raw FixedString(4),
  filled String DEFAULT concat('from ', text)
) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100
"""
NASTY = [
    "",
    "plain",
    "it's",
    'a "b"',
    "back\\slash",
    "tab\tline\nreturn\r",
    "nul\0",
    "\x01\x1f\x7f",
    "ünïcödé 🎉",
    "\\N",
]
SLOW = settings(
    max_examples=deep(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def thing(number: int, text: str = "x", **more: Any) -> Row:
    row: Row = {
        "id": number,
        "text": text,
        "amount": Decimal("1.10"),
        "big": 2**255,
        "at": datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        "second": datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        "day": date(2026, 3, 1),
        "flag": True,
        "ratio": 0.5,
        "maybe": None,
        "list": ["a", "b'"],
        "map": {"k": 2**64 - 1},
        "raw": b'\xff\x00\n"',
    }
    return row | more


async def count(engine: Engine, table: str) -> int:
    return int((await engine.query(f"SELECT count() AS n FROM {table}"))[0]["n"])


async def test_values_arrive_as_documented(any_engine: Engine) -> None:
    await any_engine.command(VALUES)
    await any_engine.insert("things", [thing(2**64 - 1)])
    rows = await any_engine.query("SELECT * EXCEPT raw, hex(raw) AS raw FROM things")
    assert rows == [
        {
            "id": "18446744073709551615",
            "text": "x",
            "amount": "1.1",
            "big": str(2**255),
            "at": "2026-03-01 12:00:00.123456",
            "second": "2026-03-01 10:00:00",
            "day": "2026-03-01",
            "flag": True,
            "ratio": 0.5,
            "maybe": None,
            "list": ["a", "b'"],
            "map": {"k": "18446744073709551615"},
            "raw": "FF000A22",
            "filled": "from x",
        }
    ]


PARAMETERS = {
    "s": ("String", NASTY[-4], NASTY[-4]),
    "n": ("Nullable(String)", None, None),
    "u": ("UInt64", 2**64 - 1, str(2**64 - 1)),
    "d": ("Decimal(18, 4)", Decimal("1E+3"), "1000"),
    "f": ("Float64", 0.25, 0.25),
    "b": ("Bool", True, True),
    "t": (
        "DateTime64(6, 'UTC')",
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        "2025-12-31 23:00:00.000000",
    ),
    "y": ("Date", date(2026, 2, 28), "2026-02-28"),
    "a": ("Array(String)", NASTY, NASTY),
    "e": ("Array(String)", [], []),
    "ts": ("Array(DateTime64(3, 'UTC'))", [datetime(2026, 1, 1, tzinfo=UTC)], ["2026-01-01 00:00:00.000"]),
    "m": ("Map(String, UInt8)", {"it's\n": 1}, {"it's\n": 1}),
    "p": ("Tuple(String, UInt8)", ("a'b", 1), ["a'b", 1]),
    "i": ("UUID", UUID(int=1), str(UUID(int=1))),
}


@pytest.mark.parametrize("name", list(PARAMETERS))
async def test_parameters_of_every_type(any_engine: Engine, name: str) -> None:
    kind, value, answer = PARAMETERS[name]
    rows = await any_engine.query(f"SELECT {{{name}:{kind}}} AS x", {name: value})
    assert rows == [{"x": answer}]


@SLOW
@given(text=st.text(), texts=st.lists(st.text(), max_size=5))
async def test_any_text_is_a_parameter_and_never_sql(any_engine: Engine, text: str, texts: list[str]) -> None:
    rows = await any_engine.query("SELECT {t:String} AS t, {ts:Array(String)} AS ts", {"t": text, "ts": texts})
    assert rows == [{"t": text, "ts": texts}]


async def test_a_parameter_too_long_for_an_address(any_engine: Engine) -> None:
    texts = [f"it's {number}\n" for number in range(20_000)]
    rows = await any_engine.query(
        "SELECT length({ts:Array(String)}) AS n, {ts:Array(String)}[20000] AS last", {"ts": texts}
    )
    assert rows == [{"n": "20000", "last": "it's 19999\n"}]


# What stands for a value in a name must be the same in every process that collects the tests.
@pytest.mark.parametrize(
    "value",
    [float("nan"), Decimal("Infinity"), datetime(2026, 1, 1), object()],  # noqa: DTZ001
    ids=lambda value: type(value).__name__,
)
async def test_a_value_that_means_nothing_is_refused_by_name(any_engine: Engine, value: object) -> None:
    with pytest.raises((TypeError, ValueError), match="'x'"):
        await any_engine.query("SELECT {x:String}", {"x": value})


@SLOW
@given(bodies=st.lists(st.binary(), min_size=1, max_size=20))
async def test_strings_keep_every_byte(any_engine: Engine, bodies: list[bytes]) -> None:
    await any_engine.command("CREATE TABLE IF NOT EXISTS bytes (n UInt32, body String) ENGINE = MergeTree ORDER BY n")
    await any_engine.command("TRUNCATE TABLE bytes")
    await any_engine.insert("bytes", [{"n": number, "body": body} for number, body in enumerate(bodies)])
    rows = await any_engine.query("SELECT hex(body) AS body FROM bytes ORDER BY n")
    assert [bytes.fromhex(row["body"]) for row in rows] == bodies


async def test_bytes_that_are_no_text_do_not_break_a_query(any_engine: Engine) -> None:
    assert await any_engine.query("SELECT unhex('61FF62') AS x") == [{"x": "a\ufffdb"}]
    assert await any_engine.stream_raw("SELECT unhex('61FF62') AS x", "RowBinary") == b"\x03a\xffb"


async def test_the_same_token_adds_nothing(any_engine: Engine) -> None:
    await any_engine.command(VALUES)
    await any_engine.command(
        "CREATE TABLE totals (n UInt64) ENGINE = MergeTree ORDER BY n "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    await any_engine.command("CREATE MATERIALIZED VIEW totals_feed TO totals AS SELECT count() AS n FROM things")
    rows = [thing(number) for number in range(10)]
    for _ in range(3):
        await any_engine.insert("things", rows, token="batch-1")
    await any_engine.insert("things", rows, token="batch-2")
    assert await count(any_engine, "things") == 20
    assert await any_engine.query("SELECT sum(n) AS n FROM totals") == [{"n": "20"}]


async def test_equal_rows_without_a_token_are_all_stored(any_engine: Engine) -> None:
    await any_engine.command(VALUES)
    await any_engine.insert("things", [thing(1)])
    await any_engine.insert("things", [thing(1)])
    assert await count(any_engine, "things") == 2


async def test_one_insert_is_one_block(any_engine: Engine) -> None:
    await any_engine.command(VALUES)
    rows = [thing(number, text="x" * 500) for number in range(20_000)]
    await any_engine.insert("things", rows, token="big")
    await any_engine.insert("things", rows, token="big")
    parts = await any_engine.query(
        "SELECT count() AS parts, sum(rows) AS rows FROM system.parts "
        "WHERE database = {d:String} AND table = 'things' AND active AND level = 0",
        {"d": any_engine.database},
    )
    assert parts == [{"parts": "1", "rows": "20000"}]


async def test_columns_arrive_as_rows_do(any_engine: Engine) -> None:
    """The block format would take a time in other units without a word, so every type goes there and back."""
    kinds = {
        "text": "String",
        "raw": "FixedString(4)",
        "flag": "Bool",
        "small": "UInt32",
        "big": "UInt64",
        "signed": "Int64",
        "second": "DateTime",
        "milli": "DateTime64(3, 'UTC')",
        "micro": "DateTime64(6, 'UTC')",
    }
    made = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    await any_engine.command(
        f"CREATE TABLE both ({made}, word LowCardinality(String), choice Enum8('full' = 1, 'patch' = 2), "
        "filled String DEFAULT concat('from ', text)) ENGINE = MergeTree ORDER BY text"
    )
    texts = [*NASTY, "x" * 127, "x" * 128, "x" * 20_000]
    at = [datetime(2026, 3, 1, 12, number % 60, 7, 123_000, tzinfo=UTC) for number in range(len(texts))]
    at[:3] = [
        datetime(1900, 1, 1, tzinfo=UTC),
        datetime(2299, 12, 31, tzinfo=UTC),
        datetime(1969, 12, 31, 23, tzinfo=UTC),
    ]
    seconds = [moment.replace(year=2026, microsecond=0) for moment in at]
    unix = datetime(1970, 1, 1, tzinfo=UTC)
    values: dict[str, list[Any]] = {
        "text": [text.encode() if number % 2 else text for number, text in enumerate(texts)],
        "raw": [bytes([number, 0, 255, 10]) for number in range(len(texts))],
        "flag": [number % 2 == 0 for number in range(len(texts))],
        "small": [2**32 - 1 - number for number in range(len(texts))],
        "big": [2**64 - 1 - number for number in range(len(texts))],
        "signed": [-(2**63) + number for number in range(len(texts))],
        "second": [(moment - unix) // timedelta(seconds=1) for moment in seconds],
        "milli": [(moment - unix) // timedelta(milliseconds=1) for moment in at],
        "micro": [(moment - unix) // timedelta(microseconds=1) for moment in at],
        "word": ["one", "two"] * (len(texts) // 2) + ["one"] * (len(texts) % 2),
        "choice": ["full"] * (len(texts) - 1) + ["patch"],
    }
    await any_engine.insert("both", Columns({**kinds, "word": "String", "choice": "String"}, values), token="columns")
    rows = [
        {**dict(zip(values, row, strict=True)), "second": second, "milli": moment, "micro": moment}
        for row, second, moment in zip(zip(*values.values(), strict=True), seconds, at, strict=True)
    ]
    found = "SELECT * FROM both ORDER BY ALL"
    by_columns = await any_engine.query(found)
    await any_engine.command("TRUNCATE TABLE both")
    await any_engine.insert("both", rows, token="rows")
    assert by_columns == await any_engine.query(found)
    assert len(by_columns) == len(texts)


@pytest.mark.parametrize(
    ("kind", "values", "error"),
    [
        ("FixedString(4)", [b"abc"], ValueError),
        ("UInt32", [-1], OverflowError),
        ("Decimal(18, 4)", [1], TypeError),
        ("UInt32", ["1"], TypeError),
    ],
)
def test_columns_that_cannot_be_written(kind: str, values: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Columns({"a": kind}, {"a": values}).encode()
    with pytest.raises(ValueError, match="has 1 values"):
        Columns({"a": "UInt32", "b": "UInt32"}, {"a": [1, 2], "b": [1]}).encode()


async def test_an_insert_of_nothing_does_nothing(any_engine: Engine) -> None:
    await any_engine.insert("raw_events", [], token="none")


async def test_rows_must_have_the_same_columns(any_engine: Engine) -> None:
    with pytest.raises(ValueError, match=r"row 1 has other columns.*'b'"):
        await any_engine.insert("things", [{"a": 1}, {"a": 1, "b": 2}])


async def test_a_row_that_does_not_fit_is_rejected_and_nothing_is_stored(any_engine: Engine) -> None:
    await any_engine.command(VALUES)
    with pytest.raises(RowRejected) as caught:
        await any_engine.insert("things", [thing(1), thing(2) | {"id": "not a number"}], token="t")
    assert not caught.value.retryable
    assert not caught.value.outcome_unknown
    assert caught.value.code in (27, 72)
    assert await count(any_engine, "things") == 0
    await any_engine.insert("things", [thing(1)], token="t")  # the refused token is not used up
    assert await count(any_engine, "things") == 1


ERRORS = [
    ("SELECT * FROM nowhere", SchemaMismatch, 60),
    ("SELECT nothing FROM raw_events", SchemaMismatch, 47),
    ("SELECT 1 FROM no_such_database.things", SchemaMismatch, 81),
    ("SELEC 1", LakeError, 62),
    ("SELECT throwIf(1, 'on purpose')", LakeError, 395),
    (
        "SELECT sleepEachRow(0.5) FROM numbers(10) SETTINGS max_execution_time = 1, max_block_size = 1",
        QueryTimeout,
        159,
    ),
    ("SELECT groupArray(number) FROM numbers(10000000) SETTINGS max_memory_usage = 1000000", OutOfMemory, 241),
]


@pytest.mark.parametrize(("sql", "kind", "code"), ERRORS, ids=[str(code) for _, _, code in ERRORS])
async def test_errors_have_a_class_and_a_number(any_engine: Engine, sql: str, kind: type[LakeError], code: int) -> None:
    with pytest.raises(LakeError) as caught:
        await any_engine.query(sql)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "version" not in str(caught.value)
    assert await any_engine.query("SELECT 1 AS x") == [{"x": 1}]


async def test_settings_hold_for_one_statement(any_engine: Engine) -> None:
    asked = "SELECT getSetting('max_block_size') AS size, getSetting('output_format_json_quote_decimals') AS quote"
    before = await any_engine.query(asked)
    changed = {"max_block_size": 1234, "output_format_json_quote_decimals": False}
    results = [await any_engine.query(asked, settings=changed) for _ in range(8)]
    assert results == [[{"size": 1234, "quote": False}]] * 8
    assert [await any_engine.query(asked) for _ in range(8)] == [before] * 8


async def test_settings_are_set_back_after_a_failure(any_engine: Engine) -> None:
    asked = "SELECT getSetting('max_block_size') AS size"
    before = await any_engine.query(asked)
    for _ in range(8):
        with pytest.raises(LakeError):
            await any_engine.query("SELECT throwIf(1)", settings={"max_block_size": 1234})
        with pytest.raises(LakeError):
            await any_engine.query("SELECT 1", settings={"no_such_setting": 1})
    assert [await any_engine.query(asked) for _ in range(8)] == [before] * 8


async def test_a_name_can_not_carry_sql(any_engine: Engine) -> None:
    for table in ("things; DROP TABLE raw_events", "things` (x)", ""):
        with pytest.raises(LakeError, match="not a name"):
            await any_engine.insert(table, [{"a": 1}])
    with pytest.raises(LakeError, match="not a name"):
        await any_engine.insert("things", [{"a` b": 1}])


async def test_statements_run_at_the_same_time(any_engine: Engine) -> None:
    loop = asyncio.get_running_loop()
    await any_engine.query("SELECT 1")
    began = loop.time()
    await asyncio.gather(*(any_engine.query("SELECT sleep(0.5)") for _ in range(4)))
    assert loop.time() - began < 1.5  # one after the other takes two seconds


async def test_the_event_loop_stays_free(any_engine: Engine) -> None:
    query = asyncio.create_task(any_engine.query("SELECT sleep(0.5)"))
    turns = 0
    while not query.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 20


async def test_cancelled_calls_leave_the_engine_usable(any_engine: Engine) -> None:
    await any_engine.command(VALUES)
    for _ in range(3):
        calls = [asyncio.create_task(any_engine.query("SELECT sleep(0.3), number FROM numbers(3)")) for _ in range(6)]
        calls.append(asyncio.create_task(any_engine.insert("things", [thing(1)], token="cancelled")))
        await asyncio.sleep(0.05)
        for call in calls:
            call.cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert any(isinstance(result, asyncio.CancelledError) for result in results)
        answers = await asyncio.gather(*(any_engine.query("SELECT {n:UInt32} AS n", {"n": n}) for n in range(20)))
        assert answers == [[{"n": n}] for n in range(20)]
    await any_engine.insert("things", [thing(1)], token="cancelled")
    assert await count(any_engine, "things") == 1  # stored once, whether the cancelled ones got there or not


async def test_dates_in_payloads_stay_text(any_engine: Engine) -> None:
    rows = await any_engine.query(
        """SELECT JSONAllPathsWithTypes(CAST('{"d":"2026-01-01","t":"2026-01-01 10:00:00"}', 'JSON')) AS types"""
    )
    assert rows == [{"types": {"d": "String", "t": "String"}}]


async def test_the_database_is_made_once(any_engine: Engine) -> None:
    await any_engine.ensure_database()
    await any_engine.ensure_database()
    assert await any_engine.query("SELECT currentDatabase() AS name") == [{"name": any_engine.database}]


async def test_a_stream_gives_the_answer_piece_by_piece(any_engine: Engine) -> None:
    sql = "SELECT number, {text:String} AS text FROM numbers(200000)"
    async with any_engine.stream(sql, "JSONEachRow", {"text": "a'b"}) as pieces:
        found = [piece async for piece in pieces]
    assert len(found) > 1
    assert b"".join(found) == await any_engine.stream_raw(sql, "JSONEachRow", {"text": "a'b"})


async def test_a_stream_that_is_left_ends_its_statement(engine: Engine) -> None:
    """In this process; over HTTP the server does it when the client hangs up, which the front of the tests can't show.

    That one reads an answer whole before it sends it, and this answer would fill the machine's memory.
    """
    running = (
        "SELECT count() AS n FROM system.processes WHERE position(query, '987654321987') > 0"
        " AND position(query, 'system.processes') = 0"
    )
    async with engine.stream("SELECT number FROM numbers(987654321987)", "RowBinary") as pieces:
        assert await anext(aiter(pieces))
        assert int((await engine.query(running))[0]["n"]) == 1

    async def over() -> bool:
        return int((await engine.query(running))[0]["n"]) == 0

    await until(over, what="the statement has ended")
