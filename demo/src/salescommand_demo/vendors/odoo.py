"""Odoo: records as search_read answers them. Empty is false, links are pairs, times are UTC without saying so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from salescommand_demo.encoding import Json, Payload, odoo_float, spaced
from salescommand_demo.model import ODDS, Account, Contact, Deal, Event, Owner
from salescommand_demo.randoms import stable_int

STAGES = {
    "qualified": (1, "Qualified"), "discovery": (2, "Discovery"), "proposal": (3, "Proposal"),
    "negotiation": (4, "Negotiation"), "verbal": (5, "Verbal"), "won": (6, "Won"),
}  # fmt: skip
#: The proposal stage was called so until it was renamed; records not written since still say it.
OLD_PROPOSAL = "Quotation"
RENAMED_DAYS_AGO = 3
CURRENCY_IDS = {"SEK": 18, "NOK": 14, "EUR": 125, "USD": 1, "GBP": 142}


def owner(one: Owner) -> Event:
    """A user with sales team and manager."""
    payload: Payload = {
        "id": int(one.ref), "name": one.name, "login": one.email, "email": one.email, "active": one.active,
        "sale_team_id": [stable_int(5, one.team.key), one.team.name], "lang": "sv_SE",
        "employee_parent_id": [int(one.manager_ref), "Sales manager"] if one.manager_ref else False,
        "share": False, "create_date": spaced(one.since), "write_date": spaced(one.since),
    }  # fmt: skip
    return Event("odoo", "res.users", "odoo_list", "owner", one.ref, one.since, payload)


def account(one: Account) -> Iterator[Event]:
    """A partner that is a company."""
    for turn, at in enumerate((one.created, *one.updates)):
        payload = _partner(one.ref, one.name, one.owner, one.created, at) | {
            "is_company": True, "company_type": "company", "parent_id": False, "email": f"info@{one.domain}",
            "phone": one.company.phone, "website": one.website, "industry_id": [turn + 3, one.company.industry],
            "city": one.company.city, "country_id": [stable_int(7, one.company.country), one.company.country],
            "function": False, "employee": False, "comment": False if turn == 0 else "<p>Address checked</p>",
        }  # fmt: skip
        yield Event("odoo", "res.partner", "odoo_list", "account", one.ref, at, payload)


def contact(one: Contact) -> Iterator[Event]:
    """A partner that is a person of a company."""
    for turn, at in enumerate((one.created, *one.updates)):
        payload = _partner(one.ref, f"{one.person.first} {one.person.last}", one.owner, one.created, at) | {
            "is_company": False, "company_type": "person", "parent_id": [int(one.account.ref), one.account.name],
            "email": one.email, "phone": one.person.phone if one.account.company.number % 3 else False,
            "website": False, "industry_id": False, "city": one.account.company.city, "country_id": False,
            "function": one.person.title if turn == 0 else f"Senior {one.person.title}", "employee": False,
            "comment": False,
        }  # fmt: skip
        yield Event("odoo", "res.partner", "odoo_list", "contact", one.ref, at, payload)


def stage_label(stage: str, at: datetime, now: datetime) -> str:
    """What the stage was called at a time."""
    if stage == "proposal" and at < now - timedelta(days=RENAMED_DAYS_AGO):
        return OLD_PROPOSAL
    return STAGES[stage][1]


def deal(one: Deal, now: datetime) -> Iterator[Event]:
    """The whole record at every change."""
    state: dict[str, object] = {}
    for change in one.changes:
        state |= change.fields
        yield Event(
            "odoo", "crm.lead", "odoo_list", "opportunity", one.ref, change.at, _lead(one, state, change.at, now)
        )


def _lead(one: Deal, state: dict[str, object], at: datetime, now: datetime) -> Payload:
    stage, owner_now, amount = str(state["stage"]), state["owner"], state["amount"]
    assert isinstance(owner_now, Owner)  # noqa: S101 - the first change sets it
    lost = stage == "lost"
    shown = _stage_before_loss(one, at) if lost else stage
    closed = stage in {"won", "lost"}
    day = state["close_date"]
    value: Json = odoo_float(amount) if isinstance(amount, Decimal) else amount if isinstance(amount, str) else False
    return {
        "id": int(one.ref), "name": one.name, "type": "opportunity", "active": not lost,
        "expected_revenue": value,
        "company_currency": [CURRENCY_IDS[one.currency], one.currency] if one.currency else False,
        "probability": Decimal(f"{0 if lost else ODDS[stage]}.0"),
        "stage_id": [STAGES[shown][0], stage_label(shown, at, now)],
        "user_id": [int(owner_now.ref), owner_now.name],
        "team_id": [stable_int(5, owner_now.team.key), owner_now.team.name],
        "partner_id": [int(one.account.ref), one.account.name], "partner_name": one.account.name,
        "contact_name": f"{one.contact.person.first} {one.contact.person.last}", "email_from": one.contact.email,
        "phone": False, "date_deadline": day.isoformat() if isinstance(day, date) else False,
        "date_closed": spaced(at) if closed else False, "won_status": stage if closed else "pending",
        "lost_reason_id": [stable_int(4, state["lost_reason"]), str(state["lost_reason"])] if lost else False,
        "tag_ids": [stable_int(6, one.product)], "description": False,
        "priority": "1" if one.segment != "small" else "0",
        "create_date": spaced(one.created), "write_date": spaced(at),
    }  # fmt: skip


def _stage_before_loss(one: Deal, at: datetime) -> str:
    """A lost lead keeps the stage it had: it is only archived."""
    stage = "qualified"
    for change in one.changes:
        if change.at >= at:
            break
        moved = str(change.fields.get("stage", stage))
        stage = stage if moved == "lost" else moved
    return stage


def _partner(ref: str, name: str, owner_now: Owner, created: datetime, at: datetime) -> Payload:
    return {
        "id": int(ref), "name": name, "display_name": name, "active": True, "vat": False, "ref": False,
        "user_id": [int(owner_now.ref), owner_now.name], "create_date": spaced(created), "write_date": spaced(at),
    }  # fmt: skip
