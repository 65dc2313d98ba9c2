"""What is asked of the records, and the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salescommand_lake.identity.members import Member
from salescommand_lake.reads.question import (
    Filter,
    QueryError,
    moment_text,
    parse_currency,
    parse_moment,
    single,
)
from salescommand_lake.reads.scope import Scope
from salescommand_lake.reads.stage_visits import READABLE

MAX_LIMIT = 500
DEFAULT_LIMIT = 50


def parse_limit(text: str) -> int:
    """Read the number of items of a page.

    Raises:
        QueryError: it is not a number between 1 and 500.
    """
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
        raise QueryError("limit", f"{text!r} is not a number from 1 to {MAX_LIMIT}")
    return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuery:
    """A question for a list of records. ``sort`` is a field, with a minus before it for the largest first."""

    type: str
    filters: tuple[Filter, ...] = ()
    q: str | None = None
    """Text that the record's name contains, in any case."""
    sort: str = "-updated_at"
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    as_of: datetime | None = None
    known_at: datetime | None = None
    currency: str = "USD"
    """The currency in which ``value`` of each item is given."""
    scope: Scope | None = None
    """Whose records are seen; None is everybody's. It is no parameter of a query string."""

    @classmethod
    def parse(
        cls,
        record_type: str,
        params: Iterable[tuple[str, str]],
        *,
        currency: str = "USD",
        scope: Scope | None = None,
    ) -> RecordQuery:
        """Read the parameters of a query string; ``currency`` holds when they name none.

        Raises:
            QueryError: the type or a parameter is unknown or can't be read.
        """
        if record_type not in READABLE:
            raise QueryError(
                "type", f"there are no records of type {record_type!r}", f"use one of {', '.join(READABLE)}"
            )
        known = ("q", "sort", "limit", "cursor", "as_of", "known_at", "currency")
        once, filters = single(params, known)
        moments = {name: parse_moment(name, once[name]) for name in ("as_of", "known_at") if name in once}
        return cls(
            type=record_type,
            filters=filters,
            q=once.get("q") or None,
            sort=once.get("sort", "-updated_at"),
            limit=parse_limit(once["limit"]) if "limit" in once else DEFAULT_LIMIT,
            cursor=once.get("cursor") or None,
            as_of=moments.get("as_of"),
            known_at=moments.get("known_at"),
            currency=parse_currency(once.get("currency", currency)),
            scope=scope,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. ``total`` counts all that match, not only this page's."""

    items: list[dict[str, Any]]
    next_cursor: str | None
    total: int

    def as_dict(self) -> dict[str, Any]:
        """Return the page in the shape that the API gives it."""
        return {"items": self.items, "next_cursor": self.next_cursor, "total": self.total}


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field of a record and the event that gave it this value. Amounts are decimal strings, times UTC."""

    value: str | int | bool | None
    label: str
    unit: str | None
    source: str
    event_id: str | None
    """None when no event has ever set or cleared the field."""
    source_time: datetime | None
    received_at: datetime | None
    event_expired: bool = False
    """Whether the bytes of that event are no longer kept; what it set is."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A rule and whether the record passes it. ``weight`` is the rule's share of the score, 0 to 1."""

    name: str
    weight: float
    passed: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one event changed, field by field, as (value before, value after)."""

    event_id: str
    source: str
    source_time: datetime
    received_at: datetime
    operation: str
    changes: Mapping[str, tuple[Any, Any]]
    event_expired: bool = False
    """Whether the bytes of the event are no longer kept."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record with where each of its values comes from, its history (newest first) and its relations."""

    canonical_id: str
    type: str
    source: str
    source_id: str
    title: str
    is_deleted: bool
    source_time: datetime
    fields: Mapping[str, FieldValue]
    score: float
    rules: tuple[RuleResult, ...]
    history: tuple[Change, ...]
    related: Mapping[str, list[dict[str, Any]]]
    """Short items, as in a list, by the plural of their noun."""
    merged_into: str | None = None
    """The record that the one asked for is shown as, or that its source has merged it into, if any."""
    members: tuple[Member, ...] = ()
    """The sources' records that are one here, the survivor first, each with the reasons why."""

    def as_dict(self) -> dict[str, Any]:
        """Return the record in the shape that the API gives it."""
        return {
            "canonical_id": self.canonical_id,
            "type": self.type,
            "source": self.source,
            "source_id": self.source_id,
            "title": self.title,
            "is_deleted": self.is_deleted,
            "merged_into": self.merged_into,
            "source_time": moment_text(self.source_time),
            "fields": {
                name: {
                    "value": field.value,
                    "label": field.label,
                    "unit": field.unit,
                    "source": field.source,
                    "event_id": field.event_id,
                    "source_time": moment_text(field.source_time) if field.source_time else None,
                    "received_at": moment_text(field.received_at) if field.received_at else None,
                    "event_expired": field.event_expired,
                }
                for name, field in self.fields.items()
            },
            "quality": {
                "score": self.score,
                "rules": [
                    {"name": rule.name, "weight": rule.weight, "passed": rule.passed, "meaning": rule.meaning}
                    for rule in self.rules
                ],
            },
            "history": [
                {
                    "event_id": change.event_id,
                    "source": change.source,
                    "source_time": moment_text(change.source_time),
                    "received_at": moment_text(change.received_at),
                    "operation": change.operation,
                    "changes": {name: {"from": old, "to": new} for name, (old, new) in change.changes.items()},
                    "event_expired": change.event_expired,
                }
                for change in self.history
            ],
            "related": {plural: list(items) for plural, items in self.related.items()},
            "members": [member.as_dict() for member in self.members],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineQuery:
    """A question for quarantined values, newest first, open ones where no state is asked for.

    Filters know source, record_type, source_id, event_id, field, value, reason and state (open, ignored, corrected).
    """

    filters: tuple[Filter, ...] = ()
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    @classmethod
    def parse(cls, params: Iterable[tuple[str, str]]) -> QuarantineQuery:
        """Read the parameters of a query string.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        once, filters = single(params, ("limit", "cursor"))
        limit = parse_limit(once["limit"]) if "limit" in once else DEFAULT_LIMIT
        return cls(filters=filters, limit=limit, cursor=once.get("cursor") or None)


@dataclass(frozen=True, slots=True)
class QuarantinePage(Page):
    """A page of quarantined values, and how many there are by source, field and reason."""

    groups: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return the page in the shape that the API gives it."""
        return {"items": self.items, "next_cursor": self.next_cursor, "total": self.total, "groups": self.groups}
