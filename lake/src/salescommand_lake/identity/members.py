"""Which sources' records one record is made of, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.identity.link import links_at
from salescommand_lake.model import Noun
from salescommand_lake.reads.values import utc

__all__ = ["Member", "members_of"]


@dataclass(frozen=True, slots=True)
class Member:
    """A source's record and what it is shown as. ``since`` is when it became known that it is one with the others."""

    canonical_id: str
    cluster_id: str
    source: str
    source_id: str
    title: str
    is_deleted: bool
    reasons: tuple[str, ...]
    since: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """Return the member in the shape that the API gives it."""
        return {
            "canonical_id": self.canonical_id,
            "source": self.source,
            "source_id": self.source_id,
            "title": self.title,
            "is_deleted": self.is_deleted,
            "reasons": list(self.reasons),
            "since": self.since.replace(tzinfo=None).isoformat() + "Z" if self.since else None,
        }


async def members_of(engine: Engine, noun: Noun, canonical_id: str, known_at: datetime | None = None) -> list[Member]:
    """Return the members of the record that ``canonical_id`` is shown as, the survivor first; none when there is none.

    With ``known_at``, as was known then.

    Raises:
        LakeError: the engine is away.
    """
    titles = ", ".join(f"nullIf(s.{name}, '')" for name in noun.title)
    title = f"coalesce({titles}, s.source_id)"
    if not noun.merged:
        rows = await engine.query(
            f"SELECT canonical_id, canonical_id AS cluster, source, source_id, {title} AS title, is_deleted,\n"
            f"  [] AS why, NULL AS linked FROM {noun.table} AS s FINAL\n"
            "WHERE canonical_id = {id:String} AND events > 0",
            {"id": canonical_id},
        )
        return [_member(row) for row in rows]
    upto = "" if known_at is None else "AND since <= {known_at:DateTime64(6, 'UTC')}"
    links = links_at(noun, known=known_at is not None)
    cluster = f"SELECT ifNull((SELECT cluster_id FROM ({links}) WHERE canonical_id = {{id:String}}), {{id:String}})"
    rows = await engine.query(
        f"SELECT s.canonical_id AS canonical_id, ({cluster}) AS cluster, s.source AS source,\n"
        f"  s.source_id AS source_id, {title} AS title, s.is_deleted AS is_deleted, l.why AS why,\n"
        "  if(empty(l.why), NULL, l.linked) AS linked\n"
        f"FROM (SELECT * FROM {noun.table} FINAL WHERE events > 0 AND (canonical_id = ({cluster})\n"
        f"    OR canonical_id IN (SELECT canonical_id FROM ({links}) WHERE cluster_id = ({cluster})))) AS s\n"
        "LEFT ANY JOIN (SELECT canonical_id, argMax(reasons, (since, generation)) AS why, max(since) AS linked\n"
        f"  FROM identity_links WHERE noun = '{noun.name}' {upto} GROUP BY canonical_id) AS l\n"
        "  ON l.canonical_id = s.canonical_id\n"
        "ORDER BY s.canonical_id != cluster, s.source, s.source_id",
        {"id": canonical_id, **({} if known_at is None else {"known_at": known_at})},
    )
    return [_member(row) for row in rows]


def _member(row: dict[str, Any]) -> Member:
    return Member(
        canonical_id=row["canonical_id"],
        cluster_id=row["cluster"],
        source=row["source"],
        source_id=row["source_id"],
        title=row["title"],
        is_deleted=bool(row["is_deleted"]),
        reasons=tuple(row["why"]),
        since=utc(row["linked"]) if row["linked"] else None,
    )
