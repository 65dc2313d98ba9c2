"""The metrics over the demo against figures of the company itself: counts, money in one currency, the past."""

from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from salescommand_demo import Generator
from salescommand_demo.model import Deal, Owner
from salescommand_lake import Engine
from salescommand_lake.metrics import MetricQuery, compute
from tests.demo.lake import ANCHOR
from tests.demo.money import converter, total

PAST = datetime(2025, 9, 1, tzinfo=UTC)

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _deals(made: Generator, status: str) -> list[Deal]:
    return [deal for deal in made.world.deals if deal.deleted_at is None and deal.status == status]


def _owner(deal: Deal) -> Owner:
    owner = deal.state()["owner"]
    assert isinstance(owner, Owner)
    return owner


@pytest.mark.parametrize("status", ["open", "won", "lost"])
async def test_counts(lake: Engine, made: Generator, status: str):
    answer = await compute(lake, f"{status}-count", MetricQuery())
    assert answer.value == answer.rows == len(_deals(made, status))


async def test_win_rate(lake: Engine, made: Generator):
    won, lost = (len(_deals(made, status)) for status in ("won", "lost"))
    answer = await compute(lake, "win-rate", MetricQuery())
    assert answer.rows == won + lost
    assert answer.value is not None
    assert Decimal(answer.value) == (Decimal(won) / (won + lost)).quantize(Decimal("0.000001"), ROUND_HALF_UP)


@pytest.mark.parametrize("currency", ["USD", "EUR", "JPY"])
@pytest.mark.parametrize("status", ["won", "lost"])
async def test_closed_value_at_the_rates_of_the_days(lake: Engine, made: Generator, status: str, currency: str):
    expected, unpriced = total(_deals(made, status), lambda deal: deal.close_date, converter(made, currency))
    answer = await compute(lake, f"{status}-value", MetricQuery(currency=currency))
    assert answer.value is not None
    assert (Decimal(answer.value), answer.unpriced) == (expected, unpriced)


async def test_open_pipeline_at_the_rate_of_the_day(lake: Engine, made: Generator):
    expected, unpriced = total(_deals(made, "open"), lambda _: ANCHOR.date(), converter(made, "EUR"))
    answer = await compute(lake, "open-pipeline", MetricQuery(currency="EUR", as_of=ANCHOR))
    assert answer.value is not None
    assert (Decimal(answer.value), answer.unpriced) == (expected, unpriced)


@pytest.mark.parametrize("by", ["team", "owner"])
async def test_every_deal_finds_its_team_and_owner(lake: Engine, made: Generator, by: str):
    names: dict[str, Any] = {"team": lambda deal: _owner(deal).team.name, "owner": lambda deal: _owner(deal).name}
    answer = await compute(lake, "won-count", MetricQuery(by=(by,)))
    assert {group.key[by]: group.value for group in answer.groups} == Counter(map(names[by], _deals(made, "won")))


async def test_systems_spell_one_company_in_many_ways_and_it_is_one_account(lake: Engine, made: Generator):
    """What became one is one company, and two of three companies do by rule alone."""
    accounts = [account for known in made.world.accounts.values() for account in known]
    company = {(account.system, account.ref): account.company.number for account in accounts}
    company |= {("stripe", customer.ref): customer.company.number for customer in made.world.customers.values()}
    rows = await lake.query(
        "SELECT groupArray((source, source_id)) AS who FROM merged_accounts FINAL GROUP BY cluster_id"
    )
    clusters = [{company[source, ref] for source, ref in row["who"]} for row in rows]
    assert all(len(found) == 1 for found in clusters)
    crm = [{company[source, ref] for source, ref in row["who"] if source != "stripe"} for row in rows]
    records = Counter(number for found in crm for number in found)
    several = {number for number, count in Counter(account.company.number for account in accounts).items() if count > 1}
    assert sum(records[number] == 1 for number in several) >= 2 * len(several) / 3, records


async def test_quotas_find_their_owners(lake: Engine, made: Generator):
    answer = await compute(lake, "quota", MetricQuery(by=("owner",)))
    sellers = {owner.name for owner in made.world.staff.owners if owner.manager_ref is not None}
    assert {group.key["owner"] for group in answer.groups} == sellers


async def test_months_of_winning(lake: Engine, made: Generator):
    answer = await compute(lake, "won-count", MetricQuery(by=("month",)))
    expected = Counter(f"{deal.close_date:%Y-%m}" for deal in _deals(made, "won"))
    assert {group.key["month"]: group.value for group in answer.groups} == expected


async def test_a_day_in_the_past(lake: Engine, made: Generator):
    stages = Counter[str]()
    for deal in made.world.deals:
        moves = [change.fields["stage"] for change in deal.changes if "stage" in change.fields and change.at <= PAST]
        if moves and not (deal.deleted_at is not None and deal.deleted_at <= PAST):
            stages[str(moves[-1])] += 1
    won, lost = stages.pop("won"), stages.pop("lost")
    for slug, expected in (("won-count", won), ("lost-count", lost), ("open-count", stages.total())):
        assert (await compute(lake, slug, MetricQuery(as_of=PAST))).value == expected, slug


async def test_invoiced(lake: Engine, made: Generator):
    convert = converter(made, "EUR")
    billed = [invoice for invoice in made.world.invoices if invoice.voided_at is None]
    expected = sum(convert(invoice.amount, invoice.currency, invoice.issued.date()) for invoice in billed)
    answer = await compute(lake, "invoiced", MetricQuery(currency="EUR"))
    assert answer.value is not None
    assert Decimal(answer.value) == expected
