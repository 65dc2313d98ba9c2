"""The rows that questions are about: records at a moment, with the names behind their references and their value.

Metrics and lists of records read the same rows, so a number and the list that it opens can't disagree. What a question
does not need is not computed: joins and conversions are left out where no column of theirs is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from salescommand_lake.fold.intervals import END, intervals
from salescommand_lake.fold.state_sql import marked
from salescommand_lake.fold.stays import STAYS
from salescommand_lake.mapping.currencies import EXPONENTS
from salescommand_lake.model import NOUNS, Noun
from salescommand_lake.noun_tables import HISTORY_COLUMNS, LATEST_COLUMNS
from salescommand_lake.reads.conditions import Column, condition
from salescommand_lake.reads.derived import MONEY, derived
from salescommand_lake.reads.merged import merged_at
from salescommand_lake.reads.money import converted, rounded
from salescommand_lake.reads.names import REPORTING_LINE, looked_up, name_joins, resolved
from salescommand_lake.reads.question import Filter
from salescommand_lake.reads.scope import Scope, within
from salescommand_lake.reads.stage_visits import STAGE_VISIT, visits

__all__ = ["Moment", "columns", "matching", "resolved", "rows", "states_at", "told", "weighs"]

_CLOSED_DAY = (
    "if(ifNull(status, '') IN ('won', 'lost') AND isNotNull(close_date), assumeNotNull(close_date), {day:Date32})"
)
_RATE_DAY = MappingProxyType(
    {
        "opportunity": _CLOSED_DAY,
        "stage_visit": _CLOSED_DAY,
        "invoice": "if(isNotNull(issued_at), toDate32(assumeNotNull(issued_at)), {day:Date32})",
        "order": "if(isNotNull(ordered_at), toDate32(assumeNotNull(ordered_at)), {day:Date32})",
        "quota": "if(isNotNull(period_start), assumeNotNull(period_start), {day:Date32})",
    }
)
"""The day at whose rate a row is converted: closed deals at the day they closed, open ones at the moment's."""
_AS_OF = "{as_of:DateTime64(3, 'UTC')}"


@dataclass(frozen=True, slots=True)
class Moment:
    """When is asked about: what was true ``as_of`` then, of what had been received ``known_at`` then. None is now."""

    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def time(self) -> datetime:
        """The moment up to which ages count."""
        return (self.as_of or self.known_at or datetime.now(UTC)).astimezone(UTC)

    @property
    def day(self) -> str:
        """The day in UTC at whose rate open amounts are converted."""
        return self.time.date().isoformat()


def weighs(noun: Noun) -> bool:
    """Return whether rows of a noun have a value weighted by probability."""
    return noun.value is not None and noun.field("probability") is not None


def columns(noun: Noun) -> dict[str, Column]:
    """Return what rows of a noun can be filtered and sorted by: fields, resolved names, and what every record has."""
    found = {field.name: Column(field.name, field.sql_type) for field in noun.fields}
    found |= {one.name: Column(one.name, one.type) for one in derived(noun)}
    found |= {name: Column(name, "Array(String)" if name == REPORTING_LINE else "String") for name in resolved(noun)}
    found |= {
        "source": Column("source"),
        "source_id": Column("source_id"),
        "canonical_id": Column("canonical_id"),
        "quality_score": Column("quality_score", "Float64"),
        "updated_at": Column("source_time", "DateTime64(3, 'UTC')"),
    }
    money = [*MONEY.get(noun.name, ()), *(["weighted_value"] if weighs(noun) else [])]
    return found | {name: Column(name, "Decimal(38, 4)") for name in money}


def rows(
    noun: Noun,
    moment: Moment,
    currency: str,
    needed: Collection[str] | None = None,
    *,
    where: str = "1",
) -> tuple[str, dict[str, Any]]:
    """Return a SELECT of the living records of a noun at a moment, and its parameters.

    ``needed`` are the names of ``columns`` that are read, None is all of them; others may be missing from the rows.
    ``where`` is SQL over the noun's own columns that is applied before anything is joined.

    Beside the columns of the noun's states the rows have ``owner``, ``team``, ``manager`` and ``account`` where the
    noun refers to them, what is derived from the record, and its amounts in ``currency`` (Nullable(Decimal(38, 4))).
    """
    parameters: dict[str, Any] = {"day": moment.day, "moment": moment.time}
    if needed is not None:
        # An amount may be of what is derived itself: what is outstanding.
        needed = {*needed, *(of for name, of in MONEY.get(noun.name, {}).items() if name in needed)}
    # What looks at other records must see them all before any is left out.
    among = [one for one in derived(noun) if one.among and _needs(needed, one.name)]
    base, bound = _records(noun, moment, needed, f"NOT is_deleted AND {'1' if among else where}")
    parameters |= bound
    names = [name for name in resolved(noun) if _needs(needed, name) or (among and name == "team")]
    if needed is None:
        names = [name for name in names if name != REPORTING_LINE]
    own = [name for name in _row_names(noun, needed) if name not in resolved(noun)]
    alone = [one for one in derived(noun) if _needs(needed, one.name) and not one.among]
    made = [f"{one.sql} AS {one.name}" for one in alone if one.name not in own]
    inner = f"SELECT *, {', '.join(made)} FROM ({base})" if made else base
    own += [one.name for one in alone if one.name not in own]
    kept = ", ".join([*(f"r.{name} AS {name}" for name in own), *looked_up(noun, names)])
    select = f"SELECT {kept}\n    FROM ({inner}) AS r{name_joins(noun, names, moment.known_at)}" if names else inner
    if among:
        told_of = ", ".join(f"{one.sql} AS {one.name}" for one in among)
        select = f"SELECT * FROM (SELECT *, {told_of} FROM ({select})) WHERE {where}"
    money = {name: of for name, of in MONEY.get(noun.name, {}).items() if _needs(needed, name)}
    weighted = weighs(noun) and _needs(needed, "weighted_value")
    if weighted:
        money["value"] = MONEY[noun.name]["value"]
    if money:
        parameters["reporting"] = currency
        select = converted(select, amounts=money, day=_RATE_DAY[noun.name], reporting=currency)
    if weighted:
        exact = rounded("(toDecimal256(value, 4) * probability)", EXPONENTS.get(currency, 2))
        select = f"SELECT *, {exact} AS weighted_value FROM ({select})"
    return select, parameters


def _needs(needed: Collection[str] | None, name: str) -> bool:
    return needed is None or name in needed


def _records(noun: Noun, moment: Moment, needed: Collection[str] | None, where: str) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the records at a moment, with their fields and what went before."""
    if noun is STAGE_VISIT:
        deals, bound = states_at(NOUNS["opportunity"], moment, history=True, visits=True)
        return visits(f"SELECT * FROM ({deals}) WHERE {where}"), bound
    source, bound = states_at(noun, moment, history=_needs_history(noun, needed))
    return f"SELECT * FROM ({source}) WHERE {where}", bound


def _needs_history(noun: Noun, needed: Collection[str] | None) -> bool:
    return any(one.history and _needs(needed, one.name) for one in derived(noun))


def _row_names(noun: Noun, needed: Collection[str] | None) -> list[str]:
    own = ["canonical_id", "source", "source_id", "is_deleted", "source_time", "quality_score", "failed_rules"]
    own += [field.name for field in noun.fields]
    history = [name for name, _ in HISTORY_COLUMNS.get(noun.name, ())]
    return own + (history if _needs_history(noun, needed) else [])


def states_at(noun: Noun, moment: Moment, *, history: bool, visits: bool = False) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the states of records at a moment, deleted ones included.

    Now is the table of states, or that of last intervals where ``history`` or ``visits`` ask for what went before; a
    past day is a filter over the intervals. What had been received by a moment is folded from the changes received by
    then, which takes longer. Nouns that are merged across sources give their merged records.
    """
    if noun.merged:
        return merged_at(noun, moment.as_of, moment.known_at)
    known = noun.name in LATEST_COLUMNS
    if moment.as_of is None and moment.known_at is None:
        if known and (history or visits):
            return f"SELECT *, valid_from AS source_time FROM {noun.latest_table} FINAL", {}
        return f"SELECT * FROM {noun.table} FINAL", {}
    made, parameters = told(noun, moment.known_at)
    condition = f"valid_to = {END} AND valid_from < valid_to"
    if moment.as_of is not None:
        # A time between two milliseconds is cut to the earlier one by the type, which is what "up to then" means.
        condition = f"valid_from <= {_AS_OF} AND valid_to > {_AS_OF}"
        parameters["as_of"] = moment.as_of
    states = f"SELECT *, valid_from AS source_time FROM ({made}) WHERE {condition}"
    if known and visits and moment.known_at is None:
        # The last interval tells all visits; those up to the moment are what had been told by then. Where no visit came
        # later the stays are those of the last interval, which spares making them again.
        last = f"SELECT canonical_id, visits, stays FROM {noun.latest_table} FINAL"
        states = (
            f"SELECT i.*, arrayFilter(v -> v.entered_at <= {_AS_OF}, l.visits) AS visits,\n"
            f"  if(l.visits[-1].entered_at <= {_AS_OF}, l.stays, {STAYS}) AS stays\n"
            f"FROM ({states}) AS i LEFT ANY JOIN ({last}) AS l ON i.canonical_id = l.canonical_id"
        )
        states = f"SELECT * EXCEPT (visits) FROM ({states})"
    elif known and visits:
        states = f"SELECT * EXCEPT (visits), {STAYS} AS stays FROM ({states})"
    return states, parameters


def told(noun: Noun, known_at: datetime | None) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the intervals of a noun, as they were known at a moment, and its parameters."""
    if known_at is None:
        return f"SELECT * FROM {noun.intervals_table} FINAL", {}
    made = intervals(noun, marked(noun, "received_at <= {known_at:DateTime64(6, 'UTC')}"))
    return made, {"known_at": known_at}


def matching(
    noun: Noun,
    moment: Moment,
    currency: str,
    *,
    filters: Iterable[Filter],
    needed: Collection[str],
    known: Mapping[str, Column] | None = None,
    early: str = "1",
    scope: Scope | None = None,
) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of ``rows`` that match filters. What records say themselves is looked at first.

    ``early`` is more SQL over what the records say themselves; what is not in ``scope`` is not there.

    Raises:
        QueryError: a filter names no column, or a value does not fit.
    """
    found = list(filters)
    said = set() if noun is STAGE_VISIT else {field.name for field in noun.fields} - resolved(noun).keys()
    first = [one for one in found if one.field in said]
    known = known or columns(noun)
    said_so, parameters = condition(first, known, "o")
    late, bound = condition([one for one in found if one not in first], known)
    inside, owners = within(noun, scope)
    source, more = rows(
        noun, moment, currency, {*needed, *(one.field for one in found)}, where=f"{inside} AND {said_so} AND {early}"
    )
    return f"SELECT * FROM ({source}) WHERE {late}", parameters | bound | more | owners
