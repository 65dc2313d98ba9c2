"""SalesCommand's lake: all SQL and DDL, two drivers behind one interface, mappings and metrics."""

from salescommand_lake.engine import Engine, open_engine
from salescommand_lake.settings import LakeSettings

__all__ = ["Engine", "LakeSettings", "open_engine"]
