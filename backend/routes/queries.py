"""How the parameters of reads are described in OpenAPI. They are parsed by the lake, which knows the fields."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from backend.services.answers import Answer

__all__ = [
    "AS_OF",
    "CURSOR",
    "FILTER",
    "KNOWN_AT",
    "LIMIT",
    "documented",
    "filters",
    "known_tags",
    "pairs",
    "parameter",
    "tagged",
]


def parameter(
    name: str, description: str, schema: dict[str, Any], example: Any = None, *, required: bool = False
) -> dict[str, Any]:
    """Describe one query parameter."""
    described = {"name": name, "in": "query", "required": required, "description": description, "schema": schema}
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


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The answer is the one whose ETag was sent in If-None-Match"}
}


def known_tags(request: Request) -> tuple[str, ...]:
    """Return the entity tags of the answers that the caller has."""
    return tuple(tag.strip() for tag in request.headers.get("if-none-match", "").split(",") if tag.strip())


def tagged(answer: Answer, response: Response) -> Response | dict[str, Any]:
    """Return the body of an answer and set its headers; 304 without a body when the caller has this answer."""
    headers = {"ETag": answer.tag, "Cache-Control": "private, no-cache"}
    if answer.body is None:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return answer.body
