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

__all__ = ["converted", "money_text", "rounded"]

VALUE = "Nullable(Decimal(38, 4))"


def money_text(value: Decimal | str, currency: str) -> str:
    """Write an amount with at least the decimals of its currency's minor unit, and no needless ones."""
    number = Decimal(value).normalize()
    digits = EXPONENTS.get(currency, 2)
    text = format(number, "f")
    return text if len(text.partition(".")[2]) >= digits else format(number.quantize(Decimal(1).scaleb(-digits)), "f")


_RATES = "exchange_rates FINAL WHERE NOT is_deleted AND isNotNull(base) AND isNotNull(quote) AND isNotNull(day)"
_PIVOT = f"(SELECT base FROM {_RATES} GROUP BY base ORDER BY count() DESC, base LIMIT 1)"
_LAST = f"ifNull((SELECT max(assumeNotNull(day)) FROM {_RATES}), toDate32('1900-01-01'))"
_ONE = "toDecimal256(1, 8)"
_RATE = "toDecimal256(assumeNotNull(rate), 8)"
_LEGS = f"""
    SELECT assumeNotNull(if(base = {_PIVOT}, quote, base)) AS leg_currency, assumeNotNull(day) AS leg_day,
           if(base = {_PIVOT}, {_RATE}, {_ONE}) AS num, if(base = {_PIVOT}, {_ONE}, {_RATE}) AS den
    FROM {_RATES} AND rate > 0 AND (base = {_PIVOT}) != (quote = {_PIVOT})
    UNION ALL
    SELECT assumeNotNull({_PIVOT}), assumeNotNull((SELECT min(day) FROM {_RATES})), {_ONE}, {_ONE}
    WHERE isNotNull({_PIVOT})"""
# A leg for every day up to the last that any rate has, so that rows find theirs by equality: a join on the last day
# before took four times as long on a million rows.
_DAILY = f"""
    SELECT leg_currency, leg_day + gap AS leg_day, num, den
    FROM (SELECT leg_currency, leg_day, num, den, dateDiff('day', leg_day, leadInFrame(leg_day, 1, {_LAST} + 1) OVER
              (PARTITION BY leg_currency ORDER BY leg_day ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) AS days
          FROM ({_LEGS}))
    ARRAY JOIN range(toUInt32(greatest(days, 0))) AS gap"""
_FACTORS = f"""
    SELECT own.leg_currency AS fx_currency, own.leg_day AS fx_day, target.num * own.den AS above,
           target.den * own.num AS below
    FROM ({_DAILY}) AS own
    INNER JOIN (SELECT * FROM ({_DAILY}) WHERE leg_currency = {{reporting:String}}) AS target
        ON own.leg_day = target.leg_day"""


def rounded(amount: str, digits: int) -> str:
    """Return the SQL of a decimal rounded half up (away from zero) to ``digits`` decimals, as Decimal(38, 4).

    The engine's own round() takes some microseconds a row for wide decimals; cutting after adding a half does not.
    """
    half = f"toDecimal256('{Decimal(5).scaleb(-digits - 1):f}', {digits + 1})"
    return f"CAST(CAST({amount} + if({amount} < 0, -{half}, {half}), 'Nullable(Decimal(76, {digits}))'), '{VALUE}')"


def converted(rows: str, *, amounts: Mapping[str, str], day: str, reporting: str) -> str:
    """Wrap the SELECT ``rows`` so that it has amounts in the reporting currency.

    Args:
        rows: a SELECT with the amounts, their ``currency``, and whatever ``day`` reads.
        amounts: the name of each new column and the column that it comes from, Nullable(Decimal(18, 4)).
        day: SQL over the columns of ``rows`` for the day whose rate counts, Date32.
        reporting: ISO code of the reporting currency, three letters, checked by the caller.

    Returns:
        A SELECT of all columns of ``rows`` and of the new ones, which are NULL where amount, currency or rate is
        missing. Rows in the reporting currency need no rate and look for none. The bound parameter
        ``reporting:String`` must hold the reporting currency.
    """
    values = ", ".join(f"{_value(column, reporting)} AS {name}" for name, column in amounts.items())
    return f"""
    SELECT money.* EXCEPT (given, money_currency, rate_day), {values}
    FROM (SELECT *, ifNull(currency, '') AS given, if(given = {{reporting:String}}, '', given) AS money_currency,
                 least({day}, {_LAST}) AS rate_day
          FROM ({rows})) AS money
    LEFT ANY JOIN ({_FACTORS}) AS fx ON money.money_currency = fx.fx_currency AND money.rate_day = fx.fx_day"""


def _value(amount: str, reporting: str) -> str:
    # 12 decimals for the amount and 8 for each leg: the quotient keeps 28, so every tie is seen and none overflows.
    # Both branches of a condition are computed, so the one without a rate must not divide by zero.
    exact = (
        f"(toDecimal256(ifNull(money.{amount}, 0), 12) * fx.above / if(fx.below = 0, toDecimal256(1, 16), fx.below))"
    )
    return (
        f"multiIf(isNull(money.{amount}) OR money.given = '', CAST(NULL, '{VALUE}'),\n"
        f"            money.money_currency = '', CAST(money.{amount}, '{VALUE}'),\n"
        f"            fx.below = 0, CAST(NULL, '{VALUE}'), {rounded(exact, EXPONENTS.get(reporting, 2))})"
    )
