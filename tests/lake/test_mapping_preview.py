"""A preview tells what applying a document will do, and does nothing."""

from __future__ import annotations

import pytest

from salescommand_lake import Engine
from salescommand_lake.fold import apply_mapping, fold_pending
from salescommand_lake.fold.preview import preview_mapping
from salescommand_lake.hashes import zone_hashes
from salescommand_lake.mapping import MappingError
from salescommand_lake.metrics.compute import compute
from salescommand_lake.metrics.question import MetricQuery
from salescommand_lake.model import NOUNS
from tests.support.lake_events import event, states, store

TEXT = """
source: shop
record_type: opportunity
entity_types: [thing]
fields:
  name: {path: $.title}
  status: {path: $.state, map: {sold: won, open: open}, other: refuse}
  amount: {path: $.worth, group: ",", symbols: ["$"], parse: decimal}
  currency: {value: USD}
"""


async def test_a_preview_tells_what_applying_does(any_engine: Engine) -> None:
    engine = any_engine
    deals = [
        {"id": str(n), "title": f"t{n}", "name": f"n{n}", "state": "sold" if n % 2 else "open", "worth": f"${n},000"}
        for n in range(1, 7)
    ]
    rows = [event(n, deal, source="shop") for n, deal in enumerate(deals)]
    late = {"id": "1", "title": "t1", "worth": "much", "state": "lost"}
    rows.append(event(10, late, source="shop", operation="patch"))
    rows.append(
        event(11, {"id": "x", "title": "new", "worth": "5"}, source="shop", entity_type="thing", record_type="")
    )
    await store(engine, rows, "b1")
    await fold_pending(engine)
    before = await zone_hashes(engine)
    found = await preview_mapping(engine, TEXT)
    assert await zone_hashes(engine) == before
    assert (found.records, found.total, found.added, found.removed, found.changed) == (7, 7, 1, 0, 6)
    assert found.fields == {"name": 5, "status": 6, "amount": 6, "currency": 6}
    assert {(one.field, one.events, one.example) for one in found.errors} == {
        ("amount", 1, "much"),
        ("status", 1, "lost"),
    }
    changed = {one.source_id: one for one in found.examples}
    assert changed["x"].change == "added"
    assert changed["2"].fields == {
        "name": ("n2", "t2"),
        "status": (None, "open"),
        "amount": (None, "2000"),
        "currency": (None, "USD"),
    }
    numbers = {one.metric: (one.before, one.after) for one in found.numbers}
    assert numbers["won-count"] == (0, 3)
    assert numbers["won-value"] == ("0.00", "9000.00")
    # Of some records only: the newest ones.
    part = await preview_mapping(engine, TEXT, limit=2)
    assert (part.records, part.total, part.added, part.changed) == (2, 7, 1, 1)

    await apply_mapping(engine, TEXT, author="a")
    await fold_pending(engine)
    after = await states(engine, NOUNS["opportunity"], "NOT is_deleted")
    assert len(after) == 7
    for one in found.examples:
        for name, (_, value) in one.fields.items():
            got = after["shop", one.source_id][name]
            assert (f"{got.normalize():f}" if name == "amount" and got else got) == value
    for slug, (_, value) in numbers.items():
        assert (await compute(engine, slug, MetricQuery())).value == value
    again = await preview_mapping(engine, TEXT)
    assert (again.added, again.removed, again.changed, again.numbers) == (0, 0, 0, ())
    # A document that claims less gives up what it claimed.
    less = await preview_mapping(engine, TEXT.replace("entity_types: [thing]\n", ""))
    assert (less.added, less.removed, less.changed) == (0, 1, 0)
    assert [one.source_id for one in less.examples] == ["x"]


async def test_a_document_that_cannot_be_used_is_named(engine: Engine) -> None:
    with pytest.raises(MappingError, match=r"line 4, fields\.amuont"):
        await preview_mapping(engine, "source: s\nrecord_type: opportunity\nfields:\n  amuont: {path: $.x}\n")


async def test_a_document_for_a_source_without_events(engine: Engine) -> None:
    found = await preview_mapping(engine, TEXT.replace("shop", "nobody"))
    assert (found.records, found.total, found.examples, found.errors) == (0, 0, (), ())
