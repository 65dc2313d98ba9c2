"""Times as people type them: `90d`, `12h`, `30m`, a date, or a date and time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from salescommand_cli.errors import CommandError

_SPAN = re.compile(r"(\d{1,5})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def span(text: str) -> timedelta:
    """Return a length of time.

    Raises:
        CommandError: it isn't one.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise CommandError(f"{text!r} is no length of time.", hint="Write it as 90d, 12h or 30m.", code=2)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(text: str) -> datetime:
    """Return the moment that a length of time from now, or a date (UTC where it names no zone), means.

    Raises:
        CommandError: it is neither.
    """
    if _SPAN.fullmatch(text.strip()):
        return datetime.now(UTC) + span(text)
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"{text!r} is neither a length of time nor a date."
        raise CommandError(message, hint="Write it as 90d, 12h or 2027-01-31.", code=2) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
