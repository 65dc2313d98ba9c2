"""Pipedrive: API v1 and v2 answers, and webhooks of both versions."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import (
    JsonObject,
    Kind,
    Operation,
    Resolved,
    id_text,
    object_of,
    sequence_of,
    text_of,
    words,
)
from backend.microservices.ingest.times import first_time

_DELETED = {"deleted", "delete"}
_MICROS = 1000


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
            # Notes, mails, files and a project's tasks count their ids apart, and are none of these.
            "activity": ("activities",),
            "product": ("products",),
        }
    )
    time_names = ("update_time", "modified")

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Open `data` of an answer and `item` of a search. A webhook is kept whole: `meta` belongs to the event."""
        if "meta" in body or "id" in body:
            return None
        if isinstance(body.get("item"), dict) and "result_score" in body:
            return ("item",)
        if "data" not in body:
            return None
        data = body["data"]
        if isinstance(data, dict) and isinstance(data.get("items"), list) and "id" not in data:
            return ("data", "items")
        # An answer without records says null.
        empty = data is None and body.get("success") is True
        return ("data",) if empty or isinstance(data, list | dict) else None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """Tell a webhook from a record by its `meta`."""
        meta = object_of(record.get("meta"))
        if meta:
            return self._webhook(record, meta, entity_type)
        if record.get("success") is False:
            return [Resolved(source_id=None, note="this answer is an error and holds no record")]
        # Answers of the search say what each item is.
        noun = self.noun(entity_type) or self.noun(text_of(record.get("type")))
        return [
            Resolved(
                source_id=self.identify(record),
                record_type=noun,
                operation="delete" if _is_gone(record, noun) else "full",
                source_time_ms=first_time(record, *self.time_names),
            )
        ]

    def _webhook(self, record: JsonObject, meta: JsonObject, entity_type: str) -> list[Resolved]:
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
        action = text_of(meta.get("action")).lower()
        micros = sequence_of(meta.get("timestamp_micro"))
        operation: Operation = "full"
        if action in _DELETED or _is_gone(now, noun):
            operation = "merge" if now.get("merged_to_id") or before.get("merged_to_id") else "delete"
        moment = (
            first_time({"t": micros // _MICROS}, "t")
            or first_time(meta, "timestamp_milli", "timestamp")
            or first_time(now, *self.time_names)
            or first_time(before, *self.time_names)
        )
        event_id = id_text(meta.get("id")) if second else _event_id(record, micros)
        subjects = [(found or id_text(meta.get("id")), operation)]
        # Version 1 tells of a merge once, with the survivor as what is now and what it took in as what was.
        merged = id_text(now.get("merge_what_id")) if action == "merged" else None
        if merged is not None and merged != found:
            subjects.append((merged, "merge"))
        return [
            Resolved(
                source_id=subject,
                record_type=noun,
                operation=what,
                source_time_ms=moment,
                vendor_seq=micros,
                vendor_event_id=event_id,
            )
            for subject, what in subjects
        ]


def _event_id(record: JsonObject, micros: int) -> str | None:
    """Version 1 has no id of events and sends some twice; the microsecond of the change tells them."""
    return f"{text_of(record.get('event'))}:{micros}" if micros else None


def _is_gone(record: JsonObject, noun: str) -> bool:
    """Deals say `deleted`, version 2 `is_deleted`, people and organizations drop their `active_flag`."""
    if record.get("deleted") is True or record.get("is_deleted") is True or record.get("status") == "deleted":
        return True
    return noun in {"account", "contact"} and record.get("active_flag") is False
