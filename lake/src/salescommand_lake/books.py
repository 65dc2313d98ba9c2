"""The lake's side of the books: what became of every stored event, per source, and how far the numbers reach.

raw = pending + applied + superseded + ignored + quarantined + expired; the terms are disjoint. Events are counted where
they are: raw and pending in the feed of inserts, superseded in the states of the records, the others in the ledger of
the fold. An event that was refused whole and that people then ignored counts as ignored, one that they corrected as
superseded. What an interrupted fold has written already counts as pending until the ledger says otherwise.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from salescommand_lake.engine import Engine
from salescommand_lake.identifiers import seq_time
from salescommand_lake.model import NOUNS
from salescommand_lake.quarantine.open_sql import ENTRIES

__all__ = ["data_as_of", "raw_books", "waiting_since"]

_TERMS = ("raw", "pending", "applied", "superseded", "ignored", "quarantined", "expired")
_FOLDED = "(batch_id, source, record_type) IN (SELECT batch_id, source, record_type FROM folded_batches)"
EXPIRED = (
    "(seq < (SELECT max(seq_before) FROM raw_expirations) AND (batch_id, source, record_type) IN"
    " (SELECT batch_id, source, record_type FROM folded_batches FINAL WHERE expired > 0))"
)
"""The condition for events that the ledger counts as expired, on seq and the part that they belong to."""


async def raw_books(engine: Engine) -> dict[str, dict[str, int]]:
    """Return per source how many events are stored and what became of them.

    The counts are of one statement but not of one instant: read again when a fold ran meanwhile and the sums disagree.

    Raises:
        LakeError: the engine is away.
    """
    # A repeat is one of the mapped events of its part, so what was applied is those without the repeats.
    repeats = "".join(
        "UNION ALL SELECT source, 0, 0, -toInt64(count()), toInt64(count()), 0, 0, 0 FROM (\n"
        "  SELECT source, arrayJoin(arrayZip(mapKeys(repeats), mapValues(repeats))) AS repeat, repeat.1 AS seq,\n"
        "    repeat.2.1 AS batch_id, repeat.2.2 AS record_type\n"
        f"  FROM {noun.table} FINAL WHERE superseded > 0) WHERE {_FOLDED} AND NOT {EXPIRED} GROUP BY source\n"
        for noun in NOUNS.values()
    )
    rows = await engine.query(
        "SELECT source, sum(r) AS raw, sum(p) AS pending, sum(a) AS applied, sum(s) AS superseded, sum(i) AS ignored,\n"
        "  sum(q) AS quarantined, sum(x) AS expired FROM (\n"
        f"SELECT source, sum(events) AS r, sumIf(events, NOT {_FOLDED}) AS p, toInt64(0) AS a,\n"
        "  toInt64(0) AS s, toInt64(0) AS i, toInt64(0) AS q, 0 AS x\n"
        "  FROM raw_batches GROUP BY source\n"
        f"{repeats}"
        # What people ignored or corrected was refused whole, and is quarantined no more.
        "UNION ALL SELECT source, 0, 0, 0, toInt64(countIf(state = 'corrected')),\n"
        "  toInt64(countIf(state = 'ignored')), -toInt64(countIf(state != 'open')), 0\n"
        f"  FROM (SELECT source, seq, state FROM ({ENTRIES}) WHERE field = '')\n"
        "  WHERE seq >= (SELECT max(seq_before) FROM raw_expirations) GROUP BY source\n"
        "UNION ALL SELECT source, 0, 0, toInt64(sum(mapped)), 0, toInt64(sum(ignored)),\n"
        "  toInt64(sum(quarantined)), sum(expired)\n"
        "  FROM folded_batches FINAL GROUP BY source)\nGROUP BY source ORDER BY source"
    )
    return {row["source"]: {term: int(row[term]) for term in _TERMS} for row in rows}


async def data_as_of(engine: Engine) -> dict[str, datetime]:
    """Return per source the moment up to which everything stored is in the numbers, UTC.

    It is when the newest event was received, or just before the oldest that is not folded yet. What still waits in a
    spool is not known here: the caller lowers the moment by that.

    Raises:
        LakeError: the engine is away.
    """
    rows = await engine.query(
        f"SELECT source, max(last_seq) AS newest, minIf(first_seq, NOT {_FOLDED}) AS waiting,\n"
        f"  countIf(NOT {_FOLDED}) AS pending FROM raw_batches GROUP BY source ORDER BY source"
    )
    return {
        row["source"]: seq_time(int(row["waiting"])) - timedelta(microseconds=1)
        if int(row["pending"])
        else seq_time(int(row["newest"]))
        for row in rows
    }


async def waiting_since(engine: Engine) -> dict[str, datetime]:
    """Return per source when the oldest event that is in the lake and not in the records was received, UTC.

    Sources without such an event are left out.

    Raises:
        LakeError: the engine is away.
    """
    rows = await engine.query(
        f"SELECT source, min(first_seq) AS waiting FROM raw_batches WHERE NOT {_FOLDED} GROUP BY source ORDER BY source"
    )
    return {row["source"]: seq_time(int(row["waiting"])) for row in rows}
