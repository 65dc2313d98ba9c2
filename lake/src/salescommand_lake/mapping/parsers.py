"""Parsers as SQL: from the text of a field to a typed value, or to the reason why there is none.

A parser gets the text ``x`` (not empty, trimmed) and ``k``, the JSON type of the text where that matters, and says in
steps which columns to compute. The last step computes ``v_FIELD``, which is NULL when the text can't be read. Nothing
here may throw: one throwing function would fail the events of everybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from salescommand_lake.mapping.currencies import EXPONENTS
from salescommand_lake.mapping.document import FieldMapping, NumberStyle
from salescommand_lake.mapping.literals import array, numbers, quoted
from salescommand_lake.model import FieldType

Step = tuple[str, str]
"""A column: its name and its expression."""

DECIMAL = r"^[+-]?(\d{1,30}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?$"
MINOR = r"^[+-]?\d{1,30}$"
INTEGER = r"^[+-]?\d{1,18}(\.0+)?$"
ISO = (
    r"^(\d{4}-\d{2}-\d{2})"
    r"(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)? ?(Z|z|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)?)?$"
)
CLOCK = r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
"""A time of day after a day: 0:00, 23:59:59.000, 12:30 PM."""
MDY = r"^(\d{1,2})/(\d{1,2})/(\d{4})" + CLOCK + "$"
DMY = r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})" + CLOCK + "$"
YMD = r"^(\d{4})(?:(\d{2})(\d{2})|[./-](\d{1,2})[./-](\d{1,2}))" + CLOCK + "$"
DAY_FIRST = r"^(\d{1,2})[ -]([A-Za-z]{3,9})[. -]+(\d{4})" + CLOCK + "$"
MONTH_FIRST = r"^([A-Za-z]{3,9})[. ]+(\d{1,2}),? +(\d{4})" + CLOCK + "$"
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
EPOCH_MS = r"^-?\d{1,15}$"
EPOCH_S = r"^-?\d{1,12}$"
PLUS_EARLIEST_MS, PLUS_LATEST_MS = -1_830_384_000_000, 10_003_564_800_000
"""1912-01-01 and 2287-01-01: where adding ten years and a day or so stays inside of what wide dates hold."""
EARLIEST_MS, LATEST_MS = -2_208_988_800_000, 10_413_791_999_999
"""1900-01-01 and the end of 2299: what the engine's wide dates hold."""
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"
PHONE = r"^\+?[0-9 ().\/-]{3,40}((x|ext\.?) ?[0-9]{1,8})?$"
DOMAIN = r"^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$"
TRUE_WORDS = ("true", "1", "yes", "y", "t", "on")
FALSE_WORDS = ("false", "0", "no", "n", "f", "off")
SURE_DIGITS = 15
"""A JSON number passes through a double, which is exact to this many digits."""

DAY_MS = 86_400_000
NOT_TEXT = "an object or a list stands where a single value is expected"
TOO_MANY_DIGITS = "a JSON number of more than 15 digits is not exact; send it as a string"


@dataclass(frozen=True, slots=True)
class Parser:
    """What a parser computes, the condition under which it is a special failure, and the words for each failure."""

    steps: tuple[Step, ...]
    reason: str
    """SQL for the reason, used where the value is NULL."""


def parse(field: FieldMapping) -> Parser:
    """Return the parser of a field."""
    return _PARSERS[field.parse](field)


def _names(field: FieldMapping) -> tuple[str, str, str]:
    return f"x_{field.name}", f"k_{field.name}", f"v_{field.name}"


def _plain(field: FieldMapping, value: str, condition: str, reason: str) -> Parser:
    _, k, v = _names(field)
    return Parser(
        ((v, f"if({condition}, {value}, NULL)"),),
        f"if({k} IN ('Object', 'Array'), {quoted(NOT_TEXT)}, {quoted(reason)})",
    )


def _string(field: FieldMapping) -> Parser:
    x, k, _ = _names(field)
    return _plain(field, x, f"{k} NOT IN ('Object', 'Array')", NOT_TEXT)


def _enum(field: FieldMapping) -> Parser:
    x, k, _ = _names(field)
    known = f"{x} IN {_tuple(field.values)}" if field.values else f"NOT startsWith({x}, '\\0')"
    known = f"if({k} IN ('Object', 'Array'), false, {known})"
    reason = "is not a value that the mapping knows" + (
        f"; it must become {', '.join(field.values)}" if field.values else ""
    )
    return _plain(field, x, known, reason)


def _tuple(values: tuple[str, ...]) -> str:
    return "(" + ", ".join(quoted(value) for value in values) + ")"


def _email(field: FieldMapping) -> Parser:
    x, _, _ = _names(field)
    return _plain(field, f"lower({x})", f"match({x}, {quoted(EMAIL)})", "is not an e-mail address")


def _phone(field: FieldMapping) -> Parser:
    x, _, _ = _names(field)
    clean = (
        f"replaceRegexpAll(replaceRegexpOne(lower({x}), '(x|ext[.]?) ?([0-9]+)$', 'x\\\\2'), {quoted('[^0-9x+]')}, '')"
    )
    return _plain(field, clean, f"match(lower({x}), {quoted(PHONE)})", "is not a telephone number")


def _domain(field: FieldMapping) -> Parser:
    x, _, _ = _names(field)
    host = (
        f"replaceRegexpOne(replaceRegexpOne(replaceRegexpOne(lower({x}), '^[a-z][a-z0-9+.-]*://', ''),"
        " '[/?#:].*$', ''), '^www[.]', '')"
    )
    d = f"d_{field.name}"
    parser = _plain(field, d, f"match({d}, {quoted(DOMAIN)})", "is not an internet domain")
    return Parser(((d, host), *parser.steps), parser.reason)


def _currency(field: FieldMapping) -> Parser:
    x, _, _ = _names(field)
    return _plain(
        field, f"upper({x})", f"upper({x}) IN {_tuple(tuple(EXPONENTS))}", "is not a currency code of ISO 4217"
    )


def _ref(field: FieldMapping) -> Parser:
    return _string(field)


def _salesforce_id(field: FieldMapping) -> Parser:
    x, _, _ = _names(field)
    # Each five characters of the short form give one of the three check characters: a bit per capital letter.
    check = (
        f"arrayStringConcat(arrayMap(part -> substring('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1 + arraySum(arrayMap("
        f"i -> if(match(substring({x}, part * 5 + i + 1, 1), '[A-Z]'), bitShiftLeft(1, i), 0), [0, 1, 2, 3, 4])), 1),"
        " [0, 1, 2]))"
    )
    value = f"if(length({x}) = 15, concat({x}, {check}), {x})"
    return _plain(
        field, value, f"match({x}, '^([a-zA-Z0-9]{{15}}|[a-zA-Z0-9]{{18}})$')", "is not a Salesforce id of 15 or 18"
    )


def _bool(field: FieldMapping) -> Parser:
    x, _, _ = _names(field)
    b = f"b_{field.name}"
    words = TRUE_WORDS + FALSE_WORDS
    codes = numbers([1] * len(TRUE_WORDS) + [0] * len(FALSE_WORDS))
    parser = _plain(field, f"{b} = 1", f"{b} < 2", "is neither true nor false")
    return Parser(((b, f"transform(lower({x}), {array(words)}, {codes}, 2)"), *parser.steps), parser.reason)


def _integer(field: FieldMapping) -> Parser:
    x, _, _ = _names(field)
    value = f"toInt64OrNull(replaceRegexpOne(replaceRegexpOne({x}, '[.]0+$', ''), '^[+]', ''))"
    return _plain(field, value, f"match({x}, {quoted(INTEGER)})", "is not a whole number")


def _decimal(field: FieldMapping) -> Parser:
    x, k, v = _names(field)
    digits = 18 - field_scale(field)
    # Read with more decimals than are kept: they are cut, never rounded, before the one rounding, half away from zero.
    spare = field_scale(field) + 4
    number, factor = f"n_{field.name}", "toDecimal256('0.01', 2)" if field.parse == "percent" else None
    steps: list[Step] = []
    if field.style is not None:
        y = f"y_{field.name}"
        steps = [(f"u_{field.name}", _without_symbols(x, field.style)), (y, _plain_number(field, x, k))]
        x = y
    plain = f"toDecimal256OrNull(replaceRegexpOne({x}, '^[+]', ''), {spare})"
    amount = f"round({plain} * {factor}, {field.scale})" if factor else f"round({plain}, {field.scale})"
    inexact = f"i_{field.name}"
    return Parser(
        (
            *steps,
            (number, f"match({x}, {quoted(DECIMAL)})"),
            (inexact, _inexact(x, k)),
            (v, f"if({number}, if({inexact}, NULL, {_fitting(field, amount)}), NULL)"),
        ),
        f"multiIf({k} IN ('Object', 'Array'), {quoted(NOT_TEXT)}, NOT {number}, 'is not a decimal number',"
        f" {inexact}, {quoted(TOO_MANY_DIGITS)}, 'has more than {digits} digits before the point')",
    )


_SPACES = "[ \t\u00a0\u202f]"


def _without_symbols(x: str, style: NumberStyle) -> str:
    """Return the text without the symbols that may stand before or behind the number."""
    if not style.symbols:
        return x
    symbols = "|".join(re.escape(symbol) for symbol in style.symbols)
    before, behind = f"^([+-]?){_SPACES}*(?:{symbols}){_SPACES}*", f"{_SPACES}*(?:{symbols})$"
    return f"replaceRegexpOne(replaceRegexpOne({x}, {quoted(before)}, {quoted(chr(92) + '1')}), {quoted(behind)}, '')"


def _plain_number(field: FieldMapping, x: str, k: str) -> str:
    """Return a text as digits and a point; '' where its groups are no groups of three. A JSON number stays as it is."""
    style, u = field.style, f"u_{field.name}"
    assert style is not None  # noqa: S101 - the caller has looked
    whole, cases = u, []
    if style.group:
        group = _SPACES if style.group == " " else re.escape(style.group)
        grouped = f"^[+-]?\\d{{1,3}}(?:{group}\\d{{3}})+(?:{re.escape(style.point)}\\d*)?$".replace(
            chr(92) * 2, chr(92)
        )
        cases = [f"match({u}, {quoted(grouped)})", f"replaceRegexpAll({u}, {quoted(group)}, '')"]
        cases += [f"match({u}, {quoted(group)})", "''"]
    if style.point == ",":
        cases = [part if number % 2 == 0 else f"replaceOne({part}, ',', '.')" for number, part in enumerate(cases)]
        cases += [f"position({u}, '.') > 0", "''"]
        whole = f"replaceOne({u}, ',', '.')"
    text = f"multiIf({', '.join(cases)}, {whole})" if cases else whole
    return f"if({k} IN ('', 'String'), {text}, {x})"


def _fitting(field: FieldMapping, amount: str) -> str:
    """Return a wide decimal as the column's type, NULL where it has too many digits, which no cast notices."""
    scale = field_scale(field)
    most = f"toDecimal256('{'9' * (18 - scale)}.{'9' * scale}', {scale})"
    return f"if(abs({amount}) <= {most}, accurateCastOrNull({amount}, {quoted(sql_type(field))}), NULL)"


def _inexact(x: str, k: str) -> str:
    """Return whether a text was a JSON number of more digits than a double holds for sure."""
    return f"if({k} IN ('', 'String'), false, length({_significant(x)}) > {SURE_DIGITS})"


def _significant(x: str) -> str:
    return f"trim(LEADING '0' FROM replaceRegexpAll(replaceRegexpOne({x}, '[eE].*$', ''), '[^0-9]', ''))"


def field_scale(field: FieldMapping) -> int:
    """Return how many decimals the field's column has."""
    return 8 if field.type is FieldType.RATE else 4


def sql_type(field: FieldMapping) -> str:
    """Return the decimal type of the field's column."""
    return f"Decimal(18, {field_scale(field)})"


def _minor_units(field: FieldMapping) -> Parser:
    x, k, v = _names(field)
    exponents = {**EXPONENTS, **field.exponents}
    special = {code: digits for code, digits in exponents.items() if digits != 2}
    power = f"transform({{currency}}, {array(special)}, {numbers(10**n for n in special.values())}, 100)"
    power = power.replace("{currency}", f"ifNull(v_{field.currency_from}, '')")
    # Decimal division keeps the scale of the dividend, so four spare decimals make this exact for every exponent.
    amount = (
        f"round(toDecimal256OrNull(replaceRegexpOne({x}, '^[+]', ''), 8) / toDecimal256({power}, 0), {field.scale})"
    )
    number, inexact = f"n_{field.name}", f"i_{field.name}"
    known = f"isNotNull(v_{field.currency_from})"
    return Parser(
        (
            (number, f"match({x}, {quoted(MINOR)})"),
            (inexact, _inexact(x, k)),
            (v, f"multiIf(NOT {number}, NULL, NOT {known}, NULL, {inexact}, NULL, {_fitting(field, amount)})"),
        ),
        f"multiIf({k} IN ('Object', 'Array'), {quoted(NOT_TEXT)}, NOT {number},"
        " 'is not a whole number of minor units',"
        f" NOT {known}, 'the event names no currency that says how many decimals it has',"
        f" {inexact}, {quoted(TOO_MANY_DIGITS)}, 'has more than 14 digits before the point')",
    )


def _moment(field: FieldMapping) -> Parser:
    """Read a date or a time as milliseconds since 1970, by arithmetic: the engine's own readers bend what is wrong."""
    x, _, _ = _names(field)
    name = field.name
    steps: list[Step] = []
    moments = []
    for number, form in enumerate(field.formats):
        more, moment = _FORMATS[form](x, f"{name}_{number}")
        steps += more
        moments.append(moment)
    ms = f"ms_{name}"
    steps.append((ms, f"coalesce({', '.join(moments)}, NULL)"))
    value = f"fromUnixTimestamp64Milli(assumeNotNull({ms}), 'UTC')"
    if field.type is FieldType.DATE:
        value = f"toDate32({value})"
    low, high = EARLIEST_MS, LATEST_MS
    if field.plus is not None:
        low, high = PLUS_EARLIEST_MS, PLUS_LATEST_MS
        value = f"addDays(addMonths({value}, {field.plus[0]}), {field.plus[1]})"
    inside = f"ifNull({ms} = least(greatest({ms}, {low}), {high}), false)"
    words = {"iso": "ISO 8601", "epoch_ms": "milliseconds", "epoch_s": "seconds", "mdy": "M/D/YYYY", "dmy": "D/M/YYYY"}
    words |= {"ymd": "YYYY/M/D", "month_name": "D Mon YYYY"}
    kind = "date" if field.type is FieldType.DATE else "time"
    forms = " or ".join(words[form] for form in field.formats)
    parser = _plain(field, value, inside, f"is not a {kind} between 1900 and 2299 as {forms}")
    return Parser((*steps, *parser.steps), parser.reason)


def _day_ms(text: str) -> str:
    """Return the milliseconds of a day written YYYY-MM-DD, NULL for a day that is in no calendar."""
    day = f"toDate32OrNull({text})"
    return f"if(ifNull(toString({day}) = {text}, false), toInt64(toInt32(assumeNotNull({day}))) * {DAY_MS}, NULL)"


def _iso(x: str, name: str) -> tuple[list[Step], str]:
    g = f"g_{name}"
    hours, minutes, seconds = (f"toInt64(toUInt8OrZero({g}[{i}]))" for i in (2, 3, 4))
    millis = f"toInt64(toUInt16OrZero(rightPad(substring({g}[5], 1, 3), 3, '0')))"
    zone = f"replaceAll({g}[6], ':', '')"
    offset = (
        f"(toInt64(toUInt8OrZero(substring({zone}, 2, 2))) * 60 + toInt64(toUInt8OrZero(substring({zone}, 4, 2))))"
        f" * if(startsWith({g}[6], '-'), -60000, 60000)"
    )
    moment = f"{_day_ms(f'{g}[1]')} + {hours} * 3600000 + {minutes} * 60000 + {seconds} * 1000 + {millis} - {offset}"
    return [(g, f"extractGroups({x}, {quoted(ISO)})")], moment


def _numeric(pattern: str, factor: int) -> Callable[[str, str], tuple[list[Step], str]]:
    def read(x: str, name: str) -> tuple[list[Step], str]:
        return [], f"if(match({x}, {quoted(pattern)}), toInt64OrNull({x}) * {factor}, NULL)"

    return read


def _slashed(pattern: str, year: int, month: int, day: int) -> Callable[[str, str], tuple[list[Step], str]]:
    def read(x: str, name: str) -> tuple[list[Step], str]:
        g, text = f"g_{name}", f"day_{name}"
        written = _written(f"{g}[{year}]", f"{g}[{month}]", f"{g}[{day}]")
        steps = [(g, f"extractGroups({x}, {quoted(pattern)})"), (text, written)]
        return steps, f"{_day_ms(text)} + {_clock_ms(g, 4)}"

    return read


def _ymd(x: str, name: str) -> tuple[list[Step], str]:
    g, text = f"g_{name}", f"day_{name}"
    month, day = (f"if({g}[{one}] != '', {g}[{one}], {g}[{other}])" for one, other in ((2, 4), (3, 5)))
    steps = [(g, f"extractGroups({x}, {quoted(YMD)})"), (text, _written(f"{g}[1]", month, day))]
    return steps, f"{_day_ms(text)} + {_clock_ms(g, 6)}"


def _month_name(x: str, name: str) -> tuple[list[Step], str]:
    first, second, text = f"g_{name}", f"h_{name}", f"day_{name}"
    day_first = f"notEmpty({first})"
    word = f"lower(if({day_first}, {first}[2], {second}[1]))"
    month = f"toString(arrayFirstIndex(m -> startsWith(m, {word}), {array(MONTHS)}))"
    parts = (f"if({day_first}, {first}[3], {second}[3])", month, f"if({day_first}, {first}[1], {second}[2])")
    steps = [
        (first, f"extractGroups({x}, {quoted(DAY_FIRST)})"),
        (second, f"extractGroups({x}, {quoted(MONTH_FIRST)})"),
        (text, _written(*parts)),
    ]
    return steps, f"{_day_ms(text)} + if({day_first}, {_clock_ms(first, 4)}, {_clock_ms(second, 4)})"


def _written(year: str, month: str, day: str) -> str:
    return f"concat({year}, '-', leftPad({month}, 2, '0'), '-', leftPad({day}, 2, '0'))"


def _clock_ms(g: str, at: int) -> str:
    """Return the milliseconds of a time of day, 0 where there is none, NULL where it is none."""
    hour, minute, second = (f"toUInt8OrZero({g}[{at + place}])" for place in range(3))
    millis = f"toUInt16OrZero(rightPad(substring({g}[{at + 3}], 1, 3), 3, '0'))"
    half = f"lower({g}[{at + 4}])"
    hours = f"multiIf({half} = '', {hour}, {hour} % 12 + if({half} = 'p', 12, 0))"
    right = f"{minute} < 60 AND {second} < 60 AND if({half} = '', {hour} < 24, {hour} BETWEEN 1 AND 12)"
    total = f"(toInt64({hours}) * 3600 + toInt64({minute}) * 60 + toInt64({second})) * 1000 + toInt64({millis})"
    return f"multiIf({g}[{at}] = '', 0, {right}, {total}, NULL)"


_FORMATS: dict[str, Callable[[str, str], tuple[list[Step], str]]] = {
    "iso": _iso,
    "epoch_ms": _numeric(EPOCH_MS, 1),
    "epoch_s": _numeric(EPOCH_S, 1000),
    "mdy": _slashed(MDY, 3, 1, 2),
    "dmy": _slashed(DMY, 3, 2, 1),
    "ymd": _ymd,
    "month_name": _month_name,
}

_PARSERS: dict[str, Callable[[FieldMapping], Parser]] = {
    "string": _string,
    "enum": _enum,
    "email": _email,
    "phone": _phone,
    "domain": _domain,
    "currency": _currency,
    "ref": _ref,
    "salesforce_id": _salesforce_id,
    "bool": _bool,
    "integer": _integer,
    "decimal": _decimal,
    "percent": _decimal,
    "minor_units": _minor_units,
    "date": _moment,
    "time": _moment,
}
