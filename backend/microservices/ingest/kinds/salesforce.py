"""Salesforce: sObjects from REST and SOQL, and change data capture events."""

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
from backend.microservices.ingest.times import first_time, time_ms

_CHANGES: dict[str, Operation] = {
    "CREATE": "full",
    "UPDATE": "patch",
    "DELETE": "delete",
    "UNDELETE": "undelete",
    # A gap carries no fields: what it says is only that the record is gone or back.
    "GAP_DELETE": "delete",
    "GAP_UNDELETE": "undelete",
}
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SEQUENCE_BITS = 12


class Salesforce(Kind):
    """Records have `Id` and `attributes.type`; change events have a `ChangeEventHeader`."""

    name = "salesforce"
    nouns = words(
        {
            "account": ("accounts", "company", "companies"),
            "contact": ("contacts",),
            "opportunity": ("opportunities", "deal", "deals"),
            "owner": ("owners", "user", "users"),
            "quota": ("quotas", "ForecastingQuota"),
            "invoice": ("invoices", "Invoice__c"),
            "exchange_rate": ("exchange_rates", "DatedConversionRate"),
        }
    )

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Query answers come under `records`."""
        return ("records",) if isinstance(body.get("records"), list) and "Id" not in body else None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """Tell a change event from a record by its header."""
        header = _header(record)
        if header:
            return self._changes(record, header, entity_type)
        said = text_of(object_of(record.get("attributes")).get("type"))
        operation: Operation = "full"
        if record.get("IsDeleted") is True:
            operation = "merge" if id_text(record.get("MasterRecordId")) else "delete"
        return [
            Resolved(
                source_id=self.identify(record) or _long_id(id_text(record.get("Id"))),
                record_type=self.noun(said or entity_type),
                operation=operation,
                source_time_ms=first_time(record, "SystemModstamp", "LastModifiedDate"),
            )
        ]

    def _changes(self, record: JsonObject, header: JsonObject, entity_type: str) -> list[Resolved]:
        change = text_of(header.get("changeType")).upper()
        listed = header.get("recordIds")
        named = [id_text(each) for each in listed] if isinstance(listed, list) else []
        ids: list[str | None] = [each for each in named if each is not None] or [None]
        sequence = sequence_of(header.get("sequenceNumber"))
        transaction = text_of(header.get("transactionKey"))
        unique = text_of(object_of(record.get("event")).get("EventUuid")) or (
            transaction and f"{transaction}:{sequence}"
        )
        noun = self.noun(text_of(header.get("entityName")) or entity_type)
        return [
            Resolved(
                source_id=_long_id(each),
                # A wildcard such as 001* stands for unknown records: the event is kept, no record takes it.
                record_type="" if each is None or each.endswith("*") else noun,
                operation=_CHANGES.get(change, "patch"),
                source_time_ms=time_ms(header.get("commitTimestamp")),
                vendor_seq=_commit_order(sequence_of(header.get("commitNumber")), sequence),
                vendor_event_id=unique,
            )
            for each in ids
        ]


def _header(record: JsonObject) -> JsonObject:
    """Return the change event's header, where the event is bare or under `payload` or `data.payload`."""
    places = (record, object_of(record.get("payload")), object_of(object_of(record.get("data")).get("payload")))
    return next((found for place in places if (found := object_of(place.get("ChangeEventHeader")))), {})


def _commit_order(commit: int, sequence: int) -> int:
    """Join commit number and place in the transaction into one number, as long as both fit 64 bits."""
    if commit >= 1 << (64 - _SEQUENCE_BITS):
        return commit
    return commit << _SEQUENCE_BITS | min(sequence, (1 << _SEQUENCE_BITS) - 1)


def _long_id(value: str | None) -> str | None:
    """Return the 18-character form of a 15-character id; both name the same record."""
    if value is None or len(value) != 15 or not (value.isascii() and value.isalnum()):
        return value
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, letter in enumerate(value[start : start + 5]) if letter.isupper())
        suffix += _SUFFIX[bits]
    return value + suffix
