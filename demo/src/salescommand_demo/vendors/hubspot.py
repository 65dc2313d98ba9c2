"""HubSpot: CRM v3 objects (every property a string) and webhooks that carry one changed property each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from salescommand_demo.encoding import Json, Payload, epoch_ms, iso_ms, midnight, plain
from salescommand_demo.model import ODDS, Account, Change, Contact, Deal, Event, Owner
from salescommand_demo.randoms import stable_int

PORTAL = 26_118_402
APP = 1_904_417
#: The default pipeline's internal ids; people read their labels.
STAGES = {
    "qualified": "qualifiedtobuy", "discovery": "presentationscheduled", "proposal": "decisionmakerboughtin",
    "negotiation": "contractsent", "verbal": "verbalagreement", "won": "closedwon", "lost": "closedlost",
}  # fmt: skip
PROPERTIES = {
    "amount": "amount", "stage": "dealstage", "close_date": "closedate", "owner": "hubspot_owner_id",
    "lost_reason": "closed_lost_reason",
}  # fmt: skip
SUBSCRIPTIONS = {"dealstage": 2_104_001, "hs_deal_stage_probability": 2_104_002, "amount": 2_104_003}


def owner(one: Owner) -> Event:
    """A user as the owners API lists them, with the team."""
    payload: Payload = {
        "id": one.ref, "email": one.email, "type": "PERSON", "firstName": one.first, "lastName": one.last,
        "userId": int(one.ref) - 4_000_000, "userIdIncludingInactive": int(one.ref) - 4_000_000,
        "createdAt": iso_ms(one.since), "updatedAt": iso_ms(one.since), "archived": not one.active,
        "teams": [{"id": str(stable_int(24, one.team.key)), "name": one.team.name, "primary": True}],
    }  # fmt: skip
    return Event("hubspot", "owner", "hubspot_results", "owner", one.ref, one.since, payload)


def account(one: Account) -> Iterator[Event]:
    """The company when it was made and whenever it was written again."""
    for turn, at in enumerate((one.created, *one.updates)):
        properties: dict[str, Json] = {
            "name": one.name, "domain": one.domain, "website": one.website,
            "industry": one.company.industry.upper().replace(" & ", "_").replace(" ", "_"),
            "numberofemployees": str(one.company.employees + 7 * turn), "city": one.company.city,
            "country": one.company.country, "phone": one.company.phone, "hubspot_owner_id": one.owner.ref,
            "createdate": iso_ms(one.created), "hs_lastmodifieddate": iso_ms(at), "hs_object_id": one.ref,
        }  # fmt: skip
        yield _object("company", "account", properties, one.created, at)


def contact(one: Contact) -> Iterator[Event]:
    """The contact when it was made and written again; a double ends with a merge webhook."""
    for turn, at in enumerate((one.created, *one.updates)):
        properties: dict[str, Json] = {
            "firstname": one.person.first, "lastname": one.person.last, "email": one.email,
            "phone": one.person.phone, "jobtitle": one.person.title if turn == 0 else f"Senior {one.person.title}",
            "company": one.account.name, "associatedcompanyid": one.account.ref, "hubspot_owner_id": one.owner.ref,
            "createdate": iso_ms(one.created), "lastmodifieddate": iso_ms(at), "hs_object_id": one.ref,
        }  # fmt: skip
        yield _object("contact", "contact", properties, one.created, at)
    if one.merged_into is not None and one.merged_at is not None:
        merge = _webhook("contact.merge", one.merged_into, one.merged_at, 0) | {
            "primaryObjectId": int(one.merged_into), "mergedObjectIds": [int(one.ref)],
            "newObjectId": int(one.merged_into), "numberOfPropertiesMoved": 2,
        }  # fmt: skip
        yield Event("hubspot", "webhook", "hubspot_webhook", "contact", one.merged_into, one.merged_at, merge)


def deal(one: Deal) -> Iterator[Event]:
    """The whole object first, then a webhook for each property that changed, and now and then a fresh read."""
    state: dict[str, object] = {}
    for turn, change in enumerate(one.changes):
        state |= change.fields
        if turn == 0 or (turn == len(one.changes) - 1 and one.number % 7 == 0):
            yield _deal_object(one, state, change.at)
            continue
        yield from _deal_webhooks(one, change)
    if one.deleted_at is not None:
        payload = _webhook("deal.deletion", one.ref, one.deleted_at, 0)
        yield Event("hubspot", "webhook", "hubspot_webhook", "opportunity", one.ref, one.deleted_at, payload)


def _deal_object(one: Deal, state: dict[str, object], at: datetime) -> Event:
    closed = state["stage"] in {"won", "lost"}
    day = state["close_date"]
    properties: dict[str, Json] = {
        "dealname": one.name, "amount": _text(state["amount"]), "deal_currency_code": one.currency,
        "dealstage": STAGES[str(state["stage"])], "pipeline": "default", "closedate": _iso_day(day),
        "hs_deal_stage_probability": _odds(state["stage"]), "dealtype": "newbusiness",
        "hs_is_closed": str(closed).lower(), "hs_is_closed_won": str(state["stage"] == "won").lower(),
        "closed_lost_reason": _text(state["lost_reason"]), "hubspot_owner_id": _text(state["owner"]),
        "product_line": one.product, "hs_primary_associated_company": one.account.ref,
        "createdate": iso_ms(one.created), "hs_lastmodifieddate": iso_ms(at), "hs_object_id": one.ref,
    }  # fmt: skip
    event = _object("deal", "opportunity", properties, one.created, at)
    event.payload["associations"] = {
        "companies": {"results": [{"id": one.account.ref, "type": "deal_to_company"}]},
        "contacts": {"results": [{"id": one.contact.ref, "type": "deal_to_contact"}]},
    }
    return event


def _deal_webhooks(one: Deal, change: Change) -> Iterator[Event]:
    pairs: list[tuple[str, str]] = []
    for name, value in change.fields.items():
        if name == "stage":
            pairs += [("dealstage", STAGES[str(value)]), ("hs_deal_stage_probability", _odds(value))]
        elif name == "close_date" and isinstance(value, date):
            pairs.append(("closedate", str(epoch_ms(midnight(value)))))
        else:
            pairs.append((PROPERTIES[name], _text(value) or ""))
    for place, (name, text) in enumerate(pairs):
        payload = _webhook("deal.propertyChange", one.ref, change.at, place) | {
            "propertyName": name, "propertyValue": text, "subscriptionId": SUBSCRIPTIONS.get(name, 2_104_009),
        }  # fmt: skip
        yield Event("hubspot", "webhook", "hubspot_webhook", "opportunity", one.ref, change.at, payload)


def _webhook(subscription: str, ref: str, at: datetime, place: int) -> Payload:
    """The common keys; eventId is small, as HubSpot's are, and therefore not quite unique."""
    return {
        "eventId": stable_int(32, subscription, ref, epoch_ms(at), place), "subscriptionId": 2_104_000,
        "portalId": PORTAL, "appId": APP, "occurredAt": epoch_ms(at), "subscriptionType": subscription,
        "attemptNumber": 0, "objectId": int(ref), "changeSource": "CRM_UI", "sourceId": f"userId:{stable_int(24, ref)}",
    }  # fmt: skip


def _object(entity: str, noun: str, properties: dict[str, Json], created: datetime, at: datetime) -> Event:
    ref = str(properties["hs_object_id"])
    payload: Payload = {
        "id": ref, "properties": properties, "createdAt": iso_ms(created), "updatedAt": iso_ms(at), "archived": False,
    }  # fmt: skip
    return Event("hubspot", entity, "hubspot_results", noun, ref, at, payload)


def _odds(stage: object) -> str:
    return plain(Decimal(ODDS[str(stage)]) / 100)


def _iso_day(day: object) -> str | None:
    return iso_ms(midnight(day)) if isinstance(day, date) else None


def _text(value: object) -> str | None:
    if isinstance(value, Owner):
        return value.ref
    if isinstance(value, Decimal):
        return plain(value)
    return None if value is None else str(value)
