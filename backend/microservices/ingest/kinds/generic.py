"""Any system that posts plain JSON objects with an id."""

from __future__ import annotations

from backend.microservices.ingest.kinds.base import JsonObject, Kind, Resolved, words
from backend.microservices.ingest.times import first_time


class Generic(Kind):
    """One object is one full record; a list of objects is several."""

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
