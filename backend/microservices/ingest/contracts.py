"""Contracts: what a source promised of its records, as JSON Schema 2020-12, checked at the door."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, NoReturn

import jsonschema_rs

__all__ = ["Action", "BadSchema", "Contract", "Flaw", "compile_schema"]

Action = Literal["refuse", "quarantine"]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
LARGEST = 256 * 1024
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class BadSchema(Exception):  # noqa: N818 - named for what it is
    """A document that can't be a contract; the message says why."""


class Flaw(NamedTuple):
    """Where a record breaks a contract, as a JSONPath, and why. Values of the record are not repeated."""

    path: str
    reason: str

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.path}: {self.reason}"


class Contract:
    """One version of the contract of one of a source's entities."""

    __slots__ = ("_validator", "action", "entity_type", "version")

    def __init__(self, entity_type: str, version: int, action: Action, schema: str) -> None:
        self.entity_type = entity_type
        self.version = version
        self.action = action
        self._validator = compile_schema(schema)

    def flaw(self, record: dict[str, Any]) -> Flaw | None:
        """Return the first flaw of a record, None when it has none."""
        if self._validator.is_valid(record):
            return None
        return next(iter(self.flaws(record, 1)), None)

    def flaws(self, record: dict[str, Any], most: int) -> list[Flaw]:
        """Return the flaws of a record, the first `most` of them."""
        return flaws_of(self._validator, record, most)


def flaws_of(validator: jsonschema_rs.Draft202012Validator, record: Any, most: int) -> list[Flaw]:
    """Return the first `most` flaws that a compiled schema finds in a value."""
    found = []
    for error in validator.iter_errors(record):
        found.append(Flaw(_path(error.instance_path), error.message))
        if len(found) == most:
            break
    return found


def compile_schema(text: str) -> jsonschema_rs.Draft202012Validator:
    """Return a checker of a schema. Formats are checked; patterns run in linear time; nothing is ever fetched.

    Raises:
        BadSchema: it isn't JSON Schema 2020-12, refers to something elsewhere, or is too large.
    """
    if len(text) > LARGEST:
        raise BadSchema(f"the schema has {len(text)} characters; {LARGEST} are allowed")
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSchema(f"it is not JSON: {error}") from None
    if not isinstance(schema, dict):
        raise BadSchema("a contract is a JSON object")
    dialect = schema.get("$schema", DIALECT)
    if not isinstance(dialect, str) or dialect.rstrip("#") != DIALECT:
        raise BadSchema(f"$schema is {str(dialect)[:100]!r}; contracts are written in {DIALECT}")
    try:
        return jsonschema_rs.Draft202012Validator(
            schema,
            validate_formats=True,
            retriever=_never,
            pattern_options=jsonschema_rs.RegexOptions(),
            mask="the value",
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, RecursionError) as error:
        raise BadSchema(_in_words(error)) from None


def _never(uri: str) -> NoReturn:
    message = f"{uri[:200]} lies outside the document; put it under $defs"
    raise ValueError(message)


def _in_words(error: Exception) -> str:
    message = getattr(error, "message", "") or str(error)
    place = _path(getattr(error, "instance_path", []))
    return f"{place}: {message.splitlines()[0]}" if place != "$" else message.splitlines()[0]


def _path(parts: Sequence[str | int]) -> str:
    """Write a path as JSONPath (RFC 9535)."""
    text = "$"
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if _PLAIN.fullmatch(part) else f"[{json.dumps(part, ensure_ascii=False)}]"
    return text[:500]
