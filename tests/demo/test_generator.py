"""The generator: the same for the same wish, of the wanted size; relations hold and figures make sense."""

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from salescommand_demo import Generator
from salescommand_demo.encoding import encode
from salescommand_demo.envelopes import posts

ANCHOR = datetime(2026, 3, 18, 14, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def usual() -> Generator:
    return Generator(anchor=ANCHOR)


def _digest(generator: Generator) -> list[tuple[str, str, bytes]]:
    return [(post.source, post.entity, post.body) for post in posts(generator.arrivals())]


def test_same_wish_same_bytes():
    first, second = (Generator(anchor=ANCHOR, events=3000) for _ in range(2))
    assert _digest(first) == _digest(second)
    assert first.truth() == second.truth()


def test_another_seed_is_another_company():
    ours = {event.payload["id"] for event in Generator(anchor=ANCHOR, events=1000).arrivals() if "id" in event.payload}
    other = Generator(anchor=ANCHOR, events=1000, seed=7).truth()
    assert other.won != Generator(anchor=ANCHOR, events=1000).truth().won
    assert ours


def test_ids_stay_on_another_day():
    today, later = (Generator(anchor=ANCHOR + timedelta(days=days), events=5000).world for days in (0, 1))
    shared = min(len(today.deals), len(later.deals))
    assert shared > 300
    assert Counter(deal.ref for deal in today.deals[:shared]) == Counter(deal.ref for deal in later.deals[:shared])


def test_a_longer_run_only_adds():
    small, large = (Generator(anchor=ANCHOR, events=events).world for events in (5000, 10_000))
    assert small.deals == large.deals[: len(small.deals)]


@pytest.mark.parametrize("events", [1000, 2500, 10_000, 40_000])
def test_size(events: int):
    assert len(Generator(anchor=ANCHOR, events=events).arrivals()) == pytest.approx(events, rel=0.05)


@pytest.mark.parametrize(
    ("wish", "message"),
    [({"anchor": datetime(2026, 3, 18)}, "time zone"), ({"anchor": ANCHOR, "events": 10}, "too few")],  # noqa: DTZ001
)
def test_impossible_wishes_say_why(wish: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        Generator(**wish)  # type: ignore[arg-type]


def test_nothing_comes_from_the_future(usual: Generator):
    assert max(event.at for event in usual.arrivals()) <= ANCHOR


def test_one_source_is_late_and_the_others_are_fresh(usual: Generator):
    newest = {
        source: max(e.at for e in usual.arrivals() if e.source == source)
        for source in ("hubspot", "pipedrive", "salesforce", "odoo")
    }
    lag = {source: ANCHOR - at for source, at in newest.items()}
    assert timedelta(hours=5) < lag.pop("pipedrive") < timedelta(hours=12)
    assert max(lag.values()) < timedelta(minutes=30), lag


def test_every_relation_holds(usual: Generator):
    world = usual.world
    refs = {
        noun: {(e.source, e.ref) for e in usual.arrivals() if e.noun == noun}
        for noun in ("account", "contact", "owner")
    }
    for deal in world.deals:
        assert (deal.system, deal.account.ref) in refs["account"]
        assert (deal.system, deal.contact.ref) in refs["contact"]
        assert deal.account.system == deal.contact.system == deal.system
        assert deal.contact.account == deal.account
        assert deal.account.created < deal.created
        for change in deal.changes:
            owner = change.fields.get("owner")
            assert owner is None or (deal.system, getattr(owner, "ref", "")) in refs["owner"]
    customers = {customer.ref for customer in world.customers.values()}
    assert {invoice.customer_ref for invoice in world.invoices} <= customers
    for event in usual.arrivals():
        if event.noun == "quota":
            assert (event.source, event.payload["owner_ref"]) in refs["owner"]


def test_changes_of_a_record_are_seconds_apart(usual: Generator):
    for deal in usual.world.deals:
        times = [change.at for change in deal.changes]
        assert all(later - earlier >= timedelta(seconds=2) for earlier, later in pairwise(times))


def test_ids_are_unique(usual: Generator):
    deals = [(deal.system, deal.ref) for deal in usual.world.deals]
    assert len(set(deals)) == len(deals)
    partners = [e.ref for e in usual.arrivals() if e.source == "odoo" and e.entity == "res.partner"]
    nouns = {
        ref: {e.noun for e in usual.arrivals() if e.entity == "res.partner" and e.ref == ref} for ref in partners[:20]
    }
    assert all(len(found) == 1 for found in nouns.values())


def test_systems_overlap(usual: Generator):
    systems = Counter[int]()
    for accounts in usual.world.accounts.values():
        systems.update({account.company.number for account in accounts})
    assert sum(count > 1 for count in systems.values()) > 60
    spellings = {
        a.domain for accounts in usual.world.accounts.values() for a in accounts if systems[a.company.number] > 1
    }
    assert any(domain.isupper() for domain in spellings)
    assert any(domain.startswith("www.") for domain in spellings)


def test_funnel_is_believable(usual: Generator):
    truth = usual.truth()
    won, lost = truth.count("won"), truth.count("lost")
    assert Decimal("0.35") < Decimal(won) / (won + lost) < Decimal("0.45")
    assert 150 <= truth.count("open") <= 270
    assert min(truth.open_by_group_stage.values()) > 10
    assert {"EUR", "USD", "GBP", "SEK", "JPY"} <= set(truth.won)
    cycles = [(d.changes[-1].at - d.created).days for d in usual.world.deals if d.status == "won"]
    assert min(cycles) >= 20
    assert sum(days <= 165 for days in cycles) / len(cycles) > 0.97


def test_close_dates_of_open_deals_spread(usual: Generator):
    days = [(d.close_date - ANCHOR.date()).days for d in usual.world.deals if d.status == "open" and d.close_date]
    assert any(day < 0 for day in days)
    assert sum(day >= 0 for day in days) / len(days) > 0.85
    assert len({day // 30 for day in days if day >= 0}) >= 4


def test_every_planned_fault_is_there_and_counted(usual: Generator):
    dirt = asdict(usual.truth().dirt)
    assert dirt.pop("rejected") == 0  # only the loader sends the body that is cut off
    assert all(count > 0 for count in dirt.values()), dirt
    seen = Counter(encode(event.payload) for event in usual.arrivals())
    assert sum(count - 1 for count in seen.values()) == dirt["duplicates"]
    assert sum(not event.noun for event in usual.arrivals()) >= dirt["unmapped"]


def test_quotas_are_of_the_size_of_what_is_won(usual: Generator):
    quota = sum(
        Decimal(str(e.payload["amount"]))
        for e in _distinct(usual)
        if e.noun == "quota" and e.payload["currency"] == "USD"
    )
    won = usual.truth().won["USD"]
    assert Decimal("0.8") < quota / won < Decimal("1.8")


def _distinct(generator: Generator):
    return {(event.source, event.noun, event.ref): event for event in generator.arrivals()}.values()
