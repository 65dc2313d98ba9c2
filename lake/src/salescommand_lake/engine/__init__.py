"""The two drivers of the lake behind one interface."""

from salescommand_lake.engine.base import Engine, Row
from salescommand_lake.engine.columns import Columns, Ready, encode_slices
from salescommand_lake.settings import LakeSettings

__all__ = ["Columns", "Engine", "Ready", "Row", "encode_slices", "open_engine"]


def open_engine(settings: LakeSettings) -> Engine:
    """Return the lake that the settings name: ClickHouse over HTTP with a URL, else the embedded engine.

    Nothing is opened yet; the first call (``ping``, for example) does that and raises LakeUnavailable when it can't.
    """
    if settings.url:
        from salescommand_lake.engine.http import HttpEngine  # noqa: PLC0415 - each driver loads its own client

        return HttpEngine(settings)
    from salescommand_lake.engine.embedded import EmbeddedEngine  # noqa: PLC0415

    return EmbeddedEngine(settings)
