"""The newest bodies of a source's entity, for drafting a contract from what really comes."""

from __future__ import annotations

import json
from typing import Any

from salescommand_lake.engine import Engine

__all__ = ["MOST_SAMPLES", "newest_bodies"]

MOST_SAMPLES = 5000
_MOST_BYTES = 16 * 1024 * 1024


async def newest_bodies(engine: Engine, source: str, entity_type: str, events: int) -> list[dict[str, Any]]:
    """Return the newest records that were posted under a word, at most so many and 16 MiB of them, newest first.

    Bodies that ClickHouse can't read as a JSON object are left out.

    Raises:
        LakeError: the engine is away.
    """
    rows = await engine.query(
        "SELECT body FROM (\n"
        "  SELECT seq, body, sum(length(body)) OVER (ORDER BY seq DESC) AS so_far FROM (\n"
        "    SELECT seq, body FROM raw_events\n"
        "    WHERE entity_type = {word:String} AND source = {source:String} AND JSONType(body) = 'Object'\n"
        "    ORDER BY seq DESC LIMIT {events:UInt32}))\n"
        "WHERE so_far <= {bytes:UInt64} ORDER BY seq DESC",
        {"word": entity_type, "source": source, "events": min(events, MOST_SAMPLES), "bytes": _MOST_BYTES},
    )
    return [json.loads(row["body"]) for row in rows]
