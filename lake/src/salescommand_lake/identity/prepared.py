"""States with their normalised values and the keys that they are looked up by, as SQL."""

from __future__ import annotations

from salescommand_lake.identity.rules import IDENTITIES
from salescommand_lake.model import Noun

__all__ = ["prepared_states"]


def prepared_states(noun: Noun, where: str) -> str:
    """Return a SELECT of states with their normalised values p_* and their ``keys``, the exact ones and the others."""
    identity = IDENTITIES[noun.name]
    prepared = ", ".join(f"{sql} AS p_{name}" for name, sql in identity.prepared.items())
    keys = ", ".join(f"('{key.name}', {key.sql})" for key in identity.keys)
    return (
        f"SELECT *, arrayFilter(k -> k.2 != '', [{keys}]) AS keys\n"
        f"FROM (SELECT canonical_id, is_deleted, {prepared}\n"
        f"  FROM {noun.table} FINAL WHERE events > 0 AND {where})"
    )
