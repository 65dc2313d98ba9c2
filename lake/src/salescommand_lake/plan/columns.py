"""Changes of a table's columns: which are free, which cost, which lose values, and which can't be made. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from salescommand_lake.plan.observe import Table
from salescommand_lake.plan.spec import ZoneSpec
from salescommand_lake.plan.steps import Action, Risk, Step
from salescommand_lake.statements import Shape, default_of, split, type_of

__all__ = ["column_steps", "type_risk"]

_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "Int128", "Int256")
_UNSIGNED = tuple(f"U{name}" for name in _INTEGERS)
_DECIMAL = re.compile(r"Decimal\((\d+), (\d+)\)\Z")
_ENUM = re.compile(r"Enum(8|16)\((.*)\)\Z")


def column_steps(
    name: str, want: Shape, table: Table, types: Mapping[str, str], declared: ZoneSpec | None
) -> Iterator[Step]:
    """Yield the steps for a table's columns, in an order in which they can run."""
    backfill = {column.name for column in declared.promoted_columns if column.backfill} if declared else set()
    before = "FIRST"
    for column, definition in want.columns.items():
        place, before = before, f"AFTER `{column}`"
        if column not in table.shape.columns:
            sql = f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS `{column}` {definition} {place}"
            yield Step(Action.ADD_COLUMN, f"{name}.{column}", Risk.SAFE, "metadata only", sql, want=definition)
            changed = True
        else:
            step = _changed(name, column, definition, table, types)
            changed = step is not None
            if step is not None:
                yield step
        if changed and column in backfill and table.rows:
            yield Step(
                Action.MATERIALIZE_COLUMN,
                f"{name}.{column}",
                Risk.COSTLY,
                "the column is written for the rows that are there",
                f"ALTER TABLE {name} MATERIALIZE COLUMN `{column}`",
                table.rows,
                table.bytes,
            )


def _changed(name: str, column: str, want: str, table: Table, types: Mapping[str, str]) -> Step | None:
    got = table.shape.columns[column]
    want_type, got_type = types[type_of(want)], type_of(got)
    want_default, got_default = default_of(want), default_of(got)
    place = f"{name}.{column}"
    if want_type != got_type:
        risk, reason = type_risk(got_type, want_type)
        user = _user_of(column, table.shape)
        if user:
            way = "Declare a new database and rebuild it, or undo what was changed by hand."
            return Step(
                Action.REBUILD,
                place,
                Risk.IMPOSSIBLE,
                f"its type can't change while {user} uses it. {way}",
                want=want_type,
                got=got_type,
            )
        sql = f"ALTER TABLE {name} MODIFY COLUMN `{column}` {want}"
        return Step(Action.MODIFY_COLUMN, place, risk, reason, sql, table.rows, table.bytes, want_type, got_type)
    if want_default != got_default:
        change = want if want_default else "REMOVE DEFAULT"
        sql = f"ALTER TABLE {name} MODIFY COLUMN `{column}` {change}"
        reason = "metadata only; rows that were written keep their value"
        return Step(
            Action.MODIFY_COLUMN, place, Risk.SAFE, reason, sql, want=want_default or "none", got=got_default or "none"
        )
    return None


def type_risk(got: str, want: str) -> tuple[Risk, str]:
    """Return the risk of a change of type, and why."""
    if _enum_grows(got, want):
        return Risk.SAFE, "an enum gets more values; metadata only"
    if _wider(got, want):
        return Risk.COSTLY, f"{got} to {want} keeps every value; the column is written anew"
    return Risk.DESTRUCTIVE, f"{got} to {want} can lose values, or fail on one that does not fit"


def _wider(got: str, want: str) -> bool:
    if _plain(got) == _plain(want) or want == f"Nullable({got})":
        return True
    for family in (_INTEGERS, _UNSIGNED):
        if got in family and want in family:
            return family.index(want) > family.index(got)
    before, after = _DECIMAL.match(got), _DECIMAL.match(want)
    if before and after:
        digits, scale = int(after[1]) - int(before[1]), int(after[2]) - int(before[2])
        return scale >= 0 and digits >= scale
    return False


def _plain(text: str) -> str:
    """Return a type without its dictionary."""
    return text.removeprefix("LowCardinality(").removesuffix(")") if text.startswith("LowCardinality(") else text


def _enum_grows(got: str, want: str) -> bool:
    before, after = _ENUM.match(got), _ENUM.match(want)
    return bool(before and after and before[1] <= after[1] and set(split(before[2])) <= set(split(after[2])))


def _user_of(column: str, shape: Shape) -> str:
    """Return what of the table uses the column in a way that fixes its type, '' when nothing does."""
    word = re.compile(rf"\b{re.escape(column)}\b")
    for clause, what in (("ORDER BY", "the sort key"), ("PARTITION BY", "the partition key"), ("TTL", "the TTL")):
        if word.search(shape.clauses.get(clause, "")):
            return what
    engine = shape.clauses.get("ENGINE =", "").partition("(")[2]
    if word.search(re.sub(r"'[^']*'", "", engine)):
        return "the engine, as its version,"
    for kind, parts in (("projection", shape.projections), ("index", shape.indexes)):
        user = next((part for part, text in parts.items() if word.search(text)), None)
        if user:
            return f"the {kind} {user}"
    return ""
