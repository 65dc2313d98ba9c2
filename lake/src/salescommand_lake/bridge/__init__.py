"""The bridge between two days: how one open pipeline became the other, in movements that add up."""

from salescommand_lake.bridge.compute import bridge, bridge_deals
from salescommand_lake.bridge.question import BridgeDealsQuery, BridgeQuery

__all__ = ["BridgeDealsQuery", "BridgeQuery", "bridge", "bridge_deals"]
