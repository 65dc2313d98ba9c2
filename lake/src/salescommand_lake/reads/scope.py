"""Whose records a question may see: the rows are narrowed before anything is counted, joined, sorted or shown.

A scope is a set of owners, by their ids at their sources. A deal, an activity, a quota or an owner is in it by its
owner; an account by its owner or by a deal in scope; a contact by its owner or by such an account; what was ordered and
billed, which has no owner, by the account. Products and exchange rates belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.model import NOUNS, Noun
from salescommand_lake.reads.merged import account_names

__all__ = ["Scope", "owners_of", "within"]

_OWNERS = "{scope:Array(Tuple(String, String))}"
_EVERYBODYS = frozenset({"product", "exchange_rate"})


@dataclass(frozen=True, slots=True)
class Scope:
    """The owners whose records are seen, as pairs of a source and an id there; none of them sees nothing."""

    owners: tuple[tuple[str, str], ...]


def within(noun: Noun, scope: Scope | None) -> tuple[str, dict[str, Any]]:
    """Return the condition on the own columns of a noun that keeps what is in scope, and its parameters.

    None is everything.
    """
    if scope is None or noun.name in _EVERYBODYS:
        return "1", {}
    return _condition(noun), {"scope": list(scope.owners)}


def _condition(noun: Noun) -> str:
    if noun.name == "owner":
        return f"(source, source_id) IN {_OWNERS}"
    parts = []
    if noun.field("owner_ref") is not None:
        parts.append(f"({_source(noun, 'owner_ref')}, ifNull(owner_ref, '')) IN {_OWNERS}")
    if noun.name == "account":
        parts.append(f"canonical_id IN ({_accounts_of_deals()})")
    elif noun.name in {"contact", "order", "invoice"}:
        parts.append(f"({_source(noun, 'account_ref')}, ifNull(account_ref, '')) IN ({_members_of_accounts()})")
    return f"({' OR '.join(parts) or '0'})"


def _source(noun: Noun, ref: str) -> str:
    """Return the column with the source whose id the field ``ref`` is."""
    return f"{ref}_source" if noun.merged else "source"


def _accounts_of_deals() -> str:
    deal = NOUNS["opportunity"]
    return (
        f"SELECT account_id FROM ({account_names(None)}) WHERE (source, source_id) IN (\n"
        f"  SELECT source, ifNull(account_ref, '') FROM {deal.table} FINAL WHERE NOT is_deleted AND {_condition(deal)})"
    )


def _members_of_accounts() -> str:
    account = NOUNS["account"]
    return (
        f"SELECT source, source_id FROM ({account_names(None)}) WHERE account_id IN (\n"
        f"  SELECT canonical_id FROM {account.merged_table} FINAL\n"
        f"  WHERE is_survivor AND NOT is_deleted AND {_condition(account)})"
    )


_PEOPLE = "SELECT source, source_id, lowerUTF8(ifNull(email, '')) AS address, manager_ref FROM owners FINAL"
_BELOW = f"""WITH RECURSIVE below AS (
    SELECT source, source_id, [source_id] AS path FROM ({_PEOPLE}) WHERE address = {{email:String}}
    UNION ALL
    SELECT p.source, p.source_id, arrayPushBack(b.path, p.source_id)
    FROM below AS b INNER JOIN ({_PEOPLE}) AS p ON p.source = b.source AND p.manager_ref = b.source_id
    WHERE NOT has(b.path, p.source_id))
SELECT DISTINCT source, source_id FROM below"""
"""The person and everybody below, manager by manager; a circle ends where it began."""


async def owners_of(engine: Engine, email: str, *, team: bool) -> Scope:
    """Return the scope of the person with an e-mail address (in lower case): own records, or those of all below too.

    A person is an owner in every source that knows the address; who is below somebody in one source is so in all.

    Raises:
        LakeError: the engine is away.
    """
    found = f"SELECT source, source_id FROM ({_PEOPLE}) WHERE address = {{email:String}}"
    if team:
        found = (
            f"SELECT source, source_id FROM ({_PEOPLE}) WHERE (source, source_id) IN ({_BELOW})\n"
            f"  OR address != '' AND address IN (\n"
            f"    SELECT address FROM ({_PEOPLE}) WHERE (source, source_id) IN ({_BELOW}))"
        )
    rows = await engine.query(f"{found} ORDER BY source, source_id", {"email": email})
    return Scope(tuple((row["source"], row["source_id"]) for row in rows))
