"""Mapping documents: how the payloads of one source, or of one kind of source, become the fields of a noun."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field

from salescommand_lake.model import FieldType, Noun


@dataclass(frozen=True, slots=True)
class Policy:
    """What an empty spelling means: the field was cleared, nothing is said about it, or it is a value like others."""

    on_null: str = "cleared"
    on_empty: str = "cleared"
    on_false: str = "value"
    on_absent: str = "unchanged"


@dataclass(frozen=True, slots=True)
class Pair:
    """A one-key object made of two members: the name of a property and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Each:
    """An object whose members are objects that hold the value: `{"name": {"value": "Acme", "versions": []}}`.

    It is there when its first member has one; members without one say nothing.
    """

    of: tuple[str, ...]
    member: str


Place = tuple[str, ...] | Pair | Each
"""Where a JSON object stands: the keys that lead to it, () for the payload itself, or what it is made of."""


@dataclass(frozen=True, slots=True)
class Container:
    """Where a JSON object stands in a payload: the first of these places that has one."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A member of a container."""

    container: str
    key: str


@dataclass(frozen=True, slots=True)
class When:
    """A condition on another member: its text is one of ``words`` (in any case of letters) or begins with a prefix."""

    path: Path
    words: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where a value may stand: one place, or several whose texts are joined when all of them are there.

    ``mapped`` replaces spellings (in any case of letters). Where ``when`` does not hold, nothing is said.
    """

    paths: tuple[Path, ...]
    pick: str | None
    mapped: Dict[str, str] | None
    other: str | None
    """What becomes of a spelling that ``mapped`` lacks: keep, refuse, skip, or this value."""
    policy: Policy
    when: When | None = None
    negative: bool = False
    """Whether the number counts below zero whatever its sign, as the amount of a credit note does."""
    separator: str = " "
    empty: tuple[str, ...] = ()
    """Texts, in lower case, that mean the same as an empty one."""
    typed: bool = False
    """Whether the parser must know if the text was a number."""


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are written in texts: 1.234,50 € has the point ",", the group "." and the symbol "€"."""

    point: str = "."
    group: str = ""
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """How one field is filled: by a constant or by the first candidate that yields a value."""

    name: str
    type: FieldType
    parse: str
    candidates: tuple[Candidate, ...] = ()
    constant: str | None = None
    default: str | None = None
    formats: tuple[str, ...] = ("iso",)
    scale: int = 4
    currency_from: str | None = None
    exponents: Dict[str, int] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    cleared_when_absent: bool = False
    style: NumberStyle | None = None
    plus: tuple[int, int] | None = None
    """Months and then days that are added to a date."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping document."""

    scope_type: str
    """``source`` or ``kind``."""
    scope_name: str
    noun: Noun
    entity_types: tuple[str, ...]
    """The words, in lower case, that events without a resolved record type are claimed by."""
    containers: Dict[str, Container]
    nulled_in: Path | None
    """A list of keys: where it is there, null means unchanged but for these keys, which are cleared."""
    fields: tuple[FieldMapping, ...]
    deleted: FieldMapping | None
    merged_into: FieldMapping | None
    """The id of the record that survives, in events that merge."""
    text: str
    name: str

    @property
    def scope(self) -> str:
        """Return the scope as ``kind:NAME`` or ``source:NAME``."""
        return f"{self.scope_type}:{self.scope_name}"

    @property
    def record_type(self) -> str:
        """Return the noun's name."""
        return self.noun.name
