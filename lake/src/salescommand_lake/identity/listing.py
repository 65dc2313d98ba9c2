"""What people read before and after they decide: suggestions, the log, and what a decision would come to."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from salescommand_lake.engine import Engine, Row
from salescommand_lake.identity.link import links_at
from salescommand_lake.identity.merged_sql import merged
from salescommand_lake.model import NOUNS, Noun
from salescommand_lake.reads.question import QueryError
from salescommand_lake.reads.values import iso, plain

__all__ = ["Listed", "list_log", "list_suggestions", "noun_of", "preview"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list."""

    items: list[dict[str, Any]]
    next_cursor: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the page in the shape that the API gives it."""
        return {"items": self.items, "next_cursor": self.next_cursor}


async def list_suggestions(
    engine: Engine, noun: Noun, *, min_score: float = 0, limit: int = 50, cursor: str | None = None
) -> Listed:
    """Return pairs of records that may be the same, the likeliest first.

    A pair is left out once its records are one, or people have told them apart. Of two merged records only the
    likeliest pair of members is given.

    Raises:
        QueryError: the cursor is none.
        LakeError: the engine is away.
    """
    titles = ", ".join(f"nullIf({name}, '')" for name in noun.title)
    title = f"coalesce({titles}, source_id)"
    cluster = "if(c{0}.cluster_id = '', s.{1}, c{0}.cluster_id)"
    one, other = cluster.format(1, "canonical_id"), cluster.format(2, "other_id")
    links = links_at(noun, known=False)
    pairs = (
        "SELECT s.canonical_id AS a, s.other_id AS b, s.score AS score, s.comparisons AS comparisons,\n"
        f"  least({one}, {other}) AS first, greatest({one}, {other}) AS second\n"
        "FROM (SELECT * FROM identity_suggestions FINAL WHERE noun = {noun:String}\n"
        "  AND score > 0 AND score >= {score:Float64} AND canonical_id < other_id) AS s\n"
        f"LEFT ANY JOIN ({links}) AS c1 ON c1.canonical_id = s.canonical_id\n"
        f"LEFT ANY JOIN ({links}) AS c2 ON c2.canonical_id = s.other_id\n"
        "WHERE first != second"
    )
    apart = (
        "SELECT least(x, y), greatest(x, y) FROM (\n"
        f"  SELECT {cluster.format(1, 'x')} AS x, {cluster.format(2, 'y')} AS y\n"
        "  FROM (SELECT members[1] AS x, members[2] AS y FROM identity_decisions WHERE noun = {noun:String}\n"
        "    AND action = 'dismiss' AND decision_id NOT IN (SELECT undoes FROM identity_decisions)) AS s\n"
        f"  LEFT ANY JOIN ({links}) AS c1 ON c1.canonical_id = s.x\n"
        f"  LEFT ANY JOIN ({links}) AS c2 ON c2.canonical_id = s.y)"
    )
    after, bound = "1", {}
    if cursor is not None:
        score, a, b = _place(cursor, tuple[float, str, str])
        after = "(-score, a, b) > (-{after:Float64}, {after_a:String}, {after_b:String})"
        bound = {"after": score, "after_a": a, "after_b": b}
    rows = await engine.query(
        f"SELECT * FROM ({pairs})\nWHERE (first, second) NOT IN ({apart}) AND {after}\n"
        f"ORDER BY score DESC, a, b LIMIT 1 BY first, second LIMIT {limit + 1}",
        {"noun": noun.name, "score": min_score, **bound},
    )
    shown = rows[:limit]
    ids = sorted({row[side] for row in shown for side in ("a", "b")})
    sides = {
        row["canonical_id"]: row
        for row in await engine.query(
            f"SELECT canonical_id, source, source_id, {title} AS title FROM {noun.table} FINAL\n"
            "WHERE canonical_id IN {ids:Array(String)}",
            {"ids": ids},
        )
    }
    items = [
        {
            "type": noun.name,
            "score": float(row["score"]),
            "records": [sides[row["a"]], sides[row["b"]]],
            "shown_as": sorted({row["first"], row["second"]}),
            "comparisons": [
                {"field": one["field"], "words": one["words"], "weight": float(one["weight"])}
                for one in row["comparisons"]
            ],
        }
        for row in shown
        if row["a"] in sides and row["b"] in sides
    ]
    last = shown[-1] if len(rows) > limit else None
    return Listed(items, _cursor(float(last["score"]), last["a"], last["b"]) if last else None)


async def list_log(
    engine: Engine, noun: Noun, *, record: str | None = None, limit: int = 50, cursor: str | None = None
) -> Listed:
    """Return what people, vendors and rules decided, the newest first; ``record`` limits it to one record.

    Entries of rules are ``linked`` and ``unlinked``: a record that came to be shown as another, or by itself again.

    Raises:
        QueryError: the cursor is none.
        LakeError: the engine is away.
    """
    after, bound = "1", {}
    if cursor is not None:
        at, last_id = _place(cursor, tuple[str, str])
        after = "(at, id) < (toDateTime64({after:String}, 6, 'UTC'), {after_id:String})"
        bound = {"after": at, "after_id": last_id}
    named = "has(members, {record:String})" if record else "1"
    rows = await engine.query(
        "SELECT * FROM (\n"
        "SELECT decision_id AS id, toString(action) AS action, members, reason, actor, decided_at AS at, undoes,\n"
        "  decision_id IN (SELECT undoes FROM identity_decisions) AS undone,\n"
        "  decision_id IN (SELECT decision_id FROM identity_applied) AS applied\n"
        "FROM identity_decisions WHERE noun = {noun:String}\n"
        "UNION ALL SELECT concat(canonical_id, '/', toString(generation)) AS id,\n"
        "  if(cluster_id = canonical_id, 'unlinked', 'linked') AS action, [canonical_id, cluster_id] AS members,\n"
        "  arrayStringConcat(reasons, '; ') AS reason, 'rules' AS actor, since AS at, '' AS undoes, 0 AS undone,\n"
        "  1 AS applied FROM identity_links\n"
        "WHERE noun = {noun:String} AND (cluster_id != canonical_id OR empty(reasons)))\n"
        f"WHERE {named} AND {after} ORDER BY at DESC, id DESC LIMIT {limit + 1}",
        {"noun": noun.name, **({"record": record} if record else {}), **bound},
    )
    items = [
        {
            "id": row["id"],
            "type": noun.name,
            "action": row["action"],
            "members": list(dict.fromkeys(row["members"])),
            "reason": row["reason"],
            "actor": row["actor"],
            "at": iso(row["at"]),
            "undoes": row["undoes"] or None,
            "undone": bool(int(row["undone"])),
            "applied": bool(int(row["applied"])),
        }
        for row in rows[:limit]
    ]
    return Listed(items, _cursor(rows[limit - 1]["at"], rows[limit - 1]["id"]) if len(rows) > limit else None)


async def preview(engine: Engine, noun: Noun, groups: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Return the merged records that the records of each group, with all whom they are one with, would make.

    A record that several groups reach goes to the first that names it, else to the first that reaches it.

    Raises:
        LakeError: the engine is away.
    """
    named = [one for group in groups for one in group]
    members = await engine.query(
        f"SELECT canonical_id, cluster_id FROM {noun.merged_table} FINAL WHERE cluster_id IN (\n"
        f"  SELECT cluster_id FROM {noun.merged_table} FINAL WHERE canonical_id IN {{ids:Array(String)}})",
        {"ids": named},
    )
    cluster = {row["canonical_id"]: row["cluster_id"] for row in members}
    place: dict[str, int] = {}
    for number, group in enumerate(groups):
        place |= {one: number for one in group if one not in place}
    for number, group in enumerate(groups):
        reached = {cluster[one] for one in group if one in cluster}
        place |= {one: number for one, of in cluster.items() if of in reached and one not in place}
    ids = sorted(place)
    states = f"SELECT * FROM {noun.table} FINAL WHERE events > 0 AND canonical_id IN {{ids:Array(String)}}"
    first = (
        f"SELECT source, source_id, min(seq) AS first_seq FROM {noun.changes_table} WHERE (source, source_id) IN (\n"
        f"  SELECT source, source_id FROM ({states})) GROUP BY source, source_id"
    )
    clusters = (
        "SELECT canonical_id, argMin(canonical_id, (is_deleted, first_seq)) OVER (PARTITION BY part) AS cluster_id\n"
        "FROM (SELECT s.canonical_id AS canonical_id, s.is_deleted AS is_deleted, f.first_seq AS first_seq,\n"
        "    {parts:Array(UInt32)}[indexOf({ids:Array(String)}, s.canonical_id)] AS part\n"
        f"  FROM ({states}) AS s LEFT ANY JOIN ({first}) AS f ON f.source = s.source AND f.source_id = s.source_id)"
    )
    rows = await engine.query(
        f"SELECT * FROM ({merged(noun, states, clusters)}) ORDER BY canonical_id",
        {"ids": ids, "parts": [place[one] for one in ids]},
    )
    return [_shown(noun, row) for row in rows]


def _shown(noun: Noun, row: Row) -> dict[str, Any]:
    sources = {one[0]: one[1] for one in row["member_rows"]}
    return {
        "canonical_id": row["canonical_id"],
        "title": next((str(row[name]) for name in noun.title if row[name]), row["source_id"]),
        "is_deleted": bool(row["is_deleted"]),
        "members": [one[0] for one in row["member_rows"]],
        "fields": {
            field.name: {
                "value": plain(field, row[field.name]),
                "source": sources.get(row["field_members"].get(field.name, "")),
            }
            for field in noun.fields
        },
    }


def _cursor(*place: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def _place(cursor: str, kind: Any) -> Any:
    try:
        decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(decoded, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        hint = "take next_cursor of the page before, or leave it out"
        raise QueryError("cursor", "is not one of ours", hint) from None


def noun_of(record_type: str) -> Noun:
    """Return the noun of a type that is merged across sources.

    Raises:
        QueryError: there is none.
    """
    merged_nouns = [noun.name for noun in NOUNS.values() if noun.merged]
    if record_type not in merged_nouns:
        hint = f"use one of {', '.join(merged_nouns)}"
        raise QueryError("type", f"records of type {record_type!r} are not merged across sources", hint)
    return NOUNS[record_type]
