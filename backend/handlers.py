"""Turns every exception that reaches the edge into problem JSON."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from backend.errors import FieldError, Problem, bad_parameter
from backend.stores.mongo import MongoUnavailable
from backend.stores.redis import RedisUnavailable
from salescommand_lake.errors import AccessDenied, LakeError, SchemaAhead, SchemaBehind, SchemaDiffers, SchemaMismatch
from salescommand_lake.reads.question import QueryError
from salescommand_lake.schema import require_schema

__all__ = ["install_handlers", "problem_response"]

logger = logging.getLogger(__name__)
Handler = Callable[[Request, Exception], Awaitable[Response]]
Translation = Callable[[Request, Any], Problem]
RETRY_SECONDS = "5"
_TITLES = {404: "Nothing is here", 405: "The method does not fit", 401: "Not signed in", 403: "Not allowed"}


def problem_response(request: Request, problem: Problem) -> Response:
    """Return the problem as an answer to this request."""
    body = problem.body(request.url.path, getattr(request.state, "request_id", None))
    return JSONResponse(body, problem.status, headers=problem.headers, media_type="application/problem+json")


def install_handlers(app: FastAPI) -> None:
    """Make the app answer every failure with problem JSON."""
    for kind, translate in TRANSLATIONS.items():
        app.add_exception_handler(kind, _handler(translate))
    app.add_exception_handler(LakeError, _lake_handler())


def _handler(translate: Translation) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        return problem_response(request, translate(request, error))

    return handle


def _lake_handler() -> Handler:
    async def handle(request: Request, error: Any) -> Response:
        if isinstance(error, SchemaMismatch):
            # A table or column is missing. Usually the schema is behind; say so instead of quoting a statement.
            try:
                await require_schema(request.app.state.context.engine)
            except LakeError as reason:
                return problem_response(request, _lake(request, reason))
        return problem_response(request, _lake(request, error))

    return handle


def _own(_: Request, error: Problem) -> Problem:
    return error


def _http(request: Request, error: HTTPException) -> Problem:
    title = _TITLES.get(error.status_code, "The request can't be served")
    detail, hint = str(error.detail), None
    if error.status_code == 404:
        detail = f"There is nothing at {request.url.path}."
        hint = "The routes are listed at /api/docs."
    elif error.status_code == 405:
        detail = f"{request.url.path} does not take {request.method}."
    return Problem(error.status_code, "http", title, detail, hint=hint, headers=error.headers)


def _validation(_: Request, error: RequestValidationError) -> Problem:
    """Name each field; 400 when a parameter is wrong, 422 when the body is."""
    faults = [
        FieldError(field=".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]), message=fault["msg"])
        for fault in error.errors()
    ]
    in_body = all(fault["loc"][0] == "body" for fault in error.errors())
    detail = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
    if in_body:
        return Problem(422, "bad-body", "The body can't be used", detail, errors=faults)
    return Problem(400, "bad-parameter", "A parameter can't be used", detail, errors=faults)


def _question(_: Request, error: QueryError) -> Problem:
    return bad_parameter(error.parameter, error.message, hint=error.hint)


def _lake(_: Request, error: LakeError) -> Problem:
    """Say what the lake said: 503 when waiting helps or the schema is not ours, 500 when it is a fault of a query."""
    if isinstance(error, SchemaBehind):
        detail = f"The lake's schema is behind: have {error.have}, need {error.need}."
        hint = "Events are still taken. A process with SALESCOMMAND_SCHEMA=ensure, or the operator, updates it."
        extra = {"have": error.have, "need": error.need, "differences": list(error.differences)}
        headers = {"Retry-After": RETRY_SECONDS}
        return Problem(503, "schema-behind", "The schema is behind", detail, hint=hint, headers=headers, extra=extra)
    if isinstance(error, SchemaAhead):
        extra = {"have": error.have, "need": error.need}
        return Problem(503, "schema-ahead", "The schema is ahead", str(error), extra=extra)
    if isinstance(error, SchemaDiffers):
        return Problem(503, "schema-differs", "The schema differs", str(error), hint="Events are still taken.")
    if isinstance(error, AccessDenied):
        # Not a fault of the query: every query fails until somebody mends the user, and then none does.
        return Problem(
            503,
            "lake-refuses-us",
            "The lake refuses this program",
            "ClickHouse refuses the user or its password, or the user lacks a right.",
            hint="Events are still taken and kept. Mend CLICKHOUSE_USER, CLICKHOUSE_PASSWORD or the grants.",
            headers={"Retry-After": RETRY_SECONDS},
        )
    if error.retryable:
        return Problem(
            503,
            "lake-unavailable",
            "The lake does not answer",
            str(error),
            hint="Events are still taken and kept in the spool. Try again in a moment.",
            headers={"Retry-After": RETRY_SECONDS},
        )
    logger.error("The lake refused a statement: %s", error)
    return Problem(
        500,
        "lake-refused",
        "The lake refused the query",
        f"The lake refused the query ({type(error).__name__}).",
        hint="The log has the reason under this request id.",
    )


def _mongo(_: Request, error: MongoUnavailable) -> Problem:
    return _store_away("MongoDB", "MONGO_URL", str(error))


def _redis(_: Request, error: RedisError) -> Problem:
    if isinstance(error, RedisUnavailable):
        return _store_away("Redis", "REDIS_URL", "Redis can't be reached")
    return _unexpected(_, error)


def _store_away(name: str, variable: str, reason: str) -> Problem:
    return Problem(
        503,
        f"{name.lower()}-unavailable",
        f"{name} does not answer",
        f"{reason}.",
        hint=f"Events are still taken. Check that {name} runs and that {variable} is right, then try again.",
        headers={"Retry-After": RETRY_SECONDS},
    )


def _unexpected(_: Request, __: Exception) -> Problem:
    """Say no more than that it is our fault; the log has the traceback under the request id."""
    return Problem(
        500,
        "unexpected",
        "Something went wrong here",
        "The server failed in a way that nobody foresaw.",
        hint="The log has the reason under this request id. Please report it.",
    )


TRANSLATIONS: dict[type[Exception], Translation] = {
    Problem: _own,
    HTTPException: _http,
    RequestValidationError: _validation,
    QueryError: _question,
    MongoUnavailable: _mongo,
    RedisError: _redis,
    Exception: _unexpected,
}
