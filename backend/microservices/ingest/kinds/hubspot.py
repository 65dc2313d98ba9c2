"""HubSpot: CRM objects and lists, webhooks with one change each, the webhooks journal, and workflow webhooks."""

from __future__ import annotations

from typing import Any

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
from backend.microservices.ingest.times import first_time, time_ms

# Actions of webhooks ("contact.deletion") and of the journal ("DELETE").
_OPERATIONS: dict[str, Operation] = {
    "deletion": "delete",
    "delete": "delete",
    "privacydeletion": "delete",
    "restore": "undelete",
    "merge": "merge",
    "snapshot": "full",
}
_CHANGED = ("hs_lastmodifieddate", "lastmodifieddate")
NO_OBJECT = "an association, or an object without an id and without properties: no record is made of it"
# What makes two deliveries the same event. The count of attempts is not in it.
_EVENT_NAMES = (
    *("eventId", "subscriptionType", "subscriptionId", "objectId", "occurredAt", "propertyName", "propertyValue"),
    *("fromObjectId", "toObjectId", "associationType", "associationRemoved"),
)


class HubSpot(Kind):
    """Objects have `id` and `properties`; events have `subscriptionType`, or `action`, and `objectId`."""

    name = "hubspot"
    signatures = "hubspot-v3"
    # The numbers are HubSpot's ids of object types.
    nouns = words(
        {
            "account": ("accounts", "company", "companies", "0-2"),
            "contact": ("contacts", "0-1"),
            "opportunity": ("opportunities", "deal", "deals", "0-3"),
            "owner": ("owners", "user", "users", "0-115"),
            "invoice": ("invoices", "0-53"),
            "quota": ("quotas",),
            "exchange_rate": ("exchange_rates",),
            "activity": (
                *("activities", "engagement", "engagements", "task", "tasks", "0-27", "call", "calls", "0-48"),
                *("meeting", "meetings", "meeting_event", "0-47", "note", "notes", "0-46", "email", "emails", "0-49"),
                *("communication", "communications", "0-18", "postal_mail", "0-116"),
            ),
            "product": ("products", "0-7"),
            "order": ("orders", "0-123"),
        }
    )
    # Objects of the first version, as workflows still post them, are called after what they are.
    id_names = ("vid", "companyId", "dealId")

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Lists, searches and batches come under `results`, the entries of the journal under `journalEvents`."""
        for name in ("results", "journalEvents"):
            if isinstance(body.get(name), list) and "id" not in body:
                return (name,)
        return None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """Tell an event from an object by what it is about."""
        if isinstance(record.get("subscriptionType"), str) or "objectId" in record or "fromObjectId" in record:
            return self._event(record, entity_type)
        return [self._object(record, entity_type)]

    def _object(self, record: JsonObject, entity_type: str) -> Resolved:
        properties = {name: _plain(value) for name, value in object_of(record.get("properties")).items()}
        source_id = self.identify(record) or id_text(properties.get("hs_object_id"))
        if _is_association(record, source_id):
            return Resolved(source_id, note=NO_OBJECT)
        noun = self.noun(entity_type) or _guess(record, properties)
        # An archived owner is a user who has left; the record stays, as with other vendors' inactive users.
        archived = record.get("archived") is True and noun != "owner"
        gone = archived or record.get("isDeleted") is True
        moments = [
            first_time(record, "archivedAt") if archived else None,
            first_time(record, "updatedAt"),
            first_time(properties, *_CHANGED),
        ]
        return Resolved(
            source_id=source_id,
            record_type=noun,
            operation="delete" if gone else "full",
            source_time_ms=next((moment for moment in moments if moment is not None), None),
        )

    def _event(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        word, _, action = text_of(record.get("subscriptionType")).partition(".")
        action = action or text_of(record.get("action"))
        object_type = record.get("objectTypeId") or record.get("fromObjectTypeId")
        # The event's own object wins over the word in the address, which for webhooks is often just "webhook".
        noun = self.noun(word) or self.noun(text_of(object_type))
        if not noun and word in {"", "object"} and object_type is None:
            noun = self.noun(entity_type)
        operation = _OPERATIONS.get(action.lower(), "patch")
        subject = id_text(record.get("objectId")) or id_text(record.get("fromObjectId")) or self.identify(record)
        subjects: list[str | None] = [subject]
        if operation == "merge":
            gone = _merged_away(record)
            # Without the list of merged records the event says nothing about the survivor's fields.
            subjects = list(gone) if gone else [subject]
            operation = "merge" if gone else "patch"
        return [
            Resolved(
                source_id=each,
                record_type=noun,
                operation=operation,
                source_time_ms=time_ms(record.get("occurredAt")),
                vendor_event_id=_event_id(record),
            )
            for each in subjects
        ]


def _plain(value: Any) -> Any:
    """Return a property's value; objects of the first version wrap it in an object with its history."""
    return value.get("value") if isinstance(value, dict) else value


def _is_association(record: JsonObject, source_id: str | None) -> bool:
    """Tell an entry of a list of associations, or another answer about no object of its own, from an object.

    Version 4 lists `toObjectId` with `associationTypes` (in batches: `from` and `to`), version 3 `id` with a `type`.
    """
    if "properties" in record:
        return False
    listed = record.keys() <= {"id", "type"} and "_to_" in text_of(record.get("type"))
    return source_id is None or "toObjectId" in record or listed


def _merged_away(record: JsonObject) -> list[str]:
    """Return the ids of the records that a merge ended."""
    primary, survivor = id_text(record.get("primaryObjectId")), id_text(record.get("newObjectId"))
    merged: Any = record.get("mergedObjectIds")
    listed = [id_text(value) for value in merged] if isinstance(merged, list) else []
    if survivor is not None:
        listed.append(primary)  # the merge made a new record of all
    keeps = survivor or primary
    return list(dict.fromkeys(each for each in listed if each is not None and each != keeps))


def _event_id(record: JsonObject) -> str | None:
    """`eventId` alone may repeat for different changes; with what changed, and when, it names one event."""
    if record.get("eventId") is None or record.get("occurredAt") is None:
        return None
    return "\x1f".join(str(record.get(name)) for name in _EVENT_NAMES)


def _guess(record: JsonObject, properties: JsonObject) -> str:
    """Name the noun by what only one object has, for entity words that say nothing."""
    if "dealId" in record or "dealname" in properties or "dealstage" in properties:
        return "opportunity"
    if "vid" in record or "firstname" in properties or "lastname" in properties:
        return "contact"
    return "account" if "companyId" in record or ("domain" in properties and "name" in properties) else ""
