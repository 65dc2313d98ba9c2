"""A step of a plan: one statement, what it is about, how risky it is, and how much of the lake it touches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Action", "Risk", "Step", "Target"]


class Risk(StrEnum):
    """How risky a step is, from nothing to what can't be done."""

    NONE = "None"
    SAFE = "Safe"
    COSTLY = "Costly"
    DESTRUCTIVE = "Destructive"
    IMPOSSIBLE = "Impossible"

    @property
    def rank(self) -> int:
        """Order by danger."""
        return list(Risk).index(self)


class Target(StrEnum):
    """Where a step runs.

    ClickHouse carries the ALTER of a replicated table to the other replicas of its shard itself, but neither a CREATE
    nor a MODIFY SETTING.
    """

    EVERY_REPLICA = "every replica"
    ONE_PER_SHARD = "one replica of each shard"


class Action(StrEnum):
    """What a step does."""

    CREATE_DATABASE = "CreateDatabase"
    CREATE_TABLE = "CreateTable"
    CREATE_VIEW = "CreateView"
    FREEZE = "Freeze"
    ADD_COLUMN = "AddColumn"
    MODIFY_COLUMN = "ModifyColumn"
    DROP_COLUMN = "DropColumn"
    ADD_INDEX = "AddIndex"
    DROP_INDEX = "DropIndex"
    ADD_PROJECTION = "AddProjection"
    DROP_PROJECTION = "DropProjection"
    MATERIALIZE_COLUMN = "MaterializeColumn"
    MATERIALIZE_PROJECTION = "MaterializeProjection"
    MODIFY_SETTING = "ModifySetting"
    MODIFY_TTL = "ModifyTTL"
    REMOVE_TTL = "RemoveTTL"
    RAW_RETENTION = "RawRetention"
    """Written into the ledger, for the worker that takes expired events away; the step has no SQL."""
    MODIFY_QUERY = "ModifyQuery"
    REBUILD = "Rebuild"
    """What no statement can do; the step has no SQL, and its reason says the way out."""


_EVERYWHERE = frozenset(
    {Action.CREATE_DATABASE, Action.CREATE_TABLE, Action.CREATE_VIEW, Action.MODIFY_SETTING, Action.MODIFY_QUERY}
    | {Action.FREEZE}
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``object`` is the table, with the part of it after a dot; ``rows`` and ``bytes`` are what it touches.

    ``want`` and ``got`` say the difference that the step ends, for people and for drift.
    """

    action: Action
    object: str
    risk: Risk
    reason: str
    sql: str = ""
    rows: int = 0
    bytes: int = 0
    want: str = ""
    got: str = ""

    @property
    def target(self) -> Target:
        """Return where the step runs."""
        return Target.EVERY_REPLICA if self.action in _EVERYWHERE else Target.ONE_PER_SHARD
