"""A real CRM's 8,800 deals through raw, records, metrics and published views, and recounted by hand from the bytes."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from salescommand_lake import Engine, serving
from salescommand_lake.fold import apply_mapping, fold_pending
from salescommand_lake.identifiers import make_seq
from salescommand_lake.metrics import MetricQuery, compute
from salescommand_lake.model import NOUNS
from salescommand_lake.raw import RawRow, insert_raw
from tests.support.lake_events import states

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SALESCOMMAND_TEST_DATA") or ROOT.parent / "shared" / "data")
DEALS = DATA / "maven_crm" / "sales_pipeline.csv"
MAPPING = (ROOT / "tests/data/mappings/maven_crm.yaml").read_text()
WON, LOST, ENGAGING, PROSPECTING, WORTH = 4238, 2473, 1589, 500, Decimal(10_005_534)

pytestmark = [
    pytest.mark.testdata,
    pytest.mark.skipif(not DEALS.exists(), reason="the CRM data set is missing (SALESCOMMAND_TEST_DATA)"),
]


async def post(engine: Engine, batch: str, start: datetime) -> None:
    """Store every row of the file as the door does: a JSON object of texts with the id as ``id``."""
    with DEALS.open(newline="", encoding="utf-8") as file:
        rows = [
            RawRow(
                source="maven_crm",
                entity_type="opportunity",
                record_type="opportunity",
                kind="generic",
                source_id=row["opportunity_id"],
                seq=make_seq(start + timedelta(microseconds=number), 0),
                body=json.dumps({**row, "id": row["opportunity_id"]}).encode(),
                batch_id=batch,
            )
            for number, row in enumerate(csv.DictReader(file))
        ]
    await insert_raw(engine, rows, batch)


async def value(engine: Engine, slug: str, *params: tuple[str, str]) -> object:
    return (await compute(engine, slug, MetricQuery.parse(params))).value


async def right(engine: Engine) -> None:
    """Check the totals in states, metrics and published views."""
    found = list((await states(engine, NOUNS["opportunity"])).values())
    stages = Counter((deal["status"], deal["stage"]) for deal in found)
    assert stages == {
        ("won", "Won"): WON,
        ("lost", "Lost"): LOST,
        ("open", "Engaging"): ENGAGING,
        ("open", "Prospecting"): PROSPECTING,
    }
    assert sum(deal["amount"] for deal in found if deal["status"] == "won") == WORTH
    assert Decimal(str(await value(engine, "won-value"))) == WORTH
    assert await value(engine, "won-count") == WON
    assert await value(engine, "lost-count") == LOST
    assert await value(engine, "opportunity-count") == 8800
    assert Decimal(str(await value(engine, "win-rate"))).quantize(Decimal("0.0001")) == Decimal("0.6315")
    stage = await compute(engine, "open-count", MetricQuery(by=("stage",)))
    assert {group.key["stage"]: group.rows for group in stage.groups} == {
        "Engaging": ENGAGING,
        "Prospecting": PROSPECTING,
    }
    await serving.refresh(engine, "USD")
    published = {}
    for name in ("won-value", "won-count", "lost-count", "win-rate"):
        view = serving.view_of(name)
        assert view is not None
        published[name] = Decimal(str((await serving.latest(engine, view))[0].value))
    assert published["won-value"] == WORTH
    assert (published["won-count"], published["lost-count"]) == (WON, LOST)
    assert published["win-rate"].quantize(Decimal("0.0001")) == Decimal("0.6315")


async def test_the_totals_are_those_that_were_published_with_the_data(engine: Engine) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    await post(engine, "first", start)
    # The mapping comes after a fold by the generic one, which can't read these dates.
    generic = await fold_pending(engine)
    assert (generic.applied, generic.failed) == (8800, ())
    assert (await apply_mapping(engine, MAPPING, author="test")).changed
    again = await fold_pending(engine)
    assert (again.remapped, again.failed) == (8800, ())
    await right(engine)
    quarantined = await engine.query("SELECT count() AS n FROM quarantine FINAL WHERE NOT resolved")
    assert int(quarantined[0]["n"]) == 0

    bodies = [json.loads(row["body"]) for row in await engine.query("SELECT body FROM raw_events")]
    assert Counter(body["deal_stage"] for body in bodies) == {
        "Won": WON,
        "Lost": LOST,
        "Engaging": ENGAGING,
        "Prospecting": PROSPECTING,
    }
    assert sum(Decimal(body["close_value"]) for body in bodies if body["deal_stage"] == "Won") == WORTH

    # The same rows once more change nothing: no total, no published row.
    await post(engine, "second", start + timedelta(days=1))
    assert (await fold_pending(engine)).applied == 8800
    assert (await serving.refresh(engine, "USD")).published == 0
    await right(engine)


async def test_a_mapping_that_was_there_first_gives_the_same(engine: Engine) -> None:
    await apply_mapping(engine, MAPPING, author="test")
    await post(engine, "first", datetime(2026, 1, 1, tzinfo=UTC))
    assert (await fold_pending(engine)).applied == 8800
    await right(engine)
