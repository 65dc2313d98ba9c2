"""What a source sent and when, and how large the zones are, on both drivers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from salescommand_lake.activity import source_activity
from salescommand_lake.identifiers import make_seq
from salescommand_lake.raw import RawRow, insert_raw
from salescommand_lake.zones import table_sizes

NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)


async def store(engine, source: str, moments: list[datetime]) -> None:
    """Store one event a moment, each in a batch of its own, as a quiet source's arrive."""
    for number, moment in enumerate(moments):
        row = RawRow(
            source=source,
            entity_type="deal",
            source_id=f"{source}{number}",
            seq=make_seq(moment, 0),
            body=b'{"a":1}',
            batch_id=f"{source}-{number}",
        )
        await insert_raw(engine, [row], row.batch_id)


async def test_counts_by_hour_and_day(any_engine):
    await store(
        any_engine,
        "crm",
        [
            NOW - timedelta(minutes=1),
            NOW - timedelta(minutes=29),
            NOW - timedelta(minutes=31),  # the clock hour before
            NOW - timedelta(hours=11),
            NOW - timedelta(hours=11, minutes=31),  # before the first of the twelve, but today
            NOW - timedelta(hours=15, minutes=31),  # yesterday
        ],
    )
    found = (await source_activity(any_engine, NOW))["crm"]
    assert found.last_event_at == NOW - timedelta(minutes=1)
    assert found.today == 5
    assert len(found.hours) == 12
    assert found.hours[-1] == 2
    assert found.hours[-2] == 1
    assert found.hours[0] == 1
    assert sum(found.hours) == 4


async def test_the_usual_gap_is_known_after_five_silences(any_engine):
    await store(any_engine, "hourly", [NOW - timedelta(hours=hours) for hours in range(6)])
    await store(any_engine, "young", [NOW - timedelta(hours=hours) for hours in range(5)])
    await store(any_engine, "burst", [NOW - timedelta(seconds=number) for number in range(5)])
    found = await source_activity(any_engine, NOW)
    assert found["hourly"].usual_gap == timedelta(hours=1)
    assert found["young"].usual_gap is None
    assert found["burst"].usual_gap is None


async def test_an_empty_lake_has_no_activity(engine):
    assert await source_activity(engine, NOW) == {}


async def test_sizes_of_the_zones(any_engine):
    await store(any_engine, "crm", [NOW, NOW + timedelta(seconds=1)])
    sizes = {size.table: size for size in await table_sizes(any_engine)}
    assert (sizes["raw_events"].zone, sizes["raw_events"].rows) == ("raw", 2)
    assert sizes["raw_events"].bytes > 0
    assert (sizes["opportunities"].zone, sizes["opportunities"].rows) == ("canonical", 0)
    assert sizes["serving_views"].zone == "serving"
    assert "schema_ledger" not in sizes
    zones = [size.zone for size in await table_sizes(any_engine)]
    assert zones == sorted(zones, key=["raw", "canonical", "serving"].index)


@pytest.mark.parametrize("name", ["mapping_versions", "applied_mappings"])
async def test_bookkeeping_is_no_zone(engine, name):
    assert name not in {size.table for size in await table_sizes(engine)}
