"""Answers as files: the formats, which the engine writes, and texts that are safe in a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from salescommand_lake.mapping.literals import quoted

__all__ = ["FORMATS", "Format", "harmless"]

_FORMULA = quoted(r"^[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files: what the engine calls it, and its media type."""

    engine: str
    media_type: str


FORMATS: MappingProxyType[str, Format] = MappingProxyType(
    {
        "csv": Format("CSVWithNames", "text/csv; charset=utf-8; header=present"),
        "ndjson": Format("JSONEachRow", "application/x-ndjson"),
        "parquet": Format("Parquet", "application/vnd.apache.parquet"),
    }
)
"""The formats by their names, which are also the files' endings."""


def harmless(name: str) -> str:
    """Return a column of text with an apostrophe before what a spreadsheet would take for a formula."""
    return f"if(match(ifNull({name}, ''), {_FORMULA}), concat(char(39), {name}), {name}) AS `{name}`"
