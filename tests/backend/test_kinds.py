"""Kinds: what each vendor's payloads say about their records, in shapes written by hand after their documents."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.microservices.ingest.decode import pieces
from backend.microservices.ingest.kinds import Resolved, kind_names, kind_of
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.times import time_ms

ROOT = Path(__file__).resolve().parents[2]
PAYLOADS = Path(os.environ.get("SALESCOMMAND_TEST_DATA", ROOT.parent / "shared" / "data")) / "payloads"
LIMITS = Limits()


def read(kind: str, word: str, body: Any) -> list[Resolved]:
    """Open a body as the source's kind and return what each record says."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found, _ = pieces(raw, kind_of(kind), "", LIMITS)
    assert all(piece.fault is None for piece in found)
    return [each for piece in found for each in kind_of(kind).resolve(piece.value or {}, word)]


def ids(resolved: list[Resolved]) -> list[tuple[str | None, str, str]]:
    return [(each.source_id, each.record_type, each.operation) for each in resolved]


def test_every_module_of_the_folder_is_a_kind() -> None:
    assert kind_names() == ["generic", "hubspot", "odoo", "pipedrive", "salesforce", "segment", "stripe"]
    assert kind_of("a kind of tomorrow").name == "generic"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-12T10:04:17.969Z", 1773309857969),
        ("2026-05-01T07:25:37.000+0000", 1777620337000),
        ("2026-05-01T09:25:37+02:00", 1777620337000),
        ("2026-07-22 11:42:29", 1784720549000),
        ("2026-06-03T08:16:59.659390", 1780474619659),
        ("2026-05-01", 1777593600000),
        (1782371971992, 1782371971992),
        (1234567890, 1234567890000),
        ("1572480000000", 1572480000000),
        ("1234567890", 1234567890000),
        (1556094637.139, 1556094637139),
        ("0001-01-01", None),
        ("2500-01-01", None),
        ("yesterday", None),
        ("2026-13-45", None),
        ("12", None),
        ("2026", None),
        (True, None),
        (None, None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
        ("", None),
    ],
)
def test_times(value: Any, expected: int | None) -> None:
    assert time_ms(value) == expected


@given(st.one_of(st.text(), st.integers(), st.floats(), st.decimals(), st.booleans()))
def test_any_value_is_a_time_or_none(value: Any) -> None:
    found = time_ms(value)
    assert found is None or -2_208_988_800_000 <= found <= 10_413_791_999_999


_MEMBERS = """
id Id objectId subscriptionType objectTypeId mergedObjectIds primaryObjectId properties updatedAt results records
attributes type ChangeEventHeader recordIds commitNumber payload _id _model _action is_company result meta data current
previous item success object deleted created related_object batch userId groupId timestamp occurredAt archived
IsDeleted MasterRecordId entity_id action
"""
WORDS = st.one_of(st.sampled_from(_MEMBERS.split()), st.text(max_size=4))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(
    kind=st.sampled_from(kind_names()),
    word=st.sampled_from(["deal", "webhook", "0-3", "res.partner"]),
    record=st.dictionaries(WORDS, JSON, max_size=6),
)
@example(kind="stripe", word="deal", record={"object": []})
def test_no_record_breaks_a_kind(kind: str, word: str, record: dict[str, Any]) -> None:
    found = kind_of(kind)
    found.envelope(record)
    for resolved in found.resolve(record, word):
        assert resolved.source_id is None or resolved.source_id
        assert 0 <= resolved.vendor_seq < 2**64


# -- generic ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "source_id"),
    [
        ({"id": "a-1", "source_id": "b"}, "a-1"),
        ({"id": 0}, "0"),
        ({"id": 12345678901234567890}, "12345678901234567890"),
        ({"source_id": "b"}, "b"),
        ({"id": None, "source_id": 7}, "7"),
        ({"id": "", "source_id": "x"}, "x"),
        ({"id": True}, None),
        ({"id": {"nested": 1}}, None),
        ({"name": "Acme"}, None),
        ({"id": "9f0d9a1c-8a55-4f6c-8a43-1f8a2b7a0c11"}, "9f0d9a1c-8a55-4f6c-8a43-1f8a2b7a0c11"),
    ],
)
def test_ids_of_plain_records(record: dict[str, Any], source_id: str | None) -> None:
    assert [each.source_id for each in read("generic", "account", record)] == [source_id]


def test_generic_records() -> None:
    assert ids(read("generic", "deals", {"id": 1, "deleted": True})) == [("1", "opportunity", "delete")]
    assert ids(read("generic", "ticket", {"id": 1})) == [("1", "", "full")]
    assert ids(read("generic", "Company", [{"id": 1}, {"id": 2}])) == [
        ("1", "account", "full"),
        ("2", "account", "full"),
    ]
    # The page of a list is opened, a record of its own never, whatever its members are called.
    for name in ("records", "results", "data"):
        page = {name: [{"id": 1}, {"id": 2}], "count": 2, "next": None}
        assert [each.source_id for each in read("generic", "account", page)] == ["1", "2"]
    for own in ({"id": 9}, {"name": "Acme"}, {"data": [{"id": 1}, 2]}, {"data": [{"name": "no id"}]}, {"data": []}):
        whole = {"records": [{"id": 1}]} | own
        assert [each.source_id for each in read("generic", "order", whole)] == ["9" if "id" in own else None]
    assert ids(read("generic", "order", {"items": [{"id": 1}]})) == [(None, "order", "full")]
    [found] = read("generic", "account", {"id": 1, "updated_at": "2025-01-01T00:00:00Z"})
    assert found.source_time_ms == 1735689600000


# -- hubspot ----------------------------------------------------------------------------------------------------------


def test_hubspot_objects() -> None:
    company = {
        "id": "51",
        "properties": {"name": "Acme", "domain": "acme.test", "hs_lastmodifieddate": "2026-02-01T00:00:00Z"},
        "archived": False,
    }
    [found] = read("hubspot", "company", company)
    assert ids([found]) == [("51", "account", "full")]
    assert found.source_time_ms == 1769904000000
    assert ids(read("hubspot", "crm", {"results": [company], "paging": {"next": {"after": "2"}}})) == [
        ("51", "account", "full")
    ]
    deal = {
        "properties": {"hs_object_id": "9", "dealname": "Big"},
        "archived": True,
        "archivedAt": "2026-03-01T00:00:00Z",
    }
    [gone] = read("hubspot", "webhook", deal)
    assert ids([gone]) == [("9", "opportunity", "delete")]
    assert gone.source_time_ms == 1772323200000


def event(**members: Any) -> dict[str, Any]:
    return {"eventId": 1, "subscriptionId": 2, "occurredAt": 1782371971992, "attemptNumber": 0, **members}


def test_hubspot_webhooks() -> None:
    body = [
        event(objectId=0, subscriptionType="company.propertyChange", propertyName="name", propertyValue="A"),
        event(objectId=5, subscriptionType="contact.privacyDeletion"),
        event(objectId=6, subscriptionType="deal.restore"),
        event(objectId=7, subscriptionType="object.propertyChange", objectTypeId="0-3"),
        event(objectId=8, subscriptionType="ticket.creation"),
        event(fromObjectId=9, toObjectId=1, subscriptionType="contact.associationChange"),
        event(objectId=11, subscriptionType="contact.merge", primaryObjectId=11, mergedObjectIds=[12, 13]),
        event(objectId=21, subscriptionType="contact.merge", primaryObjectId=21, mergedObjectIds=[22], newObjectId=23),
    ]
    assert ids(read("hubspot", "webhook", body)) == [
        ("0", "account", "patch"),
        ("5", "contact", "delete"),
        ("6", "opportunity", "undelete"),
        ("7", "opportunity", "patch"),
        ("8", "", "patch"),
        ("9", "contact", "patch"),
        ("12", "contact", "merge"),
        ("13", "contact", "merge"),
        ("22", "contact", "merge"),
        ("21", "contact", "merge"),
    ]


def test_a_hubspot_delivery_that_is_repeated_is_the_same_event() -> None:
    change = {"objectId": 1, "subscriptionType": "deal.propertyChange", "propertyName": "amount", "propertyValue": "1"}
    first, again = event(**change), event(**change) | {"attemptNumber": 1}
    other = event(**change) | {"propertyValue": "2"}
    [one], [two], [three] = (read("hubspot", "deal", [each]) for each in (first, again, other))
    assert one.vendor_event_id == two.vendor_event_id != three.vendor_event_id


# -- salesforce -------------------------------------------------------------------------------------------------------


def test_salesforce_records() -> None:
    contact = {
        "attributes": {"type": "Contact"},
        "Id": "003dM000005abcd",
        "SystemModstamp": "2026-05-01T07:25:37.000+0000",
    }
    [found] = read("salesforce", "anything", {"totalSize": 1, "done": True, "records": [contact]})
    assert ids([found]) == [("003dM000005abcdQAA", "contact", "full")]
    assert found.source_time_ms == 1777620337000
    assert ids(read("salesforce", "User", {"Id": "005dM00000aYf0qQAC"})) == [("005dM00000aYf0qQAC", "owner", "full")]
    merged = {"Id": "001dM00003jU9GyQAK", "IsDeleted": True, "MasterRecordId": "001dM00003jU9H7QAK"}
    assert ids(read("salesforce", "account", merged)) == [("001dM00003jU9GyQAK", "account", "merge")]
    assert ids(read("salesforce", "account", {"Id": "001dM00003jU9GyQAK", "IsDeleted": True}))[0][2] == "delete"
    assert ids(read("salesforce", "lead", {"Id": "00QdM00003jU9GyQAK"}))[0][1] == ""


def change(**header: Any) -> dict[str, Any]:
    base = {
        "entityName": "Opportunity",
        "changeType": "UPDATE",
        "recordIds": ["006dM00000Mw7VtQAJ"],
        "commitTimestamp": 1653955200000,
        "commitNumber": 10585193272713,
        "sequenceNumber": 1,
        "transactionKey": "0002",
    }
    return {"ChangeEventHeader": base | header, "Amount": None}


def test_salesforce_change_data_capture() -> None:
    two = change(recordIds=["006dM00000Mw7VtQAJ", "006dM00000Mw7VuQAJ"])
    first, second = read("salesforce", "opportunity", two)
    assert ids([first, second]) == [
        ("006dM00000Mw7VtQAJ", "opportunity", "patch"),
        ("006dM00000Mw7VuQAJ", "opportunity", "patch"),
    ]
    assert first.source_time_ms == 1653955200000
    later = read("salesforce", "opportunity", {"data": {"payload": change(sequenceNumber=2)}})[0]
    commit = read("salesforce", "opportunity", {"payload": change(commitNumber=10585193272714), "schema": "x"})[0]
    assert first.vendor_seq < later.vendor_seq < commit.vendor_seq
    operations = {
        "CREATE": "full",
        "UPDATE": "patch",
        "DELETE": "delete",
        "UNDELETE": "undelete",
        "GAP_UPDATE": "patch",
        "GAP_DELETE": "delete",
        "GAP_UNDELETE": "undelete",
        "GAP_OVERFLOW": "patch",
    }
    for said, operation in operations.items():
        assert read("salesforce", "webhook", change(changeType=said))[0].operation == operation
    assert ids(read("salesforce", "account", change(recordIds=["001*"]))) == [("001*", "", "patch")]
    assert ids(read("salesforce", "account", change(recordIds=[]))) == [(None, "", "patch")]
    huge = read("salesforce", "account", change(commitNumber=2**60 + 1))[0]
    assert huge.vendor_seq == 2**60 + 1


# -- odoo -------------------------------------------------------------------------------------------------------------


def test_odoo_answers() -> None:
    lead = {"id": 7, "name": "Big", "type": "opportunity", "write_date": "2026-07-22 11:42:29", "partner_id": False}
    for body in (
        [lead],
        {"records": [lead], "count": 1},
        {"jsonrpc": "2.0", "id": 3, "result": [lead]},
        {"jsonrpc": "2.0", "id": 3, "result": {"length": 1, "records": [lead]}},
        lead,
    ):
        [found] = read("odoo", "crm.lead", body)
        assert ids([found]) == [("7", "opportunity", "full")]
        assert found.source_time_ms == 1784720549000
    assert ids(read("odoo", "crm.lead", lead | {"type": "lead"}))[0][1] == ""


@pytest.mark.parametrize(
    ("partner", "noun"),
    [
        ({"is_company": True}, "account"),
        ({"is_company": False}, "contact"),
        ({"company_type": "company"}, "account"),
        ({"name": "unknown"}, ""),
    ],
)
def test_an_odoo_partner_is_a_company_or_a_person(partner: dict[str, Any], noun: str) -> None:
    assert ids(read("odoo", "res.partner", {"id": 1, **partner}))[0][1] == noun


def test_odoo_webhooks_and_invoices() -> None:
    hook = {
        "_id": 12,
        "_model": "res.partner",
        "_action": "Send(#12)",
        "is_company": True,
        "write_date": "2026-07-22 10:30:14",
    }
    [found] = read("odoo", "webhook", hook)
    assert ids([found]) == [("12", "account", "patch")]
    assert found.source_time_ms == 1784716214000
    assert ids(read("odoo", "x", {"_id": 3, "_model": "crm.lead", "_action": "Unlink lead(#4)"})) == [
        ("3", "opportunity", "delete")
    ]
    assert ids(read("odoo", "account.move", {"id": 5, "move_type": "out_refund"}))[0][1] == "invoice"
    assert ids(read("odoo", "account.move", {"id": 5, "move_type": "in_invoice"}))[0][1] == ""


# -- pipedrive --------------------------------------------------------------------------------------------------------


def test_pipedrive_answers() -> None:
    org = {"id": 1, "name": "Acme", "update_time": "2026-05-15 10:06:38", "active_flag": True}
    assert ids(read("pipedrive", "organization", {"success": True, "data": [org]})) == [("1", "account", "full")]
    assert ids(read("pipedrive", "person", {"success": True, "data": org | {"active_flag": False}})) == [
        ("1", "contact", "delete")
    ]
    assert ids(read("pipedrive", "deals", {"id": 4, "is_deleted": True})) == [("4", "opportunity", "delete")]
    lead = {"id": "adf21080-0e10-11eb-879b-05d71fb426ec", "title": "L", "update_time": "2026-05-15T10:16:44.123Z"}
    assert ids(read("pipedrive", "lead", {"data": [lead]})) == [("adf21080-0e10-11eb-879b-05d71fb426ec", "", "full")]
    search = {"success": True, "data": {"items": [{"result_score": 1, "item": {"id": 9, "type": "deal"}}]}}
    assert ids(read("pipedrive", "search", search)) == [("9", "opportunity", "full")]


def test_pipedrive_webhooks() -> None:
    v2 = {
        "data": {"id": 3, "title": "T"},
        "previous": None,
        "meta": {
            "action": "create",
            "entity": "deal",
            "entity_id": "3",
            "id": "u-1",
            "timestamp": 1747303598,
            "version": "2.0",
        },
    }
    [found] = read("pipedrive", "webhook", v2)
    assert ids([found]) == [("3", "opportunity", "full")]
    assert (found.source_time_ms, found.vendor_event_id) == (1747303598000, "u-1")
    gone = {
        "data": None,
        "previous": {"id": 3},
        "meta": v2["meta"] | {"action": "delete", "timestamp": "2025-05-15T10:06:38Z"},
    }
    assert ids(read("pipedrive", "webhook", gone)) == [("3", "opportunity", "delete")]
    merged = {**gone, "previous": {"id": 3, "merged_to_id": 4}}
    assert ids(read("pipedrive", "webhook", merged)) == [("3", "opportunity", "merge")]
    v1 = {
        "v": 1,
        "event": "updated.person",
        "meta": {
            "action": "updated",
            "object": "person",
            "id": 8,
            "timestamp": 1747303598,
            "timestamp_milli": 1747303598123,
        },
        "current": {"id": 8},
        "previous": {"id": 8},
    }
    [old] = read("pipedrive", "webhook", v1)
    assert ids([old]) == [("8", "contact", "full")]
    assert (old.source_time_ms, old.vendor_event_id) == (1747303598123, None)


# -- stripe -----------------------------------------------------------------------------------------------------------


def test_stripe() -> None:
    happened = {
        "object": "event",
        "id": "evt_1",
        "type": "customer.deleted",
        "created": 1234567890,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    }
    [found] = read("stripe", "webhook", happened)
    assert ids([found]) == [("cus_1", "account", "delete")]
    assert (found.source_time_ms, found.vendor_event_id) == (1234567890000, "evt_1")
    listing = {
        "object": "list",
        "has_more": False,
        "data": [{"id": "in_1", "object": "invoice", "created": 1234567890}],
    }
    [invoice] = read("stripe", "x", listing)
    assert ids([invoice]) == [("in_1", "invoice", "full")]
    assert invoice.source_time_ms is None  # created is its birth, not a change
    thin = {
        "object": "v2.core.event",
        "id": "evt_2",
        "type": "v1.x",
        "related_object": {"id": "cus_2", "type": "customer"},
    }
    assert ids(read("stripe", "x", thin)) == [("cus_2", "account", "patch")]


# -- segment ----------------------------------------------------------------------------------------------------------


def test_segment() -> None:
    batch = {
        "batch": [
            {"type": "identify", "userId": "u1", "messageId": "m1", "timestamp": "2026-01-01T00:00:00Z"},
            {"type": "identify", "anonymousId": "a1", "messageId": "m2"},
            {"type": "group", "groupId": "g1", "messageId": "m3"},
            {"type": "track", "event": "x", "userId": "u1", "messageId": "m4"},
            {"type": "alias", "previousId": "a1", "userId": "u1", "messageId": "m5"},
        ],
        "sentAt": "2026-01-01T00:00:01Z",
    }
    found = read("segment", "batch", batch)
    assert ids(found) == [
        ("u1", "contact", "patch"),
        ("a1", "contact", "patch"),
        ("g1", "account", "patch"),
        ("m4", "", "full"),
        ("a1", "contact", "merge"),
    ]
    assert [each.vendor_event_id for each in found] == ["m1", "m2", "m3", "m4", "m5"]


# -- real payloads ----------------------------------------------------------------------------------------------------

EXPECTED = {
    "hubspot_contact": ["contact"],
    "hubspot_webhook_deal": ["opportunity"],
    "odoo_crm_lead": ["opportunity"],
    "odoo_res_partner": ["contact"],
    "pipedrive_deal_v1": ["opportunity"],
    "salesforce_account": ["account"],
    "salesforce_opportunity": ["opportunity"],
    "segment_group": ["account"],
    "segment_identify": ["contact"],
    "segment_track": [""],
    "stripe_fixture_customer": ["account"],
    "stripe_fixture_event": [""],
    "stripe_fixture_invoice": ["invoice"],
}


@pytest.mark.testdata
@pytest.mark.parametrize("name", EXPECTED)
def test_real_payloads(name: str) -> None:
    path = PAYLOADS / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is missing: set SALESCOMMAND_TEST_DATA")
    body = path.read_bytes()
    kind, _, word = name.partition("_")
    word = {"deal_v1": "deal", "webhook_deal": "webhook"}.get(word, word)
    found = read(kind, word, body)
    assert sorted({each.record_type for each in found}) == EXPECTED[name]
    assert all(each.source_id for each in found)
    # Every record is an exact slice of the body.
    opened, single = pieces(body, kind_of(kind), "application/json", LIMITS)
    assert all(piece.body in body for piece in opened)
    assert not single or opened[0].body == body
