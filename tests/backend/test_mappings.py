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
