"""The rows that questions are about: records at a moment, with the names behind their references and their value.

Metrics and lists of records read the same rows, so a number and the list that it opens can't disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from salescommand_lake.fold.state_sql import marked, states
from salescommand_lake.model import Noun
from salescommand_lake.reads.conditions import Column
from salescommand_lake.reads.money import converted

__all__ = ["Moment", "columns", "resolved", "rows"]

_RATE_DAY = MappingProxyType(
    {
        "opportunity": "if(ifNull(status, '') IN ('won', 'lost') AND isNotNull(close_date), assumeNotNull(close_date),"
        " {day:Date32})",
        "invoice": "if(isNotNull(issued_at), toDate32(assumeNotNull(issued_at)), {day:Date32})",
        "order": "if(isNotNull(ordered_at), toDate32(assumeNotNull(ordered_at)), {day:Date32})",
        "quota": "if(isNotNull(period_start), assumeNotNull(period_start), {day:Date32})",
    }
)
"""The day at whose rate a row is converted: closed deals at the day they closed, open ones at the moment's."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When is asked about: what was true ``as_of`` then, of what had been received ``known_at`` then. None is now."""

    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def day(self) -> str:
        """The day in UTC at whose rate open amounts are converted."""
        return (self.as_of or self.known_at or datetime.now(UTC)).astimezone(UTC).date().isoformat()


def columns(noun: Noun) -> dict[str, Column]:
    """Return what rows of a noun can be filtered and sorted by: fields, resolved names, and what every record has."""
    found = {field.name: Column(field.name, field.sql_type) for field in noun.fields}
    found |= {name: Column(name) for name in resolved(noun)}
    found |= {
        "source": Column("source"),
        "source_id": Column("source_id"),
        "canonical_id": Column("canonical_id"),
        "quality_score": Column("quality_score", "Float64"),
        "updated_at": Column("source_time", "DateTime64(3, 'UTC')"),
    }
    if noun.value:
        found["value"] = Column("value", "Decimal(38, 4)")
    return found


def rows(noun: Noun, moment: Moment, currency: str) -> tuple[str, dict[str, Any]]:
    """Return a SELECT of the living records of a noun at a moment, and its parameters.

    Beside the columns of the noun's states it has ``owner``, ``team`` and ``account`` where the noun refers to them,
    and ``value`` (Nullable(Decimal(38, 4)), in ``currency``) where the noun has an amount.
    """
    state, parameters = _states_at(noun, moment)
    names = resolved(noun)
    kept = ", ".join(f"r.{name} AS {name}" for name in _state_names(noun) if name not in names)
    looked_up = "".join(f", {sql} AS {name}" for name, sql in names.items())
    select = f"SELECT {kept}{looked_up}\n    FROM ({state}) AS r{_joins(noun)}"
    if noun.value is None:
        return select, parameters
    parameters |= {"reporting": currency, "day": moment.day}
    return converted(select, amount=noun.value, day=_RATE_DAY[noun.name], reporting=currency), parameters


def _states_at(noun: Noun, moment: Moment) -> tuple[str, dict[str, Any]]:
    if moment.as_of is None and moment.known_at is None:
        return f"SELECT * FROM {noun.table} FINAL WHERE NOT is_deleted", {}
    conditions, parameters = [], {}
    if moment.as_of is not None:
        conditions.append("source_time <= {as_of:DateTime64(3, 'UTC')}")
        parameters["as_of"] = moment.as_of
    if moment.known_at is not None:
        conditions.append("received_at <= {known_at:DateTime64(6, 'UTC')}")
        parameters["known_at"] = moment.known_at
    # A time between two milliseconds is cut to the earlier one by the type, which is what "up to then" means.
    folded = states(noun, marked(noun, " AND ".join(conditions)))
    return f"SELECT * FROM ({folded}) WHERE NOT is_deleted", parameters


def _state_names(noun: Noun) -> list[str]:
    own = ["canonical_id", "source", "source_id", "is_deleted", "source_time", "quality_score", "failed_rules"]
    return own + [field.name for field in noun.fields]


def _has(noun: Noun, name: str) -> bool:
    return noun.field(name) is not None


def resolved(noun: Noun) -> dict[str, str]:
    """Return the columns that are resolved through references: owner, team, account, each with its SQL."""
    found = {}
    if _has(noun, "owner_ref"):
        given = "nullIf(r.owner_name, ''), " if _has(noun, "owner_name") else ""
        found["owner"] = f"coalesce({given}o.known_name, nullIf(r.owner_ref, ''))"
        found["team"] = "coalesce(nullIf(r.team, ''), o.known_team)" if _has(noun, "team") else "o.known_team"
    if _has(noun, "account_ref"):
        given = "nullIf(r.account_name, ''), " if _has(noun, "account_name") else ""
        found["account"] = f"coalesce({given}a.known_name, nullIf(r.account_ref, ''))"
    return found


def _joins(noun: Noun) -> str:
    """Names of owners and accounts are today's, whatever the moment: people ask for teams as they know them."""
    owners = (
        "\n    LEFT ANY JOIN (SELECT source, source_id, nullIf(name, '') AS known_name,\n"
        "        nullIf(team, '') AS known_team FROM owners FINAL WHERE NOT is_deleted) AS o\n"
        "        ON o.source = r.source AND o.source_id = ifNull(r.owner_ref, '')"
    )
    accounts = (
        "\n    LEFT ANY JOIN (SELECT source, source_id, nullIf(name, '') AS known_name\n"
        "        FROM accounts FINAL WHERE NOT is_deleted) AS a\n"
        "        ON a.source = r.source AND a.source_id = ifNull(r.account_ref, '')"
    )
    return (owners if _has(noun, "owner_ref") else "") + (accounts if _has(noun, "account_ref") else "")
