"""The log of decisions, folded: which stand, and what they mean for each record, as SQL over {noun:String}."""

from __future__ import annotations

__all__ = ["STANDING", "denied_pairs", "records"]

STANDING = (
    "SELECT decision_id, action, members, reason, actor, decided_at FROM identity_decisions\n"
    "WHERE noun = {noun:String} AND action != 'undo' AND decision_id NOT IN (\n"
    "  SELECT undoes FROM identity_decisions WHERE noun = {noun:String} AND action = 'undo')"
)
"""A SELECT of the decisions that nobody has taken back."""


def records() -> str:
    """Return a SELECT of what decisions mean for each record that any of them has named.

    ``part``: the last split that the record was part of, empty when there is none. Its rules tie it to that part only.
    ``merges``: the merges it belongs to, as (tie, words); one before its split ties it to the part only.
    ``decided_at``: when the last of its decisions was made or taken back.
    """
    return (
        "SELECT member AS canonical_id, argMaxIf(decision_id, at, standing AND action = 'unmerge') AS part,\n"
        "  maxIf(at, standing AND action = 'unmerge') AS split_at, max(at) AS decided_at,\n"
        "  arrayMap(m -> (if(m.2 < split_at, concat(m.1, '/', part), m.1), m.3), groupArrayIf(\n"
        "    (decision_id, at, concat(if(startsWith(actor, 'vendor:'), concat('merged in ', substring(actor, 8)),\n"
        "      concat('merged by ', actor)), if(reason = '', '', concat(': ', reason)))),\n"
        "    standing AND action = 'merge')) AS merges\n"
        "FROM (SELECT decision_id, action, reason, actor, decided_at AS at, arrayJoin(members) AS member,\n"
        "    action != 'undo' AND decision_id NOT IN (SELECT undoes FROM identity_decisions\n"
        "      WHERE noun = {noun:String} AND action = 'undo') AS standing\n"
        "  FROM identity_decisions WHERE noun = {noun:String})\n"
        "GROUP BY member"
    )


def denied_pairs() -> str:
    """Return a SELECT of the pairs (a, b) that people told apart, with the decision, unless they merged them later."""
    return (
        "SELECT decision_id, decided_at, members[1] AS a, members[2] AS b\n"
        f"FROM ({STANDING}) AS d WHERE action = 'dismiss' AND NOT arrayExists(\n"
        "  m -> m.2 > decided_at AND has(m.1, members[1]) AND has(m.1, members[2]),\n"
        f"  (SELECT groupArray((members, decided_at)) FROM ({STANDING}) WHERE action = 'merge'))"
    )
