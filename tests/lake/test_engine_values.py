"""Small pure parts of the lake: event ids, error classes, settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salescommand_lake import LakeSettings
from salescommand_lake.errors import (
    AccessDenied,
    LakeError,
    LakeUnavailable,
    OutOfMemory,
    QueryTimeout,
    RowRejected,
    SchemaMismatch,
    TooManyParts,
    clean,
    from_engine,
)
from salescommand_lake.identifiers import EPOCH, decode_event_id, encode_event_id, make_seq, seq_time

SEQS = st.integers(0, 2**64 - 1)


@given(seq=SEQS, other=SEQS)
def test_event_ids_are_bijective_and_sort_like_arrival(seq: int, other: int) -> None:
    event_id = encode_event_id(seq)
    assert decode_event_id(event_id) == seq
    assert len(event_id) == 16
    assert event_id == event_id.lower()
    assert (event_id < encode_event_id(other)) == (seq < other)


@given(text=st.text(max_size=20))
def test_only_event_ids_are_event_ids(text: str) -> None:
    try:
        seq = decode_event_id(text)
    except ValueError as error:
        assert "not an event id" in str(error)  # noqa: PT017 - either outcome is fine, each is checked
    else:
        assert encode_event_id(seq) == text


@given(
    at=st.datetimes(datetime(2020, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    instance=st.integers(0, 1023),
)
def test_an_arrival_number_carries_its_time_and_instance(at: datetime, instance: int) -> None:
    seq = make_seq(at, instance)
    assert seq_time(seq) == at
    assert seq & 1023 == instance
    assert make_seq(at + timedelta(microseconds=1), 0) > seq


@pytest.mark.parametrize(
    ("at", "instance"),
    [(datetime(2026, 1, 1), 0), (EPOCH - timedelta(seconds=1), 0), (EPOCH, 1024), (EPOCH, -1)],  # noqa: DTZ001
)
def test_what_can_not_be_an_arrival_number(at: datetime, instance: int) -> None:
    with pytest.raises(ValueError, match=r"received_at|instance"):
        make_seq(at, instance)


@pytest.mark.parametrize(
    ("code", "kind", "retryable", "unknown"),
    [
        (210, LakeUnavailable, True, True),
        (242, LakeUnavailable, True, True),
        (319, LakeUnavailable, True, True),
        (243, LakeUnavailable, True, True),
        (164, AccessDenied, False, False),
        (999, LakeUnavailable, True, True),
        (159, QueryTimeout, True, True),
        (209, QueryTimeout, True, True),
        (252, TooManyParts, True, False),
        (202, TooManyParts, True, False),
        (241, OutOfMemory, True, False),
        (516, AccessDenied, False, False),
        (117, RowRejected, False, False),
        (27, RowRejected, False, False),
        (53, RowRejected, False, False),
        (6, RowRejected, False, False),
        (60, SchemaMismatch, False, False),
        (16, SchemaMismatch, False, False),
        (62, LakeError, False, False),
        (12345, LakeError, False, False),
    ],
)
def test_error_numbers_become_classes(code: int, kind: type[LakeError], retryable: bool, unknown: bool) -> None:
    error = from_engine(f"x Code: {code}. DB::Exception: something (NAME) (version 26.9.2.1)")
    assert type(error) is kind
    assert (error.code, error.retryable, error.outcome_unknown) == (code, retryable, unknown)
    assert str(error) == f"Code: {code}. DB::Exception: something (NAME)"


def test_messages_are_short_and_keep_no_password() -> None:
    assert "hunter2" not in clean("can't reach http://me:hunter2@host:8123/ (for url http://me:hunter2@host:8123)")
    assert len(clean("x" * 100_000)) < 2100
    assert clean("Code: 60. DB::Exception: gone (version 1 (official build)) (for url http://h)").endswith("gone")


def test_settings_come_from_the_environment() -> None:
    settings = LakeSettings.from_env({})
    assert (settings.url, settings.database, settings.user, settings.password) == (None, "salesintel", "default", "")
    assert settings.schema == "ensure"
    assert settings.embedded_path == (Path("data") / "lake").resolve()
    settings = LakeSettings.from_env(
        {
            "CLICKHOUSE_URL": "http://clickhouse:8123",
            "CLICKHOUSE_DATABASE": "db",
            "CLICKHOUSE_USER": "u",
            "CLICKHOUSE_PASSWORD": "p",
            "SALESCOMMAND_DATA_DIR": "/srv/x",
            "SALESCOMMAND_SCHEMA": "verify",
            "SALESCOMMAND_LAKE_MEMORY_MIB": "512",
        }
    )
    assert (settings.url, settings.database, settings.user, settings.password) == (
        "http://clickhouse:8123",
        "db",
        "u",
        "p",
    )
    assert settings.schema == "verify"
    assert settings.memory == 512 * 1024 * 1024


@pytest.mark.parametrize(
    ("name", "value"),
    [("SALESCOMMAND_SCHEMA", "maybe"), ("SALESCOMMAND_LAKE_MEMORY_MIB", "lots"), ("SALESCOMMAND_LAKE_THREADS", "0")],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        LakeSettings.from_env({name: value})
