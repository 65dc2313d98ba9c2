"""The status of a DataLake as typed models: what `kubectl get dl -o yaml` shows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from salescommand_operator.model import Model, listed

__all__ = ["ConditionModel", "DataLakeStatus"]

Int64 = Annotated[int, Field(json_schema_extra={"format": "int64"})]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class ConditionModel(Model):
    """One condition, in the form that kstatus, Helm, Argo CD and Flux read."""

    type: str = Field(max_length=316, description="What it is about.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    observed_generation: Int64 | None = Field(default=None, ge=0, description="The generation that it was found for.")
    last_transition_time: Time = Field(description="When its status changed last.")
    reason: str = Field(
        min_length=1,
        max_length=1024,
        pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description="Why, in one word.",
    )
    message: str = Field(max_length=32768, description="Why, in a sentence that says what to do.")


class StepModel(Model):
    """One step of the plan."""

    id: int = Field(description="Its place.")
    action: str = Field(description="What it does.")
    object: str = Field(description="Table, with the part of it after a dot.")
    target: str | None = Field(default=None, description="Where it runs.")
    risk: Literal["Safe", "Costly", "Destructive", "Impossible"] = Field(description="How risky it is.")
    reason: str | None = Field(default=None, max_length=512, description="Why it is needed and what it means.")
    sql: str | None = Field(default=None, max_length=1024, description="The statement, cut where it is long.")
    rows_affected: Int64 | None = Field(default=None, description="Rows that it touches, as estimated.")
    bytes_affected: Int64 | None = Field(default=None, description="Bytes that it touches, as estimated.")


class PlanModel(Model):
    """The steps between what is there and what is declared."""

    hash: str = Field(description="What spec.approvedPlan names to let this plan run.")
    generation: Int64 = Field(description="The generation that it was made for.")
    created_at: Time = Field(description="When a plan with this hash was first made.")
    risk: Literal["None", "Safe", "Costly", "Destructive", "Impossible"] = Field(description="Its riskiest step's.")
    summary: str = Field(max_length=256, description="How many steps of each risk.")
    truncated: bool | None = Field(default=None, description="Whether there are more steps than are shown.")
    steps: list[StepModel] = Field(default=[], max_length=50, description="The steps, in their order.")


class AppliedModel(Model):
    """The last plan that ran."""

    hash: str = Field(description="Its hash.")
    generation: Int64 = Field(description="The generation that it was made for.")
    time: Time = Field(description="When it was done.")
    steps: int = Field(description="How many steps it had.")


class DriftItemModel(Model):
    """One thing that was changed by hand."""

    object: str = Field(description="Table, with the part of it after a dot.")
    replica: str | None = Field(default=None, description="The server that differs.")
    want: str = Field(max_length=256, description="What is declared.")
    got: str = Field(max_length=256, description="What is there.")


class DriftStatusModel(Model):
    """What differs from what this DataLake made.

    The time of the last check is a metric, not a field: it would write the status on every pass.
    """

    count: int = Field(description="How many things differ.")
    items: list[DriftItemModel] = Field(default=[], max_length=20, description="The first of them.")


class TopologyStatusModel(Model):
    """The servers that are there."""

    shards: int = Field(description="Shards that are there.")
    replicas: int = Field(description="Replicas of each shard; what `kubectl scale` reads.")
    ready_replicas: int | None = Field(default=None, description="Servers that answer.")
    selector: str | None = Field(
        default=None, description="Label selector of the servers' pods; what autoscalers read."
    )
    max_delay_seconds: int | None = Field(default=None, description="How far the slowest replica is behind.")


class StorageStatusModel(Model):
    """The volumes that are there."""

    requested: str = Field(description="Size that is declared.")
    actual: str = Field(description="Size of the smallest claim.")
    resizing: int | None = Field(default=None, description="Claims that are still growing.")


class ZoneStatusModel(Model):
    """How a zone is."""

    name: str = Field(description="Table of the zone.")
    rows: Int64 = Field(description="Rows of its active parts.")
    bytes: Int64 = Field(description="Bytes of its active parts.")
    oldest: str | None = Field(default=None, description="When its oldest row came in, to the day.")
    ttl_days: int | None = Field(default=None, description="Days after which the table expires rows; 0 for never.")


class DataLakeStatus(Model):
    """What is there."""

    observed_generation: Int64 | None = Field(default=None, description="The generation that this status is about.")
    conditions: list[ConditionModel] = Field(
        default=[], max_length=24, description="What holds.", json_schema_extra=listed("map", "type")
    )
    plan: PlanModel | None = Field(default=None, description="What would be done, or waits for approval.")
    last_applied: AppliedModel | None = Field(default=None, description="The last plan that ran.")
    drift: DriftStatusModel | None = Field(default=None, description="What was changed by hand.")
    topology: TopologyStatusModel | None = Field(default=None, description="The servers.")
    storage: StorageStatusModel | None = Field(default=None, description="The volumes.")
    zones: list[ZoneStatusModel] | None = Field(
        default=None, description="The zones.", json_schema_extra=listed("map", "name")
    )
    server_version: str | None = Field(default=None, description="Version of ClickHouse.")
