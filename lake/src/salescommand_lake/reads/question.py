"""The grammar of questions: filters, moments and days, as they come in a query string."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

OPERATORS = ("eq", "ne", "gt", "gte", "lt", "lte", "contains", "empty")
_PARAMETER = re.compile(r"filter\[([^\[\]]+)\](?:\[([^\[\]]+)\])?")
_CURRENCY = re.compile(r"[A-Z]{3}")
END_OF_DAY = timedelta(days=1) - timedelta(microseconds=1)


class QueryError(ValueError):
    """A question that can't be answered as asked. ``parameter`` names the part that is wrong, ``hint`` what to do."""

    def __init__(self, parameter: str, message: str, hint: str | None = None) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter = parameter
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. ``eq`` and ``ne`` take any number of values, the others one; ``empty`` takes true or false."""

    field: str
    op: str
    values: tuple[str, ...]

    @property
    def parameter(self) -> str:
        """Return the condition's name in a query string."""
        return f"filter[{self.field}]" + ("" if self.op == "eq" else f"[{self.op}]")

    @property
    def text(self) -> str:
        """Return the condition's value in a query string, before it is percent-encoded."""
        return ",".join(value.replace("\\", "\\\\").replace(",", "\\,") for value in self.values)


def parse_filter(name: str, value: str) -> Filter | None:
    """Read ``filter[field]=a,b`` or ``filter[field][op]=value``; None when ``name`` is no filter at all.

    A comma between values means any of them; a backslash before it makes it part of the value.

    Raises:
        QueryError: the operator is unknown or does not take these values.
    """
    if not name.startswith("filter"):
        return None
    found = _PARAMETER.fullmatch(name)
    if not found:
        raise QueryError(name, "is not a filter", "write filter[field]=value or filter[field][gte]=value")
    op = found[2] or "eq"
    if op not in OPERATORS:
        raise QueryError(name, f"there is no operator {op!r}", f"use one of {', '.join(OPERATORS)}")
    values = _split(value) if op in {"eq", "ne"} else (value,)
    if op == "empty" and value not in {"true", "false"}:
        raise QueryError(name, f"takes true or false, not {value!r}")
    return Filter(found[1], op, values)


def _split(text: str) -> tuple[str, ...]:
    values, current, escaped = [], "", False
    for character in text:
        if escaped or character not in "\\,":
            current, escaped = current + character, False
        elif character == "\\":
            escaped = True
        else:
            values.append(current)
            current = ""
    return (*values, current)


def parse_moment(parameter: str, text: str) -> datetime:
    """Read a moment: a day means its last microsecond in UTC, a time without a zone is UTC.

    Raises:
        QueryError: the text is neither.
    """
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), UTC) + END_OF_DAY
        # A plus sign in a query string arrives as a space when it was not encoded.
        moment = datetime.fromisoformat(re.sub(r" (?=\d{2}:?\d{2}$)", "+", text) if len(text) > 19 else text)
    except (ValueError, OverflowError):
        raise QueryError(
            parameter, f"{text!r} is neither a day nor a time", "write 2026-03-31 or 2026-03-31T12:00:00Z"
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_day(parameter: str, text: str) -> date:
    """Read a day.

    Raises:
        QueryError: the text is none.
    """
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise QueryError(parameter, f"{text!r} is not a day", "write it like 2026-03-31")


def parse_currency(text: str) -> str:
    """Read a currency code in either case.

    Raises:
        QueryError: it has not three letters.
    """
    code = text.upper()
    if not _CURRENCY.fullmatch(code):
        raise QueryError("currency", f"{text!r} is not a currency code", "write three letters, like EUR")
    return code


def moment_text(moment: datetime) -> str:
    """Write a moment as questions and answers carry it: ISO 8601 in UTC with a Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """Write parameters as a query string in which brackets stay readable."""
    return "&".join(f"{quote(name, safe='[]_')}={quote(value, safe=',:-._')}" for name, value in pairs)


def single(params: Iterable[tuple[str, str]], known: Sequence[str]) -> tuple[Mapping[str, str], tuple[Filter, ...]]:
    """Split parameters into those that may stand once and the filters.

    Raises:
        QueryError: a parameter is unknown or stands twice.
    """
    once: dict[str, str] = {}
    filters = []
    for name, value in params:
        condition = parse_filter(name, value)
        if condition:
            filters.append(condition)
        elif name not in known:
            raise QueryError(name, "there is no such parameter", f"use {', '.join(known)} or filter[field]")
        elif name in once:
            raise QueryError(name, "stands twice")
        else:
            once[name] = value
    return once, tuple(filters)
