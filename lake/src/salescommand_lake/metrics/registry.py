"""What the numbers mean: every metric by its slug."""

from __future__ import annotations

from types import MappingProxyType

from salescommand_lake.metrics.composed import COMPOSED_METRICS
from salescommand_lake.metrics.deals import DEAL_METRICS
from salescommand_lake.metrics.definition import Formula, Metric
from salescommand_lake.metrics.work import WORK_METRICS

__all__ = ["REGISTRY", "Formula", "Metric"]

REGISTRY: MappingProxyType[str, Metric] = MappingProxyType(
    {metric.slug: metric for metric in (*DEAL_METRICS, *WORK_METRICS, *COMPOSED_METRICS)}
)
"""Every metric by its slug."""
