"""How the parameters of reads are described in OpenAPI. They are parsed by the lake, which knows the fields."""

from __future__ import annotations

from typing import Any

from fastapi import Request

__all__ = ["AS_OF", "CURSOR", "FILTER", "KNOWN_AT", "LIMIT", "documented", "filters", "pairs", "parameter"]


def parameter(name: str, description: str, schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    """Describe one query parameter."""
    described = {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
    if example is not None:
        described["example"] = example
    return described


TEXT = {"type": "string"}
AS_OF = parameter("as_of", "What was true then: a day (its end, UTC) or a time. Now if absent", TEXT, "2026-03-31")
KNOWN_AT = parameter("known_at", "What had been received by then. Everything if absent", TEXT, "2026-04-02")
CURRENCY = parameter("currency", "ISO code that amounts are given in. The reporting currency if absent", TEXT, "EUR")
LIMIT = parameter("limit", "Items of a page", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50})
CURSOR = parameter("cursor", "`next_cursor` of the page before", TEXT)
FILTER: dict[str, Any] = {
    "name": "filter",
    "in": "query",
    "required": False,
    "style": "deepObject",
    "explode": True,
    "description": "`filter[field]=a,b` (any of) or `filter[field][op]=v` with op eq, ne, gt, gte, lt, lte, contains "
    "or empty (true, false). An unknown field or operator is a 400 that names it.",
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    "example": {"stage": "Proposal,Negotiation"},
}


def filters(example: dict[str, str]) -> dict[str, Any]:
    """Return FILTER with an example of the route's own."""
    return FILTER | {"example": example}


def documented(*parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what a route passes as `openapi_extra`."""
    return {"parameters": list(parameters)}


def pairs(request: Request) -> list[tuple[str, str]]:
    """Return the query string's parameters in their order, repeated ones too."""
    return list(request.query_params.multi_items())
