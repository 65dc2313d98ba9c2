"""Pipedrive: API v1 and v2 answers, and webhooks of both versions."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import (
    JsonObject,
    Kind,
    Operation,
    Resolved,
    id_text,
    object_of,
    text_of,
    words,
)
from backend.microservices.ingest.times import first_time

_DELETED = {"deleted", "delete"}


class Pipedrive(Kind):
    """Answers come as `success` and `data`; webhooks carry `meta` beside the record's new and previous state."""

    name = "pipedrive"
    nouns = words(
        {
            "account": ("accounts", "organization", "organizations", "org", "orgs", "company", "companies"),
            "contact": ("contacts", "person", "persons", "people"),
            "opportunity": ("opportunities", "deal", "deals"),
            "owner": ("owners", "user", "users"),
            "quota": ("quotas", "goal", "goals"),
            "invoice": ("invoices",),
            "exchange_rate": ("exchange_rates",),
        }
    )
    time_names = ("update_time", "modified")

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Open `data` of an answer. A webhook is kept whole: its `meta` belongs to the event."""
        if "meta" in body or "id" in body:
            return None
        data = body.get("data")
        if isinstance(data, dict) and isinstance(data.get("items"), list) and "id" not in data:
            return ("data", "items")
        return ("data",) if isinstance(data, list | dict) else None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """Tell a webhook from a record by its `meta`."""
        meta = object_of(record.get("meta"))
        if meta:
            return [self._webhook(record, meta, entity_type)]
        # Search answers wrap each record in `item`.
        inner = object_of(record.get("item")) or record
        noun = self.noun(entity_type) or self.noun(text_of(inner.get("type")))
        return [
            Resolved(
                source_id=self.identify(inner),
                record_type=noun,
                operation="delete" if _is_gone(inner, noun) else "full",
                source_time_ms=first_time(inner, *self.time_names),
            )
        ]

    def _webhook(self, record: JsonObject, meta: JsonObject, entity_type: str) -> Resolved:
        now = object_of(record.get("data")) or object_of(record.get("current"))
        before = object_of(record.get("previous"))
        word = text_of(meta.get("entity")) or text_of(meta.get("object"))
        noun = self.noun(word or entity_type)
        found = next(
            (each for value in (meta.get("entity_id"), now.get("id"), before.get("id")) if (each := id_text(value))),
            None,
        )
        # `meta.id` is the record in version 1 and the event in version 2, which has `entity_id` for the record.
        second = "entity_id" in meta
        operation: Operation = "full"
        if text_of(meta.get("action")).lower() in _DELETED or _is_gone(now, noun):
            operation = "merge" if now.get("merged_to_id") or before.get("merged_to_id") else "delete"
        return Resolved(
            source_id=found or id_text(meta.get("id")),
            record_type=noun,
            operation=operation,
            source_time_ms=first_time(meta, "timestamp_milli", "timestamp")
            or first_time(now, *self.time_names)
            or first_time(before, *self.time_names),
            vendor_event_id=id_text(meta.get("id")) if second else None,
        )


def _is_gone(record: JsonObject, noun: str) -> bool:
    """Deals say `deleted`, version 2 `is_deleted`, people and organizations drop their `active_flag`."""
    if record.get("deleted") is True or record.get("is_deleted") is True or record.get("status") == "deleted":
        return True
    return noun in {"account", "contact"} and record.get("active_flag") is False
