"""Stripe: events, objects and lists."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import JsonObject, Kind, Resolved, id_text, object_of, text_of, words
from backend.microservices.ingest.times import time_ms


class Stripe(Kind):
    """An event's record is `data.object`. A bare object carries no time of change: `created` is its birth."""

    name = "stripe"
    nouns = words(
        {
            "account": ("accounts", "customer", "customers"),
            "contact": ("contacts",),
            "opportunity": ("opportunities", "quote", "quotes"),
            "owner": ("owners",),
            "quota": ("quotas",),
            "invoice": ("invoices",),
            "exchange_rate": ("exchange_rates",),
        }
    )

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Lists and search answers come under `data`."""
        is_list = text_of(body.get("object")) in {"list", "search_result"} or "has_more" in body
        return ("data",) if is_list and isinstance(body.get("data"), list) else None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """The object's own word for itself wins over the word in the address."""
        said = text_of(record.get("object"))
        if said in {"event", "v2.core.event"}:
            return [self._event(record)]
        return [
            Resolved(
                source_id=self.identify(record),
                record_type=self.noun(said or entity_type),
                operation="delete" if record.get("deleted") is True else "full",
            )
        ]

    def _event(self, record: JsonObject) -> Resolved:
        subject = object_of(object_of(record.get("data")).get("object"))
        related = object_of(record.get("related_object"))
        happened = text_of(record.get("type"))
        word = text_of(subject.get("object")) or text_of(related.get("type")).rpartition(".")[2]
        gone = happened == f"{word}.deleted" or subject.get("deleted") is True
        # Version 2 events name the record and leave its fields to be fetched.
        operation = "full" if subject else "patch"
        return Resolved(
            source_id=id_text(subject.get("id")) or id_text(related.get("id")) or self.identify(record),
            record_type=self.noun(word),
            operation="delete" if gone else operation,  # type: ignore[arg-type]
            source_time_ms=time_ms(record.get("created")),
            vendor_event_id=id_text(record.get("id")),
        )
