"""Every parser of mapping documents, written anew in plain Python for the reference interpreter."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from salescommand_lake.mapping.currencies import EXPONENTS
from salescommand_lake.model import FieldType

BLANKS = " \t\r\n"


class RefusedError(Exception):
    """A text that a parser does not take."""


def lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def default_parser(kind: FieldType) -> str:
    return {FieldType.RATE: "decimal"}.get(kind, kind.value)


def _plain(text: str, kind: str) -> str:
    if kind in {"Object", "Array"}:
        raise RefusedError
    return text


def _string(text: str, kind: str, *_: Any) -> str:
    return _plain(text, kind)


def _enum(text: str, kind: str, spec: Any, field_type: FieldType, _c: Any, model: Any) -> str:
    _plain(text, kind)
    if text.startswith("\0") or (model.values and text not in model.values):
        raise RefusedError
    return text


def _matching(pattern: str, text: str) -> re.Match[str]:
    found = re.fullmatch(pattern, text, re.ASCII)
    if not found:
        raise RefusedError
    return found


def _email(text: str, *_: Any) -> str:
    if not re.fullmatch(r"[^@\t\n\f\r ]+@[^@\t\n\f\r ]+\.[^@\t\n\f\r .]+", text):
        raise RefusedError
    return lower(text)


def _phone(text: str, *_: Any) -> str:
    _matching(r"\+?[0-9 ().\/-]{3,40}((x|ext\.?) ?[0-9]{1,8})?", lower(text))
    clean = re.sub(r"(x|ext[.]?) ?([0-9]+)$", r"x\2", lower(text))
    return re.sub(r"[^0-9x+]", "", clean)


def _domain(text: str, *_: Any) -> str:
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", lower(text))
    host = re.sub(r"^www[.]", "", re.sub(r"[/?#:].*$", "", host, count=1, flags=re.ASCII), count=1)
    labels = host.split(".")
    if len(labels) < 2 or not all(label and all(c.isalnum() or c == "-" for c in label) for label in labels):
        raise RefusedError
    return host


def _upper(text: str) -> str:
    return "".join(chr(ord(c) - 32) if "a" <= c <= "z" else c for c in text)


def _currency(text: str, *_: Any) -> str:
    if _upper(text) not in EXPONENTS:
        raise RefusedError
    return _upper(text)


def _salesforce_id(text: str, *_: Any) -> str:
    _matching(r"[a-zA-Z0-9]{15}|[a-zA-Z0-9]{18}", text)
    if len(text) == 18:
        return text
    check = ""
    for part in (text[0:5], text[5:10], text[10:15]):
        check += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(1 << i for i, c in enumerate(part) if "A" <= c <= "Z")]
    return text + check


def _bool(text: str, *_: Any) -> bool:
    word = lower(text)
    if word in {"true", "1", "yes", "y", "t", "on"}:
        return True
    if word in {"false", "0", "no", "n", "f", "off"}:
        return False
    raise RefusedError


def _whole(text: str, *_: Any) -> int:
    _matching(r"[+-]?\d{1,18}(\.0+)?", text)
    return int(text.partition(".")[0])


def _too_long(text: str, kind: str) -> bool:
    digits = re.sub(r"[^0-9]", "", re.sub(r"[eE].*$", "", text)).lstrip("0")
    return kind in {"Int64", "Double"} and len(digits) > 15


SPACES = "[ \t\u00a0\u202f]"


def _styled(text: str, spec: Any) -> str:
    """Write a number of a declared style as digits and a point."""
    point, group, symbols = spec.get("point", "."), spec.get("group", ""), spec.get("symbols", [])
    if symbols:
        one = "(?:" + "|".join(re.escape(symbol) for symbol in symbols) + ")"
        text = re.sub(rf"^([+-]?){SPACES}*{one}{SPACES}*", r"\1", text, count=1)
        text = re.sub(rf"{SPACES}*{one}\Z", "", text, count=1)
    if group:
        separator = SPACES if group == " " else re.escape(group)
        if re.fullmatch(rf"[+-]?\d{{1,3}}(?:{separator}\d{{3}})+(?:{re.escape(point)}\d*)?", text, re.ASCII):
            text = re.sub(separator, "", text)
        elif re.search(separator, text):
            raise RefusedError
    if point == ",":
        if "." in text:
            raise RefusedError
        text = text.replace(",", ".", 1)
    return text


def _decimal(text: str, kind: str, spec: Any, field_type: FieldType, *_: Any) -> Decimal:
    if kind in {"", "String"} and {"point", "group", "symbols"} & set(spec):
        text = _styled(text, spec)
    _matching(r"[+-]?(\d{1,30}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?", text)
    if _too_long(text, kind):
        raise RefusedError
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise RefusedError from None
    return _fitting(value / 100 if spec.get("parse") == "percent" else value, spec, field_type)


def _fitting(value: Decimal, spec: Any, field_type: FieldType) -> Decimal:
    column = 8 if field_type is FieldType.RATE else 4
    scale = int(spec.get("scale", column))
    if value.adjusted() > 40:
        raise RefusedError
    import decimal

    with decimal.localcontext() as context:
        context.prec = 100
        rounded = value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    if abs(rounded) >= Decimal(10) ** (18 - column):
        raise RefusedError
    return rounded


def _minor_units(
    text: str, kind: str, spec: Any, field_type: FieldType, currencies: dict[str, str], _f: Any
) -> Decimal:
    _matching(r"[+-]?\d{1,30}", text)
    currency = currencies.get(spec["currency_from"])
    if currency is None or _too_long(text, kind):
        raise RefusedError
    digits = {**EXPONENTS, **{code: int(n) for code, n in spec.get("exponents", {}).items()}}[currency]
    return _fitting(Decimal(text).scaleb(-digits), spec, field_type)


ISO = (
    r"(\d{4}-\d{2}-\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?"
    r" ?(Z|z|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)?)?"
)
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)


def _moment(text: str, spec: Any) -> datetime:
    for form in spec.get("formats", ["iso"]):
        try:
            moment = _FORMATS[form](text)
        except (RefusedError, ValueError, OverflowError):
            continue
        if not EARLIEST <= moment <= LATEST:
            raise RefusedError
        return moment
    raise RefusedError


def _iso(text: str) -> datetime:
    day, hour, minute, second, fraction, zone = _matching(ISO, text).groups()
    when = datetime.combine(_early(date.fromisoformat(day)), datetime.min.time(), UTC)
    when += timedelta(hours=int(hour or 0), minutes=int(minute or 0), seconds=int(second or 0))
    when += timedelta(milliseconds=int((fraction or "0")[:3].ljust(3, "0")))
    if zone and zone not in "Zz":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        when = when.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset)).astimezone(UTC)
    return when


def _early(day: date) -> date:
    if not date(1900, 1, 1) <= day <= date(2299, 12, 31):
        raise RefusedError
    return day


CLOCK = r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def _at(day: date, clock: Any) -> datetime:
    """Return a day at a time of day: hour, minute, second, fraction and a or p, each perhaps None."""
    hour, minute, second, fraction, half = clock
    if hour is None:
        return datetime.combine(_early(day), datetime.min.time(), UTC)
    hours = int(hour)
    if half is not None:
        if not 1 <= hours <= 12:
            raise RefusedError
        hours = hours % 12 + (12 if half in "pP" else 0)
    when = datetime(day.year, day.month, day.day, hours, int(minute), int(second or 0), tzinfo=UTC)
    _early(day)
    return when + timedelta(milliseconds=int((fraction or "0")[:3].ljust(3, "0")))


def _slashed(pattern: str, month: int, day: int) -> Any:
    def read(text: str) -> datetime:
        found = _matching(pattern + CLOCK, text)
        return _at(date(int(found[3]), int(found[month]), int(found[day])), found.groups()[3:])

    return read


def _ymd(text: str) -> datetime:
    found = _matching(r"(\d{4})(?:(\d{2})(\d{2})|[./-](\d{1,2})[./-](\d{1,2}))" + CLOCK, text)
    return _at(date(int(found[1]), int(found[2] or found[4]), int(found[3] or found[5])), found.groups()[5:])


def _month_name(text: str) -> datetime:
    found = re.fullmatch(r"(\d{1,2})[ -]([A-Za-z]{3,9})[. -]+(\d{4})" + CLOCK, text, re.ASCII)
    if found:
        day, month, year = found[1], found[2], found[3]
    else:
        found = _matching(r"([A-Za-z]{3,9})[. ]+(\d{1,2}),? +(\d{4})" + CLOCK, text)
        month, day, year = found[1], found[2], found[3]
    number = next((n for n, name in enumerate(MONTHS, 1) if name.startswith(month.lower())), 0)
    return _at(date(int(year), number, int(day)), found.groups()[3:])


def _plus(day: date, months: int, days: int) -> date:
    if not date(1912, 1, 1) <= day <= date(2287, 1, 1):
        raise RefusedError
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last)) + timedelta(days=days)


def _epoch(pattern: str, unit: timedelta) -> Any:
    def read(text: str) -> datetime:
        _matching(pattern, text)
        return datetime(1970, 1, 1, tzinfo=UTC) + int(text) * unit

    return read


_FORMATS = {
    "iso": _iso,
    "epoch_ms": _epoch(r"-?\d{1,15}", timedelta(milliseconds=1)),
    "epoch_s": _epoch(r"-?\d{1,12}", timedelta(seconds=1)),
    "mdy": _slashed(r"(\d{1,2})/(\d{1,2})/(\d{4})", 1, 2),
    "dmy": _slashed(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", 2, 1),
    "ymd": _ymd,
    "month_name": _month_name,
}


def _time(text: str, kind: str, spec: Any, *_: Any) -> datetime:
    return _moment(_plain(text, kind), spec)


def _date(text: str, kind: str, spec: Any, *_: Any) -> date:
    day = _moment(_plain(text, kind), spec).date()
    plus = spec.get("plus")
    return _plus(day, int(plus.get("months", 0)), int(plus.get("days", 0))) if plus else day


PARSERS: dict[str, Any] = {
    "string": _string,
    "enum": _enum,
    "email": _email,
    "phone": _phone,
    "domain": _domain,
    "currency": _currency,
    "ref": _string,
    "salesforce_id": _salesforce_id,
    "bool": _bool,
    "integer": _whole,
    "decimal": _decimal,
    "percent": _decimal,
    "minor_units": _minor_units,
    "date": _date,
    "time": _time,
}
