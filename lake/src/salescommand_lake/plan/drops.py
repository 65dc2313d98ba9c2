"""What a declaration made once and no longer asks for, or asks for in another form: it goes, to be made anew. Pure.

What somebody else made is never dropped: declared parts are known by their names, declared columns by their comments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from salescommand_lake.plan.observe import Table
from salescommand_lake.plan.steps import Action, Risk, Step
from salescommand_lake.plan.wanted import PROMOTED
from salescommand_lake.statements import Shape, default_of, type_of

__all__ = ["dropped"]

_PROJECTION = "p_"
_INDEX = "promoted_"


def dropped(name: str, want: Shape, table: Table, types: Mapping[str, str]) -> tuple[list[Step], Table]:
    """Return the drops of a table, in an order in which they can run, and the table as it is after them."""
    got = table.shape
    columns = {
        column: definition
        for column, definition in got.columns.items()
        if f"COMMENT '{PROMOTED}" in definition and not _same(want.columns.get(column), definition, types)
    }
    projections = _parts(got.projections, want.projections, columns, _PROJECTION)
    indexes = _parts(got.indexes, want.indexes, columns, _INDEX)
    steps = []
    for action, got_parts, want_parts in (
        (Action.DROP_PROJECTION, projections, want.projections),
        (Action.DROP_INDEX, indexes, want.indexes),
    ):
        steps += [
            _drop(name, action, each, (text, want_parts.get(each, "")), table) for each, text in got_parts.items()
        ]
    steps += [_column(name, each, text, want.columns.get(each, ""), table) for each, text in columns.items()]
    left = replace(
        got,
        columns={each: text for each, text in got.columns.items() if each not in columns},
        projections={each: text for each, text in got.projections.items() if each not in projections},
        indexes={each: text for each, text in got.indexes.items() if each not in indexes},
    )
    return steps, replace(table, shape=left)


def _same(want: str | None, got: str, types: Mapping[str, str]) -> bool:
    if want is None:
        return False
    return types[type_of(want)] == type_of(got) and default_of(want) == default_of(got)


def _parts(got: Mapping[str, str], want: Mapping[str, str], columns: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return our projections or indexes that differ from what is wanted, or use a column that goes."""
    words = [re.compile(rf"\b{re.escape(column)}\b") for column in columns]
    return {
        each: text
        for each, text in got.items()
        if each.startswith(prefix) and (want.get(each) != text or any(word.search(text) for word in words))
    }


def _drop(name: str, action: Action, part: str, got_want: tuple[str, str], table: Table) -> Step:
    got, want = got_want
    word = "PROJECTION" if action is Action.DROP_PROJECTION else "INDEX"
    reason = "made anew below; no row is lost" if want else "no longer declared; no row is lost"
    sql = f"ALTER TABLE {name} DROP {word} IF EXISTS {part}"
    return Step(action, f"{name}.{part}", Risk.COSTLY, reason, sql, table.rows, want=want or "none", got=got)


def _column(name: str, column: str, got: str, want: str, table: Table) -> Step:
    sql = f"ALTER TABLE {name} DROP COLUMN IF EXISTS `{column}`"
    risk, reason = Risk.DESTRUCTIVE, "no longer declared: questions that name it fail; the payload stays"
    if want:
        risk, reason = Risk.COSTLY, "read anew from the payload below; no value is lost"
    return Step(
        Action.DROP_COLUMN, f"{name}.{column}", risk, reason, sql, table.rows, want=want or "no column", got=got
    )
