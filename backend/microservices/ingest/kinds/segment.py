"""Segment: identify, group, track, page, screen and alias calls, alone or as a batch."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import JsonObject, Kind, Operation, Resolved, id_text, text_of
from backend.microservices.ingest.times import first_time


class Segment(Kind):
    """`identify` speaks of a contact, `group` of an account; the other calls are events without a record of ours."""

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
