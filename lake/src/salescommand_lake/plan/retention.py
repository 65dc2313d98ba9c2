"""Changes of a table's TTL: which way a change goes, and so how risky it is. Pure.

Facts, each a test on the engine: with ``materialize_ttl_after_modify = 0`` a shorter TTL is not enforced on the parts
that are there, and a longer one loses rows, since parts keep their old expiry. So a change always materialises.
"""

from __future__ import annotations

import hashlib

from salescommand_lake.plan.ages import ttl_days
from salescommand_lake.plan.observe import Table
from salescommand_lake.plan.steps import Action, Risk, Step

__all__ = ["raw_retention_steps", "retention_steps"]


def retention_steps(name: str, want: str, table: Table, *, freeze: bool) -> list[Step]:
    """Return the steps from a table's TTL to the one that is wanted ('' for none); none when they agree."""
    got = table.shape.clauses.get("TTL", "")
    if want == got:
        return []
    steps = []
    risk, reason = _risk(ttl_days(got), ttl_days(want), table)
    if risk is Risk.DESTRUCTIVE and freeze and table.rows:
        steps.append(_freeze(name, want))
    if want:
        sql = f"ALTER TABLE {name} MODIFY TTL {want} SETTINGS materialize_ttl_after_modify = 1"
        action = Action.MODIFY_TTL
    else:
        sql, action = f"ALTER TABLE {name} REMOVE TTL", Action.REMOVE_TTL
    touched = table.past_retention if risk is Risk.DESTRUCTIVE else table.rows
    share = table.bytes * touched // table.rows if table.rows else 0
    steps.append(Step(action, name, risk, reason, sql, touched, share, want or "no TTL", got or "no TTL"))
    return steps


def raw_retention_steps(want: int, got: int, table: Table, *, freeze: bool) -> list[Step]:
    """Return the steps to another retention of the raw zone; none when it is the same.

    Raw events have no TTL, which would not wait until they are in the records: the worker takes them away, by whole
    months, and reads from the ledger after how many days.
    """
    if want == got:
        return []
    name = "raw_events"
    shortened = bool(want) and (not got or want < got)
    shown = [f"{days} days" if days else "for ever" for days in (want, got)]
    if not shortened:
        reason = "the worker takes away less than before"
        return [Step(Action.RAW_RETENTION, name, Risk.SAFE, reason, want=shown[0], got=shown[1])]
    reason = (
        f"retention is shortened from {shown[1]} to {want} days: {table.past_retention} events are older; the worker "
        "takes their bytes away by whole months, once they are in the records"
    )
    share = table.bytes * table.past_retention // table.rows if table.rows else 0
    change = Step(
        Action.RAW_RETENTION, name, Risk.DESTRUCTIVE, reason, "", table.past_retention, share, shown[0], shown[1]
    )
    return [_freeze(name, f"raw {want}"), change] if freeze and table.rows else [change]


def _risk(got: int | None, want: int | None, table: Table) -> tuple[Risk, str]:
    if want == 0:
        return Risk.SAFE, "rows are kept for ever from now on"
    if got is None or want is None:
        return Risk.DESTRUCTIVE, "the retention has a form that can't be compared, so rows may be removed"
    if got == want:
        return Risk.COSTLY, "parts are marked anew for the move to the cold volume"
    if got and want > got:
        return Risk.COSTLY, f"{got} to {want} days: every part is marked anew, no row is lost"
    before = f"{got} days" if got else "for ever"
    reach = f"{table.past_retention} rows are older and go at once" if table.past_retention else "no row is older yet"
    return Risk.DESTRUCTIVE, f"retention is shortened from {before} to {want} days: {reach}"


def _freeze(name: str, ttl: str) -> Step:
    label = f"before_{hashlib.sha256(ttl.encode()).hexdigest()[:12]}"
    return Step(
        Action.FREEZE,
        name,
        Risk.SAFE,
        f"hard links of every part, under shadow/{label}, so that the rows can be brought back",
        f"ALTER TABLE {name} FREEZE WITH NAME '{label}'",
    )
