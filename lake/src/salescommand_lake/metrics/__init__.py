"""The metrics: a registry of definitions, and one compiler from a definition and a question to SQL."""

from salescommand_lake.metrics.question import Group, MetricQuery, MetricResult

__all__ = ["Group", "MetricQuery", "MetricResult"]
