"""Forms that vendors document beside the commonest ones: each must give the right records, whole and byte by byte."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.microservices.ingest.decode import pieces
from backend.microservices.ingest.kinds import Resolved, kind_of
from backend.microservices.ingest.kinds.base import NO_FIELDS
from backend.microservices.ingest.limits import Limits

CDC = {
    "entityName": "Contact",
    "changeType": "UPDATE",
    "changeOrigin": "",
    "recordIds": ["003dM000005abcdQAA"],
    "commitTimestamp": 1719876940000,
    "commitNumber": 1719876940980994049,
    "commitUser": "005dM00000aYf0qQAC",
    "sequenceNumber": 1,
    "transactionKey": "0000d978-0333-d593-c68b-98759eaddd49",
    "nulledFields": [],
}
EVENT_AT = {"eventId": 1, "occurredAt": 1782371971992, "subscriptionId": 2}
ACCOUNT = {"attributes": {"type": "Account", "url": "/services/data/v59.0/sobjects/Account/001dM00003jU9GyQAK"}}
SF_ERROR = {"message": "no such column", "errorCode": "INVALID_FIELD"}
LEAD = "adf21080-0e10-11eb-879b-05d71fb426ec"


def hook(action: str, entity: str, number: Any, **members: Any) -> dict[str, Any]:
    """A webhook of Pipedrive's second version."""
    meta = {"action": action, "entity": entity, "entity_id": str(number), "id": "u-1", "version": "2.0"}
    return {"meta": meta | {"timestamp": "2025-06-19T16:07:36.754Z"}, "data": None, "previous": None, **members}


def old_hook(action: str, entity: str, number: int, current: Any, previous: Any) -> dict[str, Any]:
    """A webhook of Pipedrive's first version."""
    meta = {"v": 1, "action": action, "object": entity, "id": number, "timestamp": 1739827618}
    meta["timestamp_micro"] = 1739827618595189
    return {"v": 1, "event": f"{action}.{entity}", "meta": meta, "retry": 0, "current": current, "previous": previous}


def stripe_event(happened: str, record: Any) -> dict[str, Any]:
    return {"object": "event", "id": "evt_1", "type": happened, "created": 1234567890, "data": {"object": record}}


def change(**header: Any) -> dict[str, Any]:
    return {"ChangeEventHeader": CDC | header, "Name": {"FirstName": "Ada", "LastName": "B"}}


CASES: list[tuple[str, str, Any, list[tuple[str | None, str, str]]]] = [
    # HubSpot
    ("hubspot", "owners", {"results": [{"id": "41", "email": "a@b.test", "archived": False}]},
     [("41", "owner", "full")]),
    ("hubspot", "product", {"id": "1", "properties": {"name": "Chair", "price": "3000"}}, [("1", "product", "full")]),
    ("hubspot", "0-123", {"id": "1", "properties": {}}, [("1", "order", "full")]),
    ("hubspot", "line_items", {"id": "1", "properties": {"quantity": "1"}}, [("1", "", "full")]),
    ("hubspot", "quote", {"id": "1", "properties": {}}, [("1", "", "full")]),
    ("hubspot", "invoices", {"results": [{"id": "1", "properties": {}}]}, [("1", "invoice", "full")]),
    *(
        ("hubspot", word, {"id": "7", "properties": {}, "archived": True}, [("7", "activity", "delete")])
        for word in ("tasks", "calls", "meetings", "notes", "emails", "0-27", "communications")
    ),
    ("hubspot", "x", {"status": "COMPLETE", "results": [{"id": "1", "properties": {"dealname": "A"}}], "errors": []},
     [("1", "opportunity", "full")]),
    ("hubspot", "webhook", [EVENT_AT | {"objectId": 5, "objectTypeId": "0-27", "subscriptionType": "object.creation"},
                            EVENT_AT | {"objectId": 6, "objectTypeId": "2-9", "subscriptionType": "object.deletion"},
                            EVENT_AT | {"objectId": 7, "subscriptionType": "product.creation"},
                            EVENT_AT | {"objectId": 8, "subscriptionType": "conversation.newMessage"},
                            EVENT_AT | {"fromObjectId": 9, "toObjectId": 1, "fromObjectTypeId": "0-3",
                                        "toObjectTypeId": "0-1", "subscriptionType": "object.associationChange"}],
     [("5", "activity", "patch"), ("6", "", "delete"), ("7", "product", "patch"), ("8", "", "patch"),
      ("9", "opportunity", "patch")]),
    ("hubspot", "webhook", [EVENT_AT | {"objectId": 100, "primaryObjectId": 100, "mergedObjectIds": [200, 300],
                                        "newObjectId": 100, "subscriptionType": "contact.merge"}],
     [("200", "contact", "merge"), ("300", "contact", "merge")]),
    ("hubspot", "journal", {"offset": "u-1", "publishedAt": "2026-01-01T00:00:00Z", "journalEvents": [
        {"type": "crm.object", "portalId": 1, "occurredAt": "2026-01-01T00:00:00Z", "action": "UPDATE",
         "objectTypeId": "0-2", "objectId": 3, "propertyChanges": {"name": "A"}},
        {"type": "crm.object", "occurredAt": "2026-01-01T00:00:00Z", "action": "DELETE", "objectTypeId": "0-1",
         "objectId": 4}]},
     [("3", "account", "patch"), ("4", "contact", "delete")]),
    ("hubspot", "workflow", {"vid": 33, "portal-id": 1, "properties": {
        "lastmodifieddate": {"value": "1467313333333", "versions": []}, "firstname": {"value": "Ada"}}},
     [("33", "contact", "full")]),
    ("hubspot", "workflow", {"companyId": 34, "properties": {"name": {"value": "A"}}}, [("34", "account", "full")]),
    ("hubspot", "workflow", {"dealId": 35, "isDeleted": True, "properties": {}}, [("35", "opportunity", "delete")]),
    ("hubspot", "companies", {"results": [{"toObjectId": 5, "associationTypes": []}]}, [(None, "", "full")]),
    ("hubspot", "companies", {"results": [{"id": "5", "type": "contact_to_company"}]}, [("5", "", "full")]),
    ("hubspot", "companies", {"results": [{"from": {"id": "5"}, "to": [{"toObjectId": 6}]}]}, [(None, "", "full")]),
    ("hubspot", "companies", {"results": [{"id": "5"}]}, [("5", "account", "full")]),
    # Salesforce
    ("salesforce", "x", ACCOUNT | {"Name": "A"}, [("001dM00003jU9GyQAK", "account", "full")]),
    ("salesforce", "x", {"records": [{"attributes": {"type": "AggregateResult"}, "expr0": 3}]}, [(None, "", "full")]),
    ("salesforce", "x", {"totalSize": 1, "done": True, "records": [
        {"attributes": {"type": "Contact"}, "Id": "003dM000005abcdQAA", "Account": ACCOUNT | {"Name": "A"},
         "Cases": {"totalSize": 1, "records": [{"Id": "500dM000005abcdQAA"}]}}]},
     [("003dM000005abcdQAA", "contact", "full")]),
    ("salesforce", "x", {"compositeResponse": [
        {"body": ACCOUNT | {"Id": "001dM00003jU9Gy"}, "httpHeaders": {}, "httpStatusCode": 200, "referenceId": "a"},
        {"body": {"totalSize": 1, "records": [{"attributes": {"type": "Task"}, "Id": "00TdM000005abcdQAA"}]},
         "httpHeaders": {}, "httpStatusCode": 200, "referenceId": "b"},
        {"body": [SF_ERROR], "httpHeaders": {}, "httpStatusCode": 400, "referenceId": "c"},
        {"body": None, "httpHeaders": {}, "httpStatusCode": 204, "referenceId": "d"}]},
     [("001dM00003jU9GyQAK", "account", "full"), ("00TdM000005abcdQAA", "activity", "full"), (None, "", "full")]),
    ("salesforce", "x", {"hasErrors": False, "results": [{"statusCode": 200, "result": ACCOUNT}]},
     [("001dM00003jU9GyQAK", "account", "full")]),
    ("salesforce", "bulk", [{"attributes": {"type": "Product2"}, "Id": "01tdM000005abcdQAA"}],
     [("01tdM000005abcdQAA", "product", "full")]),
    ("salesforce", "Order", {"Id": "801dM000005abcdQAA"}, [("801dM000005abcdQAA", "order", "full")]),
    ("salesforce", "x", [{"schema": "s", "payload": change(), "event": {"replayId": 1}},
                         {"channel": "/data/ContactChangeEvent", "data": {"payload": change(changeType="CREATE")}},
                         change(recordIds=["003dM000005abcd", "003dM000005abceQAA"], changeType="GAP_UPDATE"),
                         change(recordIds=["003*"], changeType="UPDATE"),
                         change(recordIds=["000000000000000AAA"], changeType="GAP_OVERFLOW"),
                         change(entityName="Event", changeType="UNDELETE")],
     [("003dM000005abcdQAA", "contact", "patch"), ("003dM000005abcdQAA", "contact", "full"),
      ("003dM000005abcdQAA", "contact", "patch"), ("003dM000005abceQAA", "contact", "patch"), ("003*", "", "patch"),
      ("000000000000000AAA", "", "patch"), ("003dM000005abcdQAA", "activity", "undelete")]),
    ("salesforce", "account", {"channel": "/event/Signed__e", "data": {
        "schema": "s", "payload": {"CreatedDate": "2026-01-01T00:00:00Z", "Deal__c": "1"}, "event": {"replayId": 77}}},
     [("/event/Signed__e:77", "", "full")]),
    # Odoo
    ("odoo", "sale.order", [{"id": 3, "state": "sale", "partner_id": [1, "A"]}], [("3", "order", "full")]),
    ("odoo", "product.template", {"records": [{"id": 4}], "count": 1}, [("4", "product", "full")]),
    ("odoo", "product.product", [{"id": 4}], [("product.product,4", "product", "full")]),
    ("odoo", "x", {"_id": 4, "_model": "calendar.event"}, [("calendar.event,4", "activity", "patch")]),
    ("odoo", "mail.activity", [{"id": 5, "res_model": "crm.lead"}], [("5", "activity", "full")]),
    ("odoo", "res.users", {"count": 1, "result": [{"id": 2}]}, [("2", "owner", "full")]),
    ("odoo", "crm.team", {"jsonrpc": "2.0", "id": 1, "result": {"length": 1, "records": [{"id": 6}]}},
     [("6", "", "full")]),
    ("odoo", "res.users", {"jsonrpc": "2.0", "id": 9, "result": {"id": 7}}, [("7", "owner", "full")]),
    ("odoo", "res.users", {"jsonrpc": "2.0", "id": 9, "result": []}, []),
    ("odoo", "res.users", {"jsonrpc": "2.0", "id": 9, "result": 17}, [(None, "", "full")]),
    ("odoo", "res.users", {"jsonrpc": "2.0", "id": 9, "error": {"code": 200}}, [(None, "", "full")]),
    ("odoo", "hook", {"_id": 8, "_model": "sale.order", "_action": "Tell(#2)", "partner_id": 1},
     [("8", "order", "patch")]),
    # Pipedrive
    ("pipedrive", "deal", {"success": True, "data": None, "additional_data": {}}, []),
    ("pipedrive", "deal", {"success": True, "data": []}, []),
    ("pipedrive", "deal", {"success": True, "data": {"id": 0, "org_id": 3, "is_deleted": False}},
     [("0", "opportunity", "full")]),
    ("pipedrive", "deal", {"success": False, "error": "Unauthorized"}, [(None, "", "full")]),
    ("pipedrive", "products", {"success": True, "data": [{"id": 3}]}, [("3", "product", "full")]),
    ("pipedrive", "activities", {"success": True, "data": [{"id": 3, "type": "call"}]}, [("3", "activity", "full")]),
    ("pipedrive", "users", {"success": True, "data": [{"id": 3, "active_flag": False}]}, [("3", "owner", "full")]),
    ("pipedrive", "leads", {"success": True, "data": [{"id": LEAD, "title": "L"}]}, [(LEAD, "", "full")]),
    ("pipedrive", "w", hook("change", "lead", LEAD, data={"id": LEAD}, previous={"value": None}), [(LEAD, "", "full")]),
    ("pipedrive", "w", hook("create", "activity", 5, data={"id": 5}), [("5", "activity", "full")]),
    ("pipedrive", "w", hook("change", "user", 5, data={"id": 5}), [("5", "owner", "full")]),
    ("pipedrive", "w", hook("delete", "product", 6, previous={"id": 6}), [("6", "product", "delete")]),
    ("pipedrive", "w", hook("create", "note", 6, data={"id": 6}), [("6", "", "full")]),
    ("pipedrive", "w", old_hook("deleted", "person", 8, None, {"id": 8}), [("8", "contact", "delete")]),
    ("pipedrive", "w", old_hook("merged", "organization", 996, {"id": 996, "merge_what_id": 995}, {"id": 995}),
     [("996", "account", "full"), ("995", "account", "merge")]),
    # Stripe
    *(
        ("stripe", "x", {"id": "obj_1", "object": said, "created": 1}, [("obj_1", noun, "full")])
        for said, noun in {"customer": "account", "invoice": "invoice", "product": "product", "subscription": "",
                           "charge": "", "payment_intent": "", "price": "", "credit_note": "", "account": ""}.items()
    ),
    ("stripe", "x", {"id": "cus_1", "object": "customer", "deleted": True}, [("cus_1", "account", "delete")]),
    ("stripe", "x", {"object": "search_result", "data": [{"id": "in_1", "object": "invoice"}], "next_page": None},
     [("in_1", "invoice", "full")]),
    ("stripe", "x", {"next_page_url": None,
                     "data": [stripe_event("invoice.paid", {"id": "in_2", "object": "invoice"})]},
     [("in_2", "invoice", "full")]),
    ("stripe", "x", stripe_event("customer.subscription.deleted", {"id": "sub_1", "object": "subscription"}),
     [("sub_1", "", "full")]),
    ("stripe", "x", stripe_event("invoice.deleted", {"id": "in_1", "object": "invoice"}),
     [("in_1", "invoice", "delete")]),
    ("stripe", "x", {"object": "v2.core.event", "id": "evt_2", "type": "v1.customer.deleted",
                     "created": "2026-01-01T00:00:00.000Z", "related_object": {"id": "cus_3", "type": "customer"}},
     [("cus_3", "account", "delete")]),
    # Segment
    ("segment", "identify", {"userId": 97, "messageId": "m", "traits": {}}, [("97", "contact", "patch")]),
    ("segment", "v1", {"type": "track", "event": "Order Completed", "messageId": "m", "properties": {"order_id": "o1"}},
     [("o1", "order", "patch")]),
    ("segment", "v1", {"type": "track", "event": "Order Completed", "messageId": "m"}, [("m", "", "patch")]),
    ("segment", "v1", {"type": "page", "anonymousId": "a", "messageId": "m"}, [("m", "", "full")]),
    ("segment", "v1", {"type": "screen", "userId": "u", "messageId": "m"}, [("m", "", "full")]),
]  # fmt: skip


def resolved(kind: str, word: str, body: bytes) -> list[Resolved]:
    found, _ = pieces(body, kind_of(kind), "", Limits())
    assert all(piece.fault is None for piece in found)
    assert [piece.index for piece in found] == list(range(len(found)))
    assert all(piece.body in body and json.loads(piece.body) == piece.value for piece in found)
    return [each for piece in found for each in kind_of(kind).resolve(piece.value or {}, word)]


@pytest.mark.parametrize(
    ("kind", "word", "body", "expected"), CASES, ids=[f"{kind}-{place}" for place, (kind, *_) in enumerate(CASES)]
)
def test_documented_forms(kind: str, word: str, body: Any, expected: list[tuple[str | None, str, str]]) -> None:
    found = resolved(kind, word, json.dumps(body, indent=1).encode())
    assert [(each.source_id, each.record_type, each.operation) for each in found] == expected


def test_what_carries_no_fields_says_so() -> None:
    thin = {"object": "v2.core.event", "id": "evt_2", "type": "v1.customer.updated", "created": "2026-01-01T00:00:00Z"}
    thin["related_object"] = {"id": "cus_3", "type": "customer"}
    [found] = resolved("stripe", "x", json.dumps(thin).encode())
    assert (found.note, found.operation, found.source_time_ms) == (NO_FIELDS, "patch", 1767225600000)
    [gap] = resolved("salesforce", "x", json.dumps(change(changeType="GAP_CREATE")).encode())
    assert gap.note == NO_FIELDS
    [gone] = resolved("salesforce", "x", json.dumps(change(changeType="GAP_DELETE")).encode())
    assert (gone.note, gone.operation) == ("", "delete")


def test_commit_numbers_of_nanoseconds_keep_the_order_within_a_moment() -> None:
    def place(**header: Any) -> int:
        return resolved("salesforce", "x", json.dumps(change(**header)).encode())[0].vendor_seq

    late = CDC["commitNumber"] + 1
    assert place() < place(sequenceNumber=2) < place(commitNumber=late) < place(commitNumber=late, sequenceNumber=2)


def test_a_hook_that_pipedrive_sends_twice_is_one_event() -> None:
    once = old_hook("updated", "deal", 3, {"id": 3}, {"id": 3})
    [first], [again] = (resolved("pipedrive", "w", json.dumps(each).encode()) for each in (once, once | {"retry": 1}))
    assert first.vendor_event_id == again.vendor_event_id
    assert first.source_time_ms == 1739827618595
    assert first.vendor_seq == 1739827618595189


def test_a_batch_of_segment_gives_its_time_to_messages_without_one() -> None:
    batch = {"batch": [{"type": "track", "messageId": "m"}], "sentAt": "2026-01-01T00:00:00Z"}
    [piece], single = pieces(json.dumps(batch).encode(), kind_of("segment"), "", Limits())
    assert (piece.sent_ms, single) == (1767225600000, False)
