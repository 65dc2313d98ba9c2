"""Hashes of zones: two lakes hold the same records, or say the same numbers, when their hashes are equal.

A hash is the sum of its rows' hashes, so it does not depend on how rows are stored or sorted. By default it covers what
the vendors' histories determine, not when events happened to arrive: a lake that got the same history in another order,
with repeats, or that was built again from raw has the same hashes. ``arrivals`` adds what arrival determines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.fold.state_sql import histories, marked
from salescommand_lake.model import NOUNS, Noun

__all__ = ["ZoneHashes", "history_hash", "serving_hash", "state_hash", "zone_hashes"]

_STATE = ("canonical_id", "source", "source_id", "is_deleted", "merged_into", "quality_score", "failed_rules")
_ARRIVALS = ("events", "superseded", "version", "known_at")


@dataclass(frozen=True, slots=True)
class ZoneHashes:
    """Per noun the hashes of its current records and of their histories, and the hash of what is published."""

    states: dict[str, str]
    histories: dict[str, str]
    serving: str


async def zone_hashes(engine: Engine, *, sources: Sequence[str] = (), arrivals: bool = False) -> ZoneHashes:
    """Return the hashes of the canonical and the serving zone; ``sources`` limits the former to some sources."""
    options: dict[str, Any] = {"sources": sources, "arrivals": arrivals}
    return ZoneHashes(
        states={noun.name: await state_hash(engine, noun, **options) for noun in NOUNS.values()},
        histories={noun.name: await history_hash(engine, noun, **options) for noun in NOUNS.values()},
        serving=await serving_hash(engine),
    )


async def state_hash(engine: Engine, noun: Noun, *, sources: Sequence[str] = (), arrivals: bool = False) -> str:
    """Return the hash of a noun's current records, deleted ones included.

    It covers ids, every field, the source's time of each field's event, deletion and quality.
    """
    columns = [*_STATE, *(_ARRIVALS if arrivals else ()), *(field.name for field in noun.fields), _places(arrivals)]
    select = f"SELECT {', '.join(columns)} FROM {noun.table} FINAL WHERE events > 0{_of(sources)}"
    return await _hash(engine, select, {"sources": list(sources)})


async def history_hash(engine: Engine, noun: Noun, *, sources: Sequence[str] = (), arrivals: bool = False) -> str:
    """Return the hash of every version of a noun's records, from the changes: what any past day is answered from."""
    place = "ord" if arrivals else "bitShiftRight(ord, 64)"
    columns = [*_STATE, f"{place} AS place", *(["known_at"] if arrivals else []), _places(arrivals)]
    columns += [field.name for field in noun.fields]
    # A repeat that carries no key is one more version at the same place, with the same content.
    select = f"SELECT DISTINCT {', '.join(columns)} FROM ({histories(noun, marked(noun, f'true{_of(sources)}'))})"
    return await _hash(engine, select, {"sources": list(sources)})


async def serving_hash(engine: Engine) -> str:
    """Return the hash of the rows that stand published."""
    select = (
        "SELECT view_id, entity_type, argMax(tuple(value, rows, unpriced, currency), published_at) AS said\n"
        "FROM serving_views GROUP BY view_id, entity_type HAVING said.2 > 0"
    )
    return await _hash(engine, select, {})


def _of(sources: Sequence[str]) -> str:
    return " AND source IN {sources:Array(String)}" if sources else ""


def _places(arrivals: bool) -> str:
    """Return the provenance; without ``arrivals`` the arrival numbers are cut off the places."""
    place = "v" if arrivals else "bitShiftRight(v, 64)"
    return (
        f"arraySort(arrayMap((k, v) -> (toString(k), {place}), mapKeys(provenance), mapValues(provenance))) AS places"
    )


async def _hash(engine: Engine, select: str, parameters: dict[str, Any]) -> str:
    row_hash = "toUInt256(reinterpretAsUInt128(sipHash128(toJSONString(tuple(*)))))"
    rows = await engine.query(
        f"SELECT count() AS rows, lower(hex(sum({row_hash}))) AS hash\nFROM ({select})", parameters
    )
    return f"{int(rows[0]['rows'])}-{rows[0]['hash']}"
