"""Retention of the raw zone: the bytes of old events go, what records take from them stays.

A change row holds all that a record takes from an event, so nothing has to be carried forward before the bytes go: no
record, number or past day moves. What is lost is the bytes, and with them another reading: a mapping that changes later
reads what raw still has, and the older changes keep the reading they had.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.fold.writes import Guard
from salescommand_lake.identifiers import make_seq, seq_time
from salescommand_lake.model import NOUNS

__all__ = ["Expired", "StillPending", "expire_raw", "expired_before", "expired_moment"]

_PART = "batch_id, source, record_type"


class StillPending(LakeError):  # noqa: N818 - named for what it is, like the other classes of the lake
    """Events that should expire are not in the records yet. Nothing was taken away."""

    retryable = True


@dataclass(frozen=True, slots=True)
class Expired:
    """What an expiry took away: events that arrived before ``before``, in ``partitions`` (months, YYYYMM)."""

    before: datetime
    events: int
    partitions: tuple[str, ...]


async def expired_before(engine: Engine) -> int:
    """Return the arrival number below which events have expired, 0 when none have."""
    rows = await engine.query("SELECT max(seq_before) AS n FROM raw_expirations")
    return int(rows[0]["n"])


async def expired_moment(engine: Engine) -> datetime | None:
    """Return the moment before which events have expired, None when none have."""
    before = await expired_before(engine)
    return seq_time(before) if before else None


async def expire_raw(engine: Engine, before: datetime, *, guard: Guard | None = None, dry_run: bool = False) -> Expired:
    """Take away the bytes of the events that arrived in the whole months (UTC) before ``before``.

    It may be repeated after a fault. Nobody may fold meanwhile: ``guard`` is awaited before each write.

    Raises:
        ValueError: the time has no zone.
        StillPending: some of them are not folded yet.
    """
    if before.tzinfo is None:
        msg = f"the time {before.isoformat()} has no zone"
        raise ValueError(msg)
    month = before.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = await engine.query(
        "SELECT _partition_id AS month, count() AS events FROM raw_events\n"
        "WHERE _partition_id < {month:String} GROUP BY month ORDER BY month",
        {"month": f"{month:%Y%m}"},
    )
    result = Expired(month, sum(int(row["events"]) for row in found), tuple(row["month"] for row in found))
    if not found:
        return result
    cut = make_seq(month, 0)
    await _refuse_pending(engine, cut, month)
    if dry_run:
        return result
    await _check(guard)
    row = {"seq_before": cut, "before": month, "events": result.events, "expired_at": datetime.now(UTC)}
    await engine.insert("raw_expirations", [row], token=uuid.uuid4().hex)
    await _check(guard)
    await engine.command(_enter(), {"cut": cut, "month": f"{month:%Y%m}"})
    await _drop(engine, result.partitions, guard)
    return result


async def _check(guard: Guard | None) -> None:
    if guard is not None:
        await guard()


async def _refuse_pending(engine: Engine, cut: int, month: datetime) -> None:
    rows = await engine.query(
        "SELECT sum(events) AS events FROM raw_batches WHERE first_seq < {cut:UInt64}\n"
        f"AND ({_PART}) NOT IN (SELECT {_PART} FROM folded_batches)",
        {"cut": cut},
    )
    if int(rows[0]["events"]):
        msg = (
            f"{int(rows[0]['events'])} events of batches that began before {month:%Y-%m-%d} are not in the records yet:"
            " none expire. "
            "Wait until the worker has folded them; `salescommand lake status` says what it does."
        )
        raise StillPending(msg)


async def _drop(engine: Engine, partitions: Sequence[str], guard: Guard | None) -> None:
    for partition in partitions:
        await _check(guard)
        await engine.command("ALTER TABLE raw_events DROP PARTITION ID {partition:String}", {"partition": partition})


def _enter() -> str:
    """Return the statement that counts the events in the books' ledger as expired.

    A batch that began in the month before counts those of its events that stay as they are.
    """
    alive = "\nUNION ALL ".join(
        f"SELECT {_PART}, countIf(refused = '') AS mapped, countIf(refused != '') AS quarantined\n"
        f"FROM {noun.changes_table} FINAL WHERE seq >= {{cut:UInt64}} AND batch_id IN (SELECT batch_id FROM across)\n"
        f"GROUP BY {_PART}"
        for noun in NOUNS.values()
    )
    return (
        f"INSERT INTO folded_batches ({_PART}, events, mapped, ignored, quarantined, expired, folded_at)\n"
        f"WITH spans AS (SELECT {_PART}, min(first_seq) AS first, max(last_seq) AS last FROM raw_batches\n"
        f"  GROUP BY {_PART} HAVING first < {{cut:UInt64}}),\n"
        "across AS (SELECT * FROM spans WHERE last >= {cut:UInt64}),\n"
        f"gone AS (SELECT {_PART}, count() AS n FROM raw_events WHERE _partition_id < {{month:String}}\n"
        f"  AND batch_id IN (SELECT batch_id FROM across) GROUP BY {_PART}),\n"
        f"alive AS (SELECT {_PART}, sum(mapped) AS mapped, sum(quarantined) AS quarantined FROM ({alive})\n"
        f"  GROUP BY {_PART})\n"
        f"SELECT {_PART}, f.events, ifNull(a.mapped, 0) AS m,\n"
        "  toUInt64(greatest(0, toInt64(f.events) - toInt64(e) - toInt64(m) - toInt64(q))),\n"
        "  ifNull(a.quarantined, 0) AS q,\n"
        "  if(s.last < {cut:UInt64}, f.events, greatest(f.expired, ifNull(g.n, 0))) AS e, now64(6)\n"
        f"FROM (SELECT * FROM folded_batches FINAL WHERE ({_PART}) IN (SELECT {_PART} FROM spans)) AS f\n"
        f"INNER JOIN spans AS s USING ({_PART})\nLEFT JOIN gone AS g USING ({_PART})\n"
        f"LEFT JOIN alive AS a USING ({_PART})\nWHERE f.expired < f.events"
    )
