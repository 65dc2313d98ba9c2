"""What a step of the fold does: once, in whole, however often it is interrupted, and without taking others down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from salescommand_lake import Engine
from salescommand_lake.books import raw_books
from salescommand_lake.errors import LakeUnavailable
from salescommand_lake.fold import apply_mapping, fold_pending
from salescommand_lake.mapping import MappingError
from salescommand_lake.mapping.catalog import load_catalog
from salescommand_lake.model import NOUNS
from salescommand_lake.raw import RawRow
from tests.support.failing_engine import FailingEngine, RefusingEngine
from tests.support.lake_events import event, states, store

DEAL = NOUNS["opportunity"]
OWN = """
source: shop
record_type: opportunity
entity_types: [sale]
fields:
  name: {path: $.what}
  amount: {path: $.price, parse: decimal}
  currency: {value: EUR}
"""


async def balanced(engine: Engine) -> dict[str, dict[str, int]]:
    """Return the books, which must add up."""
    books = await raw_books(engine)
    for source, terms in books.items():
        raw, *others = (
            terms[name] for name in ("raw", "pending", "applied", "superseded", "ignored", "quarantined", "expired")
        )
        assert raw == sum(others), (source, terms)
    return books


async def everything(engine: Engine) -> dict[str, Any]:
    """Return what a fold leaves behind, without the marks of when it ran."""
    found: dict[str, Any] = {}
    for noun in NOUNS.values():
        rows = await engine.query(f"SELECT * FROM {noun.table} FINAL ORDER BY canonical_id")
        found[noun.table] = rows
    found["versions"] = await engine.query(
        "SELECT * EXCEPT generation FROM canonical_records ORDER BY canonical_id, ord, received_at, content_hash"
    )
    found["quarantine"] = await engine.query(
        "SELECT * EXCEPT generation FROM quarantine FINAL WHERE NOT resolved ORDER BY source, seq, field"
    )
    found["ledger"] = await engine.query(
        "SELECT * EXCEPT folded_at FROM folded_batches FINAL ORDER BY batch_id, source, record_type"
    )
    return found


def mixed(start: int = 0) -> list[RawRow]:
    """Make events of several sources and nouns, with repeats, refusals and some that nobody maps."""
    key = b"k" * 16
    return [
        event(start + 1, {"id": "1", "name": "A", "amount": "10", "currency": "EUR", "stage": "New"}),
        event(start + 2, {"id": "1", "name": "A", "amount": "1,000"}, event_key=key),
        event(start + 3, {"id": "1", "name": "A", "amount": "1,000"}, event_key=key),
        event(start + 4, b"broken", source_id="2"),
        event(start + 5, {"id": "9", "name": "Ada"}, record_type="owner", entity_type="owner"),
        event(
            start + 6, {"id": "5", "what": "chair", "price": "7.5"}, source="shop", entity_type="sale", record_type=""
        ),
        event(start + 7, {"id": "6", "x": 1}, source="shop", entity_type="visit", record_type=""),
    ]


async def test_a_step_takes_what_is_there_and_counts_it(any_engine: Engine) -> None:
    engine = any_engine
    await apply_mapping(engine, OWN, author="test")
    await store(engine, mixed(), "b1")
    books = await balanced(engine)
    assert books["crm"]["pending"] == 5
    result = await fold_pending(engine)
    assert (result.batches, result.events, result.applied, result.quarantined, result.ignored) == (1, 7, 5, 1, 1)
    assert not result.more
    assert result.changed
    books = await balanced(engine)
    assert books["crm"] == {
        "raw": 5,
        "pending": 0,
        "applied": 3,
        "superseded": 1,
        "ignored": 0,
        "quarantined": 1,
        "expired": 0,
    }
    assert books["shop"]["ignored"] == 1
    again = await fold_pending(engine)
    assert not again.changed
    found = await states(engine, DEAL)
    assert found["shop", "5"]["currency"] == "EUR"
    # The amount that could not be read leaves the earlier one; the rest of its event counts.
    assert str(found["crm", "1"]["amount"]) == "10"
    assert found["crm", "1"]["superseded"] == 1


async def test_a_step_may_stop_between_any_two_statements(engine: Engine) -> None:
    """Before the first, then after each one: before the next one would leave the same."""
    await apply_mapping(engine, OWN, author="test")
    clean = await _clean_run(engine)
    for table in [*clean, *(noun.changes_table for noun in NOUNS.values())]:
        name = {"versions": "canonical_records", "ledger": "folded_batches"}.get(table, table)
        await engine.command(f"TRUNCATE TABLE {name} SYNC")
    await engine.command("TRUNCATE TABLE applied_mappings SYNC")
    at = 0
    while True:
        failing = FailingEngine(engine, at=max(at, 1), done=at > 0)
        at += 1
        try:
            result = await fold_pending(failing, max_events=7)  # type: ignore[arg-type]
        except LakeUnavailable:
            await balanced(engine)
            continue
        await balanced(engine)
        if not result.more:
            break
    assert at > 5
    assert await everything(engine) == clean


async def _clean_run(engine: Engine) -> dict[str, Any]:
    await store(engine, mixed(), "b1")
    await store(engine, mixed(100), "b2")
    while (await fold_pending(engine, max_events=7)).more:
        pass
    await balanced(engine)
    return await everything(engine)


async def test_a_mapping_applied_before_or_after_gives_the_same(engine: Engine) -> None:
    rows = [
        event(
            n,
            {"id": str(n % 3), "what": f"thing {n}", "price": str(n)},
            source="shop",
            entity_type="sale",
            record_type=kind,
        )
        for n, kind in enumerate(["opportunity", "", "opportunity", ""] * 2)
    ]
    await store(engine, rows, "b1")
    first = await fold_pending(engine)
    assert first.ignored == 4
    assert (await states(engine, DEAL))["shop", "0"]["name"] is None
    applied = await apply_mapping(engine, OWN, author="test")
    assert (applied.scope, applied.record_type, applied.version, applied.changed) == (
        "source:shop",
        "opportunity",
        1,
        True,
    )
    second = await fold_pending(engine)
    assert second.remapped == 8
    after = await states(engine, DEAL)
    assert after["shop", "0"]["name"] == "thing 6"
    assert (await balanced(engine))["shop"]["applied"] == 8
    for table in ("opportunities", "opportunity_changes", "folded_batches", "applied_mappings", "quarantine"):
        await engine.command(f"TRUNCATE TABLE {table} SYNC")
    await fold_pending(engine)
    assert await states(engine, DEAL) == after
    assert not (await fold_pending(engine)).changed


async def test_the_same_document_again_changes_nothing(engine: Engine) -> None:
    await store(engine, [event(1, {"id": "5", "what": "x"}, source="shop")], "b1")
    assert (await apply_mapping(engine, OWN, author="a")).changed
    await fold_pending(engine)
    again = await apply_mapping(engine, OWN, author="b")
    assert (again.version, again.changed) == (1, False)
    assert not (await fold_pending(engine)).changed


async def test_a_better_mapping_empties_the_quarantine(any_engine: Engine) -> None:
    engine = any_engine
    bad = OWN + "  close_date: {path: $.day, parse: date}\n"
    good = OWN + "  close_date: {path: $.day, parse: date, formats: [mdy]}\n"
    await apply_mapping(engine, bad, author="a")
    await store(
        engine,
        [event(1, {"id": "5", "day": "3/1/2017"}, source="shop"), event(2, {"id": "6", "day": "x"}, source="shop")],
        "b1",
    )
    await fold_pending(engine)
    waiting = "SELECT field, value, reason, mapping_version FROM quarantine FINAL WHERE NOT resolved ORDER BY seq"
    assert [row["value"] for row in await engine.query(waiting)] == ["3/1/2017", "x"]
    await apply_mapping(engine, good, author="a")
    assert (await fold_pending(engine)).remapped == 2
    left = await engine.query(waiting)
    assert [(row["field"], row["value"], row["mapping_version"]) for row in left] == [("close_date", "x", 2)]
    assert "M/D/YYYY" in left[0]["reason"]
    assert (await states(engine, DEAL))["shop", "5"]["close_date"].isoformat() == "2017-03-01"


async def test_a_version_is_written_once_and_a_new_mapping_corrects_it(engine: Engine) -> None:
    await store(engine, [event(1, {"id": "5", "what": "x", "name": "y"}, source="shop")], "b1")
    await fold_pending(engine)
    await apply_mapping(engine, OWN, author="a")
    await fold_pending(engine)
    await fold_pending(engine)
    versions = await engine.query("SELECT toString(payload) AS text FROM canonical_records ORDER BY generation")
    assert [json.loads(version["text"])["name"] for version in versions] == ["y", "x"]


async def test_one_bad_mapping_takes_no_other_down(engine: Engine) -> None:
    await apply_mapping(engine, OWN, author="test")
    await store(engine, mixed(), "b1")
    mark = (await load_catalog(engine)).mappings["source:shop", "opportunity"].compiled.hash
    result = await fold_pending(RefusingEngine(engine, mark))  # type: ignore[arg-type]
    assert [(one.source, one.scope, one.version) for one in result.failed] == [("shop", "source:shop", 1)]
    assert "does not like" in result.failed[0].error
    assert ("crm", "1") in await states(engine, DEAL)
    books = await balanced(engine)
    assert books["crm"]["pending"] == 0
    assert books["shop"]["pending"] == 2
    assert (await fold_pending(engine)).failed == ()
    assert ("shop", "5") in await states(engine, DEAL)
    assert (await balanced(engine))["shop"]["pending"] == 0


async def test_a_stuck_batch_does_not_hold_up_those_behind_it(engine: Engine) -> None:
    await apply_mapping(engine, OWN, author="test")
    await store(engine, [event(1, {"id": "5", "what": "x"}, source="shop")], "stuck")
    await store(engine, [event(2, {"id": "1", "name": "y"})], "behind")
    mark = (await load_catalog(engine)).mappings["source:shop", "opportunity"].compiled.hash
    refusing: Any = RefusingEngine(engine, mark)
    await fold_pending(refusing, max_events=1)
    assert ("crm", "1") in await states(engine, DEAL)


async def test_a_source_that_changes_its_kind_keeps_each_event_in_its_own(engine: Engine) -> None:
    plain = event(1, {"id": "1", "name": "as plain JSON"}, entity_type="deal")
    vendors = event(2, {"id": "2", "properties": {"dealname": "as HubSpot"}}, entity_type="deal", kind="hubspot")
    await store(engine, [plain, vendors], "b1")
    for _ in range(2):
        await fold_pending(engine)
        found = await states(engine, DEAL)
        assert [found["crm", each]["name"] for each in "12"] == ["as plain JSON", "as HubSpot"]
        # Reading everything again, as after a release with other mappings, must keep them apart too.
        await engine.command("TRUNCATE TABLE opportunity_changes SYNC")
        await engine.command(
            "ALTER TABLE applied_mappings UPDATE mapping_hash = '' WHERE true SETTINGS mutations_sync = 1"
        )


async def test_batches_that_are_long_folded_are_not_looked_at_again(engine: Engine) -> None:
    marks = "SELECT toUnixTimestamp(now()) - toUnixTimestamp(max(mark)) AS age, count() AS n FROM fold_progress"
    await store(engine, [event(1, {"id": "1", "name": "a"})], "b1")
    await fold_pending(engine)
    assert int((await engine.query(marks))[0]["n"]) == 0
    for _ in range(2):
        await fold_pending(engine)
    found = (await engine.query(marks))[0]
    assert int(found["n"]) == 1
    assert 3590 < int(found["age"]) < 3700
    await store(engine, [event(2, {"id": "1", "name": "b"})], "b2")
    assert (await fold_pending(engine)).batches == 1
    await engine.command("INSERT INTO fold_progress SELECT now64(6), now64(6)")
    await engine.command("TRUNCATE TABLE folded_batches SYNC")
    assert (await fold_pending(engine)).batches == 0


async def test_a_guard_stops_a_step_before_it_writes(engine: Engine) -> None:
    await store(engine, [event(1, {"id": "1", "name": "y"})], "b1")

    async def lost() -> None:
        msg = "another worker holds the lease"
        raise PermissionError(msg)

    with pytest.raises(PermissionError):
        await fold_pending(engine, guard=lost)
    assert await states(engine, DEAL) == {}


async def test_late_events_re_emit_what_follows_them(engine: Engine) -> None:
    from datetime import UTC, datetime

    def at(hour: int) -> datetime:
        return datetime(2026, 1, 2, hour, tzinfo=UTC)

    first = event(1, {"id": "1", "name": "first"}, source_time=at(1))
    last = event(2, {"id": "1", "stage": "last"}, source_time=at(3), operation="patch")
    late = event(3, {"id": "1", "name": "late", "amount": "5"}, source_time=at(2), operation="patch")
    await store(engine, [first, last], "b1")
    await fold_pending(engine)
    await store(engine, [late], "b2")
    await fold_pending(engine)
    versions = await engine.query(
        "SELECT seq, received_at, toString(payload) AS text FROM canonical_records ORDER BY received_at, ord"
    )
    shown = [(int(v["seq"]), json.loads(v["text"]).get("name"), json.loads(v["text"]).get("stage")) for v in versions]
    assert shown == [
        (first.seq, "first", None),
        (last.seq, "first", "last"),
        (late.seq, "late", None),
        (last.seq, "late", "last"),
    ]
    assert versions[2]["received_at"] == versions[3]["received_at"]


async def test_deletes_hide_and_undeletes_bring_back(engine: Engine) -> None:
    steps = [("full", False), ("delete", True), ("patch", True), ("undelete", False), ("merge", True), ("full", False)]
    for number, (operation, deleted) in enumerate(steps):
        await store(engine, [event(number, {"id": "1", "name": "x"}, operation=operation)], f"b{number}")
        await fold_pending(engine)
        assert (await states(engine, DEAL))["crm", "1"]["is_deleted"] is deleted, operation


async def test_a_document_that_cannot_be_used_is_refused(engine: Engine) -> None:
    with pytest.raises(MappingError, match=r"line 4, fields\.amuont"):
        await apply_mapping(engine, "source: s\nrecord_type: opportunity\nfields:\n  amuont: {path: $.x}\n", author="a")
    assert await engine.query("SELECT * FROM mapping_versions") == []


async def test_a_batch_is_folded_only_once_all_of_its_events_are_there(engine: Engine) -> None:
    """ClickHouse commits what an insert feeds, the queue of the fold, before the insert's own rows can be seen."""
    await store(engine, [event(1, {"id": "late", "name": "Late"})], "b1")
    await engine.command("ALTER TABLE raw_events DETACH PARTITION ALL")
    result = await fold_pending(engine)
    assert (result.events, result.more) == (0, False)
    assert await engine.query("SELECT * FROM folded_batches") == []
    assert {terms["pending"] for terms in (await balanced(engine)).values()} == {1}
    await store(engine, [event(2, {"id": "next", "name": "Next"})], "b2")
    assert (await fold_pending(engine, max_events=1)).events == 1, "what is behind it gets its turn"
    await engine.command("ALTER TABLE raw_events ATTACH PARTITION ALL")
    assert (await fold_pending(engine)).events == 1
    assert {row["name"] for row in (await states(engine, DEAL)).values()} == {"Late", "Next"}
    assert {terms["pending"] for terms in (await balanced(engine)).values()} == {0}
