"""The names behind a record's references: owner, team, manager, account.

Names are today's, whatever the moment: people ask for teams as they know them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from salescommand_lake.model import Noun
from salescommand_lake.reads.merged import account_names, ref_source

__all__ = ["REPORTING_LINE", "looked_up", "name_joins", "resolved"]

REPORTING_LINE = "reporting_line"
"""The owner and all managers above, however many: filtered by a name it gives what that person and everybody below
sells. It is asked for, not shown."""
_OWNER_NAMES = ("owner", "team", "manager", REPORTING_LINE)
_ACCOUNT_NAMES = ("account", "account_id")


def resolved(noun: Noun) -> dict[str, str]:
    """Return the columns that are resolved through references, each with its SQL: owner, team, manager, account.

    All are texts but the reporting line, which is several.
    """
    found = {}
    if _has(noun, "owner_ref"):
        given = "nullIf(r.owner_name, ''), " if _has(noun, "owner_name") else ""
        found["owner"] = f"coalesce({given}o.known_name, nullIf(r.owner_ref, ''))"
        found["team"] = "coalesce(nullIf(r.team, ''), o.known_team)" if _has(noun, "team") else "o.known_team"
        found["manager"] = "o.known_manager"
        alone = f"arrayFilter(x -> x != '', [ifNull({found['owner']}, '')])"
        found[REPORTING_LINE] = f"if(empty(o.known_line), {alone}, o.known_line)"
    if _has(noun, "account_ref"):
        given = "nullIf(r.account_name, ''), " if _has(noun, "account_name") else ""
        # What several sources know as one account has one name, however each of them writes it.
        merged = "if(a.several, a.known_name, NULL)"
        found["account"] = f"coalesce({merged}, {given}a.known_name, nullIf(r.account_ref, ''))"
        found["account_id"] = "nullIf(a.account_id, '')"
    return found


def looked_up(noun: Noun, names: Collection[str]) -> list[str]:
    """Return the select list of the resolved columns ``names``."""
    return [f"{sql} AS {name}" for name, sql in resolved(noun).items() if name in names]


def name_joins(noun: Noun, names: Collection[str], known_at: datetime | None = None) -> str:
    """Return the joins that the resolved columns ``names`` need, onto rows called ``r``.

    With ``known_at``, bound as a parameter, accounts are those that were known as one then.
    """
    found = ""
    if any(name in names for name in _OWNER_NAMES) and _has(noun, "owner_ref"):
        found += _owners(ref_source(noun, "owner_ref"), managers="manager" in names, line=REPORTING_LINE in names)
    if any(name in names for name in _ACCOUNT_NAMES) and _has(noun, "account_ref"):
        found += (
            f"\n    LEFT ANY JOIN ({account_names(known_at)}) AS a\n"
            f"        ON a.source = {ref_source(noun, 'account_ref')} AND a.source_id = ifNull(r.account_ref, '')"
        )
    return found


_PEOPLE = "owners FINAL WHERE NOT is_deleted"
# From each person up, manager by manager. A circle of managers ends where it began.
_LINES = f"""
        WITH RECURSIVE up AS (
            SELECT source, source_id, ifNull(manager_ref, '') AS above, [source_id] AS path,
                   [ifNull(nullIf(name, ''), source_id)] AS names FROM {_PEOPLE}
            UNION ALL
            SELECT u.source, u.source_id, ifNull(m.manager_ref, ''), arrayPushBack(u.path, u.above),
                   arrayPushBack(u.names, ifNull(nullIf(m.name, ''), u.above))
            FROM up AS u LEFT ANY JOIN (SELECT source, source_id, name, manager_ref FROM {_PEOPLE}) AS m
            ON m.source = u.source AND m.source_id = u.above
            WHERE u.above != '' AND NOT has(u.path, u.above))
        SELECT source, source_id, argMax(names, length(names)) AS line FROM up GROUP BY source, source_id"""


def _owners(source: str, *, managers: bool, line: bool) -> str:
    people = _PEOPLE
    known = (
        "SELECT source, source_id, nullIf(name, '') AS known_name, nullIf(team, '') AS known_team,"
        f" NULL AS known_manager FROM {people}"
    )
    if managers:
        known = (
            "SELECT w.source AS source, w.source_id AS source_id, nullIf(w.name, '') AS known_name,\n"
            "        nullIf(w.team, '') AS known_team,\n"
            "        coalesce(m.manager_name, nullIf(w.manager_ref, '')) AS known_manager\n"
            f"        FROM (SELECT * FROM {people}) AS w\n"
            f"        LEFT ANY JOIN (SELECT source, source_id, nullIf(name, '') AS manager_name FROM {people}) AS m\n"
            "        ON m.source = w.source AND m.source_id = ifNull(w.manager_ref, '')"
        )
    if line:
        known = (
            f"SELECT p.*, l.line AS known_line FROM ({known}) AS p\n"
            f"        LEFT ANY JOIN ({_LINES}) AS l ON l.source = p.source AND l.source_id = p.source_id"
        )
    return (
        f"\n    LEFT ANY JOIN ({known}) AS o\n        ON o.source = {source} AND o.source_id = ifNull(r.owner_ref, '')"
    )


def _has(noun: Noun, name: str) -> bool:
    return noun.field(name) is not None
