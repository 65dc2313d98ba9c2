"""Merges, and mapping documents as data: previewed on real events, applied, rolled back and removed, over the API."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def only(flow, record_type, source):
    page = await flow.get(f"/api/records/{record_type}", **{"filter[source]": source})
    assert page["total"] == 1, page
    return page["items"][0]


async def test_a_merged_record_leads_to_its_survivor(shared_flow):
    await shared_flow.key("merges", "hubspot")
    contacts = [{"id": id_, "properties": {"firstname": name}} for id_, name in (("11", "Ana"), ("12", "Anna"))]
    await shared_flow.post("merges", "contact", contacts)
    await shared_flow.settle()
    page = await shared_flow.get("/api/records/contact", **{"filter[source]": "merges"})
    ids = {item["source_id"]: item["canonical_id"] for item in page["items"]}
    merge = {"subscriptionType": "contact.merge", "primaryObjectId": 11, "mergedObjectIds": [12], "objectId": 11}
    await shared_flow.post("merges", "contact", [merge | {"occurredAt": 4102444800000, "eventId": 1}])
    await shared_flow.settle()
    assert (await only(shared_flow, "contact", "merges"))["canonical_id"] == ids["11"]
    answer = await shared_flow.send("GET", f"/api/records/contact/{ids['12']}")
    assert answer.status_code == 307
    followed = await shared_flow.send("GET", f"/api/records/contact/{ids['12']}", follow_redirects=True)
    assert followed.json()["canonical_id"] == ids["11"]
    own = await shared_flow.get(f"/api/records/contact/{ids['12']}", follow="false")
    assert (own["merged_into"], own["is_deleted"], own["fields"]["first_name"]["value"]) == (ids["11"], True, "Anna")
    # At a moment before the merge the record was one of its own.
    before = await shared_flow.get(f"/api/records/contact/{ids['12']}", as_of="2099-01-01T00:00:00Z")
    assert (before["canonical_id"], before["merged_into"]) == (ids["12"], None)


MAPPING = "source: changing\nrecord_type: opportunity\nfields:\n  name: {path: $.what}\n"


async def test_versions_are_kept_rolled_back_and_removed(shared_flow):
    place = "/api/mappings/source:changing/opportunity"
    await shared_flow.post("changing", "deal", {"id": "1", "what": "one", "title": "first"})
    assert (await shared_flow.send("PUT", "/api/mappings", content=MAPPING)).json()["version"] == 1
    await shared_flow.settle()
    assert (await only(shared_flow, "opportunity", "changing"))["title"] == "one"
    await shared_flow.send("PUT", "/api/mappings", content=MAPPING.replace("what", "title"))
    await shared_flow.settle()
    assert (await only(shared_flow, "opportunity", "changing"))["title"] == "first"
    back = await shared_flow.send("POST", f"{place}/rollback", json={"version": 1})
    assert (back.status_code, back.json()["version"]) == (200, 3)
    await shared_flow.settle()
    assert (await only(shared_flow, "opportunity", "changing"))["title"] == "one"
    problem = await shared_flow.send("POST", f"{place}/rollback", json={"version": 9})
    assert (problem.status_code, problem.json()["hint"]) == (404, "Versions with a document: 3, 2, 1.")
    assert (await shared_flow.send("DELETE", place)).json()["version"] == 4
    await shared_flow.settle()
    assert (await only(shared_flow, "opportunity", "changing"))["title"] == "first"
    history = (await shared_flow.get(f"{place}/history"))["items"]
    assert [(one["version"], one["removed"], one["in_force"]) for one in history] == [
        (4, True, False),
        (3, False, False),
        (2, False, False),
        (1, False, False),
    ]
    assert (await shared_flow.send("GET", place)).status_code == 404
    assert (await shared_flow.send("DELETE", "/api/mappings/kind:hubspot/contact")).status_code == 409
    assert (await shared_flow.send("GET", "/api/mappings/source:nobody/contact/history")).status_code == 404
    assert (await shared_flow.get("/api/mappings/kind:hubspot/contact/history"))["items"] == []


async def test_a_preview_shows_records_and_numbers_and_changes_nothing(shared_flow):
    text = "source: previewed\nrecord_type: opportunity\nfields:\n  name: {path: $.what}\n  status: {value: won}\n"
    await shared_flow.post("previewed", "deal", {"id": "1", "what": "one", "title": "first", "amount": "5"})
    await shared_flow.settle()
    answer = await shared_flow.send("POST", "/api/mappings/preview", content=text)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["records"], found["total"], found["changed"]) == (1, 1, 1)
    assert found["examples"][0]["fields"] == {"name": ["first", "one"], "status": [None, "won"], "amount": ["5", None]}
    assert {
        one["metric"]: one["after"] - one["before"] for one in found["numbers"] if one["metric"] == "won-count"
    } == {"won-count": 1}
    assert (await only(shared_flow, "opportunity", "previewed"))["title"] == "first"
    refused = await shared_flow.send("POST", "/api/mappings/preview", content=text.replace("name:", "nmae:"))
    assert (refused.status_code, refused.json()["errors"][0]["line"]) == (400, 4)
    assert (await shared_flow.send("POST", "/api/mappings/preview?limit=0", content=text)).status_code == 400


async def test_quality_by_source_counts_the_rules_that_fail(shared_flow):
    deals = [{"id": "1", "name": "a", "amount": "5", "currency": "USD"}, {"id": "2", "name": "b", "amount": "-5"}]
    await shared_flow.post("scored", "deal", deals)
    await shared_flow.settle()
    items = (await shared_flow.get("/api/quality", by="source"))["items"]
    row = next(item for item in items if (item["source"], item["record_type"]) == ("scored", "opportunity"))
    rules = {rule["name"]: (rule["failed"], rule["rate"]) for rule in row["rules"]}
    assert row["records"] == 2
    assert (rules["amount_not_negative"], rules["currency_present"], rules["name_present"]) == (
        (1, 0.5),
        (1, 0.5),
        (0, 0.0),
    )
    page = await shared_flow.get("/api/records/opportunity", **{"filter[source]": "scored"})
    assert row["score"] == round(sum(item["quality_score"] for item in page["items"]) / 2, 4)
