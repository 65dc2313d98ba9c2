"""Amounts in one reporting currency, exactly.

Rates are the records of noun ``exchange_rate``: units of ``quote`` for one ``base`` from a day on. The pivot is the
base that most rates share; every other currency has a leg, units of it for one pivot, kept as a fraction so that an
inverted rate loses nothing. A row's amount is converted at the last legs on or before its day and rounded half up to
the minor unit of the reporting currency (ISO 4217). An amount in the reporting currency needs no rate and stays as it
is.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from salescommand_lake.mapping.currencies import EXPONENTS

__all__ = ["converted", "money_text"]

VALUE = "Nullable(Decimal(38, 4))"


def money_text(value: Decimal | str, currency: str) -> str:
    """Write an amount with at least the decimals of its currency's minor unit, and no needless ones."""
    number = Decimal(value).normalize()
    digits = EXPONENTS.get(currency, 2)
    text = format(number, "f")
    return text if len(text.partition(".")[2]) >= digits else format(number.quantize(Decimal(1).scaleb(-digits)), "f")


_RATES = "exchange_rates FINAL WHERE NOT is_deleted AND isNotNull(base) AND isNotNull(quote) AND isNotNull(day)"
_PIVOT = f"(SELECT base FROM {_RATES} GROUP BY base ORDER BY count() DESC, base LIMIT 1)"
_ONE = "toDecimal256(1, 8)"
_LEGS = f"""
    SELECT assumeNotNull(quote) AS leg_currency, assumeNotNull(day) AS leg_day,
           toDecimal256(assumeNotNull(rate), 8) AS num, {_ONE} AS den
    FROM {_RATES} AND rate > 0 AND base = {_PIVOT} AND quote != {_PIVOT}
    UNION ALL
    SELECT assumeNotNull(base), assumeNotNull(day), {_ONE}, toDecimal256(assumeNotNull(rate), 8)
    FROM {_RATES} AND rate > 0 AND quote = {_PIVOT} AND base != {_PIVOT}
    UNION ALL
    SELECT assumeNotNull(base), toDate32('1900-01-01'), {_ONE}, {_ONE} FROM {_RATES} AND base = {_PIVOT} LIMIT 1"""


def converted(rows: str, *, amounts: Mapping[str, str], day: str, reporting: str) -> str:
    """Wrap the SELECT ``rows`` so that it has amounts in the reporting currency.

    Args:
        rows: a SELECT with the amounts, their ``currency``, and whatever ``day`` reads.
        amounts: the name of each new column and the column that it comes from, Nullable(Decimal(18, 4)).
        day: SQL over the columns of ``rows`` for the day whose rate counts, Date32.
        reporting: ISO code of the reporting currency, three letters, checked by the caller.

    Returns:
        A SELECT of all columns of ``rows`` and of the new ones: NULL where amount, currency or rate is missing. The
        bound parameter ``reporting:String`` must hold the reporting currency.
    """
    values = ", ".join(f"{_value(column, reporting)} AS {name}" for name, column in amounts.items())
    return f"""
    SELECT money.* EXCEPT (money_currency, rate_day, reporting_currency), {values}
    FROM (SELECT *, ifNull(currency, '') AS money_currency, {day} AS rate_day,
                 {{reporting:String}} AS reporting_currency
          FROM ({rows})) AS money
    ASOF LEFT JOIN ({_LEGS}) AS own ON money.money_currency = own.leg_currency AND money.rate_day >= own.leg_day
    ASOF LEFT JOIN ({_LEGS}) AS target
        ON money.reporting_currency = target.leg_currency AND money.rate_day >= target.leg_day"""


def _value(amount: str, reporting: str) -> str:
    # 12 decimals for the amount and 8 for each leg: the quotient keeps 28, so every tie is seen and none overflows.
    exact = f"toDecimal256(ifNull(money.{amount}, 0), 12) * target.num * own.den / (target.den * own.num)"
    # Both branches of a condition are computed, so the one without a rate must not divide by zero.
    safe = f"if(own.num = 0 OR target.num = 0, toDecimal256(0, 28), {exact})"
    return (
        f"multiIf(isNull(money.{amount}) OR money.money_currency = '', CAST(NULL, '{VALUE}'),\n"
        f"            money.money_currency = money.reporting_currency, CAST(money.{amount}, '{VALUE}'),\n"
        f"            own.num = 0 OR target.num = 0, CAST(NULL, '{VALUE}'),\n"
        f"            CAST(round({safe}, {EXPONENTS.get(reporting, 2)}), '{VALUE}'))"
    )
