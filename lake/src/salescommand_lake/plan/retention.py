"""Changes of a table's TTL: which way a change goes, and so how risky it is. Pure.

Facts, each a test on the engine: with ``materialize_ttl_after_modify = 0`` a shorter TTL is not enforced on the parts
that are there, and a longer one loses rows, since parts keep their old expiry. So a change always materialises.
"""

from __future__ import annotations

import hashlib
import re

from salescommand_lake.plan.observe import Table
from salescommand_lake.plan.steps import Action, Risk, Step
from salescommand_lake.statements import split

__all__ = ["retention_steps", "ttl_days"]

_DAYS = re.compile(r"toIntervalDay\((\d+)\)")
_MOVES = (" TO VOLUME ", " TO DISK ")


def ttl_days(ttl: str) -> int | None:
    """Return after how many days a TTL removes rows or folds them together: 0 for never, None for another form."""
    ends = [part for part in split(ttl) if " SET " in part or not any(move in part for move in _MOVES)]
    # The assignments of a GROUP BY TTL stand behind its first part, after commas.
    ends = [part for part in ends if "toInterval" in part]
    if not ends:
        return 0 if not ttl or any(move in ttl for move in _MOVES) else None
    found = _DAYS.search(ends[0])
    return int(found[1]) if found and len(ends) == 1 else None


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
