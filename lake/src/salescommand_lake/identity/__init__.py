"""Identity across sources: which records are one, who says so and why, and the merged record that people see."""

from salescommand_lake.identity.decisions import Decision, DecisionRefused, apply_decisions, decide, undo
from salescommand_lake.identity.link import Step, link_first, relink_all

__all__ = ["Decision", "DecisionRefused", "Step", "apply_decisions", "decide", "link_first", "relink_all", "undo"]
