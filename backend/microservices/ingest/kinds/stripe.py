"""Stripe: events (snapshots and thin ones), objects and lists."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import (
    NO_FIELDS,
    JsonObject,
    Kind,
    Operation,
    Resolved,
    id_text,
    object_of,
    text_of,
    words,
)
from backend.microservices.ingest.times import time_ms

# What Stripe's objects say they are. Its own `account` is a business that takes payments, not one that buys.
_OBJECTS = {"customer": "account", "invoice": "invoice", "product": "product", "quote": "opportunity"}
_EVENTS = {"event", "v2.core.event"}


class Stripe(Kind):
    """An event's record is `data.object`. A bare object carries no time of change: `created` is its birth."""

    name = "stripe"
    signatures = "stripe"
    nouns = words(
        {
            "account": ("accounts", "customer", "customers"),
            "contact": ("contacts",),
            "opportunity": ("opportunities", "quote", "quotes"),
            "owner": ("owners",),
            "quota": ("quotas",),
            "invoice": ("invoices",),
            "exchange_rate": ("exchange_rates",),
            "product": ("products",),
        }
    )

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Lists and search answers come under `data`."""
        is_list = text_of(body.get("object")) in {"list", "search_result"}
        is_list = is_list or "has_more" in body or "next_page_url" in body
        return ("data",) if is_list and isinstance(body.get("data"), list) else None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """The object's own word for itself wins over the word in the address."""
        said = text_of(record.get("object"))
        if said in _EVENTS:
            return [self._event(record)]
        return [
            Resolved(
                source_id=self.identify(record),
                record_type=_OBJECTS.get(said, "") if said else self.noun(entity_type),
                operation="delete" if record.get("deleted") is True else "full",
            )
        ]

    def _event(self, record: JsonObject) -> Resolved:
        subject = object_of(object_of(record.get("data")).get("object"))
        related = object_of(record.get("related_object"))
        word = text_of(subject.get("object")) or text_of(related.get("type")).removeprefix("v1.")
        # "customer.deleted", in thin events "v1.customer.deleted"; not "customer.subscription.deleted".
        gone = text_of(record.get("type")).removeprefix("v1.") == f"{word}.deleted" or subject.get("deleted") is True
        operation: Operation = "full" if subject else "patch"
        return Resolved(
            source_id=id_text(subject.get("id")) or id_text(related.get("id")) or self.identify(record),
            record_type=_OBJECTS.get(word, ""),
            operation="delete" if gone else operation,
            source_time_ms=time_ms(record.get("created")),
            vendor_event_id=id_text(record.get("id")),
            note="" if subject or gone else NO_FIELDS,
        )
