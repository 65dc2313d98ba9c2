"""Records and the quarantine, read: lists, one record with the source of each field, what could not be mapped."""

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

__all__ = [
    "Change",
    "FieldValue",
    "Page",
    "QuarantinePage",
    "QuarantineQuery",
    "Record",
    "RecordQuery",
    "RuleResult",
]
