"""What is asked of the bridge, and the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from salescommand_lake.reads.question import (
    Filter,
    QueryError,
    moment_text,
    parse_currency,
    parse_moment,
    query_string,
    single,
)
from salescommand_lake.reads.scope import Scope
from salescommand_lake.records.question import DEFAULT_LIMIT, parse_limit

__all__ = ["DATE_MOVES", "MOVEMENTS", "Bar", "Bridge", "BridgeDealsQuery", "BridgeQuery", "BridgeSet"]

MOVEMENTS: MappingProxyType[str, str] = MappingProxyType(
    {
        "restated": "What was learned later about the first moment. Only where known_from is given.",
        "created": "Deals that did not exist at the first moment, those closed since included.",
        "reopened": "Deals that were won or lost at the first moment and are open at the second.",
        "restored": "Deals that were deleted at the first moment and live at the second.",
        "moved-in": "Open deals that came under the filters, or into the group, from elsewhere.",
        "grew": "Deals that stayed and whose amount rose, at the rates of the second moment.",
        "shrank": "Deals that stayed and whose amount fell, at the rates of the second moment.",
        "revalued": "Deals that stayed: what their old amount gained or lost by the exchange rates.",
        "moved-out": "Open deals that left the filters, or the group.",
        "won": "Deals that were won, at what they were worth in the opening, or closed at where created since.",
        "lost": "Deals that were lost, at what they were worth in the opening, or closed at where created since.",
        "deleted": "Deals that were deleted, at what they were worth in the opening.",
    }
)
"""The movements in the order in which a bridge shows them, each with its meaning."""

DATE_MOVES: MappingProxyType[str, str] = MappingProxyType(
    {
        "pushed": "Deals that stayed and are now expected to close later.",
        "pulled": "Deals that stayed and are now expected to close earlier.",
    }
)
"""Movements of dates: they are shown beside the bridge and change no amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeQuery:
    """A question for the bridge between two moments."""

    start: datetime
    """The opening is the open pipeline as of this moment."""
    end: datetime
    """The closing is the open pipeline as of this moment."""
    known_from: datetime | None = None
    """What had been received by then counts in the opening; what came later is restated. None is ``known_at``."""
    known_at: datetime | None = None
    """What had been received by then counts in everything else. None is everything."""
    currency: str = "USD"
    by: tuple[str, ...] = ()
    fiscal_start: int = 1
    filters: tuple[Filter, ...] = ()
    scope: Scope | None = None
    """Whose records are seen; None is everybody's. It is no parameter of a query string."""

    @classmethod
    def parse(
        cls,
        params: Iterable[tuple[str, str]],
        *,
        currency: str = "USD",
        fiscal_start: int = 1,
        scope: Scope | None = None,
    ) -> BridgeQuery:
        """Read the parameters of a query string; ``currency`` holds when they name none.

        Raises:
            QueryError: a parameter is missing, unknown or can't be read.
        """
        return cls(**_read(list(params), (), currency, fiscal_start)[0], scope=scope)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The question as parameters of a query string."""
        moments = {"from": self.start, "to": self.end, "known_from": self.known_from, "known_at": self.known_at}
        found = [(name, moment_text(moment)) for name, moment in moments.items() if moment]
        found += [("currency", self.currency), *(("by", name) for name in self.by)]
        return found + [(one.parameter, one.text) for one in self.filters]


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeDealsQuery:
    """A question for the deals of one bar, the largest change first."""

    bridge: BridgeQuery
    movement: str
    key: tuple[str | None, ...] | None = None
    """Of one group only: its values in the order of ``by``; empty text is a group without a value."""
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    @classmethod
    def parse(
        cls,
        params: Iterable[tuple[str, str]],
        *,
        currency: str = "USD",
        fiscal_start: int = 1,
        scope: Scope | None = None,
    ) -> BridgeDealsQuery:
        """Read the parameters of a query string.

        Raises:
            QueryError: a parameter is missing, unknown or can't be read.
        """
        pairs = list(params)
        keys = tuple(value or None for name, value in pairs if name == "key")
        rest = [pair for pair in pairs if pair[0] != "key"]
        known, once = _read(rest, ("movement", "limit", "cursor"), currency, fiscal_start)
        query = BridgeQuery(**known, scope=scope)
        movement = once.get("movement", "")
        if movement not in MOVEMENTS and movement not in DATE_MOVES:
            words = ", ".join([*MOVEMENTS, *DATE_MOVES])
            raise QueryError("movement", f"there is no movement {movement!r}", f"use one of {words}")
        if keys and len(keys) != len(query.by):
            raise QueryError("key", f"{len(keys)} values for {len(query.by)} dimensions", "give one for each by")
        limit = parse_limit(once["limit"]) if "limit" in once else DEFAULT_LIMIT
        return cls(bridge=query, movement=movement, key=keys or None, limit=limit, cursor=once.get("cursor") or None)


def _read(
    pairs: list[tuple[str, str]], more: tuple[str, ...], currency: str, fiscal_start: int
) -> tuple[dict[str, Any], Mapping[str, str]]:
    by = tuple(value for name, value in pairs if name == "by")
    names = ("from", "to", "known_from", "known_at", "currency", *more)
    once, filters = single([pair for pair in pairs if pair[0] != "by"], names)
    for name in ("from", "to"):
        if name not in once:
            raise QueryError(name, "is missing", "a bridge needs two days: from=2026-01-31&to=2026-02-28")
    moments = {name: parse_moment(name, once[name]) for name in names[:4] if name in once}
    if moments["from"] > moments["to"]:
        raise QueryError("from", f"{once['from']} is after {once['to']}")
    known = {
        "start": moments["from"],
        "end": moments["to"],
        "known_from": moments.get("known_from"),
        "known_at": moments.get("known_at"),
        "currency": parse_currency(once.get("currency", currency)),
        "by": by,
        "fiscal_start": fiscal_start,
        "filters": filters,
    }
    return known, once


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a decimal string, how many deals it is made of, and where they are listed."""

    value: str
    rows: int
    drill: str

    def as_dict(self) -> dict[str, Any]:
        """Return the bar in the shape that the API gives it."""
        return {"value": self.value, "rows": self.rows, "drill": self.drill}


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSet:
    """The bars of everything, or of one group. Opening plus the movements is closing."""

    key: Mapping[str, str | None]
    opening: Bar
    movements: Mapping[str, Bar]
    closing: Bar
    dates: Mapping[str, Bar] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the bars in the shape that the API gives them."""
        return {
            "key": dict(self.key),
            "opening": self.opening.as_dict(),
            "movements": [
                {"movement": name, "meaning": MOVEMENTS[name], **bar.as_dict()} for name, bar in self.movements.items()
            ],
            "closing": self.closing.as_dict(),
            "dates": [
                {"movement": name, "meaning": DATE_MOVES[name], **bar.as_dict()} for name, bar in self.dates.items()
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The answer."""

    query: BridgeQuery
    data_as_of: Mapping[str, datetime]
    whole: BridgeSet
    groups: tuple[BridgeSet, ...]
    unpriced: int
    """Deals of the bars that have no amount, currency or rate; they count as nothing."""
    unpriced_currencies: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the answer in the shape that the API gives it."""
        query = self.query
        moments = {"from": query.start, "to": query.end, "known_from": query.known_from, "known_at": query.known_at}
        return {
            **{name: moment_text(moment) if moment else None for name, moment in moments.items()},
            "currency": query.currency,
            "filters": {one.parameter: one.text for one in query.filters},
            "data_as_of": {source: moment_text(moment) for source, moment in self.data_as_of.items()},
            "unpriced": self.unpriced,
            "unpriced_currencies": list(self.unpriced_currencies),
            **{name: value for name, value in self.whole.as_dict().items() if name != "key"},
            "groups": [group.as_dict() for group in self.groups],
        }


def deals_address(query: BridgeQuery, movement: str, key: Iterable[str | None]) -> str:
    """Return the address of the deals of a bar."""
    pairs = [("movement", movement), *query.pairs, *(("key", value or "") for value in key)]
    return f"/api/metrics/bridge/deals?{query_string(pairs)}"
