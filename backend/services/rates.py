"""Exchange rates that an admin enters or loads from a file. They go through the door like every other event."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import msgspec

from backend.context import Context
from backend.errors import FieldError, Problem
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.prepare import Request, prepare
from backend.stores.trail import begin, note

__all__ = ["SOURCE", "Rate", "RateService", "read_rates"]

SOURCE = "rates"
"""The source under which rates are kept that come through here."""
_LONG = ["base", "quote", "day", "rate"]
_CURRENCY = re.compile(r"[A-Z]{3}")
_NONE = {"", "N/A", "-"}
_BATCH = 5_000
_NOTED = 20


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of ``quote`` for one ``base`` from a day on."""

    base: str
    quote: str
    day: date
    rate: Decimal

    def event(self) -> dict[str, str]:
        """Return the rate as it is posted; the same pair and day is the same record."""
        day = self.day.isoformat()
        key = f"{self.base}-{self.quote}-{day}"
        return {"id": key, "base": self.base, "quote": self.quote, "day": day, "rate": format(self.rate, "f")}


class RateService:
    """Takes rates in."""

    def __init__(self, context: Context) -> None:
        self._spool = context.spool

    async def add(self, rates: list[Rate]) -> int:
        """Keep rates; a rate of the same pair and day replaces the one before. Returns how many.

        Raises:
            SpoolUnavailable: they can't be kept now.
        """
        await begin()
        for start in range(0, len(rates), _BATCH):
            body = msgspec.json.encode([rate.event() for rate in rates[start : start + _BATCH]])
            request = Request(SOURCE, "exchange_rate", "generic", "application/json", "", body)
            await self._spool.append(prepare(request, Limits()).submission)
        # What counted before is among the events of the rate's record, which are kept.
        for rate in rates[:_NOTED]:
            note("rate", rate.event()["id"], None, rate.event())
        if len(rates) > _NOTED:
            note("rates", "file", None, {"rates": len(rates), "from": str(min(rate.day for rate in rates))})
        return len(rates)


def read_rates(text: str) -> list[Rate]:
    """Read a file of rates: columns base, quote, day, rate; or one column per currency, as the ECB publishes them.

    The European Central Bank's reference rates (eurofxref-hist.csv, eurofxref.csv) give units of each currency for one
    euro, a row per day, N/A where there is none.

    Raises:
        Problem: 400 that names line and column of what can't be read; nothing is taken then.
    """
    # None lets any ending of a line be one, a carriage return alone too.
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=None))
    try:
        return _rates_in(rows)
    except csv.Error as error:
        raise _fault("file", rows.line_num, f"is not CSV ({error})", "check quotes and separators") from error


def _rates_in(rows: Iterator[list[str]]) -> list[Rate]:
    header = [name.strip() for name in next(rows, [])]
    if [name.lower() for name in header[:4]] == _LONG:
        return [_rate(row, line) for line, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    if not header or header[0].lower() != "date":
        hint = "Give the columns base,quote,day,rate, or Date and one column per currency as the ECB publishes them."
        raise _fault("header", 1, f"{','.join(header)[:60]!r} are not the columns of a file of rates", hint)
    found: list[Rate] = []
    for line, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        day = _day(row[0].strip(), line)
        for name, cell in zip(header[1:], row[1:], strict=False):
            if name and cell.strip() not in _NONE:
                found.append(Rate("EUR", _code(name, line), day, _number(cell.strip(), name, line)))
    return found


def _rate(row: list[str], line: int) -> Rate:
    if len(row) < len(_LONG):
        raise _fault("rate", line, f"has {len(row)} columns", "give base, quote, day and rate")
    base, quote, day, rate = (cell.strip() for cell in row[:4])
    return Rate(_code(base, line), _code(quote, line), _day(day, line), _number(rate, "rate", line))


def _code(text: str, line: int) -> str:
    code = text.upper()
    if not _CURRENCY.fullmatch(code):
        raise _fault("currency", line, f"{text[:20]!r} is not a currency code", "write three letters, like EUR")
    return code


def _day(text: str, line: int) -> date:
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise _fault("day", line, f"{text[:20]!r} is not a day", "write it like 2026-03-31")


def _number(text: str, column: str, line: int) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or not 0 < rate < Decimal(10) ** 10 or round(rate, 8) != rate:
        hint = "write a number above 0 with at most 8 decimals, like 1.0824"
        raise _fault(column, line, f"{text[:20]!r} is not a rate", hint)
    return rate


def _fault(field: str, line: int, message: str, hint: str) -> Problem:
    return Problem(
        400,
        "bad-rates",
        "The rates can't be read",
        f"Line {line}, {field}: {message}. Nothing was taken.",
        hint=hint,
        errors=[FieldError(field=field, message=message, line=line)],
    )
