"""YAML read as written: every scalar keeps its spelling and its line, so that an error can point at it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import yaml

LONGEST_DOCUMENT = 200_000
"""Characters; the longest shipped mapping has about 5,000."""


class MappingError(ValueError):
    """A mapping document that can't be used. ``line`` counts from 1; ``field`` is the path to the wrong key."""

    def __init__(self, document: str, line: int, where: str, message: str) -> None:
        super().__init__(f"{document}, line {line}{f', {where}' if where else ''}: {message}")
        self.document = document
        self.line = line
        self.field = where
        self.message = message


@dataclass(slots=True)
class Node:
    """One value of a document: text, items or entries, with its line and the path that leads to it."""

    document: str
    line: int
    where: str
    text: str | None = None
    items: list[Node] | None = None
    entries: dict[str, Node] | None = None
    _taken: set[str] = field(default_factory=set)

    def error(self, message: str) -> MappingError:
        """Return an error that points at this node."""
        return MappingError(self.document, self.line, self.where, message)

    def string(self) -> str:
        """Return the text of a scalar that is not empty."""
        if self.text is None or not self.text:
            raise self.error("a text is expected here")
        return self.text

    def choice(self, allowed: Collection[str]) -> str:
        """Return the text, which must be one of ``allowed``."""
        text = self.string()
        if text not in allowed:
            raise self.error(f"{text!r} is not one of {', '.join(sorted(allowed))}")
        return text

    def number(self, low: int, high: int) -> int:
        """Return a whole number between ``low`` and ``high``."""
        text = self.string()
        if not text.isdecimal() or not low <= int(text) <= high:
            raise self.error(f"{text!r} is not a number from {low} to {high}")
        return int(text)

    def list(self) -> list[Node]:
        """Return the items of a list that has some."""
        if not self.items:
            raise self.error("a list with at least one item is expected here")
        return self.items

    def strings(self) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(item.string() for item in self.list())

    def mapping(self) -> dict[str, Node]:
        """Return the entries of a mapping that has some."""
        if not self.entries:
            raise self.error("keys with values are expected here")
        return self.entries

    def only(self, known: Collection[str]) -> dict[str, Node]:
        """Return the entries of a mapping, which may have no other keys than ``known``."""
        entries = self.mapping()
        for key, node in entries.items():
            if key not in known:
                raise node.error(f"there is no key {key!r} here; use {', '.join(sorted(known))}")
        return entries


class _Loader(yaml.SafeLoader):
    """Composes nodes without aliases, which have no use here and can make a small document huge."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias, compose everything else."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not used here", mark)
        return super().compose_node(parent, index)


def read(text: str, document: str) -> Node:
    """Read a document into nodes.

    Raises:
        MappingError: the text is not YAML, has a key twice, or is not a mapping at the top.
    """
    if len(text) > LONGEST_DOCUMENT:
        raise MappingError(document, 1, "", f"has {len(text)} characters; {LONGEST_DOCUMENT} are the most")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(document, line, "", f"is not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise MappingError(document, 1, "", f"is not YAML: {error}") from None
    finally:
        loader.dispose()
    if not isinstance(node, yaml.MappingNode):
        raise MappingError(
            document, 1, "", "a mapping document has keys at its top: kind or source, record_type, fields"
        )
    return _convert(node, document, "")


def _convert(node: yaml.Node, document: str, where: str) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return Node(document, line, where, entries=dict(_entries(node, document, where)))
    if isinstance(node, yaml.SequenceNode):
        items = [_convert(item, document, f"{where}[{number}]") for number, item in enumerate(node.value, 1)]
        return Node(document, line, where, items=items)
    return Node(document, line, where, text=str(node.value))


def _entries(node: yaml.MappingNode, document: str, where: str) -> Iterator[tuple[str, Node]]:
    seen: set[str] = set()
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or not key_node.value:
            raise MappingError(document, line, where, "a key must be a text")
        key = str(key_node.value)
        path = f"{where}.{key}" if where else key
        if key in seen:
            raise MappingError(document, line, path, "the key stands twice")
        seen.add(key)
        value = _convert(value_node, document, path)
        value.line = line  # an error in a value points at its key
        yield key, value
