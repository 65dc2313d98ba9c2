"""The audit log over the real services: what each kind of change leaves there, with what was before and after."""

from __future__ import annotations

from typing import Any

from tests.backend.flow import Flow

DEAL = {"name": "D", "stage": "open", "currency": "USD"}


async def last(flow: Flow, action: str) -> list[dict[str, Any]]:
    """Return the changes of the newest entry of an action."""
    found = await flow.get("/api/audit", action=action, limit=1)
    assert found["items"], action
    assert found["items"][0]["outcome"] == "done"
    changes: list[dict[str, Any]] = found["items"][0]["changes"]
    return changes


async def done(flow: Flow, method: str, path: str, **options: Any) -> Any:
    answer = await flow.send(method, path, **options)
    assert answer.status_code < 300, (method, path, answer.text)
    return answer.json() if answer.content else None


async def test_sources_keys_policies_and_contracts(flow: Flow) -> None:
    await done(flow, "PUT", "/api/sources/crm", json={"kind": "generic", "label": "CRM"})
    (change,) = await last(flow, "set up source")
    assert (change["noun"], change["id"], change["before"]) == ("source", "crm", None)
    assert change["after"] == {"kind": "generic", "label": "CRM"}
    key = await done(flow, "POST", "/api/sources/crm/keys", json={"entities": ["deal"]})
    assert (await last(flow, "make write key"))[0]["after"]["ends_with"] == key["key"][-4:]
    await done(flow, "POST", f"/api/sources/crm/keys/{key['id']}/rotate", json={})
    made, ended = await last(flow, "rotate write key")
    assert made["before"] is None
    assert (ended["id"], ended["before"].get("expires_at")) == (key["id"], None)
    await done(flow, "DELETE", f"/api/sources/crm/keys/{key['id']}")
    (gone,) = await last(flow, "revoke write key")
    assert (gone["id"], gone["after"], gone["before"]["entities"]) == (key["id"], None, ["deal"])
    await done(flow, "PUT", "/api/sources/crm/rate", json={"events_per_second": 5})
    assert (await last(flow, "limit source"))[0]["after"] == {"rate": {"events_per_second": 5.0, "burst": 50}}
    await done(flow, "DELETE", "/api/sources/crm/rate")
    (lifted,) = await last(flow, "lift limit of source")
    assert (lifted["before"], lifted["after"]) == ({"rate": {"events_per_second": 5.0, "burst": 50}}, {})
    await done(flow, "POST", "/api/sources/crm/pause")
    (paused,) = await last(flow, "pause source")
    assert (paused["before"], paused["after"]) == ({}, {"paused": True})
    await done(flow, "POST", "/api/sources/crm/resume")
    assert (await last(flow, "resume source"))[0]["after"] == {"paused": False}
    secret = {"scheme": "stripe", "secret": "whsec_0123456789abcdef0123456789abcdef"}
    await done(flow, "PUT", "/api/sources/crm/verification", json=secret)
    assert (await last(flow, "verify source"))[0]["after"]["verification"]["scheme"] == "stripe"
    await done(flow, "POST", "/api/sources/crm/verification/secrets", json={"secret": secret["secret"] + "9"})
    (added,) = await last(flow, "add signing secret")
    before, after = (added[side]["verification"]["secrets"] for side in ("before", "after"))
    assert (len(before), len(after)) == (1, 2)
    await done(flow, "DELETE", f"/api/sources/crm/verification/secrets/{before[0]['id']}")
    assert (await last(flow, "remove signing secret"))[0]["after"]["verification"]["secrets"] == after[1:]
    await done(flow, "DELETE", "/api/sources/crm/verification")
    assert (await last(flow, "verify source no more"))[0]["after"] == {}
    address = "/api/sources/crm/contracts/deal"
    for schema in ({"type": "object"}, {"type": "object", "required": ["id"]}):
        await done(flow, "PUT", address, json={"schema": schema, "action": "refuse"})
    (contract,) = await last(flow, "put contract in force")
    assert (contract["before"]["version"], contract["after"]["version"]) == (1, 2)
    await done(flow, "POST", f"{address}/rollback", json={"version": 1})
    assert (await last(flow, "roll back contract"))[0]["after"]["version"] == 3
    await done(flow, "DELETE", address)
    assert (await last(flow, "remove contract"))[0]["after"] is None
    assert {one["path"].split("/")[3] for one in (await flow.get("/api/audit", object="crm"))["items"]} == {"crm"}


async def test_identity_and_quarantine(flow: Flow) -> None:
    for number in (1, 2):
        await flow.post("crm", "account", {"id": f"a{number}", "name": f"Company {number} Ltd"})
    await flow.post("crm", "opportunity", {"id": "d1", **DEAL, "amount": "not a number"})
    await flow.settle()
    ids = [one["canonical_id"] for one in (await flow.get("/api/records/account"))["items"]]
    decision = {"type": "account", "members": ids, "reason": "the same company"}
    made = await done(flow, "POST", "/api/identity/merge", json=decision)
    (merged,) = await last(flow, "merge records")
    assert set(merged["before"]["merged_record"]) == set(ids)
    assert merged["after"]["members"] == ids
    assert merged["after"]["reason"] == "the same company"
    undone = await done(flow, "POST", "/api/identity/undo", json={"decision": made["id"], "reason": "no"})
    assert undone
    assert (await last(flow, "undo decision"))[0]["after"]["undoes"] == made["id"]
    for sources in (["crm"], ["erp", "crm"]):
        await done(flow, "PUT", "/api/identity/trust", json={"type": "account", "field": "name", "sources": sources})
    (trust,) = await last(flow, "set trust")
    assert (trust["before"]["sources"], trust["after"]["sources"]) == (["crm"], ["erp", "crm"])
    where = {"filter[source]": "crm"}
    action = await done(flow, "POST", "/api/quarantine/ignore", params=where, json={"reason": "a test"})
    (ignored,) = await last(flow, "ignore quarantined")
    assert (ignored["before"]["open"], ignored["after"]["reason"]) == (1, "a test")
    await done(flow, "POST", "/api/quarantine/undo", json={"action": action["id"]})
    await last(flow, "undo quarantine action")


async def test_mappings_settings_rates_jobs_and_backups(flow: Flow) -> None:
    await done(flow, "PUT", "/api/settings", json={"reporting_currency": "EUR", "fiscal_year_start": 4})
    await done(flow, "PUT", "/api/settings", json={"reporting_currency": "GBP", "fiscal_year_start": 4})
    (setting,) = await last(flow, "change settings")
    assert (setting["id"], setting["before"], setting["after"]) == (
        "reporting_currency", {"value": "EUR"}, {"value": "GBP"},
    )  # fmt: skip
    rate = {"base": "EUR", "quote": "USD", "day": "2026-03-01", "rate": "1.1"}
    await done(flow, "POST", "/api/rates", json=rate)
    (entered,) = await last(flow, "enter rate")
    assert entered["id"] == "EUR-USD-2026-03-01"
    assert entered["after"]["rate"] == "1.1"
    text = "base,quote,day,rate\n" + "\n".join(f"EUR,USD,2026-04-{day:02d},1.2" for day in range(1, 31))
    await done(flow, "POST", "/api/rates/file", content=text)
    assert (await last(flow, "load rates"))[-1]["after"]["rates"] == 30
    job = await done(flow, "POST", "/api/backups")
    (started,) = await last(flow, "start backup")
    assert (started["id"], started["after"]["kind"]) == (job["id"], "backup")
    await done(flow, "POST", f"/api/jobs/{job['id']}/cancel")
    (cancelled,) = await last(flow, "cancel job")
    assert (cancelled["before"]["state"], cancelled["after"]["state"]) == ("queued", "cancelled")
    shipped = (await flow.get("/api/mappings"))["items"][0]
    address = f"/api/mappings/{shipped['scope']}/{shipped['record_type']}"
    document = (await flow.get(address))["text"]
    await done(flow, "PUT", "/api/mappings", content=document.replace(f"source: {shipped['scope']}", "source: mine"))
    assert (await last(flow, "apply mapping"))[0]["after"]["text"]
