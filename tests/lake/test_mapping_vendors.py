"""Each vendor's traps, in that vendor's payload shape: what the shipped mapping makes of them."""

from __future__ import annotations

import itertools
import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from salescommand_lake import Engine
from salescommand_lake.mapping.catalog import shipped_mappings
from salescommand_lake.model import NOUNS
from tests.support.lake_events import event, plain, read_by_sql

DATA = Path(os.environ.get("SALESCOMMAND_TEST_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
CLEARED = "(cleared)"
_numbers = itertools.count()


async def said(engine: Engine, kind: str, noun: str, body: Any, operation: str = "full") -> dict[str, Any]:
    """Return the fields that one payload sets, and under ``errors`` those that it could not."""
    text = next(m.text for m in shipped_mappings() if (m.scope, m.record_type) == (f"kind:{kind}", noun))
    row = event(1, body, source_id="1", operation=operation)
    found = (await read_by_sql(engine, text, [row], f"vendor-{next(_numbers)}"))[row.seq]
    fields: dict[str, Any] = {}
    for field in NOUNS[noun].fields:
        op = found.get(f"{field.name}_op")
        if op:
            fields[field.name] = plain(field, found[field.name]) if op == 1 else CLEARED
    if found["errors"]:
        fields["errors"] = sorted(error[0] for error in found["errors"])
    fields["deleted"] = found["deleted_op"]
    return fields


async def test_hubspot_properties_are_texts_and_times_have_two_spellings(engine: Engine) -> None:
    properties = {
        "dealname": "Renewal",
        "amount": "3000",
        "deal_currency_code": "EUR",
        "dealstage": "closedwon",
        "closedate": "1572480000000",
        "createdate": "2026-02-25T16:23:49.023Z",
        "hubspot_owner_id": "",
        "closed_lost_reason": None,
    }
    found = await said(engine, "hubspot", "opportunity", {"id": "1", "properties": properties, "archived": False})
    assert found["amount"] == Decimal(3000)
    assert found["status"] == "won"
    assert found["close_date"] == date(2019, 10, 31)
    assert found["created_at"] == datetime(2026, 2, 25, 16, 23, 49, 23000, UTC)
    assert (found["owner_ref"], found["lost_reason"]) == (CLEARED, CLEARED)
    assert "pipeline" not in found


@pytest.mark.parametrize(
    ("name", "value", "field", "want"),
    [
        ("amount", "2000", "amount", Decimal(2000)),
        ("amount", "", "amount", CLEARED),
        ("dealstage", "1f4f1ec1-8174-49f3-a112-4eaa4748e38e", "stage", "1f4f1ec1-8174-49f3-a112-4eaa4748e38e"),
        ("dealstage", "closedlost", "status", "lost"),
        ("hs_is_closed_won", "true", "status", "won"),
        ("closedate", "1782371971992", "close_date", date(2026, 6, 25)),
    ],
)
async def test_a_hubspot_webhook_says_one_property(
    name: str, value: str, field: str, want: Any, engine: Engine
) -> None:
    body = {"objectId": 5, "subscriptionType": "deal.propertyChange", "propertyName": name, "propertyValue": value}
    found = await said(engine, "hubspot", "opportunity", body, "patch")
    assert found.pop(field) == want
    assert found.keys() <= {"stage", "status", "deleted"}
    assert found["deleted"] == 0


async def test_a_hubspot_contact_is_named_by_its_parts_but_not_by_one_of_them(engine: Engine) -> None:
    whole = {"properties": {"firstname": "Ada", "lastname": "Byron", "email": "Ada@X.org", "jobtitle": None}}
    found = await said(engine, "hubspot", "contact", whole)
    assert (found["name"], found["email"], found["title"]) == ("Ada Byron", "ada@x.org", CLEARED)
    patch = {"propertyName": "lastname", "propertyValue": "King", "subscriptionType": "contact.propertyChange"}
    found = await said(engine, "hubspot", "contact", patch, "patch")
    assert found["last_name"] == "King"
    assert "name" not in found


async def test_salesforce_ids_offsets_and_percents(engine: Engine) -> None:
    body = {
        "Id": "006dM00000Mw7VtQAJ",
        "Name": "Generators",
        "Amount": 15000,
        "StageName": "Negotiation/Review",
        "IsClosed": False,
        "IsWon": False,
        "Probability": 90,
        "CloseDate": "2026-03-08",
        "OwnerId": "005dM00000aYf0q",
        "AccountId": "001dM00003jU9GyQAK",
        "CreatedDate": "2026-05-01T07:25:37.000+0000",
        "IsDeleted": False,
    }
    found = await said(engine, "salesforce", "opportunity", body)
    assert found["owner_ref"] == "005dM00000aYf0qQAC"
    assert found["account_ref"] == "001dM00003jU9GyQAK"
    assert found["probability"] == Decimal("0.9")
    assert found["status"] == "open"
    assert found["created_at"] == datetime(2026, 5, 1, 7, 25, 37, tzinfo=UTC)
    assert found["deleted"] == 1
    assert (await said(engine, "salesforce", "opportunity", {**body, "IsDeleted": True}))["deleted"] == 2
    lost = {**body, "IsClosed": True, "StageName": "Closed Lost"}
    assert (await said(engine, "salesforce", "opportunity", lost))["status"] == "lost"


async def test_salesforce_change_events_clear_only_what_they_name(engine: Engine) -> None:
    header = {"changeType": "UPDATE", "recordIds": ["006dM00000Mw7VtQAJ"], "nulledFields": ["Amount"]}
    fields = {"Amount": None, "StageName": None, "CloseDate": 1653955200000, "Name": "New name"}
    for body in (
        {"ChangeEventHeader": header, **fields},
        {"payload": {"ChangeEventHeader": header, **fields}},
        {"data": {"payload": {"ChangeEventHeader": header, **fields}}},
    ):
        found = await said(engine, "salesforce", "opportunity", body, "patch")
        assert found == {"name": "New name", "amount": CLEARED, "close_date": date(2022, 5, 31), "deleted": 0}


async def test_a_salesforce_name_may_be_an_object(engine: Engine) -> None:
    body = {"ChangeEventHeader": {}, "Name": {"FirstName": "Ada", "LastName": "Byron"}}
    found = await said(engine, "salesforce", "contact", body, "patch")
    assert (found["name"], found["first_name"], found["last_name"]) == ("Ada Byron", "Ada", "Byron")


async def test_odoo_writes_false_for_empty_and_pairs_for_links(engine: Engine) -> None:
    body = {
        "id": 1,
        "name": "Lead",
        "active": True,
        "expected_revenue": 1234.5,
        "company_currency": [93, "KES"],
        "partner_id": False,
        "partner_name": "Acme",
        "user_id": [2, "Victor"],
        "stage_id": [1, "New"],
        "probability": 12.5,
        "date_deadline": False,
        "date_closed": "2026-07-22 11:42:29",
        "create_date": "2026-07-22 11:42:29",
        "lost_reason_id": False,
    }
    found = await said(engine, "odoo", "opportunity", body)
    assert (found["amount"], found["currency"]) == (Decimal("1234.5"), "KES")
    assert (found["account_ref"], found["account_name"]) == (CLEARED, "Acme")
    assert (found["owner_ref"], found["owner_name"], found["stage"]) == ("2", "Victor", "New")
    assert (found["probability"], found["status"]) == (Decimal("0.125"), "open")
    assert (found["close_date"], found["lost_reason"]) == (date(2026, 7, 22), CLEARED)
    lost = await said(engine, "odoo", "opportunity", {**body, "active": False, "probability": 0.0})
    assert (lost["status"], lost["stage"]) == ("lost", "New")
    won = await said(engine, "odoo", "opportunity", {**body, "stage_id": [4, "Won"]})
    assert won["status"] == "won"


async def test_an_odoo_webhook_gives_bare_ids(engine: Engine) -> None:
    body = {"_id": 1, "_model": "crm.lead", "user_id": 2, "stage_id": 4, "expected_revenue": 5.0}
    found = await said(engine, "odoo", "opportunity", body, "patch")
    assert found == {"owner_ref": "2", "amount": Decimal(5), "deleted": 0}


async def test_an_archived_odoo_partner_is_gone(engine: Engine) -> None:
    body = {"id": 3, "name": "Acme", "is_company": True, "active": False, "country_id": [71, "Kenya"], "website": False}
    found = await said(engine, "odoo", "account", body)
    assert (found["deleted"], found["country"], found["website"]) == (2, "Kenya", CLEARED)


async def test_pipedrive_versions_and_webhooks_say_the_same(engine: Engine) -> None:
    link = {"value": 7, "name": "Acme", "active_flag": True}
    first = {
        "id": 3,
        "title": "Deal",
        "value": 10,
        "currency": "EUR",
        "status": "won",
        "org_id": link,
        "deleted": False,
    }
    first |= {"won_time": "2026-05-15 10:06:38", "close_time": None, "user_id": {"id": 9, "value": 9, "name": "Ada"}}
    second = {"id": 3, "title": "Deal", "value": 10, "currency": "EUR", "status": "won", "org_id": 7, "owner_id": 9}
    second |= {"won_time": "2026-05-15T10:06:38Z", "is_deleted": False}
    for body in (first, second, {"meta": {"action": "change"}, "data": second}, {"meta": {}, "current": first}):
        found = await said(engine, "pipedrive", "opportunity", body)
        assert (found["amount"], found["status"], found["account_ref"], found["owner_ref"]) == (
            *(Decimal(10), "won", "7", "9"),
        )
        assert (found["close_date"], found["deleted"]) == (date(2026, 5, 15), 1)
    assert (await said(engine, "pipedrive", "opportunity", {**second, "is_deleted": True}))["deleted"] == 2


async def test_pipedrive_people_have_lists_of_addresses(engine: Engine) -> None:
    body = {
        "name": "देवनागरी",
        "email": [{"value": "old@x.org", "primary": False}, {"value": "New@x.org", "primary": True}],
        "phone": [{"value": "", "primary": True}],
        "org_id": None,
    }
    found = await said(engine, "pipedrive", "contact", body)
    assert (found["name"], found["email"], found["phone"]) == ("देवनागरी", "new@x.org", CLEARED)


@pytest.mark.parametrize(
    ("currency", "units", "want"),
    [("usd", 1000, "10"), ("jpy", 1000, "1000"), ("kwd", 1000, "1"), ("isk", 1000, "10"), ("mga", 1000, "1000")],
)
async def test_stripe_counts_minor_units(currency: str, units: int, want: str, engine: Engine) -> None:
    record = {"object": "invoice", "amount_due": units, "amount_paid": 0, "currency": currency, "customer": "cus_1"}
    record |= {"created": 1234567890, "due_date": None, "customer_email": None, "status": "open", "number": None}
    for body in (record, {"object": "event", "data": {"object": record}}):
        found = await said(engine, "stripe", "invoice", body)
        assert (found["amount_due"], found["currency"]) == (Decimal(want), currency.upper())
        assert found["issued_at"] == datetime(2009, 2, 13, 23, 31, 30, tzinfo=UTC)
        assert (found["account_ref"], found["due_date"]) == ("cus_1", CLEARED)


async def test_amounts_without_a_currency_that_counts_them_wait_in_quarantine(engine: Engine) -> None:
    found = await said(engine, "stripe", "invoice", {"amount_due": 1000, "status": "open"})
    assert found["errors"] == ["amount_due"]
    assert found["status"] == "open"


async def test_plain_json_goes_by_usual_names(engine: Engine) -> None:
    body = {
        "title": "Deal",
        "deal_value": "1054",
        "deal_stage": "Won",
        "sales_agent": "Moses Frase",
        "account": "Cancity",
        "currency": "usd",
        "engage_date": "2016-10-20",
    }
    found = await said(engine, "generic", "opportunity", body)
    assert (found["name"], found["amount"], found["status"]) == ("Deal", Decimal(1054), "won")
    assert (found["owner_name"], found["account_name"], found["currency"]) == ("Moses Frase", "Cancity", "USD")
    for flags, status in (({"is_won": True}, "won"), ({"is_closed": True, "is_won": False}, "lost"), ({}, None)):
        assert (await said(engine, "generic", "opportunity", flags)).get("status") == status


SAMPLES = {
    "hubspot_contact.json": ("hubspot", "contact", "results"),
    "salesforce_account.json": ("salesforce", "account", "records"),
    "salesforce_opportunity.json": ("salesforce", "opportunity", "records"),
    "odoo_crm_lead.json": ("odoo", "opportunity", None),
    "odoo_res_partner.json": ("odoo", "contact", None),
    "pipedrive_deal_v1.json": ("pipedrive", "opportunity", "data"),
    "stripe_fixture_customer.json": ("stripe", "account", None),
    "stripe_fixture_invoice.json": ("stripe", "invoice", None),
    "segment_identify.json": ("segment", "contact", None),
    "segment_group.json": ("segment", "account", None),
}


@pytest.mark.testdata
@pytest.mark.skipif(not (DATA / "payloads").exists(), reason="the sample payloads are missing (SALESCOMMAND_TEST_DATA)")
@pytest.mark.parametrize("name", SAMPLES)
async def test_recorded_payloads_are_read_without_a_refusal(name: str, engine: Engine) -> None:
    kind, noun, member = SAMPLES[name]
    body = json.loads((DATA / "payloads" / name).read_text())
    records = body[member] if member else body if isinstance(body, list) else [body]
    for record in records:
        found = await said(engine, kind, noun, record)
        assert "errors" not in found, (record, found)
        assert len(found) >= 3


async def test_hubspot_workflows_wrap_each_property(engine: Engine) -> None:
    def of(**values: Any) -> dict[str, Any]:
        return {name: {"value": value, "versions": [{"value": "older"}]} for name, value in values.items()}

    deal = {"dealId": 7, "isDeleted": False, "associations": {"associatedCompanyIds": [93], "associatedVids": []}}
    deal["properties"] = of(dealname="Renewal", amount="3000.50", dealstage="closedwon", closedate="1572480000000")
    found = await said(engine, "hubspot", "opportunity", deal)
    assert (found["name"], found["amount"], found["status"]) == ("Renewal", Decimal("3000.50"), "won")
    assert (found["close_date"], found["account_ref"]) == (date(2019, 10, 31), "93")
    contact = {"vid": 33, "properties": of(firstname="Ada", lastname="Byron", email="Ada@X.org", phone="")}
    contact["properties"]["jobtitle"] = {"versions": []}
    found = await said(engine, "hubspot", "contact", contact)
    assert (found["name"], found["email"], found["phone"]) == ("Ada Byron", "ada@x.org", CLEARED)
    assert "title" not in found
