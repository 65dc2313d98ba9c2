"""When each source last sent something, how much, and in what rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from salescommand_lake.engine import Engine
from salescommand_lake.identifiers import EPOCH, INSTANCE_BITS, seq_time

__all__ = ["HOURS", "RHYTHM_DAYS", "Activity", "source_activity"]

HOURS = 12
RHYTHM_DAYS = 14


@dataclass(frozen=True, slots=True)
class Activity:
    """A source's traffic as far as it is in the raw zone."""

    last_event_at: datetime
    today: int
    """Events since midnight UTC."""
    hours: tuple[int, ...]
    """Events in each of the last 12 clock hours, the running one last."""
    usual_gap: timedelta | None
    """The silence that 95 of 100 silences of the last 14 days do not exceed, counted between minutes in which
    something came; None when there were fewer than five."""


async def source_activity(engine: Engine, now: datetime) -> dict[str, Activity]:
    """Return the activity of every source that ever sent something."""
    gaps = await _rhythms(engine, now)
    counts = await _counts(engine, now)
    rows = await engine.query("SELECT source, max(last_seq) AS last FROM raw_batches GROUP BY source")
    empty = (0, (0,) * HOURS)
    found = {}
    for row in rows:
        today, hours = counts.get(row["source"], empty)
        found[row["source"]] = Activity(seq_time(int(row["last"])), today, hours, gaps.get(row["source"]))
    return found


async def _counts(engine: Engine, now: datetime) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Return per source the events of today and of each of the last hours."""
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = await engine.query(
        "SELECT source, toUnixTimestamp(toStartOfHour(ingested_at, 'UTC')) AS hour, count() AS events "
        "FROM raw_events WHERE ingested_at >= {since:DateTime('UTC')} GROUP BY source, hour",
        {"since": min(first, midnight)},
    )
    found: dict[str, tuple[int, tuple[int, ...]]] = {}
    for row in rows:
        start = datetime.fromtimestamp(int(row["hour"]), UTC)
        today, hours = found.get(row["source"], (0, (0,) * HOURS))
        events = int(row["events"])
        place = (start - first) // timedelta(hours=1)
        if 0 <= place < HOURS:
            hours = (*hours[:place], hours[place] + events, *hours[place + 1 :])
        found[row["source"]] = (today + events if start >= midnight else today, hours)
    return found


async def _rhythms(engine: Engine, now: datetime) -> dict[str, timedelta]:
    """Return per source the usual gap, from the batches, which are few."""
    since = max(0, (now - timedelta(days=RHYTHM_DAYS) - EPOCH) // timedelta(microseconds=1)) << INSTANCE_BITS
    per_minute = 60_000_000 << INSTANCE_BITS
    rows = await engine.query(
        "SELECT source, quantileExact(0.95)(gap) AS minutes FROM ("
        "  SELECT source, minute - lagInFrame(minute, 1, 0) OVER (PARTITION BY source ORDER BY minute "
        "    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS gap, "
        "    row_number() OVER (PARTITION BY source ORDER BY minute) AS place "
        "  FROM (SELECT DISTINCT source, intDiv(last_seq, {per_minute:UInt64}) AS minute FROM raw_batches "
        "    WHERE last_seq >= {since:UInt64})"
        ") WHERE place > 1 GROUP BY source HAVING count() >= 5",
        {"since": since, "per_minute": per_minute},
    )
    return {row["source"]: timedelta(minutes=int(row["minutes"])) for row in rows}
