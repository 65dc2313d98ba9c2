"""JSON and time texts exactly as the vendors write them.

The standard ``json`` module can't write a Decimal as a number, and a float would change amounts, so the encoder here
is our own: a Decimal becomes a JSON number digit for digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from json.encoder import encode_basestring

Json = Mapping[str, "Json"] | list["Json"] | str | int | Decimal | bool | None
Payload = dict[str, Json]

#: Decimal places of the currencies that do not have two.
MINOR_DIGITS = {"JPY": 0}
_CONSTANTS = {None: "null", True: "true", False: "false"}


def encode(value: Json) -> str:
    """One compact JSON text; keys stay in order, text stays UTF-8."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    if isinstance(value, Decimal | int):
        return format(value, "d" if isinstance(value, int) else "f")
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    return "{" + ",".join(f"{encode_basestring(key)}:{encode(item)}" for key, item in value.items()) + "}"


def plain(amount: Decimal) -> str:
    """The shortest decimal text: 12500 or 12500.5."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(amount: Decimal) -> Decimal:
    """The same amount without trailing zeros, to be written as a JSON number."""
    return Decimal(plain(amount))


def odoo_float(amount: Decimal) -> Decimal:
    """Odoo answers floats, so that a whole amount ends in .0."""
    text = plain(amount)
    return Decimal(text if "." in text else text + ".0")


def minor_units(amount: Decimal, currency: str) -> int:
    """Integer minor units, as Stripe counts money (JPY has none)."""
    return int(amount.scaleb(MINOR_DIGITS.get(currency, 2)))


def iso_ms(at: datetime) -> str:
    """2026-05-01T07:25:37.123Z (HubSpot, Pipedrive webhook meta)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def iso_s(at: datetime) -> str:
    """2026-05-01T07:25:37Z (Pipedrive v2)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def salesforce_time(at: datetime) -> str:
    """2026-05-01T07:25:37.000+0000: the offset has no colon and the milliseconds are zero."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def spaced(at: datetime) -> str:
    """2026-05-01 07:25:37, UTC without saying so (Odoo, Pipedrive v1)."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def epoch_s(at: datetime) -> int:
    """Whole seconds since 1970 (Stripe)."""
    return int(at.timestamp())


def epoch_ms(at: datetime) -> int:
    """Milliseconds since 1970 (HubSpot webhooks, Salesforce change data capture)."""
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def midnight(day: date) -> datetime:
    """The start of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
