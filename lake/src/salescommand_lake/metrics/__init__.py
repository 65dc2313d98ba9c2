"""The metrics: a registry of definitions, and one compiler from a definition and a question to SQL."""

from salescommand_lake.metrics.compute import compute
from salescommand_lake.metrics.question import Group, MetricQuery, MetricResult, Part
from salescommand_lake.metrics.registry import REGISTRY, Metric

__all__ = ["REGISTRY", "Group", "Metric", "MetricQuery", "MetricResult", "Part", "compute"]
