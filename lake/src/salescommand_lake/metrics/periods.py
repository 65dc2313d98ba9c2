"""Periods as dimensions: how a date becomes the key of its period, and the days that a key stands for.

Quarters and years are those of the fiscal calendar, which begins in a month of choice. A fiscal year is called by the
calendar year in which it ends; where it is not the calendar year its keys begin with FY: FY2026, FY2026-Q1.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

__all__ = ["period_days", "period_sql"]


def period_sql(period: str, day: str, fiscal_start: int) -> str:
    """Return the SQL of the key of the period that the date expression ``day`` lies in; ``day`` is not NULL."""
    if period == "day":
        return f"toString(toDate32({day}))"
    if period == "week":
        return f"concat(toString(toISOYear({day})), '-W', leftPad(toString(toISOWeek({day})), 2, '0'))"
    if period == "month":
        return f"formatDateTime({day}, '%Y-%m')"
    prefix = "FY" if fiscal_start > 1 else ""
    # Moved so that the fiscal year becomes the calendar year in which it ends.
    moved = f"addMonths(toDate32({day}), {(13 - fiscal_start) % 12})"
    year = f"concat('{prefix}', toString(toYear({moved})))"
    return year if period == "year" else f"concat({year}, '-Q', toString(toQuarter({moved})))"


def period_days(period: str, key: str, fiscal_start: int) -> tuple[date, date]:
    """Return the first and the last day of a period from its key.

    Raises:
        ValueError: the key is not one of that period.
    """
    if period == "day":
        day = date.fromisoformat(key)
        return day, day
    if period == "week":
        start = date.fromisocalendar(int(key[:4]), int(key[6:]), 1)
        return start, start + timedelta(days=6)
    if period == "month":
        return _months(int(key[:4]), int(key[5:]), 1)
    plain = key.removeprefix("FY")
    year = int(plain[:4])
    first_year = year - 1 if fiscal_start > 1 else year
    if period == "year":
        return _months(first_year, fiscal_start, 12)
    return _months(first_year, fiscal_start + 3 * (int(plain[6:]) - 1), 3)


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    """Return the first and the last day of ``count`` months from a month, which may be beyond December."""
    start = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    last = month + count - 1
    end_year, end_month = year + (last - 1) // 12, (last - 1) % 12 + 1
    return start, date(end_year, end_month, calendar.monthrange(end_year, end_month)[1])
