"""Any system that posts plain JSON objects with an id."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import JsonObject, Kind, Resolved, words
from backend.microservices.ingest.times import first_time

_LISTS = ("records", "results", "data")
# What stands beside the records in the page of a list. Anything else makes the object a record of its own.
_PAGING = frozenset({
    *("count", "total", "totalSize", "total_count", "totalCount", "done", "success", "status", "ok", "object"),
    *("page", "pages", "page_size", "pageSize", "per_page", "limit", "offset", "start", "has_more", "hasMore"),
    *("cursor", "next", "next_cursor", "nextCursor", "next_page", "nextPage", "next_page_token", "nextPageToken"),
    *("nextRecordsUrl", "previous", "prev", "paging", "pagination", "links", "meta", "metadata"),
})  # fmt: skip


class Generic(Kind):
    """One object is one full record; a list of objects is several, also as the page of an API."""

    name = "generic"
    nouns = words(
        {
            "account": ("accounts", "company", "companies", "organization", "organizations", "customer", "customers"),
            "contact": ("contacts", "person", "persons", "people"),
            "opportunity": ("opportunities", "deal", "deals"),
            "owner": ("owners", "user", "users", "rep", "reps", "sales_rep"),
            "quota": ("quotas", "target", "targets"),
            "invoice": ("invoices", "bill", "bills"),
            "exchange_rate": ("exchange_rates", "rate", "rates", "fx_rate", "fx_rates"),
            "activity": ("activities", "task", "tasks", "call", "calls", "meeting", "meetings"),
            "product": ("products",),
            "order": ("orders", "sales_order", "sales_orders"),
        }
    )
    time_names = (
        "updated_at",
        "updatedAt",
        "modified_at",
        "modifiedAt",
        "last_modified",
        "lastModified",
        "occurred_at",
        "occurredAt",
        "timestamp",
    )

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Open `records`, `results` or `data` where all items have an id and nothing but paging stands beside them.

        `items` is never opened: orders and invoices have items.
        """
        for name in _LISTS:
            found = body.get(name)
            if isinstance(found, list) and found and body.keys() - _PAGING == {name}:
                records = all(isinstance(each, dict) and self.identify(each) is not None for each in found)
                return (name,) if records else None
        return None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """A record that says `deleted` or `is_deleted` true is a deletion."""
        gone = record.get("deleted") is True or record.get("is_deleted") is True
        return [
            Resolved(
                source_id=self.identify(record),
                record_type=self.noun(entity_type),
                operation="delete" if gone else "full",
                source_time_ms=first_time(record, *self.time_names),
            )
        ]
