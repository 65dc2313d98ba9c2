"""Lists of records as files that stream: the engine writes the format, nothing holds the whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from salescommand_lake.engine import Engine
from salescommand_lake.model import NOUNS, FieldType, Noun
from salescommand_lake.reads.conditions import Column, condition
from salescommand_lake.reads.files import FORMATS, harmless
from salescommand_lake.reads.question import QueryError
from salescommand_lake.reads.rows import Moment, columns, rows
from salescommand_lake.reads.scope import within
from salescommand_lake.records.question import RecordQuery

__all__ = ["export_records", "parse_fields"]


_OWN = ("canonical_id", "source", "source_id", "quality_score", "source_time")
_TEXT = frozenset({FieldType.STRING, FieldType.REF, FieldType.ENUM, FieldType.CURRENCY})


def parse_fields(record_type: str, text: str | None) -> tuple[str, ...]:
    """Read the parameter ``fields``: names with commas between them; all fields when it is absent.

    Raises:
        QueryError: there are no files of such records, or they have no such field.
    """
    noun = NOUNS.get(record_type)
    if noun is None:
        raise QueryError("type", f"{record_type!r} has no fields to choose from", f"use one of {', '.join(NOUNS)}")
    names = tuple(field.name for field in noun.fields)
    if not text:
        return names
    wanted = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in wanted:
        if name not in names:
            raise QueryError("fields", f"there is no field {name!r}", f"use some of {', '.join(names)}")
    return wanted


def export_records(
    engine: Engine, query: RecordQuery, name: str, fields: Sequence[str] = ()
) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Return the living records that match as a stream of the format ``name``, in the order of their ids.

    Texts in CSV that a spreadsheet would take for a formula get an apostrophe before them. Amounts are exact decimals.
    Leaving the context early ends the statement.

    Raises:
        QueryError: a filter or a field can't be used.
        LakeError: the engine is away.
    """
    noun = NOUNS[query.type]
    known = {"title": Column(_title(noun))} | columns(noun)
    inside, owners = within(noun, query.scope)
    source, parameters = rows(noun, Moment(query.as_of, query.known_at), query.currency, where=inside)
    where, bound = condition(query.filters, known)
    bound |= owners
    if query.q:
        where += f" AND positionCaseInsensitiveUTF8({_title(noun)}, {{q:String}}) > 0"
        bound["q"] = query.q
    picked = ", ".join(_columns(noun, fields or [field.name for field in noun.fields], safe=name == "csv"))
    sql = f"SELECT {picked}\nFROM ({source})\nWHERE {where}"
    return engine.stream(sql, FORMATS[name].engine, parameters | bound)


def _title(noun: Noun) -> str:
    names = ", ".join(f"nullIf({name}, '')" for name in noun.title)
    return f"coalesce({names}, source_id)"


def _columns(noun: Noun, fields: Iterable[str], *, safe: bool) -> list[str]:
    types = {field.name: field.type for field in noun.fields}
    wanted = [*_OWN, *fields]
    if not safe:
        return wanted
    text = {"source", "source_id"} | {name for name in wanted if types.get(name) in _TEXT}
    return [harmless(name) if name in text else name for name in wanted]
