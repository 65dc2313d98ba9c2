"""Stripe: events for customers and invoices; integer minor units, times in epoch seconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from salescommand_demo.encoding import Json, Payload, epoch_s, midnight, minor_units
from salescommand_demo.model import Customer, Event, Invoice
from salescommand_demo.randoms import base62

API_VERSION = "2025-03-31.basil"


def customer(one: Customer) -> Iterator[Event]:
    """The payer is made shortly before the first bill."""
    payload: Payload = {
        "id": one.ref, "object": "customer", "address": {
            "city": one.company.city, "country": one.company.country, "line1": None, "line2": None,
            "postal_code": None, "state": None},
        "balance": 0, "created": epoch_s(one.created), "currency": one.currency.lower(), "delinquent": False,
        "description": None, "email": one.email, "invoice_prefix": base62(8, one.ref).upper(), "livemode": False,
        "metadata": {"domain": one.company.domain}, "name": one.name, "phone": one.company.phone,
        "preferred_locales": [], "shipping": None, "tax_exempt": "none",
    }  # fmt: skip
    yield _event("customer.created", "account", one.created, payload, None)


def invoice(one: Invoice) -> Iterator[Event]:
    """Finalised, then paid or voided, or still waiting."""
    opened = _invoice(one, "open")
    yield _event("invoice.finalized", "invoice", one.issued, opened, {"status": "draft", "number": None})
    if one.paid_at is not None:
        before: Payload = {"status": "open", "amount_paid": 0, "amount_remaining": opened["amount_due"], "paid": False}
        yield _event("invoice.paid", "invoice", one.paid_at, _invoice(one, "paid"), before)
    elif one.voided_at is not None:
        yield _event("invoice.voided", "invoice", one.voided_at, _invoice(one, "void"), {"status": "open"})


def charge(one: Invoice, at: datetime) -> Event:
    """The card or bank charge of a paid invoice: nobody maps charges."""
    ref = "ch_3" + base62(23, one.ref, "charge")
    payload: Payload = {
        "id": ref, "object": "charge", "amount": minor_units(one.amount, one.currency), "paid": True,
        "currency": one.currency.lower(), "created": epoch_s(at), "customer": one.customer_ref, "invoice": one.ref,
        "status": "succeeded", "livemode": False, "metadata": {},
    }  # fmt: skip
    return _event("charge.succeeded", "", at, payload, None)


def _invoice(one: Invoice, status: str) -> Payload:
    due = minor_units(one.amount, one.currency)
    paid = due if status == "paid" else 0
    return {
        "id": one.ref, "object": "invoice", "number": one.number, "account_name": "Aldermoor Instruments",
        "amount_due": due, "amount_paid": paid, "amount_remaining": due - paid, "total": due, "subtotal": due,
        "attempted": status == "paid", "billing_reason": "manual", "collection_method": "send_invoice",
        "created": epoch_s(one.issued), "currency": one.currency.lower(), "customer": one.customer_ref,
        "customer_email": one.customer_email, "customer_name": one.customer_name, "description": None,
        "due_date": _due(one.due), "effective_at": epoch_s(one.issued), "livemode": False,
        "metadata": {"deal": one.deal_ref}, "paid": status == "paid", "period_start": epoch_s(one.issued),
        "period_end": epoch_s(one.issued), "status": status, "status_transitions": {
            "finalized_at": epoch_s(one.issued), "paid_at": epoch_s(one.paid_at) if one.paid_at and paid else None,
            "voided_at": epoch_s(one.voided_at) if one.voided_at and status == "void" else None,
            "marked_uncollectible_at": None},
        "lines": {"object": "list", "has_more": False, "url": f"/v1/invoices/{one.ref}/lines", "data": [
            {"id": "il_1" + base62(23, one.ref, "line"), "object": "line_item", "amount": due, "quantity": 1,
             "currency": one.currency.lower(), "description": "Instruments and commissioning", "invoice": one.ref}]},
    }  # fmt: skip


def _due(day: date) -> int:
    return epoch_s(midnight(day))


def _event(kind: str, noun: str, at: datetime, record: Payload, before: Json) -> Event:
    ref = str(record["id"])
    data: Payload = {"object": record}
    if before is not None:
        data["previous_attributes"] = before
    payload: Payload = {
        "id": "evt_1" + base62(23, kind, ref), "object": "event", "api_version": API_VERSION, "created": epoch_s(at),
        "type": kind, "data": data, "livemode": False, "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
    }  # fmt: skip
    return Event("stripe", "event", "single", noun, ref, at, payload)
