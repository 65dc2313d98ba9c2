"""Odoo: read and search_read answers, JSON-RPC, REST modules, and the native webhook."""

from __future__ import annotations

import re
from typing import Any

from backend.microservices.ingest.kinds.base import (
    JsonObject,
    Kind,
    Operation,
    Resolved,
    id_text,
    text_of,
    words,
)
from backend.microservices.ingest.times import first_time

# Odoo tells a webhook the name of its automation rule, not what happened. A rule named so reports deletions.
_DELETES = re.compile(r"^\s*(on_)?(unlink|delete)", re.IGNORECASE)
# Ids count per model. Where a noun takes two models, the ids of the second carry its name, written as Odoo writes a
# reference: variants and events of the calendar would meet templates and activities with the same number.
_PREFIXED = {"product.product", "calendar.event"}
_SALES_DOCUMENTS = ("out_invoice", "out_refund")


class Odoo(Kind):
    """Records have `id` and `write_date`; a webhook has `_id` and `_model`. `false` stands for empty."""

    name = "odoo"
    nouns = words(
        {
            "account": ("accounts", "company", "companies"),
            "contact": ("contacts",),
            "opportunity": ("opportunities", "crm.lead", "lead", "leads", "deal", "deals"),
            "owner": ("owners", "user", "users", "res.users"),
            "quota": ("quotas",),
            "invoice": ("invoices", "account.move"),
            "exchange_rate": ("exchange_rates", "res.currency.rate"),
            "activity": ("activities", "mail.activity", "calendar.event"),
            "product": ("products", "product.template", "product.product"),
            "order": ("orders", "sale.order", "sale_orders", "sales_order", "sales_orders"),
        }
    )
    id_names = ("_id",)
    time_names = ("write_date", "__last_update")

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Open `records` and `results` of REST modules, and `result` of JSON-RPC, which may hold `records` in turn."""
        if "jsonrpc" in body or isinstance(body.get("result"), list):
            return ("result",) if isinstance(body.get("result"), list | dict) else None
        if "id" in body:
            return None
        return next(((name,) for name in ("records", "results") if isinstance(body.get(name), list)), None)

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """The webhook's `_model` wins over the word in the address."""
        if "jsonrpc" in record:  # an error, or a bare value such as the id of a record that a call made
            return [Resolved(source_id=None, note="this answer of JSON-RPC holds no record")]
        webhook = "_model" in record or "_action" in record
        operation: Operation = "patch" if webhook else "full"
        if webhook and _DELETES.match(text_of(record.get("_action"))):
            operation = "delete"
        # In a webhook `_id` is the record; `id` is there too when the field was selected, and is the same.
        found = id_text(record.get("_id")) if webhook else None
        source_id = found or self.identify(record)
        model = text_of(record.get("_model")) or entity_type
        if source_id is not None and model.lower() in _PREFIXED:
            source_id = f"{model.lower()},{source_id}"
        return [
            Resolved(
                source_id=source_id,
                record_type=self._type(record, model),
                operation=operation,
                source_time_ms=first_time(record, *self.time_names),
            )
        ]

    def _type(self, record: JsonObject, word: str) -> str:
        plain = word.lower()
        if plain in {"res.partner", "partner", "partners", "res_partner", "customer", "customers"}:
            return _partner(record)
        noun = self.noun(word)
        # An unqualified lead is a crm.lead too; it becomes an opportunity when its type changes.
        if noun == "opportunity" and record.get("type") == "lead":
            return ""
        kind_of_move: Any = record.get("move_type")
        if noun == "invoice" and isinstance(kind_of_move, str) and kind_of_move not in _SALES_DOCUMENTS:
            return ""
        return noun


def _partner(record: JsonObject) -> str:
    """A partner is a company or a person; one that doesn't say stays unassigned rather than guessed."""
    if isinstance(record.get("is_company"), bool):
        return "account" if record["is_company"] else "contact"
    said = record.get("company_type")
    if said == "company":
        return "account"
    return "contact" if said == "person" else ""
