"""What can go wrong with the spool."""

from __future__ import annotations

from backend.microservices.ingest.spool_shapes import BatchEntry


class SpoolError(Exception):
    """Base of the spool's errors."""


class SpoolUnavailable(SpoolError):  # noqa: N818 - named for what it is
    """The spool can't take events now (disk full, read or write error, shutting down). Nothing was stored."""

    retry_after = 5


class SpoolFull(SpoolUnavailable):
    """The spool holds as much as it may. It takes events again once the lake has taken some."""

    retry_after = 15


class SpoolOverloaded(SpoolUnavailable):
    """More is waiting for the disk than may be held in memory."""

    retry_after = 1


class SpoolUnusable(SpoolError):  # noqa: N818 - named for what it is
    """The file is not a spool of this program, is of another version, or is damaged. It was not touched."""


class SpoolInUse(SpoolError):  # noqa: N818 - named for what it is
    """Another process has the spool open."""


class PlanDamaged(SpoolError):  # noqa: N818 - named for what it is
    """What a planned insert was to hold can't be read any more. The lake must be asked whether it has it."""

    def __init__(self, entry: BatchEntry) -> None:
        super().__init__(f"events of the insert {entry.batch_id} are damaged")
        self.entry = entry


class KeyReused(SpoolError):  # noqa: N818 - named for what it is
    """An idempotency key came again with other content. Nothing was stored."""
