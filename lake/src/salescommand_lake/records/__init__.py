"""Records and the quarantine, read: lists, one record with the source of each field, what could not be mapped."""

from salescommand_lake.records.listing import list_records
from salescommand_lake.records.quarantine import list_quarantine
from salescommand_lake.records.question import (
    Change,
    FieldValue,
    Page,
    QuarantinePage,
    QuarantineQuery,
    Record,
    RecordQuery,
    RuleResult,
)
from salescommand_lake.records.single import get_record, is_seen

__all__ = [
    "Change",
    "FieldValue",
    "Page",
    "QuarantinePage",
    "QuarantineQuery",
    "Record",
    "RecordQuery",
    "RuleResult",
    "get_record",
    "is_seen",
    "list_quarantine",
    "list_records",
]
