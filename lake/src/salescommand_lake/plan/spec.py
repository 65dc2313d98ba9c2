"""What a lake is declared to be: the part of a DataLake that is about ClickHouse, without Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from salescommand_lake.engine.base import identifier

__all__ = [
    "ZONE_TABLES",
    "ChangePolicy",
    "Consent",
    "LakeSpec",
    "PartitionBy",
    "Projection",
    "PromotedColumn",
    "Retention",
    "SkipIndex",
    "Zone",
    "ZoneSpec",
]


class Zone(StrEnum):
    """The zones of the lake, by the names that a DataLake gives them."""

    RAW = "rawEvents"
    CANONICAL = "canonicalRecords"
    SERVING = "servingViews"


ZONE_TABLES: Mapping[Zone, str] = MappingProxyType(
    {Zone.RAW: "raw_events", Zone.CANONICAL: "canonical_records", Zone.SERVING: "serving_views"}
)
"""The documented table of each zone; what a zone declares is about this table."""


class PartitionBy(StrEnum):
    """How long a partition of a zone's table is."""

    NONE = "None"
    DAY = "Day"
    WEEK = "Week"
    MONTH = "Month"


class SkipIndex(StrEnum):
    """A data-skipping index on a promoted column."""

    NONE = "None"
    MINMAX = "MinMax"
    SET = "Set"
    BLOOM_FILTER = "BloomFilter"


class Consent(StrEnum):
    """What happens with steps of a risk: never run, run once the plan's hash is approved, or run at once."""

    REFUSE = "Refuse"
    REQUIRE_APPROVAL = "RequireApproval"
    ALLOW = "Allow"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept, in days since they came in; 0 means for ever. ``cold_after_days`` moves them before."""

    days: int = 0
    cold_after_days: int | None = None
    cold_volume: str = "cold"

    def __post_init__(self) -> None:
        identifier(self.cold_volume)
        if self.days < 0:
            msg = f"retention.days is {self.days}; it must be 0 (for ever) or more"
            raise ValueError(msg)
        if self.cold_after_days is not None and self.days and self.cold_after_days >= self.days:
            msg = f"retention.coldAfterDays is {self.cold_after_days}; it must be less than days ({self.days})"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class PromotedColumn:
    """A path of the payload as a typed column of its own, for questions that ask for it often."""

    name: str
    path: str
    type: str
    index: SkipIndex = SkipIndex.NONE
    backfill: bool = False

    def __post_init__(self) -> None:
        identifier(self.name)
        for part in self.path.split("."):
            identifier(part)
        if self.type not in PROMOTED_TYPES:
            msg = f"promotedColumns[{self.name}].type is {self.type!r}; use one of {', '.join(PROMOTED_TYPES)}"
            raise ValueError(msg)
        if self.index is SkipIndex.BLOOM_FILTER and self.type.startswith("Decimal"):
            msg = f"promotedColumns[{self.name}].index: ClickHouse has no bloom filter for {self.type}; use MinMax"
            raise ValueError(msg)


PROMOTED_TYPES = (
    "String",
    "LowCardinality(String)",
    "Bool",
    "Int64",
    "Float64",
    "Decimal(18, 4)",
    "Date",
    "DateTime64(3)",
    "UUID",
)
"""Types of promoted columns; a list, so that no SQL comes in through a manifest."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A second order (``order_by``) or an aggregate (``group_by`` with ``aggregates``) that ClickHouse maintains."""

    name: str
    order_by: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    aggregates: tuple[str, ...] = ()
    backfill: bool = False

    def __post_init__(self) -> None:
        for name in (self.name, *self.order_by, *self.group_by):
            identifier(name)
        if bool(self.order_by) == bool(self.group_by):
            msg = f"projections[{self.name}]: set exactly one of orderBy and groupBy"
            raise ValueError(msg)
        if self.aggregates and not self.group_by:
            msg = f"projections[{self.name}]: aggregates need groupBy"
            raise ValueError(msg)
        for text in self.aggregates:
            aggregate(self.name, text)

    @property
    def sql(self) -> str:
        """Return the query of the projection."""
        if self.order_by:
            return f"SELECT * ORDER BY {', '.join(self.order_by)}"
        return f"SELECT {', '.join((*self.group_by, *self.aggregates))} GROUP BY {', '.join(self.group_by)}"


_AGGREGATES = frozenset({"count", "sum", "min", "max", "avg", "uniq", "any"})


def aggregate(projection: str, text: str) -> str:
    """Return an aggregate such as ``sum(amount)`` or ``count()`` when it is one of the few that are allowed.

    Raises:
        ValueError: it is not, so that no other SQL comes in through a manifest.
    """
    function, _, rest = text.partition("(")
    argument = rest.removesuffix(")")
    if function not in _AGGREGATES or not rest.endswith(")") or (argument and not argument.isidentifier()):
        allowed = ", ".join(sorted(_AGGREGATES))
        msg = f"projections[{projection}].aggregates has {text!r}; write FUNCTION(COLUMN) with one of {allowed}"
        raise ValueError(msg)
    return text


@dataclass(frozen=True, slots=True)
class ZoneSpec:
    """What is declared for a zone's table. ``partition_by`` None leaves what the schema says."""

    partition_by: PartitionBy | None = None
    retention: Retention = field(default_factory=Retention)
    promoted_columns: tuple[PromotedColumn, ...] = ()
    projections: tuple[Projection, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.settings.items():
            identifier(name)
            if not setting_value(value):
                msg = f"settings.{name} is {value!r}; it must be a number or a word"
                raise ValueError(msg)


def setting_value(value: str) -> bool:
    """Tell whether a setting's value is a number or a word, which need no quotes and hide no SQL."""
    plain = value.removeprefix("-").replace(".", "", 1)
    return (plain.isascii() and plain.isdigit()) or (value.isascii() and value.replace("_", "a").isalnum())


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """What may run: see Consent. ``adopt_existing`` allows the first plan on tables that somebody else made."""

    destructive: Consent = Consent.REQUIRE_APPROVAL
    costly: Consent = Consent.ALLOW
    freeze_before: bool = True
    adopt_existing: bool = False


@dataclass(frozen=True, slots=True)
class LakeSpec:
    """A lake as it is declared.

    ``owner`` names who declares it (``namespace/name``), so that nobody else's tables are taken over by mistake.
    ``replicated`` makes every table one of ClickHouse's Replicated engines, with an explicit path.
    """

    owner: str
    database: str = "salesintel"
    zones: Mapping[Zone, ZoneSpec] = field(default_factory=dict)
    policy: ChangePolicy = field(default_factory=ChangePolicy)
    replicated: bool = False
    ignore: tuple[str, ...] = ()
    """Objects (``raw_events.tmp_*``) that may differ: steps about them are left out of the plan."""

    def __post_init__(self) -> None:
        identifier(self.database)
        raw = self.zones.get(Zone.RAW, ZoneSpec())
        if raw.retention.days and raw.partition_by in (PartitionBy.NONE, PartitionBy.WEEK):
            msg = "rawEvents.retention.days needs partitions by day or month: events are taken away by whole months"
            raise ValueError(msg)

    def zone_of(self, table: str) -> ZoneSpec | None:
        """Return what is declared for the table, None when it is not the table of a zone."""
        for zone, name in ZONE_TABLES.items():
            if name == table:
                return self.zones.get(zone, ZoneSpec())
        return None
