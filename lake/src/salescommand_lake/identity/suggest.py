"""Pairs of records that may be the same: found by a shared key, scored by comparisons that say themselves in words."""

from __future__ import annotations

from salescommand_lake.identity.prepared import prepared_states
from salescommand_lake.identity.rules import PRIOR, THRESHOLD, Comparison, Identity
from salescommand_lake.model import Noun

__all__ = ["suggest"]

_MOST = 50
"""A key that more records share than this says too little to compare them all."""


def suggest(noun: Noun, identity: Identity, touched: str, keys: str) -> str:
    """Return the statement that compares the ``touched`` records with who shares a key; ``keys`` are those they have.

    What was suggested about them before and is not likely any more is withdrawn.
    """
    pairs = (
        "SELECT DISTINCT t.canonical_id AS one, k.canonical_id AS other\n"
        f"FROM (SELECT canonical_id, rule, key FROM ({keys})) AS t\n"
        "INNER JOIN (SELECT rule, key, canonical_id, count() OVER (PARTITION BY rule, key) AS sharers\n"
        "  FROM identity_keys FINAL WHERE noun = {noun:String}\n"
        f"    AND (rule, key) IN (SELECT rule, key FROM ({keys}))) AS k\n"
        "  ON k.rule = t.rule AND k.key = t.key\n"
        f"WHERE one != other AND k.sharers <= {_MOST}"
    )
    states = prepared_states(
        noun, f"NOT is_deleted AND canonical_id IN (SELECT arrayJoin([one, other]) FROM ({pairs}))"
    )
    values = ", ".join(f"s.p_{name}" for name in identity.compared)
    sides = ", ".join(
        f"{side}.{number} AS {side}_{name}" for side in ("l", "r") for number, name in enumerate(identity.compared, 1)
    )
    outcomes = ", ".join(_outcome(comparison) for comparison in identity.comparisons)
    compared = (
        f"SELECT one, other, arrayFilter(c -> c.3 != 0, [{outcomes}]) AS found,\n"
        f"  {PRIOR} + arraySum(c -> c.3, found) AS bits\n"
        f"FROM (SELECT one, other, {sides} FROM (\n"
        f"  SELECT one, other, anyIf(({values}), side = 1) AS l, anyIf(({values}), side = 2) AS r FROM (\n"
        "    SELECT one, other, arrayJoin([(one, 1), (other, 2)]) AS who, who.1 AS id, who.2 AS side\n"
        f"    FROM ({pairs})) AS p\n"
        f"  INNER JOIN ({states}) AS s ON s.canonical_id = p.id GROUP BY one, other HAVING uniqExact(side) = 2))"
    )
    scored = (
        "SELECT arrayJoin([(one, other), (other, one)]) AS pair, round(1 / (1 + exp2(-bits)), 6) AS score, found\n"
        f"FROM ({compared})\n"
        "UNION ALL SELECT arrayJoin([(canonical_id, other_id), (other_id, canonical_id)]) AS pair, 0 AS score,\n"
        "  [] AS found FROM identity_suggestions FINAL WHERE noun = {noun:String} AND score > 0\n"
        f"  AND canonical_id IN ({touched})"
    )
    return (
        "INSERT INTO identity_suggestions (noun, canonical_id, other_id, score, comparisons, generation)\n"
        "SELECT {noun:String} AS noun, pair.1 AS canonical_id, pair.2 AS other_id,\n"
        f"  if(max(score) >= {THRESHOLD}, max(score), 0) AS final, argMax(found, score) AS comparisons,\n"
        "  {generation:UInt64} AS generation\n"
        f"FROM ({scored}) GROUP BY pair HAVING final > 0 OR min(score) = 0"
    )


def _outcome(comparison: Comparison) -> str:
    """Return what a comparison comes to: (field, words, bits); no bits when a side has no value."""
    cases = ", ".join(
        f"{condition}, ('{comparison.field}', {words}, toFloat64({bits}))"
        for condition, bits, words in comparison.outcomes
    )
    return f"multiIf({cases}, ('', '', toFloat64(0)))"
