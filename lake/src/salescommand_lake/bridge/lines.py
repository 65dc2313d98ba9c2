"""The bridge as SQL: each deal at both moments, and the lines that lead from one to the other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from salescommand_lake.bridge.question import BridgeQuery
from salescommand_lake.metrics.cuts import key_sql
from salescommand_lake.metrics.registry import REGISTRY
from salescommand_lake.model import NOUNS
from salescommand_lake.reads.money import converted
from salescommand_lake.reads.question import Filter, QueryError
from salescommand_lake.reads.rows import Moment, matching, told

__all__ = ["METRIC", "UNPRICED", "lines"]

METRIC = REGISTRY["open-pipeline"]
UNPRICED = "unpriced"
"""The movement of lines that count what has no price; their key is the currencies at both moments."""
_DEAL = NOUNS["opportunity"]
_ZERO = "toDecimal128(0, 4)"
_ENDED = Filter("status", "eq", ("open", "won", "lost"))
_STANDINGS = "['', 'deleted', 'without status', 'won', 'lost', 'open']"
_STANDING = "multiIf(NOT {0}, 0, is_deleted, 1, status = 'won', 3, status = 'lost', 4, status = 'open', 5, 2)"


def _deals(query: BridgeQuery) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the deals of the bridge, with what they were at each of its moments.

    These are the deals that are in the pipeline at one of the moments, and those that were made and closed between
    them. Columns begin with a_ at the first moment, b_ at the second, and c_ at the first as it was known at
    ``known_from``. ``a_then`` is what the deal of the first moment is worth at the rates of the second; ``passed``
    says that it was made and closed between the two, and ``a_stands`` and ``b_stands`` how it stood, empty where it
    did not exist.

    Raises:
        QueryError: a dimension or filter does not exist, or a value does not fit.
    """
    for name in query.by:
        if name not in METRIC.dimensions:
            raise QueryError("by", f"the bridge has no {name!r}", f"use {', '.join(METRIC.dimensions)}")
    first, second = Moment(query.start, query.known_at), Moment(query.end, query.known_at)
    parameters: dict[str, Any] = {"then_day": second.day, "start": query.start, "end": query.end}

    def side(prefix: str, moment: Moment, where: Iterable[Filter] = METRIC.where, early: str = "1") -> str:
        sql, bound = _side(query, prefix, moment, where, early)
        parameters.update({f"{prefix}_{name}": value for name, value in bound.items()})
        return re.sub(r"\{(?!then_day:|start:)(\w+):", rf"{{{prefix}_\1:", sql)

    # What is closed at the second moment is looked at only where it closed after the first.
    ended = side("b", second, (_ENDED,), "(status = 'open' OR source_time > {start:DateTime64(3, 'UTC')})")
    states, bound = told(_DEAL, query.known_at)
    parameters |= bound
    there = {name: f"(valid_from <= {at} AND valid_to > {at})" for name, at in (("a", _at("start")), ("b", _at("end")))}
    stands = ", ".join(
        f"{_STANDINGS}[1 + max({_STANDING.format(condition)})] AS {name}_stands" for name, condition in there.items()
    )
    pair = (
        f"SELECT if(a_id != '', a_id, b_id) AS deal, *\n"
        f"FROM ({side('a', first)}) AS a FULL OUTER JOIN ({ended}) AS b ON a.a_id = b.b_id"
    )
    third = "0 AS c_inside"
    if query.known_from is not None:
        known = side("c", Moment(query.start, query.known_from))
        pair = (
            "SELECT * EXCEPT (deal), if(pair.deal != '', pair.deal, c.c_id) AS deal\n"
            f"FROM ({pair}) AS pair FULL OUTER JOIN ({known}) AS c ON pair.deal = c.c_id"
        )
        third = "c_inside"
    sql = f"""
    SELECT *, deal AS canonical_id, if(b_stands IN ('open', 'won', 'lost'), b_stands, '') AS b_status,
        if(a_inside, a_name, b_name) AS title, b_ended AND a_stands = '' AS passed
    FROM ({pair}) AS both
    LEFT ANY JOIN (SELECT canonical_id AS stands_id, {stands} FROM ({states})
        WHERE {" OR ".join(there.values())} GROUP BY canonical_id) AS stood ON both.deal = stood.stands_id
    WHERE a_inside OR b_inside OR passed OR {third}"""
    return sql, parameters


def _at(name: str) -> str:
    return f"{{{name}:DateTime64(3, 'UTC')}}"


def _side(
    query: BridgeQuery, prefix: str, moment: Moment, where: Iterable[Filter], early: str
) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the deals of a moment under the filters of the question, its columns with the prefix."""
    source, parameters = matching(
        _DEAL,
        moment,
        query.currency,
        filters=(*where, *query.filters),
        needed={"value", *query.by},
        early=early,
        scope=query.scope,
    )
    # None may be NULL but the due date: a deal that is not there at one of the moments has the defaults of its types.
    facts = {
        "id": "canonical_id",
        "inside": "ifNull(status = 'open', false)",
        "ended": "ifNull(status IN ('won', 'lost'), false)",
        "worth": f"ifNull(value, {_ZERO})",
        "unpriced": "isNull(value)",
        "due": "close_date",
        "stage": "ifNull(toString(stage), '')",
        "currency": "ifNull(toString(currency), '')",
        "name": "ifNull(name, source_id)",
    }
    if prefix == "a":
        source = converted(source, amounts={"then": "amount"}, day="{then_day:Date32}", reporting=query.currency)
        facts["then"] = f"ifNull(then, {_ZERO})"
    key = ", ".join(f"CAST({key_sql(METRIC, name, query.fiscal_start)}, 'Nullable(String)')" for name in query.by)
    facts["key"] = f"CAST([{key}], 'Array(Nullable(String))')"
    return (
        f"SELECT {', '.join(f'{sql} AS {prefix}_{name}' for name, sql in facts.items())}\nFROM ({source})",
        parameters,
    )


def lines(query: BridgeQuery) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of the lines of the bridge: canonical_id, movement, change, key, and the deal at both ends.

    Lines of dates that moved and of what has no price are among them; they are no part of what adds up.

    Raises:
        QueryError: a dimension or filter does not exist, or a value does not fit.
    """
    source, parameters = _deals(query)
    opening = "c" if query.known_from is not None else "a"
    left = (
        "multiIf(b_stands IN ('', 'deleted'), 'deleted', b_stands = 'won', 'won', b_stands = 'lost', 'lost',"
        " 'moved-out')"
    )
    came = (
        "multiIf(a_stands = '', 'created', a_stands = 'deleted', 'restored', a_stands IN ('won', 'lost'), 'reopened',"
        " 'moved-in')"
    )
    stayed = "a_inside AND b_inside"
    found = [
        (f"{opening}_inside", "'opening'", f"{opening}_worth", f"{opening}_key"),
        ("b_inside", "'closing'", "b_worth", "b_key"),
        ("a_inside AND NOT b_inside", left, "-a_worth", "a_key"),
        ("b_inside AND NOT a_inside", came, "b_worth", "b_key"),
        ("passed", "'created'", "b_worth", "b_key"),
        ("passed", "b_stands", "-b_worth", "b_key"),
        (f"{stayed} AND a_then != a_worth", "'revalued'", "a_then - a_worth", "a_key"),
        (f"{stayed} AND b_worth != a_then", "if(b_worth > a_then, 'grew', 'shrank')", "b_worth - a_then", "a_key"),
        (f"{stayed} AND a_key != b_key", "'moved-out'", "-b_worth", "a_key"),
        (f"{stayed} AND a_key != b_key", "'moved-in'", "b_worth", "b_key"),
        (f"{stayed} AND ifNull(a_due != b_due, false)", "if(b_due > a_due, 'pushed', 'pulled')", "b_worth", "b_key"),
    ]
    if query.known_from is not None:
        differs = "(a_inside != c_inside OR a_worth != c_worth OR a_key != c_key)"
        found += [
            (f"c_inside AND {differs}", "'restated'", "-c_worth", "c_key"),
            (f"a_inside AND {differs}", "'restated'", "a_worth", "a_key"),
        ]
    missing = {"a": "a_inside AND a_unpriced", "b": "(b_inside OR passed) AND b_unpriced"}
    currencies = ", ".join(f"if({when}, {side}_currency, NULL)" for side, when in missing.items())
    found.append((" OR ".join(f"({when})" for when in missing.values()), f"'{UNPRICED}'", _ZERO, f"[{currencies}]"))
    kind = "Tuple(movement String, change Decimal(38, 4), key Array(Nullable(String)))"
    listed = ", ".join(f"(if({when}, {word}, ''), {change}, {key})" for when, word, change, key in found)
    sql = (
        f"SELECT {', '.join(['canonical_id', *_shown()])}, line.movement AS movement, line.key AS key,\n"
        "  line.change AS change\n"
        f"FROM (SELECT *, arrayJoin(arrayFilter(x -> x.movement != '', CAST([{listed}], 'Array({kind})'))) AS line\n"
        f"FROM ({source}))"
    )
    if query.known_from is None:
        return sql, parameters
    # A deal that was restated from one figure to another has one line of it.
    own = ", ".join(f"any(l.{name}) AS {name}" for name in _shown())
    grouped = f"SELECT canonical_id, movement, key, sum(l.change) AS change, {own} FROM ({sql}) AS l"
    return f"{grouped} GROUP BY canonical_id, movement, key", parameters


def _shown() -> list[str]:
    facts = ("inside", "stage", "worth", "unpriced", "due")
    return ["title", "b_status", *(f"{side}_{fact}" for side in ("a", "b") for fact in facts)]
