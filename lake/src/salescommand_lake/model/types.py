"""What the model is made of: nouns, their fields with type, meaning and unit, and the rules that score a record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FieldType(StrEnum):
    """The kinds of value that a canonical field holds."""

    STRING = "string"
    DECIMAL = "decimal"  # 18 digits, 4 of them after the point
    RATE = "rate"  # 18 digits, 8 of them after the point
    CURRENCY = "currency"  # ISO 4217 code in capitals
    DATE = "date"
    TIME = "time"  # UTC, milliseconds
    BOOL = "bool"
    INTEGER = "integer"
    ENUM = "enum"
    REF = "ref"  # the source's own id of another record of the same source


_SQL_TYPES = MappingProxyType(
    {
        FieldType.STRING: "String",
        FieldType.DECIMAL: "Decimal(18, 4)",
        FieldType.RATE: "Decimal(18, 8)",
        FieldType.CURRENCY: "String",
        FieldType.DATE: "Date32",
        FieldType.TIME: "DateTime64(3, 'UTC')",
        FieldType.BOOL: "Bool",
        FieldType.INTEGER: "Int64",
        FieldType.ENUM: "String",
        FieldType.REF: "String",
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a noun. ``unit`` is what the value counts; for an amount it names the field of its currency."""

    name: str
    type: FieldType
    label: str
    meaning: str
    unit: str | None = None
    values: tuple[str, ...] = ()
    """The values an enum may take."""
    ref: str | None = None
    """The noun that a ref points to."""

    @property
    def sql_type(self) -> str:
        """Return the ClickHouse type that holds a value of this field."""
        return _SQL_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check of one record. ``condition`` is SQL over the record's nullable fields; a record passes when it is true.

    The score of a record is 1 minus the weights of the failed rules over the weights of all.
    """

    name: str
    weight: int
    meaning: str
    condition: str


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of canonical record."""

    name: str
    plural: str
    label: str
    meaning: str
    prefix: str
    """How canonical ids of this noun begin."""
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    title: tuple[str, ...]
    """The fields that name a record to people: the first that has a value."""
    value: str | None = None
    """The amount that a record stands for in lists, when it has one."""
    merged: bool = False
    """Whether records of different sources may be one, so that people see a merged record."""

    @property
    def merged_table(self) -> str:
        """Return the table of merged records, of a noun that has one: a row per record, with its cluster."""
        return f"merged_{self.plural}"

    @property
    def refs(self) -> tuple[str, ...]:
        """Return the fields that hold a source's own id of another record."""
        return tuple(field.name for field in self.fields if field.type is FieldType.REF)

    @property
    def table(self) -> str:
        """Return the table of current states."""
        return self.plural

    @property
    def changes_table(self) -> str:
        """Return the table that holds one row per accepted event."""
        return f"{self.name}_changes"

    @property
    def intervals_table(self) -> str:
        """Return the table of what its records were, from when to when."""
        return f"{self.name}_intervals"

    @property
    def latest_table(self) -> str:
        """Return the table of the last intervals, where the noun has one."""
        return f"{self.name}_latest"

    def field(self, name: str) -> Field | None:
        """Return the field called ``name``, None when there is none."""
        return next((field for field in self.fields if field.name == name), None)
