"""The bridge as SQL: each deal at both moments, and the lines that lead from one to the other."""

from __future__ import annotations

import re
from typing import Any

from salescommand_lake.bridge.question import BridgeQuery
from salescommand_lake.metrics.cuts import key_sql
from salescommand_lake.metrics.registry import REGISTRY
from salescommand_lake.model import NOUNS
from salescommand_lake.reads.money import converted
from salescommand_lake.reads.question import QueryError
from salescommand_lake.reads.rows import Moment, matching, states_at

__all__ = ["date_lines", "deals", "lines"]

METRIC = REGISTRY["open-pipeline"]
_DEAL = NOUNS["opportunity"]
_ZERO = "toDecimal128(0, 4)"
_SIDES = ("a", "b", "c")
_FACTS = ("inside", "worth", "then", "unpriced", "due", "stage", "currency", "key", "name")
_FACT = (
    "Tuple(Bool, Decimal(38, 4), Decimal(38, 4), Bool, Nullable(Date32), String, String, Array(Nullable(String)),"
    " String)"
)
_NO_FACT = "(false, 0, 0, false, NULL, '', '', [], '')"


def deals(query: BridgeQuery) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the deals that are in the pipeline at one of the moments, with what they were at each.

    Columns begin with a_ at the first moment, b_ at the second, and c_ at the first as it was known at ``known_from``.
    ``a_then`` is what the deal of the first moment is worth at the rates of the second.

    Raises:
        QueryError: a dimension or filter does not exist, or a value does not fit.
    """
    for name in query.by:
        if name not in METRIC.dimensions:
            raise QueryError("by", f"the bridge has no {name!r}", f"use {', '.join(METRIC.dimensions)}")
    moments = [Moment(query.start, query.known_at), Moment(query.end, query.known_at)]
    if query.known_from is not None:
        moments.append(Moment(query.start, query.known_from))
    parts: list[str] = []
    parameters: dict[str, Any] = {}
    for prefix, moment in zip(_SIDES, moments, strict=False):
        found, bound = _side(query, prefix, moment)
        parts += found
        parameters |= bound
    parameters["then_day"] = moments[1].day
    told = [
        *(f"max({prefix}_known) AS {prefix}_known, max({prefix}_lives) AS {prefix}_lives" for prefix in ("a", "b")),
        *(f"max({prefix}_status) AS {prefix}_status" for prefix in ("a", "b")),
        *(
            f"anyIf(fact, side = '{prefix}').{number} AS {prefix}_{name}"
            for prefix, _ in zip(_SIDES, moments, strict=False)
            for number, name in enumerate(_FACTS, 1)
        ),
    ]
    inside = " OR ".join(f"{prefix}_inside" for prefix, _ in zip(_SIDES, moments, strict=False))
    sql = (
        f"SELECT canonical_id, {', '.join(told)}, if(a_inside, a_name, b_name) AS title\n"
        f"FROM ({' UNION ALL '.join(parts)}) GROUP BY canonical_id HAVING {inside}"
    )
    return sql, parameters


def _side(query: BridgeQuery, prefix: str, moment: Moment) -> tuple[list[str], dict[str, Any]]:
    """Return SELECTs of a moment: of the deals that are in the pipeline, and of how every deal stands.

    Only the first kind is converted and joined. The parameters begin with the prefix.
    """
    needed = {"value", *query.by}
    source, parameters = matching(_DEAL, moment, query.currency, filters=(*METRIC.where, *query.filters), needed=needed)
    then = _ZERO
    if prefix == "a":
        source = converted(source, amounts={"then": "amount"}, day="{then_day:Date32}", reporting=query.currency)
        then = f"ifNull(then, {_ZERO})"
    key = ", ".join(f"CAST({key_sql(METRIC, name, query.fiscal_start)}, 'Nullable(String)')" for name in query.by)
    fact = (
        f"(true, ifNull(value, {_ZERO}), {then}, isNull(value), close_date, ifNull(toString(stage), ''),"
        f" ifNull(toString(currency), ''), CAST([{key}], 'Array(Nullable(String))'), ifNull(name, source_id))"
    )
    nothing = ", ".join(f"false AS {other}_known, false AS {other}_lives, '' AS {other}_status" for other in ("a", "b"))
    parts = [f"SELECT canonical_id, '{prefix}' AS side, CAST({fact}, '{_FACT}') AS fact, {nothing}\nFROM ({source})"]
    if prefix != "c":
        state, bound = states_at(_DEAL, moment, history=False)
        parameters |= bound
        shown = "true AS {0}_known, NOT is_deleted AS {0}_lives, ifNull(toString(status), '') AS {0}_status"
        stands = ", ".join(
            shown.format(other)
            if other == prefix
            else f"false AS {other}_known, false AS {other}_lives, '' AS {other}_status"
            for other in ("a", "b")
        )
        parts.append(f"SELECT canonical_id, '' AS side, CAST({_NO_FACT}, '{_FACT}') AS fact, {stands}\nFROM ({state})")
    named = [re.sub(r"\{(?!then_day:)(\w+):", rf"{{{prefix}_\1:", sql) for sql in parts]
    return named, {f"{prefix}_{name}": value for name, value in parameters.items()}


def lines(query: BridgeQuery) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the lines of the bridge: canonical_id, movement, change, key, and the deal at both ends."""
    source, parameters = deals(query)
    opening = "c" if query.known_from is not None else "a"
    left = "multiIf(NOT b_lives, 'deleted', b_status = 'won', 'won', b_status = 'lost', 'lost', 'moved-out')"
    came = (
        "multiIf(NOT a_known, 'created', NOT a_lives, 'restored', a_status IN ('won', 'lost'), 'reopened', 'moved-in')"
    )
    stayed = "a_inside AND b_inside"
    found = [
        (f"{opening}_inside", "'opening'", f"{opening}_worth", f"{opening}_key"),
        ("b_inside", "'closing'", "b_worth", "b_key"),
        ("a_inside AND NOT b_inside", left, "-a_worth", "a_key"),
        ("b_inside AND NOT a_inside", came, "b_worth", "b_key"),
        (f"{stayed} AND a_then != a_worth", "'revalued'", "a_then - a_worth", "a_key"),
        (f"{stayed} AND b_worth != a_then", "if(b_worth > a_then, 'grew', 'shrank')", "b_worth - a_then", "a_key"),
        (f"{stayed} AND a_key != b_key", "'moved-out'", "-b_worth", "a_key"),
        (f"{stayed} AND a_key != b_key", "'moved-in'", "b_worth", "b_key"),
    ]
    if query.known_from is not None:
        differs = "(a_inside != c_inside OR a_worth != c_worth OR a_key != c_key)"
        found += [
            (f"c_inside AND {differs}", "'restated'", "-c_worth", "c_key"),
            (f"a_inside AND {differs}", "'restated'", "a_worth", "a_key"),
        ]
    kind = "Tuple(movement String, change Decimal(38, 4), key Array(Nullable(String)))"
    told = ", ".join(f"(if({when}, {word}, ''), {change}, {key})" for when, word, change, key in found)
    sql = (
        "SELECT *, line.movement AS movement, line.key AS key\n"
        f"FROM (SELECT *, arrayJoin(arrayFilter(x -> x.movement != '', CAST([{told}], 'Array({kind})'))) AS line\n"
        f"FROM ({source}))"
    )
    # A deal that was restated from one figure to another has one line of it.
    own = ", ".join(f"any({name}) AS {name}" for name in _shown())
    sql = f"SELECT canonical_id, movement, key, sum(line.change) AS change, {own}\nFROM ({sql})"
    return f"{sql} GROUP BY canonical_id, movement, key", parameters


def date_lines(query: BridgeQuery) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the deals that stayed and whose expected close moved, in the form of ``lines``."""
    source, parameters = deals(query)
    sql = (
        f"SELECT canonical_id, if(b_due > a_due, 'pushed', 'pulled') AS movement, b_key AS key, b_worth AS change,\n"
        f"  {', '.join(_shown())}\nFROM ({source}) WHERE a_inside AND b_inside AND ifNull(a_due != b_due, false)"
    )
    return sql, parameters


def _shown() -> list[str]:
    facts = ("inside", "status", "stage", "worth", "unpriced", "due", "currency")
    return ["title", *(f"{side}_{fact}" for side in ("a", "b") for fact in facts)]
