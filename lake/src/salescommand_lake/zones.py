"""How large each zone of the lake is."""

from __future__ import annotations

from dataclasses import dataclass

from salescommand_lake.engine import Engine
from salescommand_lake.model import NOUNS

__all__ = ["TableSize", "table_sizes"]

_ORDER = ("raw", "canonical", "serving")
_RAW = frozenset({"raw_events", "raw_batches", "raw_batch_keys", "folded_batches"})
_CANONICAL = frozenset({"canonical_records", "quarantine", "identity_decisions", "identity_links"}).union(
    *({noun.table, noun.changes_table, *([noun.merged_table] if noun.merged else [])} for noun in NOUNS.values())
)


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table: rows as stored (a replaced row counts until it is merged away) and bytes on disk."""

    zone: str
    table: str
    rows: int
    bytes: int


async def table_sizes(engine: Engine) -> list[TableSize]:
    """Return the tables of the three zones, in the order of the zones, the largest first; bookkeeping is left out."""
    rows = await engine.query(
        "SELECT tables.name AS name, sum(parts.rows) AS rows, sum(parts.bytes_on_disk) AS bytes "
        "FROM system.tables AS tables "
        "LEFT JOIN (SELECT table, rows, bytes_on_disk FROM system.parts WHERE active AND database = {database:String}) "
        "AS parts ON parts.table = tables.name "
        "WHERE tables.database = {database:String} AND tables.engine LIKE '%MergeTree' "
        "GROUP BY name",
        {"database": engine.database},
    )
    sizes = [TableSize(_zone(row["name"]), row["name"], int(row["rows"]), int(row["bytes"])) for row in rows]
    known = [size for size in sizes if size.zone]
    return sorted(known, key=lambda size: (_ORDER.index(size.zone), -size.bytes, size.table))


def _zone(table: str) -> str:
    if table in _RAW:
        return "raw"
    if table in _CANONICAL:
        return "canonical"
    return "serving" if table.startswith("serving_") else ""
