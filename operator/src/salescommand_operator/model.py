"""The DataLake resource as typed models. The custom resource definition is written from them (`crd.py`).

Each field's description is what `kubectl explain` shows. Rules that look at one field stand on it; rules that look at
several, or at the value before, are CEL expressions on the model around them, each with a message that says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = ["DataLakeSpec", "ZoneModel", "Zones"]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Column = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$", max_length=63)]


def rules(*each: tuple[str, str] | tuple[str, str, str]) -> dict[str, Any]:
    """Return CEL rules for a model: expression, message, and the field to point at, if it is one."""
    found = []
    for rule, message, *path in each:
        found.append({"rule": rule, "message": message} | ({"fieldPath": path[0]} if path else {}))
    return {"x-kubernetes-validations": found}


def listed(kind: str, *keys: str) -> dict[str, Any]:
    """Return how server-side apply merges a list."""
    return {"x-kubernetes-list-type": kind} | ({"x-kubernetes-list-map-keys": list(keys)} if keys else {})


class Model(BaseModel):
    """Base: camelCase outside, unknown fields refused, immutable."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class SecretReference(Model):
    """A Secret of the DataLake's namespace that holds the user of the lake."""

    name: str = Field(min_length=1, max_length=253, description="Name of the Secret.")
    username_key: str = Field(default="username", max_length=253, description="Its key with the user's name.")
    password_key: str = Field(default="password", max_length=253, description="Its key with the user's password.")


class SecretKey(Model):
    """One key of a Secret."""

    name: str = Field(min_length=1, max_length=253, description="Name of the Secret.")
    key: str = Field(default="ca.crt", max_length=253, description="Its key.")


class ExternalCluster(Model):
    """A ClickHouse that is not the chart's: reached at an address, never scaled and never resized."""

    url: str = Field(
        pattern=r"^https?://[^\s/@]+$",
        max_length=512,
        description="Address of its HTTP interface, such as https://abc.clickhouse.cloud:8443, without credentials.",
    )
    ca_secret_ref: SecretKey | None = Field(
        default=None, description="The certificate authority of its certificate, when the system does not know it."
    )


class ClusterRef(Model):
    """Which ClickHouse the lake is in."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.name) != has(self.external)",
                "set exactly one of clusterRef.name (the chart's cluster) and clusterRef.external (an address)",
            ),
            (
                "has(self.name) == has(oldSelf.name) && (!has(self.name) || self.name == oldSelf.name)",
                "clusterRef.name is immutable; create a new DataLake instead",
            ),
        )
    )

    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=53,
        description="The chart's ClickHouse in this namespace, by its release name.",
    )
    external: ExternalCluster | None = Field(
        default=None, description="A ClickHouse outside of the chart. Topology and storage are not declared then."
    )
    credentials_secret_ref: SecretReference | None = Field(
        default=None, description="Who the operator is there. Left out: the Secret that the chart made."
    )


class RetentionModel(Model):
    """How long rows of a zone are kept."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.coldAfterDays) || self.days == 0 || self.coldAfterDays < self.days",
                "coldAfterDays must be smaller than days",
                ".coldAfterDays",
            )
        )
    )

    days: int = Field(default=0, ge=0, le=36500, description="Days after which rows expire; 0 keeps them for ever.")
    cold_after_days: int | None = Field(
        default=None, ge=1, le=36500, description="Days after which rows move to the cold volume."
    )
    cold_volume: str = Field(
        default="cold",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$",
        description="Volume of the storage policy that they move to.",
    )


class PromotedColumnModel(Model):
    """A path of the payload that gets a typed column of its own."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "self.index != 'BloomFilter' || !self.type.startsWith('Decimal')",
                "ClickHouse has no bloom filter for decimals; use MinMax",
                ".index",
            )
        )
    )

    name: Name = Field(description="Name of the column.")
    path: str = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,7}$",
        max_length=256,
        description="Path in the payload, such as deal.amount.",
    )
    type: Literal[
        "String",
        "LowCardinality(String)",
        "Bool",
        "Int64",
        "Float64",
        "Decimal(18, 4)",
        "Date",
        "DateTime64(3)",
        "UUID",
    ] = Field(description="ClickHouse type of the column.")
    index: Literal["None", "MinMax", "Set", "BloomFilter"] = Field(
        default="None", description="Data-skipping index on the column."
    )
    backfill: bool = Field(default=False, description="Write the column for rows that are there; costs a mutation.")


class ProjectionModel(Model):
    """A second order or an aggregate that ClickHouse maintains beside the table."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.orderBy) != has(self.groupBy)", "set exactly one of orderBy and groupBy"),
            ("!has(self.aggregates) || has(self.groupBy)", "aggregates need groupBy", ".aggregates"),
        )
    )

    name: str = Field(pattern=r"^p_[a-z0-9_]{1,60}$", description="Name of the projection; begins with p_.")
    order_by: list[Column] | None = Field(
        default=None, min_length=1, max_length=8, description="Columns of the second order, over all columns."
    )
    group_by: list[Column] | None = Field(
        default=None, min_length=1, max_length=8, description="Columns of the groups."
    )
    aggregates: (
        list[
            Annotated[
                str,
                Field(
                    pattern=r"^((sum|min|max|avg|uniq|any)\([A-Za-z_][A-Za-z0-9_]*\)|count\(\))$",
                    max_length=128,
                ),
            ]
        ]
        | None
    ) = Field(
        default=None, min_length=1, max_length=16, description="Aggregates of the groups, such as count() or sum(n)."
    )
    backfill: bool = Field(
        default=False, description="Write the projection for parts that are there; costs a mutation."
    )


class ZoneModel(Model):
    """One zone of the lake: how long it is kept and what is made fast in it."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                (
                    "has(self.partitionBy) == has(oldSelf.partitionBy)"
                    " && (!has(self.partitionBy) || self.partitionBy == oldSelf.partitionBy)"
                ),
                "partitionBy cannot be altered in ClickHouse; create a DataLake with another database and rebuild",
                ".partitionBy",
            )
        )
    )

    partition_by: Literal["None", "Day", "Week", "Month"] | None = Field(
        default=None, description="Length of a partition. Left out: what the schema says. Fixed once the table is made."
    )
    retention: RetentionModel = Field(default=RetentionModel(), description="How long rows are kept.")
    promoted_columns: list[PromotedColumnModel] = Field(
        default=[],
        max_length=64,
        description="Paths of the payload as columns.",
        json_schema_extra=listed("map", "name"),
    )
    projections: list[ProjectionModel] = Field(
        default=[], max_length=16, description="Further orders and aggregates.", json_schema_extra=listed("map", "name")
    )
    settings: Mapping[str, Annotated[str, Field(max_length=128)]] = Field(
        default={},
        description="Settings of the zone's table, as numbers or words.",
        json_schema_extra={"maxProperties": 32},
    )


class Zones(Model):
    """The three zones."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                (
                    "self.canonicalRecords.retention.days == 0 || (self.rawEvents.retention.days != 0"
                    " && self.canonicalRecords.retention.days >= self.rawEvents.retention.days)"
                ),
                "canonicalRecords must be kept at least as long as rawEvents (0 means for ever)",
                ".canonicalRecords",
            )
        )
    )

    raw_events: ZoneModel = Field(default=ZoneModel(), description="Every event as it came.")
    canonical_records: ZoneModel = Field(default=ZoneModel(), description="Versions of the clean records.")
    serving_views: ZoneModel = Field(default=ZoneModel(), description="What was published of the numbers.")


class Topology(Model):
    """How many servers the chart's cluster has."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "self.shards >= oldSelf.shards || self.shardRemoval == 'DrainFirst'",
                "lowering shards would orphan that shard's rows; set topology.shardRemoval: DrainFirst",
                ".shards",
            ),
            ("self.replicas >= oldSelf.replicas - 1", "remove at most one replica per change", ".replicas"),
        )
    )

    shards: int = Field(default=1, ge=1, le=64, description="Parts that the rows are spread over.")
    replicas: int = Field(default=1, ge=1, le=9, description="Copies of each shard.")
    shard_removal: Literal["Refuse", "DrainFirst"] = Field(
        default="Refuse", description="Whether a shard may go once its rows have moved to the others."
    )
    max_replica_delay_seconds: int = Field(
        default=60, ge=1, le=86400, description="How far a replica may be behind and still count as in sync."
    )


class Storage(Model):
    """The volumes of the chart's cluster."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "quantity(self.size).compareTo(quantity(oldSelf.size)) >= 0",
                "storage can only grow; PersistentVolumeClaims cannot shrink",
                ".size",
            ),
            (
                (
                    "has(self.storageClassName) == has(oldSelf.storageClassName)"
                    " && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)"
                ),
                "storageClassName is immutable; move to another class with a new DataLake",
                ".storageClassName",
            ),
        )
    )

    size: str = Field(
        max_length=32,
        description="Size of each server's volume, such as 100Gi.",
        json_schema_extra=rules(
            (
                "isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))",
                "size must be a positive quantity such as 100Gi",
            )
        ),
    )
    storage_class_name: str | None = Field(
        default=None, max_length=253, description="StorageClass of the volumes; left out: the cluster's default."
    )
    expansion: Literal["Automatic", "Manual"] = Field(
        default="Automatic", description="Whether the operator grows claims, or only says that they should grow."
    )


class ChangePolicyModel(Model):
    """Which changes of the lake run by themselves."""

    destructive: Literal["Refuse", "RequireApproval", "Allow"] = Field(
        default="RequireApproval", description="Steps that remove rows or values."
    )
    costly: Literal["RequireApproval", "Allow"] = Field(
        default="Allow", description="Steps that rewrite much and lose nothing."
    )
    freeze_before: bool = Field(
        default=True, description="Keep hard links of the parts before a step that removes rows."
    )
    adopt_existing: bool = Field(default=False, description="Take over tables that this DataLake did not make.")


class DriftModel(Model):
    """What happens when somebody changes the lake by hand."""

    policy: Literal["Ignore", "Report", "Heal"] = Field(
        default="Report",
        description="Say nothing, say it in status and events, or change it back (where that is safe).",
    )
    interval_seconds: int = Field(
        default=120, ge=15, le=86400, description="How often the lake is compared, in seconds."
    )
    ignore: list[Annotated[str, Field(max_length=128)]] = Field(
        default=[],
        max_length=32,
        description="Objects that may differ, as shell patterns such as raw_events.tmp_*.",
        json_schema_extra=listed("set"),
    )


class DataLakeSpec(Model):
    """What is wanted."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "self.database == oldSelf.database",
                "database is immutable; create a new DataLake for another database",
                ".database",
            ),
            ("!has(oldSelf.storage) || has(self.storage)", "storage cannot be removed once set"),
            (
                "!has(self.clusterRef.external) || (!has(self.topology) && !has(self.storage))",
                "an external cluster is scaled where it runs; leave topology and storage out",
            ),
            (
                (
                    "!self.paused || !has(self.approvedPlan)"
                    " || (has(oldSelf.approvedPlan) && self.approvedPlan == oldSelf.approvedPlan)"
                ),
                "cannot approve a plan while paused; unpause first",
                ".approvedPlan",
            ),
        )
    )

    cluster_ref: ClusterRef = Field(description="Which ClickHouse the lake is in, and who the operator is there.")
    database: str = Field(
        default="salesintel", pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Database of the lake. Fixed once made."
    )
    zones: Zones = Field(default=Zones(), description="What is declared for raw, canonical and serving.")
    topology: Topology | None = Field(default=None, description="Shards and replicas of the chart's cluster.")
    storage: Storage | None = Field(default=None, description="Volumes of the chart's cluster.")
    drift: DriftModel = Field(default=DriftModel(), description="What happens when the lake is changed by hand.")
    change_policy: ChangePolicyModel = Field(
        default=ChangePolicyModel(), description="Which changes run by themselves."
    )
    deletion_policy: Literal["Retain", "Delete"] = Field(
        default="Retain",
        description="What becomes of the database when the DataLake is deleted; Delete only what it has made itself.",
    )
    mode: Literal["Apply", "DryRun"] = Field(
        default="Apply", description="DryRun plans and reports, and changes nothing."
    )
    paused: bool = Field(default=False, description="Leave the lake alone until this is false again.")
    approved_plan: str | None = Field(
        default=None,
        pattern=r"^sha256:[0-9a-f]{64}$",
        description="Hash of the plan that may run (status.plan.hash); a plan that has changed since is not approved.",
    )
