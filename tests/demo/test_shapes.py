"""Each vendor's payloads: the keys that vendor sends, its amounts, its empties, its times, its envelopes."""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from salescommand_demo import Generator
from salescommand_demo.company import salesforce_id
from salescommand_demo.encoding import encode, minor_units, odoo_float, plain
from salescommand_demo.envelopes import NDJSON, SIZES, posts
from tests.demo.samples import payload_sample

ANCHOR = datetime(2026, 3, 18, 14, 25, tzinfo=UTC)
Records = dict[tuple[str, str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def made() -> Generator:
    return Generator(anchor=ANCHOR, events=8000)


@pytest.fixture(scope="module")
def records(made: Generator) -> Records:
    found: Records = defaultdict(list)
    for event in made.arrivals():
        found[event.source, event.entity].append(json.loads(encode(event.payload), parse_float=Decimal))
    return found


def test_hubspot_objects_hold_strings(records: Records):
    for entity in ("deal", "company", "contact"):
        for record in records["hubspot", entity]:
            assert set(record) - {"associations"} == {"id", "properties", "createdAt", "updatedAt", "archived"}
            assert all(value is None or isinstance(value, str) for value in record["properties"].values())
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["updatedAt"])


def test_hubspot_webhooks_carry_one_property(records: Records):
    hooks = records["hubspot", "webhook"]
    changes = [hook for hook in hooks if hook["subscriptionType"] == "deal.propertyChange"]
    assert {type(hook["objectId"]) for hook in hooks} == {int}
    assert all(isinstance(hook["propertyValue"], str) for hook in changes)
    dates = [hook["propertyValue"] for hook in changes if hook["propertyName"] == "closedate"]
    assert dates
    assert all(re.fullmatch(r"\d{13}", date) for date in dates)
    assert {"deal.deletion", "contact.merge"} <= {hook["subscriptionType"] for hook in hooks}


def test_salesforce_times_have_no_colon(records: Records):
    for entity in ("Opportunity", "Account", "Contact", "User"):
        for record in records["salesforce", entity]:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", record["SystemModstamp"])
            assert re.fullmatch(r"[0-9A-Za-z]{18}", record["Id"])
            assert salesforce_id(record["Id"][:15]) == record["Id"]
            assert record["attributes"]["type"] == entity


def test_salesforce_changes_hold_what_changed(records: Records):
    for message in records["salesforce", "OpportunityChangeEvent"]:
        payload = message["payload"]
        header = payload["ChangeEventHeader"]
        assert header["changeType"] in {"UPDATE", "DELETE"}
        assert header["commitNumber"] > 2**53
        assert set(header["nulledFields"]) == {key for key, value in payload.items() if value is None}
        assert isinstance(payload.get("CloseDate", 0), int)


def test_odoo_empties_are_false(records: Records):
    assert records["odoo", "crm.lead"]
    for entity in ("crm.lead", "res.partner", "res.users"):
        for record in records["odoo", entity]:
            assert None not in record.values()
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", record["write_date"])
            assert all(isinstance(pair[0], int) for key, pair in record.items() if key in {"user_id", "stage_id"})
    lost = [lead for lead in records["odoo", "crm.lead"] if not lead["active"]]
    assert lost
    assert {lead["probability"] for lead in lost} == {Decimal("0.0")}


def test_odoo_amounts_are_written_as_floats(made: Generator):
    texts = [encode(event.payload) for event in made.arrivals() if event.entity == "crm.lead"]
    assert all(re.search(r'"expected_revenue":\d+\.\d+,', text) for text in texts)


def test_pipedrive_versions(records: Records):
    deals = records["pipedrive", "deal"]
    listed = [deal for deal in deals if "meta" not in deal]
    hooks = [deal for deal in deals if "meta" in deal]
    assert listed
    assert hooks
    assert all(deal["org_id"]["value"] and deal["user_id"]["value"] for deal in listed)
    for hook in hooks:
        assert hook["meta"]["version"] == "2.0"
        assert isinstance(hook["meta"]["entity_id"], str)
        data, before, action = hook["data"], hook["previous"], hook["meta"]["action"]
        assert (data is None) == (action == "delete")
        assert (before is None) == (action == "create")
        if action == "change":
            assert all(data[key] != value for key, value in before.items())
            assert isinstance(data["owner_id"], int)


def test_stripe_counts_minor_units(made: Generator, records: Records):
    amounts = {invoice.ref: (invoice.amount, invoice.currency) for invoice in made.world.invoices}
    seen = set()
    for event in records["stripe", "event"]:
        record = event["data"]["object"]
        assert isinstance(event["created"], int)
        assert event["id"].startswith("evt_")
        if record["object"] == "invoice":
            amount, currency = amounts[record["id"]]
            assert record["currency"] == currency.lower()
            assert record["amount_due"] == amount * (1 if currency == "JPY" else 100)
            seen.add(currency)
    assert "JPY" in seen
    assert len(seen) > 3


def test_envelopes(made: Generator):
    counts: dict[str, int] = defaultdict(int)
    for post in posts(made.arrivals()):
        counts[post.source] += post.count
        lines = post.body.split(b"\n") if post.content_type == NDJSON else [post.body]
        parsed = [json.loads(line) for line in lines]
        if post.content_type == NDJSON:
            assert len(parsed) == post.count <= SIZES["ndjson"]
        else:
            inner = parsed[0]
            for key in ("results", "records") + (("data",) if "success" in inner else ()):
                inner = inner.get(key, inner) if isinstance(inner, dict) else inner
            assert len(inner) == post.count if isinstance(inner, list) else post.count == 1
    assert sum(counts.values()) == len(made.arrivals())


def test_money_is_rendered_digit_for_digit():
    assert plain(Decimal("12500.00")) == "12500"
    assert plain(Decimal("120.50")) == "120.5"
    assert encode(odoo_float(Decimal(300))) == "300.0"
    assert minor_units(Decimal("12.34"), "EUR") == 1234
    assert minor_units(Decimal(5000), "JPY") == 5000
    assert encode({"a": Decimal("0.10"), "b": [True, None, -3, "é\n"]}) == '{"a":0.10,"b":[true,null,-3,"é\\n"]}'


@pytest.mark.testdata
@pytest.mark.parametrize(
    ("sample", "source", "entity"),
    [
        ("hubspot_contact", "hubspot", "contact"),
        ("hubspot_webhook_deal", "hubspot", "webhook"),
        ("salesforce_account", "salesforce", "Account"),
        ("salesforce_opportunity", "salesforce", "Opportunity"),
        ("odoo_crm_lead", "odoo", "crm.lead"),
        ("odoo_res_partner", "odoo", "res.partner"),
        ("pipedrive_deal_v1", "pipedrive", "deal"),
    ],
)
def test_real_samples_agree_in_type(records: Records, sample: str, source: str, entity: str):
    """Where a real payload and ours share a key, ours holds the kinds of value that the vendor sends."""
    real = payload_sample(sample)
    listed = real if isinstance(real, list) else real.get("results") or real.get("records") or real["data"]
    ours: dict[str, set[str]] = defaultdict(set)
    for record in records[source, entity]:
        for key, value in record.items():
            ours[key].add(_kind(value))
    shared = set(listed[0]) & set(ours)
    assert len(shared) >= min(5, len(listed[0]))
    for key in shared - {"value"}:  # words for an amount are planned
        kinds = {_kind(record.get(key)) for record in listed} - {"empty"}
        if kinds:  # a sample of empties says nothing of the kind
            assert ours[key] <= kinds | {"empty"}, (key, ours[key], kinds)


def _kind(value: Any) -> str:
    if value is None or value is False:
        return "empty"
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float | Decimal) else type(value).__name__
