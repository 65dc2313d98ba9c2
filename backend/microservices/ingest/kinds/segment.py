"""Segment: identify, group, track, page, screen and alias calls, alone or as a batch."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import JsonObject, Kind, Operation, Resolved, id_text, object_of, text_of
from backend.microservices.ingest.times import first_time

# Events of Segment's e-commerce specification that tell of one order.
_ORDERS = {"order completed", "order updated", "order refunded", "order cancelled"}


class Segment(Kind):
    """`identify` speaks of a contact, `group` of an account, some of `track` of an order; the others of no record."""

    name = "segment"
    signatures = "segment"
    time_names = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
    envelope_time_names = time_names

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """The batch call holds its messages under `batch`."""
        return ("batch",) if isinstance(body.get("batch"), list) else None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """Traits are patches: a call tells some of them and means no more."""
        said = text_of(record.get("type")) or entity_type.lower()
        message = id_text(record.get("messageId"))
        person = id_text(record.get("userId")) or id_text(record.get("anonymousId"))
        operation: Operation = "patch"
        if said == "identify":
            found, noun = person, "contact"
        elif said == "group":
            found, noun = id_text(record.get("groupId")), "account"
        elif said == "alias":
            found, noun, operation = id_text(record.get("previousId")), "contact", "merge"
        elif said == "track" and text_of(record.get("event")).lower() in _ORDERS:
            found, noun = id_text(object_of(record.get("properties")).get("order_id")), "order"
            noun = noun if found else ""
        else:
            found, noun, operation = message, "", "full"
        return [
            Resolved(
                source_id=found or self.identify(record) or message,
                record_type=noun,
                operation=operation,
                source_time_ms=first_time(record, *self.time_names),
                vendor_event_id=message,
            )
        ]
