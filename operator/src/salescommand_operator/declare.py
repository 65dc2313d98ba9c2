"""From a DataLake to what the lake's planner is told. Pure."""

from __future__ import annotations

from salescommand_lake.plan.spec import (
    ChangePolicy,
    Consent,
    LakeSpec,
    PartitionBy,
    Projection,
    PromotedColumn,
    Retention,
    SkipIndex,
    Zone,
    ZoneSpec,
)
from salescommand_operator.model import DataLakeSpec, ZoneModel

__all__ = ["lake_spec"]


def lake_spec(spec: DataLakeSpec, *, namespace: str, name: str, replicated: bool) -> LakeSpec:
    """Return the part of a DataLake that is about ClickHouse. ``replicated``: its tables have copies.

    Raises:
        ValueError: a value that the API server let through is refused here; the message names it.
    """
    zones = {
        Zone.RAW: spec.zones.raw_events,
        Zone.CANONICAL: spec.zones.canonical_records,
        Zone.SERVING: spec.zones.serving_views,
    }
    policy = spec.change_policy
    return LakeSpec(
        owner=f"{namespace}/{name}",
        database=spec.database,
        zones={zone: _zone(declared) for zone, declared in zones.items()},
        policy=ChangePolicy(
            destructive=Consent(policy.destructive),
            costly=Consent(policy.costly),
            freeze_before=policy.freeze_before,
            adopt_existing=policy.adopt_existing,
        ),
        replicated=replicated,
    )


def _zone(declared: ZoneModel) -> ZoneSpec:
    keep = declared.retention
    return ZoneSpec(
        partition_by=PartitionBy(declared.partition_by) if declared.partition_by else None,
        retention=Retention(keep.days, keep.cold_after_days, keep.cold_volume),
        promoted_columns=tuple(
            PromotedColumn(each.name, each.path, each.type, SkipIndex(each.index), each.backfill)
            for each in declared.promoted_columns
        ),
        projections=tuple(
            Projection(
                each.name,
                tuple(each.order_by or ()),
                tuple(each.group_by or ()),
                tuple(each.aggregates or ()),
                each.backfill,
            )
            for each in declared.projections
        ),
        settings=dict(declared.settings),
    )
