"""Merged records as rows: accounts and contacts that are one across sources, and which account a record belongs to.

Who is one with whom is today's decision, also for a past day (``as_of``); for what had been received by a moment
(``known_at``) it is what was known and decided by then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from salescommand_lake.fold.state_sql import marked, states
from salescommand_lake.identity.link import links_at
from salescommand_lake.identity.merged_sql import merged
from salescommand_lake.model import NOUNS, Noun

__all__ = ["account_names", "merged_at", "ref_source"]

_RECEIVED = "received_at <= {known_at:DateTime64(6, 'UTC')}"


def merged_at(noun: Noun, as_of: datetime | None, known_at: datetime | None) -> tuple[str, dict[str, Any]]:
    """Return a SELECT of merged records at a moment, deleted ones included, and its parameters."""
    if as_of is None and known_at is None:
        return f"SELECT * FROM {noun.merged_table} FINAL WHERE is_survivor", {}
    conditions, parameters = [], {}
    if as_of is not None:
        conditions.append("source_time <= {as_of:DateTime64(3, 'UTC')}")
        parameters["as_of"] = as_of
    if known_at is not None:
        conditions.append(_RECEIVED)
        parameters["known_at"] = known_at
    # A time between two milliseconds is cut to the earlier one by the type, which is what "up to then" means.
    folded = states(noun, marked(noun, " AND ".join(conditions)))
    return merged(noun, folded, links_at(noun, known=known_at is not None)), parameters


def account_names(known_at: datetime | None) -> str:
    """Return a SELECT of what each source's account is called: source, source_id, account_id, known_name, several.

    ``several`` says that the account is merged of more than one record, so that its name goes before what a source
    writes. Names are today's. With ``known_at``, who is one is what was known then; the parameter must be bound.
    """
    account = NOUNS["account"]
    if known_at is None:
        living = (
            "SELECT source, source_id, cluster_id AS account_id, nullIf(name, '') AS known_name,\n"
            f"  length(members) > 1 AS several FROM {account.merged_table} FINAL WHERE NOT is_deleted"
        )
    else:
        now = f"SELECT * FROM {account.table} FINAL WHERE events > 0"
        one = merged(account, now, links_at(account, known=True))
        living = (
            "SELECT member.2 AS source, member.3 AS source_id, canonical_id AS account_id,\n"
            "  nullIf(name, '') AS known_name, length(member_rows) > 1 AS several\n"
            f"FROM (SELECT *, arrayJoin(member_rows) AS member FROM ({one}) WHERE NOT is_deleted)"
        )
    # What still refers to an account that its source has merged away belongs to the one that survived.
    gone = f"SELECT source, source_id, merged_into FROM {account.table} FINAL WHERE is_deleted AND merged_into != ''"
    followed = (
        "SELECT g.source AS source, g.source_id AS source_id, t.account_id AS account_id, t.known_name AS known_name,\n"
        f"  t.several AS several FROM ({gone}) AS g\n"
        f"INNER JOIN ({living}) AS t ON t.source = g.source AND t.source_id = g.merged_into"
    )
    return f"{living}\nUNION ALL {followed}"


def ref_source(noun: Noun, ref: str) -> str:
    """Return the SQL of the source whose id the field ``ref`` of a row ``r`` is."""
    return f"r.{ref}_source" if noun.merged else "r.source"
