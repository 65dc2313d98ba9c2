"""Salesforce: sObjects from REST, SOQL, composite and bulk answers, change data capture and platform events."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import (
    NO_FIELDS,
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
_NANOS = 1_000_000


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
            "activity": ("activities", "Task", "tasks", "Event", "events"),
            "product": ("products", "Product2"),
            "order": ("orders",),
        }
    )
    id_names = ("Id",)

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Query answers come under `records`, composite and batch answers wrap several answers."""
        if "Id" in body or "attributes" in body:
            return None
        for name in ("records", "compositeResponse"):
            if isinstance(body.get(name), list):
                return (name,)
        if isinstance(body.get("results"), list) and "hasErrors" in body:
            return ("results",)
        inner = "body" if "httpStatusCode" in body else "result" if "statusCode" in body else ""
        return (inner,) if inner in body and isinstance(body[inner], dict | list | None) else None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """Tell a change event from a record by its header."""
        header = _header(record)
        if header:
            return self._changes(record, header, entity_type)
        if _platform_event(record):
            return [_event(record)]
        if "errorCode" in record and "message" in record:
            return [Resolved(source_id=None, note="this answer is an error and holds no record")]
        attributes = object_of(record.get("attributes"))
        said = text_of(attributes.get("type"))
        operation: Operation = "full"
        if record.get("IsDeleted") is True:
            operation = "merge" if id_text(record.get("MasterRecordId")) else "delete"
        return [
            Resolved(
                source_id=_long_id(self.identify(record)) or _id_in(text_of(attributes.get("url"))),
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
        unique = _uuid(record) or (transaction and f"{transaction}:{sequence}")
        noun = self.noun(text_of(header.get("entityName")) or entity_type)
        moment = time_ms(header.get("commitTimestamp"))
        # A gap names records without their fields; an overflow not even records.
        gap = change.startswith("GAP_") and change not in _CHANGES
        return [
            Resolved(
                source_id=_long_id(each),
                # A wildcard such as 001* stands for unknown records: the event is kept, no record takes it.
                record_type="" if each is None or each.endswith("*") or change == "GAP_OVERFLOW" else noun,
                operation=_CHANGES.get(change, "patch"),
                source_time_ms=moment,
                vendor_seq=_commit_order(sequence_of(header.get("commitNumber")), sequence, moment),
                vendor_event_id=unique or None,
                note=NO_FIELDS if gap else "",
            )
            for each in ids
        ]


def _places(record: JsonObject) -> tuple[JsonObject, JsonObject, JsonObject]:
    """Return where an event may stand: bare, under `payload`, or as CometD delivers it under `data.payload`."""
    return record, object_of(record.get("payload")), object_of(object_of(record.get("data")).get("payload"))


def _header(record: JsonObject) -> JsonObject:
    """Return the header of a change event, {} where there is none."""
    return next((found for place in _places(record) if (found := object_of(place.get("ChangeEventHeader")))), {})


def _delivery(record: JsonObject) -> JsonObject:
    return object_of(record.get("event")) or object_of(object_of(record.get("data")).get("event"))


def _uuid(record: JsonObject) -> str:
    return text_of(_delivery(record).get("EventUuid"))


def _platform_event(record: JsonObject) -> bool:
    return bool("replayId" in _delivery(record) and any(_places(record)[1:]))


def _event(record: JsonObject) -> Resolved:
    """A platform event is no record: its id is that of the event, or else its place in the channel."""
    replay, channel = id_text(_delivery(record).get("replayId")), text_of(record.get("channel"))
    unique = _uuid(record) or (f"{channel}:{replay}" if replay else "")
    moments = (first_time(place, "CreatedDate") for place in _places(record))
    return Resolved(
        source_id=unique or None,
        source_time_ms=next((moment for moment in moments if moment is not None), None),
        vendor_event_id=unique or None,
    )


def _commit_order(commit: int, sequence: int, moment: int | None) -> int:
    """Join commit number and place in the transaction into one number, as long as both fit 64 bits.

    Commit numbers of newer releases count nanoseconds since 1970. Only events of the same moment are ever compared, so
    what counts there is the rest within the moment.
    """
    most = 1 << (64 - _SEQUENCE_BITS)
    if commit >= most and moment is not None and 0 <= commit - moment * _NANOS < most:
        commit -= moment * _NANOS
    if commit >= most:
        return commit
    return commit << _SEQUENCE_BITS | min(sequence, (1 << _SEQUENCE_BITS) - 1)


def _id_in(url: str) -> str | None:
    """Return the id at the end of a record's address, for queries that left it out."""
    found = url.rpartition("/sobjects/")[2].split("/")
    return _long_id(id_text(found[1])) if len(found) == 2 and len(found[1]) in {15, 18} else None


def _long_id(value: str | None) -> str | None:
    """Return the 18-character form of a 15-character id; both name the same record."""
    if value is None or len(value) != 15 or not (value.isascii() and value.isalnum()):
        return value
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, letter in enumerate(value[start : start + 5]) if letter.isupper())
        suffix += _SUFFIX[bits]
    return value + suffix
