"""Drafting a contract from what a source really sends: types, what is always there, formats, and short lists of values.

genson infers the structure; what it doesn't know, formats and enumerations of strings, is added to its strategy for
strings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import jsonschema_rs
from genson import SchemaBuilder
from genson.schema.strategies import String

from backend.microservices.ingest.contracts import DIALECT

__all__ = ["draft"]

MOST_VALUES = 12
"""A member with more different values than this is no enumeration."""
LEAST_SEEN = 20
"""How often a member must have been seen before few values mean an enumeration."""
_FORMATS = {
    name: jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
    for name in ("date-time", "date", "uuid", "email", "uri")
}


def _is(name: str, value: str) -> bool:
    """Tell whether a value has a format; of all that may be called a URI only addresses on the web count."""
    return (name != "uri" or value.startswith(("http://", "https://"))) and _FORMATS[name].is_valid(value)


class _Text(String):  # type: ignore[misc]
    """A string whose values are counted until they are clearly no enumeration."""

    def __init__(self, node_class: Any) -> None:
        super().__init__(node_class)
        self._seen = 0
        self._values: Counter[str] | None = Counter()
        self._formats = list(_FORMATS)

    def add_object(self, obj: Any) -> None:
        """Take in one value."""
        self._seen += 1
        if self._formats:
            self._formats = [name for name in self._formats if _is(name, obj)]
        if self._values is not None:
            self._values[obj] += 1
            if len(self._values) > MOST_VALUES or len(obj) > 64:
                self._values = None

    def to_schema(self) -> dict[str, Any]:
        """Return what the values have in common."""
        schema: dict[str, Any] = super().to_schema()
        if self._formats:
            return schema | {"format": self._formats[0]}
        # Each value must have come several times, or free text with few records would be an enumeration.
        if self._values and len(self._values) > 1 and self._seen >= LEAST_SEEN and min(self._values.values()) > 1:
            return schema | {"enum": sorted(self._values)}
        return schema


class _Builder(SchemaBuilder):  # type: ignore[misc]
    EXTRA_STRATEGIES = (_Text,)


def draft(records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a JSON Schema that all these records fit."""
    builder = _Builder(schema_uri=DIALECT)
    for record in records:
        builder.add_object(record)
    found: dict[str, Any] = builder.to_schema()
    return found
