"""Whose value counts in a merged record: the order in which sources are trusted, per noun and field."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.identity.decisions import DecisionRefused
from salescommand_lake.model import Noun
from salescommand_lake.reads.values import iso

__all__ = ["list_trust", "set_trust"]


async def set_trust(engine: Engine, noun: Noun, field: str, sources: Sequence[str], *, author: str) -> None:
    """Set the order of sources for a field of a noun, or with ``*`` for all fields that have none of their own.

    The merged records follow with the next step of the fold. No sources: the newest value counts.

    Raises:
        DecisionRefused: there is no such field, or a source is named twice.
        LakeError: the engine is away; nothing was changed.
    """
    if field != "*" and noun.field(field) is None:
        names = ", ".join(one.name for one in noun.fields)
        raise DecisionRefused("field", f"{noun.name} has no field {field!r}; use * or one of {names}")
    if len(set(sources)) != len(sources):
        raise DecisionRefused("sources", "a source is named twice")
    row = {
        "noun": noun.name,
        "field": field,
        "sources": list(sources),
        "author": author,
        "applied_at": datetime.now(UTC),
    }
    await engine.insert("survivorship", [row], token=uuid.uuid4().hex)


async def list_trust(engine: Engine) -> list[dict[str, Any]]:
    """Return the orders in force, by noun and field.

    Raises:
        LakeError: the engine is away.
    """
    rows = await engine.query(
        "SELECT noun, field, argMax(s.sources, applied_at) AS sources, argMax(s.author, applied_at) AS author,\n"
        "  max(applied_at) AS at FROM survivorship AS s GROUP BY noun, field HAVING notEmpty(sources)\n"
        "ORDER BY noun, field"
    )
    return [
        {
            "type": row["noun"],
            "field": row["field"],
            "sources": list(row["sources"]),
            "author": row["author"],
            "at": iso(row["at"]),
        }
        for row in rows
    ]
