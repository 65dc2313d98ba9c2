"""What the numbers are made of at a moment, as one short text: it is the same as long as no number can have changed."""

from __future__ import annotations

from collections.abc import Sequence

from salescommand_lake.engine import Engine

__all__ = ["watermark"]

_ELSEWHERE = (
    *("raw_events", "raw_batches", "raw_batch_keys", "canonical_records", "serving_views", "schema_ledger"),
    *("identity_work", "identity_edges", "identity_keys", "identity_suggestions"),
)
"""Tables that no number is computed from."""


async def watermark(engine: Engine, tables: Sequence[str] = ()) -> str:
    """Return a text that differs whenever a table that numbers are computed from holds other rows than before.

    ``tables`` are the ones that count; without any, all do.

    It is made of the parts that these tables consist of, so that it moves with every fold, rate, decision and rebuild,
    and with merges too, which change no number. Read it before the number: then the number is at least as new.

    Raises:
        LakeError: the engine is away.
    """
    rows = await engine.query(
        "SELECT hex(sipHash128(groupArray((table, uuid, name)))) AS mark FROM (\n"
        "  SELECT table, toString(uuid) AS uuid, name FROM system.parts\n"
        "  WHERE database = {database:String} AND active AND table NOT IN {elsewhere:Array(String)}\n"
        "    AND (empty({tables:Array(String)}) OR table IN {tables:Array(String)})\n"
        "  ORDER BY table, name)",
        {"database": engine.database, "elsewhere": list(_ELSEWHERE), "tables": list(tables)},
    )
    return str(rows[0]["mark"])
