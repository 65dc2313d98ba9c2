"""Validity intervals: what each record was from when to when, derived from the same changes as its state.

One row per change, keyed by the record and the event, so that a history is rewritten in place: a later fold of the same
record writes the same keys with a higher generation, and nothing ever has to be taken away. A change that was true for
no time (a repeat, a refused event, one of several with the same source time) has an empty interval. What was true at a
moment is then a filter, ``valid_from <= T < valid_to``, instead of a fold of all changes.
"""

from __future__ import annotations

from types import MappingProxyType

from salescommand_lake.fold.state_sql import histories
from salescommand_lake.fold.stays import STAYS
from salescommand_lake.model import Noun
from salescommand_lake.noun_tables import HISTORY_COLUMNS, INTERVAL_COLUMNS, LATEST_COLUMNS, VISIT

__all__ = ["END", "interval_columns", "intervals", "latest", "latest_columns"]

END = "toDateTime64('2299-12-31 00:00:00', 3, 'UTC')"
"""Where the interval of a record's last state ends."""


def _quoted(kind: str) -> str:
    """Return a type as it stands inside of a literal."""
    return kind.replace("'", "\\'")


_STAGED = "(ifNull(stage, ''), ifNull(status, ''))"
_DUE = "stood AND isNotNull(close_date) AND ifNull(status, '') = 'open'"
_HISTORY_SQL = MappingProxyType(
    {
        "visits": "CAST(groupArrayIf((ifNull(stage, ''), ifNull(status, ''), probability, source_time), began) OVER v,"
        f" 'Array({_quoted(VISIT)})')",
        "stage_since": "if(countIf(began) OVER v = 0, NULL, maxIf(source_time, began) OVER v)",
        "first_due": f"if(countIf({_DUE}) OVER v = 0, NULL, argMinIf(assumeNotNull(close_date), ord, {_DUE}) OVER v)",
    }
)
"""The columns that tell of what came before, over the lasting states of a record up to each."""


def interval_columns(noun: Noun) -> list[str]:
    """Return the columns of a noun's intervals that are kept, in order."""
    own = [name for name, _ in INTERVAL_COLUMNS] + [field.name for field in noun.fields]
    return own + [name for name, _ in HISTORY_COLUMNS.get(noun.name, ())]


def latest_columns(noun: Noun) -> list[str]:
    """Return the columns of a noun's last intervals, in order."""
    return interval_columns(noun) + [name for name, _ in LATEST_COLUMNS.get(noun.name, ())]


def latest(noun: Noun, changes: str) -> str:
    """Return a SELECT of the last interval of each record, with the columns of ``latest_columns``.

    A record of which nothing is left (all its events are refused) is there as deleted.
    """
    made = {"is_deleted": "is_deleted OR valid_from = valid_to AS is_deleted", "stays": f"{STAYS} AS stays"}
    columns = ", ".join(made.get(name, name) for name in latest_columns(noun))
    return (
        f"SELECT {columns}\nFROM (SELECT * FROM ({intervals(noun, changes)})\n"
        f"  ORDER BY canonical_id, valid_to = {END} AND valid_from < valid_to DESC LIMIT 1 BY canonical_id)"
    )


def intervals(noun: Noun, changes: str) -> str:
    """Return a SELECT of intervals, with the columns of ``latest_columns``, from the SELECT ``changes``.

    ``changes`` gives ``marked`` rows of whole records.
    """
    lasting = (
        f"SELECT *, if(ord = 0, source_time, leadInFrame(source_time, 1, {END}) OVER (PARTITION BY canonical_id"
        " ORDER BY ord ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) AS until\n"
        f"FROM ({histories(noun, changes, every=True)})"
    )
    history = [name for name in latest_columns(noun) if name in _HISTORY_SQL]
    if history:
        # Only what lasted and was not deleted is a stay in a stage; what came of it is told by all that follows.
        frame = "ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
        lasting = f"SELECT *, until > source_time AND NOT is_deleted AS stood FROM ({lasting})"
        lasting = (
            f"SELECT *, stood AND ifNull(stage, '') != '' AND {_STAGED} != lagInFrame({_STAGED}, 1, ('', '')) OVER u"
            f" AS began\nFROM ({lasting}) WINDOW u AS (PARTITION BY canonical_id, stood {frame})"
        )
        told = ", ".join(f"{_HISTORY_SQL[name]} AS {name}" for name in history)
        lasting = f"SELECT *, {told}\nFROM ({lasting}) WINDOW v AS (PARTITION BY canonical_id {frame})"
    names = ["canonical_id", "seq", "source", "source_id", "source_time AS valid_from", "until AS valid_to"]
    names += ["is_deleted", "quality_score", "failed_rules", *(field.name for field in noun.fields)]
    return f"SELECT {', '.join([*names, *history])}\nFROM ({lasting})"
