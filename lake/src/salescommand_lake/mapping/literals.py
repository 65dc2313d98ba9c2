"""Text of our own documents written as SQL literals. Values of requests never come this way: they are bound."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(text: str) -> str:
    """Return ``text`` as a SQL string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def array(texts: Iterable[str]) -> str:
    """Return ``texts`` as a SQL array of strings."""
    return "[" + ", ".join(quoted(text) for text in texts) + "]"


def numbers(values: Iterable[int]) -> str:
    """Return ``values`` as a SQL array of small integers."""
    return "[" + ", ".join(str(value) for value in values) + "]"
