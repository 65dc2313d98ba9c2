"""Pipedrive: v1 objects from lists, v2 webhooks for what happened lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from salescommand_demo.encoding import Json, Payload, iso_ms, iso_s, number, plain, spaced
from salescommand_demo.model import Account, Contact, Deal, Event, Owner
from salescommand_demo.randoms import uuid_text

COMPANY = 7_700_412
#: Stage ids of the one pipeline; a deal carries only the number.
STAGES = {"qualified": 1, "discovery": 2, "proposal": 3, "negotiation": 4, "verbal": 5}
SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
#: Changes younger than this came by webhook, older ones by list.
WEBHOOK_DAYS = 45


def owner(one: Owner) -> Event:
    """A user."""
    payload: Payload = {
        "id": int(one.ref), "name": one.name, "email": one.email, "lang": 1, "locale": "en_GB", "is_admin": 0,
        "active_flag": one.active, "role_id": 1 if one.manager_ref is None else 2, "icon_url": None, "is_you": False,
        "default_currency": one.team.currency, "timezone_name": "Europe/London", "phone": None, "activated": True,
        "team": one.team.name, "manager_id": int(one.manager_ref) if one.manager_ref else None,
        "created": spaced(one.since), "modified": spaced(one.since),
    }  # fmt: skip
    return Event("pipedrive", "user", "pipedrive_data", "owner", one.ref, one.since, payload)


def account(one: Account) -> Iterator[Event]:
    """An organisation; links are objects with a ``value``."""
    for turn, at in enumerate((one.created, *one.updates)):
        payload: Payload = {
            "id": int(one.ref), "company_id": COMPANY, "name": one.name, "owner_id": _user(one.owner),
            "active_flag": True, "people_count": 1 + turn, "open_deals_count": 1, "country_code": None,
            "address": f"{one.company.city}, {one.company.country}", "address_locality": one.company.city,
            "address_country": one.company.country, "website": one.website, "visible_to": "3",
            "industry": one.company.industry, "employee_count": one.company.employees + 7 * turn, "label": None,
            "add_time": spaced(one.created), "update_time": spaced(at),
            "cc_email": f"aldermoor+org{one.ref}@mail.example",
        }  # fmt: skip
        yield _listed("organization", "account", one.ref, at, payload)


def contact(one: Contact) -> Iterator[Event]:
    """A person with lists of e-mail addresses and telephone numbers."""
    for turn, at in enumerate((one.created, *one.updates)):
        payload: Payload = {
            "id": int(one.ref), "company_id": COMPANY, "owner_id": _user(one.owner), "org_id": _org(one.account),
            "name": f"{one.person.first} {one.person.last}", "first_name": one.person.first,
            "last_name": one.person.last, "email": [{"label": "work", "value": one.email, "primary": True}],
            "phone": [{"label": "work", "value": one.person.phone, "primary": True}] if turn == 0 else
                     [{"label": "mobile", "value": one.person.phone, "primary": True}],
            "job_title": one.person.title, "active_flag": True, "visible_to": "3", "label": None, "im": [],
            "add_time": spaced(one.created), "update_time": spaced(at), "org_name": one.account.name,
            "owner_name": one.owner.name, "picture_id": None,
        }  # fmt: skip
        yield _listed("person", "contact", one.ref, at, payload)


def deal(one: Deal, now: datetime) -> Iterator[Event]:
    """Each change as an object of a list or, lately, as a webhook with the values before."""
    recent = now - timedelta(days=WEBHOOK_DAYS)
    state: dict[str, object] = {}
    before: Payload | None = None
    for change in one.changes:
        state |= change.fields
        if change.at < recent:
            payload = _v1(one, state, change.at)
            yield _listed("deal", "opportunity", one.ref, change.at, payload)
        else:
            yield _webhook(one, "create" if before is None else "change", change.at, _v2(one, state, change.at), before)
        before = _v2(one, state, change.at)
    if one.deleted_at is not None:
        yield _webhook(one, "delete", one.deleted_at, None, before)


def _status(one: Deal, state: dict[str, object], at: datetime) -> tuple[int, str]:
    """A closed deal stays in the stage it closed from; its status tells the rest."""
    stage, number_of_stage = str(state["stage"]), 1
    for change in one.changes:
        if change.at > at:
            break
        number_of_stage = STAGES.get(str(change.fields.get("stage")), number_of_stage)
    return number_of_stage, stage if stage in {"won", "lost"} else "open"


def _v1(one: Deal, state: dict[str, object], at: datetime) -> Payload:
    stage_id, status = _status(one, state, at)
    owner_now, person = _owner(state), one.contact.person
    amount = state["amount"]
    close = spaced(at) if status != "open" else None
    return {
        "id": int(one.ref), "creator_user_id": _user(one.account.owner), "user_id": _user(owner_now),
        "person_id": {"active_flag": True, "name": f"{person.first} {person.last}", "value": int(one.contact.ref),
                      "email": [{"label": "work", "value": one.contact.email, "primary": True}]},
        "org_id": _org(one.account), "stage_id": stage_id, "title": one.name, "value": _value(amount),
        "currency": one.currency, "formatted_value": _formatted(amount, one.currency),
        "add_time": spaced(one.created), "update_time": spaced(at), "stage_change_time": spaced(at),
        "active": status == "open",
        "deleted": False, "status": status, "probability": None, "lost_reason": _text(state["lost_reason"]),
        "visible_to": "3", "close_time": close, "pipeline_id": 1, "won_time": close if status == "won" else None,
        "lost_time": close if status == "lost" else None, "expected_close_date": _day(state["close_date"]),
        "product": one.product, "label": None, "org_name": one.account.name, "owner_name": owner_now.name,
        "person_name": f"{person.first} {person.last}", "weighted_value_currency": one.currency,
    }  # fmt: skip


def _v2(one: Deal, state: dict[str, object], at: datetime) -> Payload:
    stage_id, status = _status(one, state, at)
    close = iso_s(at) if status != "open" else None
    return {
        "id": int(one.ref), "title": one.name, "owner_id": int(_owner(state).ref), "person_id": int(one.contact.ref),
        "org_id": int(one.account.ref), "pipeline_id": 1, "stage_id": stage_id, "value": _value(state["amount"]),
        "currency": one.currency, "status": status, "probability": None, "lost_reason": _text(state["lost_reason"]),
        "visible_to": 3, "close_time": close, "won_time": close if status == "won" else None,
        "lost_time": close if status == "lost" else None, "expected_close_date": _day(state["close_date"]),
        "is_deleted": False, "label_ids": [], "custom_fields": {}, "product": one.product,
        "add_time": iso_s(one.created), "update_time": iso_s(at),
    }  # fmt: skip


def _webhook(one: Deal, action: str, at: datetime, data: Payload | None, before: Payload | None) -> Event:
    previous: Json = before
    if data is not None and before is not None:  # a change tells the old values of what changed, and nothing else
        previous = {key: value for key, value in before.items() if data[key] != value}
    payload: Payload = {
        "data": data, "previous": previous,
        "meta": {
            "action": action, "entity": "deal", "entity_id": one.ref, "company_id": str(COMPANY),
            "id": uuid_text(one.ref, action, iso_ms(at)), "correlation_id": uuid_text("c", one.ref, iso_ms(at)),
            "timestamp": iso_ms(at), "version": "2.0", "type": "general", "change_source": "app", "is_bulk_edit": False,
            "user_id": one.account.owner.ref, "webhook_id": "910442", "attempt": 1,
            "host": "aldermoor.pipedrive.example",
            "permitted_user_ids": [one.account.owner.ref],
        },
    }  # fmt: skip
    return Event("pipedrive", "deal", "single", "opportunity", one.ref, at, payload)


def _listed(entity: str, noun: str, ref: str, at: datetime, payload: Payload) -> Event:
    return Event("pipedrive", entity, "pipedrive_data", noun, ref, at, payload)


def _user(one: Owner) -> Payload:
    return {"id": int(one.ref), "name": one.name, "email": one.email, "has_pic": 0, "pic_hash": None,
            "active_flag": one.active, "value": int(one.ref)}  # fmt: skip


def _org(one: Account) -> Payload:
    return {"name": one.name, "people_count": 1, "owner_id": int(one.owner.ref), "address": one.company.city,
            "active_flag": True, "value": int(one.ref)}  # fmt: skip


def _owner(state: dict[str, object]) -> Owner:
    one = state["owner"]
    assert isinstance(one, Owner)  # noqa: S101 - the first change sets it
    return one


def _value(amount: object) -> Json:
    return number(amount) if isinstance(amount, Decimal) else _text(amount)


def _formatted(amount: object, currency: str | None) -> str | None:
    return f"{SIGNS.get(currency or '', '')}{plain(amount)}" if isinstance(amount, Decimal) else None


def _day(day: object) -> str | None:
    return day.isoformat() if isinstance(day, date) else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
