"""Columns that follow from a record and the moment it is looked at: ages, lateness, what is still to be paid."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from salescommand_lake.model import Noun

__all__ = ["DERIVED", "MONEY", "Derived", "derived"]


@dataclass(frozen=True, slots=True)
class Derived:
    """A column computed at read time.

    Attributes:
        type: ClickHouse type without Nullable.
        sql: over the columns of the noun's rows; ``{day:Date32}`` and ``{moment:DateTime64(3, 'UTC')}`` are the moment.
        history: whether it needs what only the intervals tell (``stage_since``, ``first_due``).
        among: whether it looks at the other records of its noun too, by their team.
    """

    name: str
    type: str
    label: str
    meaning: str
    sql: str
    history: bool = False
    among: bool = False


_OPEN = "ifNull(status, '') = 'open'"
_TOLD = "toDate32(assumeNotNull(stage_since))"
_IN_STAGE = f"if({_OPEN} AND isNotNull(stage_since), dateDiff('day', {_TOLD}, {{day:Date32}}), NULL)"
_QUIET = "if(isNull(last_activity_at), NULL, dateDiff('day', toDate32(assumeNotNull(last_activity_at)), {day:Date32}))"
_TAKEN = "dateDiff('day', toDate32(assumeNotNull(created_at)), assumeNotNull(close_date))"
_OUTSTANDING = (
    "if(ifNull(status, '') IN ('draft', 'paid', 'void', 'uncollectible'), NULL, amount_due - ifNull(amount_paid, 0))"
)
_LATE = "dateDiff('day', assumeNotNull(due_date), {day:Date32})"

_OF_OTHERS = "groupUniqArrayIf((period_start, period_end), {what}) OVER (PARTITION BY {whose})"
_OF_MEMBERS = _OF_OTHERS.format(what="ifNull(owner_ref, '') != ''", whose="source, team")
_OF_ALL = _OF_OTHERS.format(what="ifNull(owner_ref, '') != '' OR isNotNull(team)", whose="source")
_COVERED = (
    "ifNull(owner_ref, '') = '' AND arrayExists(p -> ifNull(p.1 <= period_end AND p.2 >= period_start, false),"
    f" if(isNull(team), {_OF_ALL}, {_OF_MEMBERS}))"
)

DERIVED: MappingProxyType[str, tuple[Derived, ...]] = MappingProxyType(
    {
        "opportunity": (
            Derived(
                "age_days",
                "Int64",
                "Age",
                "Days since an open deal was made.",
                f"if({_OPEN} AND isNotNull(created_at),"
                " dateDiff('day', toDate32(assumeNotNull(created_at)), {day:Date32}), NULL)",
            ),
            Derived(
                "cycle_days",
                "Int64",
                "Cycle",
                "Days from the making of a closed deal to its close; none where it closed before it was made.",
                "if(ifNull(status, '') IN ('won', 'lost') AND isNotNull(created_at) AND isNotNull(close_date)"
                f" AND {_TAKEN} >= 0, {_TAKEN}, NULL)",
            ),
            Derived(
                "first_due",
                "Date32",
                "First expected",
                "The day on which the deal was first expected to close.",
                "first_due",
                history=True,
            ),
            Derived(
                "slipped",
                "Bool",
                "Slipped",
                "Whether an open deal is now expected in a later month than at first.",
                f"ifNull({_OPEN} AND toStartOfMonth(close_date) > toStartOfMonth(first_due), false)",
                history=True,
            ),
            Derived(
                "stage_since",
                "DateTime64(3, 'UTC')",
                "In stage since",
                "When the deal came into the stage that it is in.",
                "stage_since",
                history=True,
            ),
            Derived(
                "days_in_stage",
                "Int64",
                "Days in stage",
                "Days that an open deal has been in its stage.",
                _IN_STAGE,
                history=True,
            ),
            Derived(
                "idle_days",
                "Int64",
                "Idle",
                "Days since an open deal changed its stage or somebody did something about it, whichever is later.",
                f"if(isNull({_IN_STAGE}), NULL, least({_IN_STAGE}, ifNull({_QUIET}, {_IN_STAGE})))",
                history=True,
            ),
        ),
        "invoice": (
            Derived(
                "outstanding",
                "Decimal(18, 4)",
                "Outstanding",
                "What is still to be paid; none for drafts and for what is paid, void or given up.",
                _OUTSTANDING,
            ),
            Derived(
                "days_overdue",
                "Int64",
                "Days overdue",
                "Days since what is outstanding was due; 0 where it is not due yet.",
                f"if(isNull({_OUTSTANDING}) OR isNull(due_date), NULL, greatest(0, {_LATE}))",
            ),
            Derived(
                "ageing",
                "String",
                "Ageing",
                "How long what is outstanding has been due.",
                f"multiIf(isNull({_OUTSTANDING}), NULL, isNull(due_date), 'no due date', {_LATE} <= 0, 'not due',"
                f" {_LATE} <= 30, '1-30 days', {_LATE} <= 60, '31-60 days', {_LATE} <= 90, '61-90 days',"
                " 'over 90 days')",
            ),
        ),
        "quota": (
            Derived(
                "covered",
                "Bool",
                "Covered",
                "Whether it is a team's or the company's and those below have quotas of their own for the time.",
                _COVERED,
                among=True,
            ),
        ),
        "activity": (
            Derived(
                "happened_at",
                "DateTime64(3, 'UTC')",
                "Happened",
                "When the activity was done; else when it is due; else when it was made.",
                "coalesce(done_at, due_at, created_at)",
            ),
        ),
    }
)

MONEY: MappingProxyType[str, MappingProxyType[str, str]] = MappingProxyType(
    {
        "opportunity": MappingProxyType({"value": "amount"}),
        "stage_visit": MappingProxyType({"value": "amount"}),
        "order": MappingProxyType({"value": "amount"}),
        "quota": MappingProxyType({"value": "amount"}),
        "invoice": MappingProxyType({"value": "amount_due", "outstanding_value": "outstanding"}),
    }
)
"""The amounts of a noun that are given in the reporting currency, and the columns that they come from."""


def derived(noun: Noun) -> tuple[Derived, ...]:
    """Return the columns of a noun that are computed at read time."""
    return DERIVED.get(noun.name, ())
