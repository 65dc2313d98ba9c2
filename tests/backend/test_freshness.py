"""A source is judged by its own rhythm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.services.freshness import freshness

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("silence", "gap", "state"),
    [
        (MINUTE, MINUTE, "fresh"),
        (59 * MINUTE, MINUTE, "fresh"),  # a burst does not make an hour's pause remarkable
        (2 * HOUR, MINUTE, "late"),
        (4 * HOUR, MINUTE, "stale"),
        (20 * HOUR, DAY, "fresh"),  # a nightly source is fresh all day
        (2 * DAY, DAY, "late"),
        (4 * DAY, DAY, "stale"),
        (20 * HOUR, None, "fresh"),
        (2 * DAY, None, "late"),
        (13 * DAY, None, "stale"),
        (15 * DAY, None, "silent"),
        (20 * DAY, 7 * DAY, "late"),  # a weekly source may be three weeks late before it counts as gone
        (30 * DAY, 7 * DAY, "silent"),
        (None, None, "silent"),
        (-MINUTE, MINUTE, "fresh"),  # the clocks differ
    ],
)
def test_states(silence, gap, state):
    assert freshness(None if silence is None else NOW - silence, gap, NOW) == state
