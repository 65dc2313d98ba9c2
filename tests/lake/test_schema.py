"""The schema: made once, checked in words, never changed where only a person can decide."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from salescommand_lake import Engine, LakeSettings, open_engine
from salescommand_lake.errors import SchemaAhead, SchemaBehind, SchemaDiffers
from salescommand_lake.schema import (
    SCHEMA_VERSION,
    ensure_schema,
    require_schema,
    schema_version,
    verify_schema,
)
from salescommand_lake.statements import all_statements, default_of, read_shape, split, type_of

SNAPSHOT = Path(__file__).parents[1] / "data" / "ddl_snapshot.sql"

DOCUMENTED = {
    "raw_events": (
        [
            ("source", "String"),
            ("entity_type", "String"),
            ("source_id", "String"),
            ("payload", "JSON"),
            ("ingested_at", "DateTime"),
        ],
        "entity_type, source_id, ingested_at",
    ),
    "canonical_records": (
        [
            ("canonical_id", "String"),
            ("entity_type", "String"),
            ("payload", "JSON"),
            ("quality_score", "Float64"),
            ("validated_at", "DateTime"),
        ],
        "entity_type, canonical_id, validated_at",
    ),
    "serving_views": (
        [
            ("view_id", "String"),
            ("entity_type", "String"),
            ("payload", "JSON"),
            ("refreshed_at", "DateTime"),
        ],
        "entity_type, view_id, refreshed_at",
    ),
}


async def words(engine: Engine) -> list[str]:
    return [str(difference) for difference in await verify_schema(engine)]


async def test_making_it_again_changes_nothing(any_engine: Engine) -> None:
    catalog = "SELECT name, create_table_query FROM system.tables WHERE database = {d:String} ORDER BY name"
    before = await any_engine.query(catalog, {"d": any_engine.database})
    report = await ensure_schema(any_engine)
    assert report.version == SCHEMA_VERSION
    assert report.applied == report.altered == ()
    assert await any_engine.query(catalog, {"d": any_engine.database}) == before
    assert await verify_schema(any_engine) == []
    await require_schema(any_engine)
    ledger = await any_engine.query("SELECT name FROM schema_ledger")
    assert sorted(row["name"] for row in ledger) == sorted(["schema", *(s.name for s in all_statements())])


@pytest.mark.parametrize("table", list(DOCUMENTED))
async def test_the_documented_tables_begin_as_documented(any_engine: Engine, table: str) -> None:
    columns, sort_key = DOCUMENTED[table]
    parameters = {"d": any_engine.database, "t": table}
    found = await any_engine.query(
        "SELECT name, type FROM system.columns WHERE database = {d:String} AND table = {t:String} ORDER BY position",
        parameters,
    )
    assert [(row["name"], row["type"]) for row in found][: len(columns)] == columns
    tables = await any_engine.query(
        "SELECT sorting_key, engine FROM system.tables WHERE database = {d:String} AND name = {t:String}", parameters
    )
    assert (tables[0]["sorting_key"] + ",").startswith(sort_key + ",")
    assert tables[0]["engine"] == "MergeTree"


@pytest.mark.parametrize("table", list(DOCUMENTED))
async def test_a_row_of_only_the_documented_columns_can_be_inserted(any_engine: Engine, table: str) -> None:
    row = {
        name: {"String": "x", "JSON": {"a": {"b": 1}}, "Float64": 1, "DateTime": "2026-01-01 00:00:00"}[kind]
        for name, kind in DOCUMENTED[table][0]
    }
    await any_engine.insert(table, [row])
    names = ", ".join(name for name, _ in DOCUMENTED[table][0])
    rows = await any_engine.query(f"SELECT {names} FROM {table}")
    assert len(rows) == 1
    assert rows[0]["payload"] == {"a": {"b": "1"}}


async def test_an_empty_database_is_behind(empty_engine: Engine) -> None:
    await empty_engine.ensure_database()
    assert await schema_version(empty_engine) == 0
    with pytest.raises(SchemaBehind, match=f"have 0, need {SCHEMA_VERSION}") as caught:
        await require_schema(empty_engine)
    assert caught.value.retryable
    assert "raw_events: the table is missing" in await words(empty_engine)


async def test_what_differs_is_said_in_words(engine: Engine) -> None:
    for sql in (
        "ALTER TABLE raw_events DROP COLUMN request_sha256",
        "ALTER TABLE raw_events DROP INDEX seq_lookup",
        "ALTER TABLE raw_events MODIFY COLUMN payload_error DEFAULT 'x'",
        "ALTER TABLE raw_batches MODIFY COLUMN events Int64",
        "ALTER TABLE raw_batches MODIFY SETTING non_replicated_deduplication_window = 3",
        "ALTER TABLE raw_batches_feed MODIFY QUERY SELECT batch_id FROM raw_events",
        "DROP TABLE serving_views",
        "DROP TABLE folded_batches",
        "CREATE TABLE folded_batches (batch_id String) ENGINE = MergeTree ORDER BY tuple()",
        "ALTER TABLE raw_events ADD COLUMN of_a_newer_version String",
    ):
        await engine.command(sql)
    found = await words(engine)
    for expected in (
        "raw_events: column request_sha256 is missing",
        "raw_events: index seq_lookup is missing",
        "raw_batches: the type of column events differs: want UInt64, got Int64",
        "raw_batches: the setting non_replicated_deduplication_window differs: want 10000, got 3",
        "serving_views: the table is missing",
        "folded_batches: column source is missing",
        "folded_batches: the engine differs: want ReplacingMergeTree(folded_at), got MergeTree",
        "folded_batches: the sort key differs: want batch_id, source, record_type, got tuple()",
    ):
        assert expected in found
    assert any(text.startswith("raw_events: the default of column payload_error differs") for text in found)
    assert any(text.startswith("raw_batches_feed: the query differs") for text in found)
    assert not any("of_a_newer_version" in text for text in found)
    with pytest.raises(SchemaBehind, match="request_sha256 is missing"):
        await require_schema(engine)


async def test_what_only_adds_is_brought_up_to_date_and_data_stays(any_engine: Engine) -> None:
    await any_engine.insert("raw_events", [{"source": "s", "entity_type": "deal", "source_id": "1", "body": '{"a":1}'}])
    for sql in (
        "ALTER TABLE raw_events DROP COLUMN request_sha256",
        "ALTER TABLE raw_events DROP INDEX seq_lookup",
        "ALTER TABLE raw_events MODIFY COLUMN payload_error REMOVE DEFAULT",
        "ALTER TABLE raw_batches MODIFY SETTING non_replicated_deduplication_window = 3",
        "ALTER TABLE raw_batches_feed MODIFY QUERY SELECT batch_id FROM raw_events",
        "DROP TABLE serving_views",
    ):
        await any_engine.command(sql)
    report = await ensure_schema(any_engine)
    assert report.applied == ("3_serving/010_serving_views.sql",)
    assert len(report.altered) == 5
    assert await verify_schema(any_engine) == []
    assert await any_engine.query("SELECT source_id FROM raw_events") == [{"source_id": "1"}]
    assert (await ensure_schema(any_engine)).altered == ()


async def test_what_a_person_must_decide_is_left_alone(engine: Engine) -> None:
    await engine.command("ALTER TABLE raw_batches MODIFY COLUMN events Int64")
    await engine.command("ALTER TABLE raw_events DROP COLUMN request_sha256")
    with pytest.raises(SchemaDiffers, match="want UInt64, got Int64") as caught:
        await ensure_schema(engine)
    assert not caught.value.retryable
    assert "raw_events: column request_sha256 is missing" in await words(engine)  # nothing was changed


async def test_a_newer_schema_is_not_touched(engine: Engine) -> None:
    newer = "INSERT INTO schema_ledger VALUES ('schema', 'x', {v:UInt32}, now64(6) + 60)"
    await engine.command(newer, {"v": SCHEMA_VERSION + 1})
    await require_schema(engine)  # one version ahead only adds
    with pytest.raises(SchemaAhead):
        await ensure_schema(engine)
    await engine.command(newer, {"v": SCHEMA_VERSION + 2})
    with pytest.raises(SchemaAhead, match=f"have {SCHEMA_VERSION + 2}"):
        await require_schema(engine)


async def test_a_run_that_stopped_half_way_is_completed(empty_engine: Engine) -> None:
    await empty_engine.ensure_database()
    for statement in all_statements()[:4]:
        await empty_engine.command(statement.sql)
    assert await schema_version(empty_engine) == 0
    await ensure_schema(empty_engine)
    assert await schema_version(empty_engine) == SCHEMA_VERSION
    assert await verify_schema(empty_engine) == []


async def test_two_databases_beside_each_other(engine: Engine, lake_settings: LakeSettings) -> None:
    other = open_engine(dataclasses.replace(lake_settings, database=engine.database + "_other"))
    try:
        await ensure_schema(other)
        await other.insert("raw_events", [{"source": "s", "entity_type": "deal", "source_id": "1", "body": "{}"}])
        assert await engine.query("SELECT count() AS n FROM raw_batches") == [{"n": "0"}]
        assert await verify_schema(other) == await verify_schema(engine) == []
    finally:
        await other.command(f"DROP DATABASE IF EXISTS {other.database}")
        await other.close()


def test_statements_can_repeat_and_have_a_name_of_their_own() -> None:
    statements = all_statements()
    assert len({statement.name for statement in statements}) == len(statements)
    assert len({statement.creates[1] for statement in statements}) == len(statements)
    zones = [statement.name.split("/")[0] for statement in statements]
    assert zones == sorted(zones, key=["0_ledger", "1_raw", "2_canonical", "model", "3_serving"].index)


def test_a_change_of_the_ddl_is_seen_in_review(update_snapshots: bool) -> None:
    header = f"-- Schema version {SCHEMA_VERSION}. Written by: pytest tests/lake/test_schema.py --update-snapshots\n"
    text = header + "".join(f"\n-- {statement.name}\n{statement.sql};\n" for statement in all_statements())
    if update_snapshots:
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(text)
    assert SNAPSHOT.read_text() == text, (
        "The DDL has changed. When it is meant to, and a release has this version, raise SCHEMA_VERSION; "
        "then run: pytest tests/lake/test_schema.py --update-snapshots"
    )


def test_reading_a_create_statement() -> None:
    shape = read_shape(
        "CREATE TABLE db.t (`a` Enum8('x, (' = 1, 'it\\'s' = 2) COMMENT 'a, b', "
        "`b` String DEFAULT concat(a, ' COMMENT ') "
        "COMMENT 'c' CODEC(ZSTD(1)), INDEX i b TYPE minmax GRANULARITY 1, PROJECTION p (SELECT a ORDER BY b)) "
        "ENGINE = ReplacingMergeTree(b) PARTITION BY a ORDER BY (a, f(b, 1)) SETTINGS index_granularity = 256, x = 1",
        "db",
    )
    assert {name: type_of(definition) for name, definition in shape.columns.items()} == {
        "a": "Enum8('x, (' = 1, 'it\\'s' = 2)",
        "b": "String",
    }
    assert default_of(shape.columns["a"]) == ""
    assert default_of(shape.columns["b"]) == "DEFAULT concat(a, ' COMMENT ')"
    assert shape.indexes == {"i": "b TYPE minmax GRANULARITY 1"}
    assert shape.sort_key == ["a", "f(b, 1)"]
    assert shape.settings == {"index_granularity": "256", "x": "1"}
    assert shape.clauses["ENGINE ="] == "ReplacingMergeTree(b)"
    assert split("a, f(b, 'c, d'), [1, 2]") == ["a", "f(b, 'c, d')", "[1, 2]"]
