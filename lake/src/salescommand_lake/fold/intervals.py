"""Validity intervals: what each record was from when to when, derived from the same changes as its state.

One row per change, keyed by the record and the event, so that a history is rewritten in place: a later fold of the same
record writes the same keys with a higher generation, and nothing ever has to be taken away. A change that was true for
no time (a repeat, a refused event, one of several with the same source time) has an empty interval. What was true at a
moment is then a filter, ``valid_from <= T < valid_to``, instead of a fold of all changes.
"""

from __future__ import annotations

from types import MappingProxyType

from salescommand_lake.fold.state_sql import histories
from salescommand_lake.model import Noun
from salescommand_lake.noun_tables import HISTORY_COLUMNS, INTERVAL_COLUMNS, VISIT

__all__ = ["END", "interval_columns", "intervals"]

END = "toDateTime64('2299-12-31 00:00:00', 3, 'UTC')"
"""Where the interval of a record's last state ends."""


def _quoted(kind: str) -> str:
    """Return a type as it stands inside of a literal."""
    return kind.replace("'", "\\'")


_STAGED = "(ifNull(stage, ''), ifNull(status, ''))"
_DUE = "isNotNull(close_date) AND ifNull(status, '') = 'open'"
_HISTORY_SQL = MappingProxyType(
    {
        "visits": "CAST(groupArrayIf((ifNull(stage, ''), ifNull(status, ''), probability, source_time), began) OVER v,"
        f" 'Array({_quoted(VISIT)})')",
        "first_due": f"if(countIf({_DUE}) OVER v = 0, NULL, argMinIf(assumeNotNull(close_date), ord, {_DUE}) OVER v)",
    }
)
"""The columns that tell of what came before, over the lasting states of a record up to each."""


def interval_columns(noun: Noun) -> list[str]:
    """Return the columns of a noun's intervals, in order."""
    own = [name for name, _ in INTERVAL_COLUMNS] + [field.name for field in noun.fields]
    return own + [name for name, _ in HISTORY_COLUMNS.get(noun.name, ())]


def intervals(noun: Noun, changes: str) -> str:
    """Return a SELECT of intervals, with the columns of ``interval_columns``, from the SELECT ``changes``.

    ``changes`` gives ``marked`` rows of whole records.
    """
    lasting = (
        f"SELECT *, if(ord = 0, source_time, leadInFrame(source_time, 1, {END}) OVER (PARTITION BY canonical_id"
        " ORDER BY ord ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) AS until\n"
        f"FROM ({histories(noun, changes, every=True)})"
    )
    history = [name for name, _ in HISTORY_COLUMNS.get(noun.name, ())]
    if history:
        window = (
            "WINDOW v AS (PARTITION BY canonical_id, until > source_time ORDER BY ord"
            " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
        )
        lasting = (
            f"SELECT *, {_STAGED} != lagInFrame({_STAGED}, 1, ('', '')) OVER v AND ifNull(stage, '') != '' AS began\n"
            f"FROM ({lasting}) {window}"
        )
        lasting = (
            f"SELECT *, {', '.join(f'{_HISTORY_SQL[name]} AS {name}' for name in history)}\nFROM ({lasting}) {window}"
        )
    names = ["canonical_id", "seq", "source", "source_id", "source_time AS valid_from", "until AS valid_to"]
    names += ["is_deleted", "quality_score", "failed_rules", *(field.name for field in noun.fields)]
    return f"SELECT {', '.join([*names, *history])}\nFROM ({lasting})"
