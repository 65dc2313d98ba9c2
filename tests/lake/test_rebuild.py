"""A rebuild gives what the live fold gave, beside it, however often it is stopped; expiry of raw changes nothing.

Each of these takes many folds, so one driver has to do for each: HTTP where the statements of a whole rebuild and of
expiry are all there, the embedded engine for the rest, which sends most of the same statements.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from salescommand_lake import Engine
from salescommand_lake.errors import LakeUnavailable
from salescommand_lake.fold import apply_mapping, fold_pending
from salescommand_lake.hashes import zone_hashes
from salescommand_lake.metrics import REGISTRY, MetricQuery, compute
from salescommand_lake.model import NOUNS
from salescommand_lake.noun_tables import derived_tables
from salescommand_lake.raw import RawRow
from salescommand_lake.rebuild import RebuildProgress, RebuildScope, plan_rebuild, rebuild
from salescommand_lake.rebuild import run as rebuild_module
from salescommand_lake.retention import StillPending, expire_raw
from tests.lake.test_fold_steps import OWN, balanced, everything, mixed
from tests.support.failing_engine import FailingEngine
from tests.support.lake_events import START, event, states, store
from tests.support.sales_history import RATES, history, rate_rows, rows

DEAL = NOUNS["opportunity"]
WHOLE = RebuildScope()
MERGED = [noun for noun in NOUNS.values() if noun.merged]
LINKS = "SELECT canonical_id, cluster_id, reasons, since FROM identity_links ORDER BY ALL"


async def fold(engine: Engine) -> None:
    while (await fold_pending(engine)).more:
        pass


async def lived(engine: Engine) -> None:
    """Let two batches of a little of everything arrive and be folded."""
    await apply_mapping(engine, OWN, author="test")
    await store(engine, [*mixed(), *companies()], "b1")
    await fold(engine)
    await store(engine, [*mixed(100), event(50, {"id": "1", "name": "late", "stage": "Won"}, source_time=START)], "b2")
    await fold(engine)


def companies() -> list[RawRow]:
    """Make events of three companies, two of which are one."""
    bodies = [("crm", "a1", "Acme", "acme.com"), ("shop", "a2", "ACME Ltd", "acme.com"), ("shop", "a3", "Beta", "b.de")]
    return [
        event(
            20 + number,
            {"id": key, "name": name, "domain": domain},
            source=source,
            entity_type="account",
            record_type="account",
        )
        for number, (source, key, name, domain) in enumerate(bodies)
    ]


async def compared(engine: Engine) -> dict[str, Any]:
    """Return all that must be the same."""
    found = await everything(engine)
    del found["quarantine"]
    refused = (
        "SELECT source, seq, field, value, reason FROM quarantine FINAL WHERE NOT resolved ORDER BY source, seq, field"
    )
    merged = "SELECT * EXCEPT generation FROM {} FINAL ORDER BY canonical_id"
    found |= {noun.merged_table: await engine.query(merged.format(noun.merged_table)) for noun in MERGED}
    return found | {
        "refused": await engine.query(refused),
        "hashes": await zone_hashes(engine, arrivals=True),
        "books": await balanced(engine),
    }


async def test_it_gives_what_was_there(http_engine: Engine) -> None:
    engine = http_engine
    await lived(engine)
    before = await compared(engine)
    told: list[RebuildProgress] = []

    async def report(progress: RebuildProgress) -> None:
        told.append(progress)

    result = await rebuild([engine], WHOLE, report=report)
    assert (result.events, result.kept) == (16, 0)
    assert (told[-1].what, told[-1].done) == ("done", 16)
    assert await compared(engine) == before
    assert not (await fold_pending(engine)).changed
    left = "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'rebuild_')"
    assert {row["name"] for row in await engine.query(left)} == {"rebuild_slices"}


async def test_it_restores_what_was_lost(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In small slices, several at a time, from an empty canonical zone."""
    monkeypatch.setattr(rebuild_module, "SLICE_EVENTS", 4)
    await lived(engine)
    before = await compared(engine)
    links = await engine.query(LINKS)
    lost = [table for noun in NOUNS.values() for table in derived_tables(noun)]
    lost += ["canonical_records", "identity_links", "identity_keys", *(noun.merged_table for noun in MERGED)]
    for table in lost:
        await engine.command(f"TRUNCATE TABLE {table} SYNC")
    result = await rebuild([engine, engine], WHOLE)
    assert result.slices > len(NOUNS)
    after = await compared(engine)
    # What was published of a history before a late event came is not told again; any past day is read from the changes.
    del before["versions"], after["versions"]
    assert after == before
    assert await engine.query(LINKS) == links
    assert any(row["cluster_id"] != row["canonical_id"] for row in links)
    versions = "SELECT canonical_id, ord, count() AS n FROM canonical_records GROUP BY ALL HAVING n > 1"
    assert await engine.query(versions) == []


async def test_a_part_leaves_the_rest_as_it_is(engine: Engine) -> None:
    await lived(engine)
    before = await compared(engine)
    for scope in (
        RebuildScope(sources=("crm",)),
        RebuildScope(nouns=("opportunity",)),
        RebuildScope(sources=("shop",), nouns=("opportunity",)),
        RebuildScope(since=START + timedelta(seconds=100)),
    ):
        await rebuild([engine], scope)
        assert await compared(engine) == before, scope


async def test_a_new_mapping_is_applied(engine: Engine) -> None:
    await lived(engine)
    await apply_mapping(engine, OWN.replace("$.price", "$.none"), author="test")
    planned = await plan_rebuild(engine, RebuildScope(sources=("shop",)))
    assert (planned.events, planned.nouns) == (4, tuple(NOUNS))
    await rebuild([engine], RebuildScope(sources=("shop",)))
    assert (await states(engine, DEAL))["shop", "5"]["amount"] is None
    assert (await fold_pending(engine)).remapped == 0
    await balanced(engine)


async def test_who_is_one_follows_a_new_mapping(engine: Engine) -> None:
    """The records that a rebuild reads otherwise are compared anew, those of other sources with them."""
    await lived(engine)
    text = "source: shop\nrecord_type: account\nfields: {name: {path: $.name}}\n"
    one = "SELECT count() AS n FROM merged_accounts FINAL WHERE length(members) > 1"
    assert int((await engine.query(one))[0]["n"]) == 2
    await apply_mapping(engine, text, author="test")
    await rebuild([engine], RebuildScope(sources=("shop",), nouns=("account",)))
    assert int((await engine.query(one))[0]["n"]) == 0
    assert not (await fold_pending(engine)).changed


async def test_what_arrives_meanwhile_is_in_it(engine: Engine) -> None:
    """Events come in and are folded between the slices and at the last moment before the swap."""
    await lived(engine)
    arrived = 0

    async def more(_: RebuildProgress) -> None:
        nonlocal arrived
        arrived += 1
        if arrived < 7:
            row = event(200 + arrived, {"id": str(arrived % 5), "name": f"n{arrived}", "stage": "Won"})
            await store(engine, [row], f"m{arrived}")
            await fold(engine)

    await rebuild([engine], WHOLE, report=more)
    after = await zone_hashes(engine, arrivals=True)
    await rebuild([engine], WHOLE)
    assert await zone_hashes(engine, arrivals=True) == after
    assert (await states(engine, DEAL))["crm", "1"]["name"] == "n6"
    await balanced(engine)


@pytest.mark.faults
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_it_may_stop_between_any_two_statements(
    done: bool, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at one statement after another and gone on with; live traffic comes in between."""
    monkeypatch.setattr(rebuild_module, "SLICE_EVENTS", 5)
    scope = RebuildScope(nouns=("opportunity",))
    await lived(engine)
    at, number = 1, 0
    while True:
        failing = FailingEngine(engine, at=at, done=done)
        try:
            await rebuild([failing], scope, resume=True)  # type: ignore[list-item]
        except LakeUnavailable:
            number += 1
            await store(engine, [event(300 + number, {"id": "1", "name": f"n{number}"})], f"x{number}")
            await fold(engine)
            at += 3
            continue
        break
    assert number > 5
    hashes = await zone_hashes(engine, arrivals=True)
    assert (await states(engine, DEAL))["crm", "1"]["name"] == f"n{number}"
    await balanced(engine)
    await rebuild([engine], scope)
    assert await zone_hashes(engine, arrivals=True) == hashes


def old(number: int, body: Any, **more: Any) -> RawRow:
    """Make an event of the year before the others."""
    return event(number - 40 * 24 * 3600, body, **more)


async def test_expiry_changes_no_record(http_engine: Engine) -> None:
    engine = http_engine
    key = b"o" * 16
    await store(
        engine,
        [
            old(1, {"id": "1", "name": "Old", "amount": "10", "currency": "EUR", "stage": "New"}, event_key=key),
            old(2, {"id": "1", "name": "Old", "amount": "10"}, event_key=key),
            old(3, {"id": "2", "amount": "lots"}),
            old(4, b"broken", source_id="3"),
            old(5, {"id": "7"}, source="shop", entity_type="visit", record_type=""),
            event(11, {"id": "1", "stage": "Won"}, operation="patch"),
        ],
        "across",
    )
    await store(engine, mixed(), "new")
    with pytest.raises(StillPending, match="6 events of batches"):
        await expire_raw(engine, START)
    await fold(engine)
    before = await compared(engine)
    assert (await expire_raw(engine, START, dry_run=True)).events == 5
    assert await compared(engine) == before
    gone = await expire_raw(engine, START + timedelta(days=20))
    assert (gone.events, gone.before) == (5, datetime(2026, 1, 1, tzinfo=UTC))
    after = await compared(engine)
    for name in ("ledger", "books"):
        before.pop(name)
        after.pop(name)
    assert after == before
    books = await balanced(engine)
    assert (books["crm"]["expired"], books["shop"]["expired"]) == (4, 1)
    assert (await expire_raw(engine, START)).events == 0

    # A rebuild keeps what raw does not hold any more, and so does a new mapping.
    assert (await rebuild([engine], WHOLE)).kept == 4
    again = await compared(engine)
    for name in ("ledger", "books"):
        again.pop(name)
    assert again == before
    await apply_mapping(engine, OWN, author="test")
    await fold(engine)
    assert (await balanced(engine))["crm"] == books["crm"]
    assert (await states(engine, DEAL))["crm", "1"]["amount"] is not None


@pytest.mark.faults
async def test_expiry_may_stop_anywhere(engine: Engine) -> None:
    await store(engine, [old(1, {"id": "1", "name": "Old"}), event(1, {"id": "1", "stage": "Won"})], "across")
    await fold(engine)
    for at in range(1, 10):
        failing = FailingEngine(engine, at=at, done=at % 2 == 0)
        try:
            await expire_raw(failing, START)  # type: ignore[arg-type]
        except LakeUnavailable:
            await balanced(engine)
            continue
        break
    assert (await balanced(engine))["crm"]["expired"] == 1
    assert await asyncio.wait_for(_raw(engine), 10) == 1


async def _raw(engine: Engine) -> int:
    return int((await engine.query("SELECT count() AS n FROM raw_events"))[0]["n"])


async def test_no_number_moves_when_raw_expires(engine: Engine) -> None:
    """Every metric of the registry, today, as of a past day, and as it was known before what expires."""
    told = history(7, deals=15)
    older = [replace(one, arrived=one.arrived - 40 * 24 * 3600) for one in told[: len(told) // 2]]
    await store(engine, [*rate_rows(-40 * 24 * 3600), *rows(older)], "older")
    await store(engine, rows(told[len(told) // 2 :]), "newer")
    await fold(engine)
    before = await numbers(engine)
    assert any(answer["rows"] for answer in before.values())
    assert (await expire_raw(engine, START)).events == len(older) + len(RATES)
    assert await _raw(engine) == len(told) - len(older)
    assert await numbers(engine) == before
    await rebuild([engine], WHOLE)
    assert await numbers(engine) == before


MOMENTS: tuple[dict[str, str], ...] = ({}, {"as_of": "2026-01-12"}, {"as_of": "2026-01-12", "known_at": "2025-12-20"})


async def numbers(engine: Engine) -> dict[str, dict[str, Any]]:
    """Return what every metric says at some moments, by its first dimension, with the addresses of its rows."""
    found = {}
    for slug, metric in REGISTRY.items():
        for moment in MOMENTS:
            if not moment and (metric.unit == "days" or metric.measure == "days"):
                continue  # a stay that lasts grows by the second
            query = MetricQuery.parse([("by", metric.dimensions[0]), *moment.items()])
            answer = (await compute(engine, slug, query)).as_dict()
            found[f"{slug} {moment}"] = {
                name: answer[name] for name in ("value", "rows", "unpriced", "drill", "groups")
            }
    return found
