"""Mappings that are removed, rolled back or claim other events: earlier events are read again, none counts twice."""

from __future__ import annotations

from salescommand_lake import Engine
from salescommand_lake.effects import event_statuses
from salescommand_lake.fold import apply_mapping, fold_pending, mapping_history, remove_mapping
from salescommand_lake.hashes import zone_hashes
from salescommand_lake.identifiers import encode_event_id
from salescommand_lake.model import NOUNS
from salescommand_lake.raw import get_event
from tests.support.lake_events import event, states, store

DEAL, ACCOUNT = NOUNS["opportunity"], NOUNS["account"]
CLAIMS = "source: shop\nrecord_type: {noun}\nentity_types: [thing]\nfields:\n  name: {{path: $.what}}\n"


async def living(engine: Engine, noun: str) -> dict[str, str]:
    found = await states(engine, NOUNS[noun], "NOT is_deleted")
    return {key[1]: state["name"] for key, state in found.items()}


async def books(engine: Engine) -> tuple[int, int, int]:
    rows = await engine.query(
        "SELECT sum(m) AS mapped, sum(i) AS ignored, sum(q) AS quarantined FROM (SELECT argMax(mapped, folded_at) AS m,"
        " argMax(ignored, folded_at) AS i, argMax(quarantined, folded_at) AS q FROM folded_batches"
        " GROUP BY batch_id, source, record_type)"
    )
    return int(rows[0]["mapped"]), int(rows[0]["ignored"]), int(rows[0]["quarantined"])


async def test_events_that_no_mapping_claims_any_more_make_no_records(engine: Engine) -> None:
    claims = CLAIMS.format(noun="opportunity")
    await apply_mapping(engine, claims + "  close_date: {path: $.day}\n", author="a")
    bodies = [{"id": "1", "what": "one"}, {"id": "2", "what": "two", "day": "never"}]
    rows = [event(n, body, source="shop", entity_type="thing", record_type="") for n, body in enumerate(bodies)]
    plain = event(7, {"id": "9", "name": "kept"}, source="shop")
    await store(engine, [*rows, plain], "b1")
    await fold_pending(engine)
    assert await living(engine, "opportunity") == {"1": "one", "2": "two", "9": None}
    removed = await remove_mapping(engine, "source:shop", "opportunity", author="b")
    assert (removed.version, removed.changed) == (2, True)
    assert (await fold_pending(engine)).remapped == 3
    # What the kind's own mapping reads is read by that again; the rest is ignored, in the books too.
    assert await living(engine, "opportunity") == {"9": "kept"}
    assert await books(engine) == (1, 2, 0)
    assert await engine.query("SELECT 1 FROM quarantine FINAL WHERE NOT resolved") == []
    one = await get_event(engine, encode_event_id(rows[0].seq))
    assert one is not None
    assert list((await event_statuses(engine, [one])).values()) == ["ignored"]
    assert not (await fold_pending(engine)).changed
    # Back again, as one more version.
    await apply_mapping(engine, claims, author="c")
    await fold_pending(engine)
    assert await living(engine, "opportunity") == {"1": "one", "2": "two", "9": None}
    assert await books(engine) == (3, 0, 0)
    history = await mapping_history(engine, "source:shop", "opportunity")
    assert [(one.version, one.author, bool(one.text)) for one in history] == [
        (3, "c", True),
        (2, "b", False),
        (1, "a", True),
    ]


async def test_events_that_become_another_noun_leave_the_first(engine: Engine) -> None:
    await apply_mapping(engine, CLAIMS.format(noun="opportunity"), author="a")
    await store(engine, [event(1, {"id": "1", "what": "one"}, source="shop", entity_type="thing", record_type="")], "b")
    await fold_pending(engine)
    await remove_mapping(engine, "source:shop", "opportunity", author="a")
    await apply_mapping(engine, CLAIMS.format(noun="account"), author="a")
    await fold_pending(engine)
    assert (await living(engine, "opportunity"), await living(engine, "account")) == ({}, {"1": "one"})
    assert await books(engine) == (1, 0, 0)


async def test_going_back_gives_the_records_of_before(engine: Engine) -> None:
    await store(engine, [event(n, {"id": str(n % 3), "name": f"n{n}"}, source="shop") for n in range(9)], "b1")
    await fold_pending(engine)
    before = await zone_hashes(engine)
    text = "source: shop\nrecord_type: opportunity\nfields:\n  stage: {path: $.name}\n"
    await apply_mapping(engine, text, author="a")
    await fold_pending(engine)
    assert await zone_hashes(engine) != before
    await remove_mapping(engine, "source:shop", "opportunity", author="a")
    await fold_pending(engine)
    assert await zone_hashes(engine) == before
    versions = await engine.query(
        "SELECT count() AS n, uniqExact(canonical_id, ord, received_at, generation) AS u FROM canonical_records"
    )
    assert versions[0]["n"] == versions[0]["u"]


async def test_removing_what_is_not_there_changes_nothing(engine: Engine) -> None:
    assert not (await remove_mapping(engine, "source:nobody", "account", author="a")).changed
    assert await mapping_history(engine, "source:nobody", "account") == []
