"""Building the canonical zone again from raw, beside the live one, and putting it in its place."""

from salescommand_lake.rebuild.run import Exclusive, RebuildProgress, RebuildResult, plan_rebuild, rebuild
from salescommand_lake.rebuild.scope import RebuildScope

__all__ = ["Exclusive", "RebuildProgress", "RebuildResult", "RebuildScope", "plan_rebuild", "rebuild"]
