"""Errors that leave the API, as problem JSON (RFC 9457): what failed, for which input, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["FieldError", "Problem", "ProblemBody", "bad_parameter", "not_found"]


class FieldError(BaseModel):
    """One fault in the input and where it is."""

    field: str = Field(description="Name of the parameter or field", examples=["filter[stag]"])
    message: str = Field(examples=["unknown field; did you mean stage?"])
    line: int | None = Field(default=None, description="Line in a posted document")


class ProblemBody(BaseModel):
    """The body of every answer that is not a success, as `application/problem+json`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:salescommand:problem:bad-parameter",
                "title": "A parameter can't be used",
                "status": 400,
                "detail": "filter[stag]: opportunity has no field stag",
                "instance": "/api/records/opportunity",
                "hint": "Fields: name, stage, amount …",
                "request_id": "5f0c2a9e1b7d4c33",
                "errors": [{"field": "filter[stag]", "message": "opportunity has no field stag", "line": None}],
            }
        }
    )

    type: str = Field(description="Name of the kind of problem, stable for programs")
    title: str
    status: int
    detail: str = Field(description="What failed, for which input")
    instance: str = Field(description="Path of the request")
    hint: str | None = Field(default=None, description="What to do next")
    request_id: str | None = Field(default=None, description="Look for it in the log")
    errors: list[FieldError] | None = None


class Problem(Exception):  # noqa: N818 - named for what it is
    """An answer that is not a success. Raised by services and routes, written by the handlers in `main`."""

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str,
        *,
        hint: str | None = None,
        errors: Sequence[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.hint = hint
        self.errors = list(errors) if errors else None
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def body(self, instance: str, request_id: str | None) -> dict[str, Any]:
        """Return the problem JSON for a request to the path `instance`."""
        full = ProblemBody(
            type=f"urn:salescommand:problem:{self.slug}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            instance=instance,
            hint=self.hint,
            request_id=request_id,
            errors=self.errors,
        )
        return full.model_dump(exclude_none=True) | self.extra


def bad_parameter(name: str, message: str, *, hint: str | None = None) -> Problem:
    """Return the 400 for a query parameter or path part that can't be used."""
    return Problem(
        400,
        "bad-parameter",
        "A parameter can't be used",
        f"{name}: {message}",
        hint=hint,
        errors=[FieldError(field=name, message=message)],
    )


def not_found(what: str, name: str, *, hint: str | None = None) -> Problem:
    """Return the 404 for a thing that isn't there."""
    return Problem(404, "not-found", f"No such {what}", f"There is no {what} {name}.", hint=hint)
