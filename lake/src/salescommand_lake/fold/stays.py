"""How long a deal stayed in each open stage and where it went from there, from the stages that it was in."""

from __future__ import annotations

from salescommand_lake.noun_tables import STAY

__all__ = ["STAYS"]

_HERE = "v.stage = s AND v.status = 'open'"
_FIRST = f"visits[arrayFirstIndex(v -> {_HERE}, visits)]"
_ENDED = (
    f"arraySum(arrayMap((v, next) -> if({_HERE}, dateDiff('second', v.entered_at, next), 0), visits,"
    " arrayPushBack(arrayPopFront(arrayMap(v -> v.entered_at, visits)), visits[-1].entered_at)))"
)
_SINCE = "if(visits[-1].stage = s AND visits[-1].status = 'open', visits[-1].entered_at, NULL)"
_LIKELIER = (
    "arrayExists((v, i) -> v.status = 'open' AND v.stage != s AND"
    f" i > arrayFirstIndex(v -> {_HERE}, visits) AND ifNull(v.probability > {_FIRST}.probability, true),"
    " visits, arrayEnumerate(visits))"
)
_STAGES = "arrayDistinct(arrayMap(v -> v.stage, arrayFilter(v -> v.status = 'open', visits)))"
_QUOTED = STAY.replace("'", "\\'")

STAYS = (
    f"CAST(arrayMap(s -> (s, {_FIRST}.entered_at, {_FIRST}.probability, toInt64({_ENDED}), {_SINCE}, {_LIKELIER}),"
    f" {_STAGES}), 'Array({_QUOTED})')"
)
"""SQL over the column ``visits``: the stays, one per open stage, in the order of first entry."""
