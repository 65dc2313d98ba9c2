"""Salesforce: sObjects as a query answers them, and change data capture messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from salescommand_demo.encoding import Json, Payload, epoch_ms, midnight, number, salesforce_time
from salescommand_demo.model import ODDS, Account, Change, Contact, Deal, Event, Owner
from salescommand_demo.randoms import stable_int, uuid_text

API = "v62.0"
STAGES = {
    "qualified": "Qualified", "discovery": "Discovery", "proposal": "Proposal", "negotiation": "Negotiation",
    "verbal": "Verbal", "won": "Closed Won", "lost": "Closed Lost",
}  # fmt: skip
FORECAST = {"qualified": "Pipeline", "discovery": "Pipeline", "proposal": "BestCase", "negotiation": "BestCase",
            "verbal": "Forecast", "won": "Closed", "lost": "Omitted"}  # fmt: skip


def owner(one: Owner) -> Event:
    """A user, with the manager and the team as department."""
    payload = _record("User", one.ref, one.since, one.since) | {
        "Name": one.name, "FirstName": one.first, "LastName": one.last, "Email": one.email, "Username": one.email,
        "IsActive": one.active, "ManagerId": one.manager_ref, "Department": one.team.name, "UserType": "Standard",
    }  # fmt: skip
    return _read("User", "owner", one.ref, one.since, payload)


def account(one: Account) -> Iterator[Event]:
    """The account when it was made and whenever it was written again."""
    for turn, at in enumerate((one.created, *one.updates)):
        payload = _record("Account", one.ref, one.created, at) | {
            "Name": one.name, "AccountNumber": f"CD{one.company.number:06d}", "Industry": one.company.industry,
            "Type": "Customer - Direct", "BillingStreet": f"{one.company.number % 90 + 1} Foundry Road\nUnit 4",
            "BillingCity": one.company.city, "BillingCountry": one.company.country, "Phone": one.company.phone,
            "Website": one.website, "NumberOfEmployees": one.company.employees + 7 * turn, "OwnerId": one.owner.ref,
            "IsDeleted": False, "MasterRecordId": None,
        }  # fmt: skip
        yield _read("Account", "account", one.ref, at, payload)


def contact(one: Contact) -> Iterator[Event]:
    """The contact; a double ends deleted with a pointer to the survivor."""
    times = [one.created, *one.updates]
    if one.merged_at is not None:
        times.append(one.merged_at)
    for turn, at in enumerate(times):
        merged = one.merged_at is not None and turn == len(times) - 1
        payload = _record("Contact", one.ref, one.created, at) | {
            "Name": f"{one.person.first} {one.person.last}", "FirstName": one.person.first,
            "LastName": one.person.last, "Email": one.email, "Phone": one.person.phone,
            "Title": one.person.title if turn == 0 or merged else f"Senior {one.person.title}",
            "AccountId": one.account.ref, "OwnerId": one.owner.ref, "IsDeleted": merged,
            "MasterRecordId": one.merged_into if merged else None,
        }  # fmt: skip
        yield _read("Contact", "contact", one.ref, at, payload)


def deal(one: Deal) -> Iterator[Event]:
    """Every change as a fresh read or, for two deals in five, as change data capture."""
    state: dict[str, object] = {}
    captured = one.number % 5 in {1, 3}
    for turn, change in enumerate(one.changes):
        state |= change.fields
        if captured and turn > 0:
            yield _captured(one, "UPDATE", change.at, _changed(change), turn)
        else:
            yield _read("Opportunity", "opportunity", one.ref, change.at, _opportunity(one, state, change.at))
    if one.deleted_at is not None and captured:
        yield _captured(one, "DELETE", one.deleted_at, {}, len(one.changes))
    elif one.deleted_at is not None:
        payload = _opportunity(one, state, one.deleted_at) | {"IsDeleted": True}
        yield _read("Opportunity", "opportunity", one.ref, one.deleted_at, payload)


def task(one: Deal, ref: str, at: datetime) -> Event:
    """A task of a deal: nobody maps tasks."""
    payload = _record("Task", ref, at, at) | {
        "Subject": "Call back about the quote", "WhatId": one.ref, "WhoId": one.contact.ref, "Status": "Completed",
        "Priority": "Normal", "ActivityDate": at.date().isoformat(), "IsDeleted": False,
    }  # fmt: skip
    return _read("Task", "", ref, at, payload)


def _opportunity(one: Deal, state: dict[str, object], at: datetime) -> Payload:
    stage = str(state["stage"])
    owner_now = state["owner"]
    assert isinstance(owner_now, Owner)  # noqa: S101 - the first change sets it
    return _record("Opportunity", one.ref, one.created, at) | {
        "Name": one.name, "AccountId": one.account.ref, "Amount": _amount(state["amount"]),
        "CurrencyIsoCode": one.currency, "StageName": STAGES[stage], "Probability": ODDS[stage],
        "CloseDate": _day(state["close_date"]), "IsClosed": stage in {"won", "lost"}, "IsWon": stage == "won",
        "ForecastCategory": FORECAST[stage], "OwnerId": owner_now.ref, "Loss_Reason__c": _text(state["lost_reason"]),
        "Product_Line__c": one.product, "LeadSource": None, "IsDeleted": False,
    }  # fmt: skip


def _changed(change: Change) -> Payload:
    """Only the fields of the change, dates as epoch milliseconds."""
    fields: Payload = {}
    for name, value in change.fields.items():
        if name == "stage":
            stage = str(value)
            fields |= {"StageName": STAGES[stage], "Probability": Decimal(f"{ODDS[stage]}.0")}
            fields |= {"IsClosed": stage in {"won", "lost"}, "IsWon": stage == "won"}
            fields["ForecastCategory"] = FORECAST[stage]
        elif name == "close_date" and isinstance(value, date):
            fields["CloseDate"] = epoch_ms(midnight(value))
        elif name == "owner" and isinstance(value, Owner):
            fields["OwnerId"] = value.ref
        elif name == "amount":
            fields["Amount"] = _amount(value)
        elif name == "lost_reason":
            fields["Loss_Reason__c"] = _text(value)
    return fields


def _captured(one: Deal, kind: str, at: datetime, fields: Payload, turn: int) -> Event:
    nulled: list[Json] = [name for name, value in sorted(fields.items()) if value is None]
    changed: list[Json] = [*sorted([*fields, "LastModifiedDate"])] if kind == "UPDATE" else []
    header: Payload = {
        "entityName": "Opportunity", "recordIds": [one.ref], "changeType": kind,
        "changeOrigin": f"com/salesforce/api/rest/{API}", "transactionKey": uuid_text(one.ref, turn),
        "sequenceNumber": 1, "commitTimestamp": epoch_ms(at),
        # beyond 2^53, as the real ones are: a reader that goes through doubles loses the last digits
        "commitNumber": 10_000_000_000_000_000 + epoch_ms(at) * 5_000 + stable_int(10, one.ref, turn),
        "commitUser": one.account.owner.ref, "nulledFields": nulled,
        "changedFields": changed, "diffFields": [],
    }  # fmt: skip
    payload: Payload = {
        "schema": "kR4p7mWvT0c2uQxB1nDzLg",
        "payload": {"ChangeEventHeader": header, **fields, "LastModifiedDate": salesforce_time(at)},
        "event": {"replayId": epoch_ms(at) // 10 + turn},
    }
    return Event("salesforce", "OpportunityChangeEvent", "single", "opportunity", one.ref, at, payload)


def _record(kind: str, ref: str, created: datetime, at: datetime) -> Payload:
    return {
        "attributes": {"type": kind, "url": f"/services/data/{API}/sobjects/{kind}/{ref}"}, "Id": ref,
        "CreatedDate": salesforce_time(created), "LastModifiedDate": salesforce_time(at),
        "SystemModstamp": salesforce_time(at),
    }  # fmt: skip


def _read(entity: str, noun: str, ref: str, at: datetime, payload: Payload) -> Event:
    return Event("salesforce", entity, "salesforce_records", noun, ref, at, payload)


def _amount(value: object) -> Json:
    return number(value) if isinstance(value, Decimal) else _text(value)


def _day(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date) else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
