"""Values that could not be read, and how many there are of each kind."""

from __future__ import annotations

from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.identifiers import decode_event_id
from salescommand_lake.quarantine.actions import COLUMNS
from salescommand_lake.quarantine.open_sql import ENTRIES
from salescommand_lake.reads.conditions import condition
from salescommand_lake.reads.question import Filter, QueryError
from salescommand_lake.reads.values import iso
from salescommand_lake.records.question import QuarantinePage, QuarantineQuery

__all__ = ["list_quarantine"]

_SAMPLES = 5
_GROUPS = 200


async def list_quarantine(engine: Engine, query: QuarantineQuery) -> QuarantinePage:
    """Return a page of values that no mapping could read so far, newest first, and their counts by kind.

    Raises:
        QueryError: a filter or the cursor can't be used.
        LakeError: the engine is away.
    """
    wanted = query.filters
    if not any(one.field == "state" for one in wanted):
        wanted = (*wanted, Filter("state", "eq", ("open",)))
    where, parameters = condition(wanted, COLUMNS)
    source = f"FROM ({ENTRIES}) WHERE {where}"
    after, bound = _after(query.cursor)
    found = await engine.query(
        "SELECT seq, field, event_id, source, record_type, source_id, value, reason, mapping_version, received_at,\n"
        "  state, action_id\n"
        f"{source} AND {after}\nORDER BY seq DESC, field LIMIT {query.limit + 1}",
        parameters | bound,
    )
    groups = await engine.query(
        f"SELECT source, record_type, field, reason, count() AS count, groupUniqArray({_SAMPLES})(value) AS samples,\n"
        f"  min(received_at) AS first_at, max(received_at) AS last_at {source}\n"
        f"GROUP BY source, record_type, field, reason ORDER BY count DESC, source, field, reason LIMIT {_GROUPS}",
        parameters,
    )
    total = await engine.query(f"SELECT count() AS n {source}", parameters)
    items = found[: query.limit]
    cursor = f"{items[-1]['event_id']}.{items[-1]['field']}" if len(found) > query.limit else None
    return QuarantinePage(
        items=[_item(row) for row in items],
        next_cursor=cursor,
        total=int(total[0]["n"]),
        groups=[
            {
                **group,
                "count": int(group["count"]),
                "samples": sorted(group["samples"]),
                "first_at": iso(group["first_at"]),
                "last_at": iso(group["last_at"]),
            }
            for group in groups
        ],
    )


def _after(cursor: str | None) -> tuple[str, dict[str, Any]]:
    if cursor is None:
        return "1", {}
    event_id, _, field = cursor.partition(".")
    try:
        seq = decode_event_id(event_id)
    except ValueError:
        hint = "take next_cursor of the page before, or leave it out"
        raise QueryError("cursor", "is not one of ours", hint) from None
    later = "(seq < {after:UInt64} OR (seq = {after:UInt64} AND field > {after_field:String}))"
    return later, {"after": seq, "after_field": field}


def _item(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": row["event_id"],
        "source": row["source"],
        "record_type": row["record_type"],
        "source_id": row["source_id"],
        "field": row["field"],
        "value": row["value"],
        "reason": row["reason"],
        "mapping_version": int(row["mapping_version"]),
        "at": iso(row["received_at"]),
        "state": row["state"],
        "action": row["action_id"] or None,
    }
