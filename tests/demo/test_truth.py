"""The lake's numbers against what the invented company knows of itself: they must be the same, to the cent."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from salescommand_demo import Generator, Truth, mapping_documents
from salescommand_demo.model import Deal, Owner
from salescommand_demo.truth import vendor_stage
from salescommand_demo.vendors.odoo import OLD_PROPOSAL
from salescommand_lake import Engine
from salescommand_lake.fold import apply_mapping, fold_pending
from tests.demo.lake import LOADED, load_lake

PLURALS = {
    "account": "accounts", "contact": "contacts", "opportunity": "opportunities", "owner": "owners",
    "quota": "quotas", "invoice": "invoices", "exchange_rate": "exchange_rates",
}  # fmt: skip

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def truth(made: Generator) -> Truth:
    return made.truth()


async def _sums(lake: Engine, table: str, amount: str, where: str) -> dict[str, Decimal]:
    rows = await lake.query(
        f"SELECT currency, toString(sum({amount})) AS total FROM {table} FINAL "
        f"WHERE NOT is_deleted AND isNotNull(currency) AND isNotNull({amount}) AND {where} GROUP BY currency"
    )
    return {row["currency"]: Decimal(row["total"]) for row in rows}


async def test_counts_of_records(lake: Engine, truth: Truth):
    found = {}
    for noun, table in PLURALS.items():
        rows = await lake.query(f"SELECT source, count() AS n FROM {table} FINAL WHERE NOT is_deleted GROUP BY source")
        found[noun] = {row["source"]: int(row["n"]) for row in rows}
    assert found == truth.records


async def test_status(lake: Engine, truth: Truth):
    rows = await lake.query(
        "SELECT source, status, count() AS n FROM opportunities FINAL WHERE NOT is_deleted GROUP BY source, status"
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["source"], {})[row["status"]] = int(row["n"])
    assert found == truth.status


@pytest.mark.parametrize("status", ["won", "lost", "open"])
async def test_values_per_currency(lake: Engine, truth: Truth, status: str):
    assert await _sums(lake, "opportunities", "amount", f"status = '{status}'") == getattr(truth, status)


async def test_deals_without_a_price(lake: Engine, truth: Truth):
    rows = await lake.query(
        "SELECT status, count() AS n FROM opportunities FINAL "
        "WHERE NOT is_deleted AND (isNull(amount) OR isNull(currency)) GROUP BY status"
    )
    assert {row["status"]: int(row["n"]) for row in rows} == truth.unpriced


async def test_open_deals_by_stage(lake: Engine, truth: Truth):
    rows = await lake.query(
        "SELECT source, stage, count() AS n FROM opportunities FINAL "
        "WHERE NOT is_deleted AND status = 'open' GROUP BY source, stage"
    )
    assert {(row["source"], row["stage"]): int(row["n"]) for row in rows} == truth.open_by_stage


async def test_invoices(lake: Engine, truth: Truth):
    assert await _sums(lake, "invoices", "amount_due", "true") == truth.invoiced
    rows = await lake.query("SELECT status, count() AS n FROM invoices FINAL WHERE NOT is_deleted GROUP BY status")
    assert {row["status"]: int(row["n"]) for row in rows} == truth.invoices


async def test_every_deal_field_by_field(lake: Engine, made: Generator):
    rows = await lake.query(
        "SELECT source, source_id, name, account_ref, owner_ref, toString(amount) AS amount, currency, stage, status, "
        "toString(close_date) AS close_date, lost_reason, is_deleted FROM opportunities FINAL"
    )
    found = {(row["source"], row["source_id"]): row for row in rows}
    differences = []
    for deal in made.world.deals:
        row = found.pop((deal.system, deal.ref))
        wanted = _expected(deal, made)
        got = {key: row[key] for key in wanted} | {"is_deleted": row["is_deleted"] in (True, 1, "1", "true")}
        got["amount"] = None if row["amount"] is None else Decimal(row["amount"])
        if got != wanted:
            wrong = {key: (wanted[key], got[key]) for key in wanted if wanted[key] != got[key]}
            differences.append((deal.system, deal.ref, wrong))
    assert not differences, (len(differences), differences[:5])
    assert not found


def _expected(deal: Deal, made: Generator) -> dict[str, Any]:
    if deal.deleted_at is not None:
        return {"is_deleted": True, "name": deal.name, "amount": deal.amount}
    owner = deal.state()["owner"]
    assert isinstance(owner, Owner)
    wanted: dict[str, Any] = {
        "name": deal.name,
        "account_ref": deal.account.ref,
        "owner_ref": owner.ref,
        "amount": deal.amount,
        "currency": deal.currency,
        "status": deal.status,
        "close_date": str(deal.close_date),
        "lost_reason": deal.state()["lost_reason"],
        "is_deleted": False,
    }
    if deal.status == "open":
        wanted["stage"] = vendor_stage(deal, made.world)
    return wanted


async def test_owners_join_with_their_teams(lake: Engine, made: Generator):
    rows = await lake.query("SELECT source, source_id, name, email, team, manager_ref FROM owners FINAL")
    found = {(row["source"], row["source_id"]): row for row in rows}
    for owner in made.world.staff.owners:
        row = found[owner.team.system, owner.ref]
        assert (row["name"], row["email"], row["team"]) == (owner.name, owner.email, owner.team.name)
        if owner.team.system != "hubspot":  # HubSpot's owners say nothing of managers
            assert row["manager_ref"] == owner.manager_ref


async def test_unparseable_amounts_are_in_quarantine(lake: Engine, truth: Truth):
    rows = await lake.query(
        "SELECT source, field, count() AS n FROM quarantine FINAL GROUP BY source, field ORDER BY source, field"
    )
    assert {row["field"] for row in rows} == {"amount"}, rows
    assert sum(int(row["n"]) for row in rows) >= truth.dirt.unparseable


async def test_the_groups_own_stage_names(lake: Engine, made: Generator, truth: Truth):
    for text in mapping_documents().values():
        assert (await apply_mapping(lake, text, author="demo")).changed
    result = await fold_pending(lake)
    assert result.remapped > 0
    assert not result.failed
    rows = await lake.query(
        "SELECT stage, count() AS n FROM opportunities FINAL WHERE NOT is_deleted AND status = 'open' GROUP BY stage"
    )
    found = {row["stage"]: int(row["n"]) for row in rows}
    stale = found.pop(OLD_PROPOSAL, 0)  # not written again since the stage was renamed
    assert stale == truth.dirt.renamed_stage
    found["Proposal"] += stale
    assert found == truth.open_by_group_stage


async def test_loading_again_changes_nothing(lake: Engine, made: Generator, truth: Truth):
    before = await lake.query(
        "SELECT * EXCEPT (version, events, superseded, repeats) FROM opportunities FINAL ORDER BY canonical_id"
    )
    versions = await lake.query("SELECT count() AS n FROM canonical_records")
    await load_lake(lake, made, LOADED + timedelta(minutes=5))
    after = await lake.query(
        "SELECT * EXCEPT (version, events, superseded, repeats) FROM opportunities FINAL ORDER BY canonical_id"
    )
    assert after == before
    assert await lake.query("SELECT count() AS n FROM canonical_records") == versions
    await test_status(lake, truth)
