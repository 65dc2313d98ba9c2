"""Times as vendors write them, read at the door into milliseconds since 1970 UTC.

Read: ISO 8601 with `Z`, `+00:00`, `+0000` or no zone (UTC), `T` or a space, any fraction, date only; epoch seconds and
epoch milliseconds, as numbers or as strings of digits.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
# What the lake's DateTime64(3) holds. A time outside is no time: the event counts as received now.
EARLIEST_MS = -2_208_988_800_000  # 1900-01-01
LATEST_MS = 10_413_791_999_999  # 2299-12-31 23:59:59.999
# Below this a number means seconds: as milliseconds it would lie before 1973.
_SECONDS_BELOW = 100_000_000_000


def time_ms(value: Any) -> int | None:
    """Return the time that a vendor's value means, in milliseconds since 1970 UTC, or None when it means none."""
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return _from_number(value)


def first_time(record: dict[str, Any], *names: str) -> int | None:
    """Return the first readable time among the members `names` of a record."""
    for name in names:
        value = record.get(name)
        if value is not None:
            found = time_ms(value)
            if found is not None:
                return found
    return None


def _from_number(value: float | Decimal) -> int | None:
    # An endless integer would take long to print, and comparing NaN raises for decimals.
    if isinstance(value, int) and value.bit_length() > 64:
        return None
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= _SECONDS_BELOW * 1000:
        return None
    return _in_range(int(number * 1000 if abs(number) < _SECONDS_BELOW else number))


def _from_text(text: str) -> int | None:
    text = text.strip()
    if len(text) >= 10 and text[4] == "-" and text[7] == "-":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        since = moment - _EPOCH
        return _in_range(since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000)
    # Short runs of digits are years, counters or codes, never times.
    if len(text) >= 9 and text.isascii() and _DIGITS.fullmatch(text):
        return _from_number(Decimal(text))
    return None


def _in_range(milliseconds: int) -> int | None:
    return milliseconds if EARLIEST_MS <= milliseconds <= LATEST_MS else None
