"""Who is who across sources: rules, decisions, the merged record, and that each decision can be taken back exactly."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from salescommand_lake import Engine
from salescommand_lake.fold import fold_pending
from salescommand_lake.identity import DecisionRefused, decide, relink_all, undo
from salescommand_lake.identity.listing import list_log, list_suggestions, preview
from salescommand_lake.model import NOUNS, canonical_id
from salescommand_lake.raw import RawRow
from salescommand_lake.records import Record, RecordQuery, get_record, list_records
from tests.support.depth import deep
from tests.support.lake_events import event, store
from tests.support.lakes import empty

ACCOUNT, CONTACT = NOUNS["account"], NOUNS["contact"]
_batches = itertools.count()


def record(number: int, source: str, source_id: str, noun: str = "account", **fields: Any) -> RawRow:
    body = {"id": source_id, **fields}
    return event(number, body, source=source, source_id=source_id, entity_type=noun, record_type=noun)


def acc(source: str, source_id: str) -> str:
    return canonical_id(source, "account", source_id)


async def tell(engine: Engine, *rows: RawRow) -> None:
    await store(engine, rows, f"identity-{next(_batches)}")
    await fold_pending(engine)


async def clusters(engine: Engine, noun: str = "account") -> set[frozenset[str]]:
    """Return the records that are one, by source and id, as sets of more than one."""
    rows = await engine.query(
        f"SELECT groupArray(concat(source, source_id)) AS who FROM {NOUNS[noun].merged_table} FINAL\n"
        "GROUP BY cluster_id HAVING count() > 1"
    )
    return {frozenset(row["who"]) for row in rows}


async def titles(engine: Engine, **params: str) -> list[str]:
    page = await list_records(engine, RecordQuery.parse("account", [("sort", "name"), *params.items()]))
    return [item["title"] for item in page.items]


async def merged_of(engine: Engine, record_id: str, **moment: datetime) -> Record:
    found = await get_record(engine, "account", record_id, **moment)
    assert found is not None
    return found


THREE = (
    record(1, "crm", "1", name="Acme GmbH", domain="acme.com", city="Berlin", country="DE", phone="+49 30 1234567"),
    record(2, "crm", "2", name="Beta Ltd", domain="gmail.com"),
    record(3, "erp", "9", name="ACME", website="https://www.acme.com/impressum", industry="Steel"),
    record(4, "erp", "8", name="Bêta", domain="gmail.com", city="Paris"),
)


async def test_exact_rules_link_and_say_why(engine: Engine) -> None:
    await tell(engine, *THREE)
    assert await clusters(engine) == {frozenset({"crm1", "erp9"})}  # and not the two of gmail.com
    assert await titles(engine) == ["ACME", "Beta Ltd", "Bêta"]
    found = await merged_of(engine, acc("erp", "9"))
    assert found.canonical_id == acc("crm", "1")  # its first event arrived first
    assert found.merged_into == acc("crm", "1")
    assert [(one.source, one.reasons) for one in found.members] == [
        ("crm", ("same domain acme.com",)),
        ("erp", ("same domain acme.com",)),
    ]
    shown = {name: (field.value, field.source) for name, field in found.fields.items() if field.value is not None}
    assert shown["name"] == ("ACME", "erp")  # the newest
    assert shown["city"] == ("Berlin", "crm")
    assert shown["industry"] == ("Steel", "erp")
    assert {change.source for change in found.history} == {"crm", "erp"}
    assert (await merged_of(engine, acc("crm", "1"))).merged_into is None


async def test_a_lake_of_older_states_gets_its_merged_records(engine: Engine) -> None:
    await tell(engine, *THREE)
    for table in (ACCOUNT.merged_table, "identity_links", "identity_keys"):
        await engine.command(f"TRUNCATE TABLE {table}")
    await fold_pending(engine)
    assert await clusters(engine) == {frozenset({"crm1", "erp9"})}


async def test_a_key_that_a_source_has_twice_links_nobody(engine: Engine) -> None:
    await tell(engine, *THREE)
    await tell(engine, record(5, "crm", "3", name="Acme Austria", domain="acme.com"))
    assert await clusters(engine) == set()
    found = await list_suggestions(engine, ACCOUNT)
    pairs = {frozenset(one["source"] + one["source_id"] for one in item["records"]) for item in found.items}
    assert frozenset({"crm1", "erp9"}) in pairs
    # Once one of the two is deleted, or has another domain, the key says again who is who.
    await tell(engine, record(6, "crm", "3", name="Acme Austria", domain="acme.at"))
    assert await clusters(engine) == {frozenset({"crm1", "erp9"})}


async def test_contacts_by_mail_and_by_name_with_telephone(engine: Engine) -> None:
    await tell(
        engine,
        record(1, "crm", "1", "contact", name="Ada Lovelace", email="Ada@acme.com"),
        record(2, "erp", "1", "contact", name="A. Lovelace", email="ada@acme.com"),
        record(3, "crm", "2", "contact", name="Grace Hopper", phone="+1 212 555 0100", email="info@navy.mil"),
        record(4, "erp", "2", "contact", last_name="Hopper", first_name="Grace", phone="12125550100"),
        record(5, "erp", "3", "contact", name="Someone Else", email="info@navy.mil"),
    )
    assert await clusters(engine, "contact") == {frozenset({"crm1", "erp1"}), frozenset({"crm2", "erp2"})}


async def test_suggestions_explain_themselves_and_can_be_dismissed(engine: Engine) -> None:
    await tell(
        engine,
        record(1, "crm", "1", name="Søren & Müller GmbH & Co. KG", city="Köln", phone="0221 5550100"),
        record(2, "erp", "1", name="Soren Muller", city="KOLN", phone="0221/5550100"),
        record(3, "erp", "2", name="Unlike Inc", city="Köln"),
    )
    assert await clusters(engine) == set()
    (found,) = (await list_suggestions(engine, ACCOUNT)).items
    assert found["score"] > 0.9
    words = {one["field"]: one["words"] for one in found["comparisons"]}
    assert words["name"].startswith("names differ only by legal form, case or accents: ")
    assert words["city"] == "same city koln"
    assert words["phone"] == "same telephone number 2215550100"
    pair = [one["canonical_id"] for one in found["records"]]
    no = await decide(engine, "account", "dismiss", pair, actor="ann", reason="two companies")
    assert (await list_suggestions(engine, ACCOUNT)).items == []
    # No rule joins what people told apart, not even through a third.
    await tell(
        engine,
        record(4, "crm", "1", name="Søren", domain="s.com", tax_id="DE123456789"),
        record(5, "erp", "1", name="Muller", domain="m.com"),
        record(6, "web", "1", name="S+M", domain="s.com", tax_id="DE987654321"),
        record(7, "shop", "1", name="S+M", domain="m.com", tax_id="DE 987654321"),
    )
    assert await clusters(engine) == {frozenset({"crm1", "web1", "shop1"})}
    await undo(engine, no.decision_id, actor="ann", reason="")
    await fold_pending(engine)
    assert await clusters(engine) == {frozenset({"crm1", "web1", "shop1", "erp1"})}


async def test_people_merge_and_split_and_the_log_tells(engine: Engine) -> None:
    await tell(engine, *THREE)
    pair = [acc("crm", "2"), acc("erp", "8")]
    shown = await preview(engine, ACCOUNT, [pair])
    assert [(one["canonical_id"], one["fields"]["city"]["value"]) for one in shown] == [(acc("crm", "2"), "Paris")]
    merge = await decide(engine, "account", "merge", pair, actor="ann", reason="same owner")
    await fold_pending(engine)
    found = await merged_of(engine, acc("erp", "8"))
    assert found.members[1].reasons == ("merged by ann: same owner",)
    assert found.fields["city"].value == "Paris"
    split = await decide(engine, "account", "unmerge", [acc("erp", "9")], actor="bo", reason="a reseller")
    assert [len(one["members"]) for one in await preview(engine, ACCOUNT, [[acc("erp", "9")], [acc("crm", "1")]])] == [
        1,
        1,
    ]
    await fold_pending(engine)
    assert await clusters(engine) == {frozenset({"crm2", "erp8"})}
    await undo(engine, split.decision_id, actor="bo", reason="")
    await undo(engine, merge.decision_id, actor="ann", reason="")
    await fold_pending(engine)
    assert await clusters(engine) == {frozenset({"crm1", "erp9"})}
    log = (await list_log(engine, ACCOUNT)).items
    said = [(one["action"], one["actor"], one["undone"]) for one in log if one["actor"] != "rules"]
    assert said == [
        ("undo", "ann", False),
        ("undo", "bo", False),
        ("unmerge", "bo", True),
        ("merge", "ann", True),
    ]
    assert all(one["applied"] for one in log)
    assert any(one["action"] == "linked" and one["reason"] == "same domain acme.com" for one in log)


async def test_decisions_that_can_not_be_are_refused(engine: Engine) -> None:
    await tell(engine, *THREE)
    one, two, three = acc("crm", "1"), acc("erp", "9"), acc("crm", "2")
    for action, members, why in (
        ("merge", [one, two], "one already"),
        ("merge", [one], "two records"),
        ("merge", [one, "acc_none"], "no account 'acc_none'"),
        ("unmerge", [one, two], "not all, of the 2"),
        ("unmerge", [three], "not all, of the 1"),
        ("dismiss", [one, two], "un-merge"),
    ):
        with pytest.raises(DecisionRefused, match=why):
            await decide(engine, "account", action, members, actor="ann", reason="")  # type: ignore[arg-type]
    with pytest.raises(DecisionRefused, match="not merged"):
        await decide(engine, "invoice", "merge", [one, two], actor="ann", reason="")
    with pytest.raises(DecisionRefused, match="no decision"):
        await undo(engine, "idd_none", actor="ann", reason="")


async def test_trusted_sources_come_first_field_by_field(engine: Engine) -> None:
    await tell(engine, *THREE)
    now = datetime.now(UTC)
    order = {"noun": "account", "field": "name", "sources": ["crm", "erp"], "author": "ann", "applied_at": now}
    await engine.insert("survivorship", [order])
    await fold_pending(engine)
    found = await merged_of(engine, acc("erp", "9"))
    assert (found.fields["name"].value, found.fields["industry"].value) == ("Acme GmbH", "Steel")
    assert await titles(engine) == ["Acme GmbH", "Beta Ltd", "Bêta"]


async def test_moments_know_the_decisions_of_their_kind(engine: Engine) -> None:
    await tell(engine, *THREE)
    before = datetime.now(UTC)
    await decide(engine, "account", "merge", [acc("crm", "2"), acc("erp", "8")], actor="ann", reason="")
    await fold_pending(engine)
    assert await titles(engine) == ["ACME", "Bêta"]
    # What had been received by then, and who was one then.
    assert await titles(engine, known_at=before.isoformat()) == ["ACME", "Beta Ltd", "Bêta"]
    assert len((await merged_of(engine, acc("crm", "2"), known_at=before)).members) == 1
    # What was true then, by the identity of today.
    assert await titles(engine, as_of="2026-01-01T00:00:04Z") == ["ACME", "Bêta"]
    assert (await merged_of(engine, acc("crm", "2"), as_of=datetime(2026, 1, 1, 0, 0, 4, tzinfo=UTC))).title == "Bêta"


async def test_deals_of_all_sources_belong_to_the_one_account(engine: Engine) -> None:
    await tell(engine, *THREE)
    await tell(
        engine,
        *(
            event(10 + n, {"id": str(n), "name": f"Deal {n}", "status": "open", "account_id": ref, "amount": "1"},
                  source=source)
            for n, (source, ref) in enumerate([("crm", "1"), ("erp", "9"), ("crm", "2")])
        ),
    )  # fmt: skip
    page = await list_records(engine, RecordQuery.parse("opportunity", [("filter[account_id]", acc("crm", "1"))]))
    assert page.total == 2
    assert {item["fields"]["account"] for item in page.items} == {"ACME"}
    related = (await merged_of(engine, acc("erp", "9"))).related["opportunities"]
    assert {one["source"] for one in related} == {"crm", "erp"}


async def seen(engine: Engine) -> list[Any]:
    """Return everything that people see of accounts, without when it was worked out."""
    rows = await engine.query(f"SELECT * EXCEPT (generation) FROM {ACCOUNT.merged_table} FINAL ORDER BY canonical_id")
    return [rows, await titles(engine), await titles(engine, as_of="2026-01-01T00:00:30Z")]


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[RawRow], list[tuple[str, list[int]]]]:
    """Accounts of three sources that share keys at random, told in some order, and decisions about them."""
    rows = []
    for number in range(draw(st.integers(4, 14))):
        fields = {
            "name": draw(st.sampled_from(["Acme GmbH", "ACME", "Beta", "Gamma AG"])),
            "domain": draw(st.sampled_from(["acme.com", "beta.com", "gmail.com", None])),
            "tax_id": draw(st.sampled_from(["DE123456789", "FR987654321", None])),
            "city": draw(st.sampled_from(["Berlin", None])),
            "country": "DE",
            "is_deleted": draw(st.sampled_from([False, False, False, True])),
        }
        source, source_id = draw(st.sampled_from(["a", "b", "c"])), draw(st.sampled_from(["1", "2"]))
        rows.append(record(number, source, source_id, **fields))
    picks = st.lists(st.integers(0, 5), min_size=1, max_size=3)
    acts = st.tuples(st.sampled_from(["merge", "unmerge", "dismiss"]), picks)
    return rows, draw(st.lists(acts, min_size=1, max_size=4))


async def attempt(engine: Engine, action: str, picks: Sequence[int]) -> str | None:
    """Decide about some of the records that there are, and return the decision when it is one that can be."""
    rows = await engine.query(f"SELECT canonical_id FROM {ACCOUNT.merged_table} FINAL ORDER BY canonical_id")
    ids = [rows[pick % len(rows)]["canonical_id"] for pick in picks]
    try:
        made = await decide(engine, "account", action, ids, actor="ann", reason="x")  # type: ignore[arg-type]
    except DecisionRefused:
        return None
    await fold_pending(engine)
    return made.decision_id


async def test_any_story_can_be_taken_back_and_found_again(engine: Engine) -> None:
    """Step by step and all at once find the same; undoing the last decision restores the exact state before."""
    loop = asyncio.get_running_loop()

    async def check(rows: list[RawRow], acts: list[tuple[str, list[int]]]) -> None:
        await empty(engine)
        half = len(rows) // 2
        await tell(engine, *rows[:half])
        if rows[half:]:
            await tell(engine, *rows[half:])
        undone = []
        for action, picks in acts:
            before = await seen(engine)
            made = await attempt(engine, action, picks)
            if made is not None:
                undone.append((made, before))
        after = await seen(engine)
        await relink_all(engine)
        assert await seen(engine) == after
        for made, before in reversed(undone):
            await undo(engine, made, actor="bo", reason="")
            await fold_pending(engine)
            assert await seen(engine) == before

    @settings(max_examples=deep(3), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
              phases=[Phase.generate, Phase.reuse])  # fmt: skip
    @given(stories())
    def run(story: tuple[list[RawRow], list[tuple[str, list[int]]]]) -> None:
        asyncio.run_coroutine_threadsafe(check(*story), loop).result(120)

    await asyncio.to_thread(run)
