"""Money of the demo in one currency, computed with fractions and without the lake."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from salescommand_demo import Generator
from salescommand_demo.encoding import MINOR_DIGITS
from salescommand_demo.model import Deal

Convert = Callable[[Decimal, str, date], Decimal]


def converter(made: Generator, target: str) -> Convert:
    """Return what turns an amount of a currency into ``target`` at the last rate on or before a day."""
    rates: dict[str, dict[date, Fraction]] = defaultdict(dict)
    for event in made.arrivals():
        if event.noun == "exchange_rate":
            quote, day, rate = (str(event.payload[key]) for key in ("quote", "day", "rate"))
            rates[quote][date.fromisoformat(day)] = Fraction(rate)

    def for_one_euro(currency: str, day: date) -> Fraction:
        if currency == "EUR":
            return Fraction(1)
        days = sorted(rates[currency])
        return rates[currency][days[bisect_right(days, day) - 1]]

    def convert(amount: Decimal, currency: str, day: date) -> Decimal:
        if currency == target:
            return amount
        exact = Fraction(amount) / for_one_euro(currency, day) * for_one_euro(target, day)
        minor = Decimal(1).scaleb(-MINOR_DIGITS.get(target, 2))
        # far more digits than the minor unit, so that only an exact half can look like one
        wide = Decimal(exact.numerator * 10**40 // exact.denominator).scaleb(-40)
        return wide.quantize(minor, ROUND_HALF_UP)

    return convert


def total(deals: Iterable[Deal], day_of: Callable[[Deal], date | None], convert: Convert) -> tuple[Decimal, int]:
    """Return the sum over deals that have a price and the number of those that have none."""
    value, unpriced = Decimal(0), 0
    for deal in deals:
        day = day_of(deal)
        if deal.amount is None or deal.currency is None or day is None:
            unpriced += 1
        else:
            value += convert(deal.amount, deal.currency, day)
    return value, unpriced
