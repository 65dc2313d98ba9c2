"""HubSpot: CRM v3 objects and lists, and webhook arrays that carry one changed property per event."""

from __future__ import annotations

from typing import Any

from backend.microservices.ingest.kinds.base import JsonObject, Kind, Operation, Resolved, id_text, object_of, words
from backend.microservices.ingest.times import first_time, time_ms

_OPERATIONS: dict[str, Operation] = {
    "deletion": "delete",
    "privacydeletion": "delete",
    "restore": "undelete",
    "merge": "merge",
}


class HubSpot(Kind):
    """Objects have `id` and `properties`; webhook events have `subscriptionType` and `objectId`."""

    name = "hubspot"
    nouns = words(
        {
            "account": ("accounts", "company", "companies", "0-2"),
            "contact": ("contacts", "0-1"),
            "opportunity": ("opportunities", "deal", "deals", "0-3"),
            "owner": ("owners", "user", "users", "0-115"),
            "invoice": ("invoices", "0-53"),
            "quota": ("quotas",),
            "exchange_rate": ("exchange_rates",),
        }
    )

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Lists, searches and batches come under `results`."""
        return ("results",) if isinstance(body.get("results"), list) and "id" not in body else None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """Tell a webhook event from an object by its subscription type."""
        if isinstance(record.get("subscriptionType"), str) or "objectId" in record:
            return self._event(record, entity_type)
        return [self._object(record, entity_type)]

    def _object(self, record: JsonObject, entity_type: str) -> Resolved:
        properties = object_of(record.get("properties"))
        noun = self.noun(entity_type) or _guess(properties)
        # An archived owner is a user who has left; the record stays, as with other vendors' inactive users.
        archived = record.get("archived") is True and noun != "owner"
        moments = [
            first_time(record, "archivedAt") if archived else None,
            first_time(record, "updatedAt"),
            first_time(properties, "hs_lastmodifieddate", "lastmodifieddate"),
        ]
        return Resolved(
            source_id=self.identify(record) or id_text(properties.get("hs_object_id")),
            record_type=noun,
            operation="delete" if archived else "full",
            source_time_ms=next((moment for moment in moments if moment is not None), None),
        )

    def _event(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        subscription = str(record.get("subscriptionType") or "")
        word, _, action = subscription.partition(".")
        object_type = record.get("objectTypeId")
        noun = self.noun(word) or (self.noun(object_type) if isinstance(object_type, str) else "")
        # The event's own object wins over the word in the address, which for webhooks is often just "webhook".
        known = word in {"", "object"} and object_type is None
        noun = noun or (self.noun(entity_type) if known else "")
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


def _merged_away(record: JsonObject) -> list[str]:
    """Return the ids of the records that a merge ended."""
    survivors = {id_text(record.get("newObjectId")), id_text(record.get("primaryObjectId"))}
    if record.get("newObjectId") is not None:
        survivors = {id_text(record.get("newObjectId"))}
    merged: Any = record.get("mergedObjectIds")
    listed = [id_text(value) for value in merged] if isinstance(merged, list) else []
    if record.get("newObjectId") is not None:
        listed.append(id_text(record.get("primaryObjectId")))
    return list(dict.fromkeys(each for each in listed if each is not None and each not in survivors))


def _event_id(record: JsonObject) -> str | None:
    """`eventId` alone may repeat for different changes; with what changed, and when, it names one event.

    The count of attempts is left out, so that a delivery that HubSpot repeats is the same event.
    """
    if record.get("eventId") is None or record.get("occurredAt") is None:
        return None
    names = ("eventId", "subscriptionType", "subscriptionId", "objectId", "occurredAt", "propertyName", "propertyValue")
    return "\x1f".join(str(record.get(name)) for name in names)


def _guess(properties: JsonObject) -> str:
    """Name the noun by properties that only one object has, for entity words that say nothing."""
    if "dealname" in properties or "dealstage" in properties:
        return "opportunity"
    if "firstname" in properties or "lastname" in properties:
        return "contact"
    return "account" if "domain" in properties and "name" in properties else ""
