"""What the loader can't know of an insert whose answer it never saw, and how it finds out."""

from __future__ import annotations

import logging
import time

from backend.microservices.ingest.spool_batches import Batch
from salescommand_lake.batches import restore_batch, stored_batch
from salescommand_lake.engine import Engine, Ready
from salescommand_lake.errors import InsertVanished

__all__ = ["INSERT_SECONDS", "Doubt"]

log = logging.getLogger(__name__)
INSERT_SECONDS = 120.0
"""An insert that takes longer is repeated with the same token; what hangs must not hang for ever."""
_UNDER_WAY_SECONDS = 2 * INSERT_SECONDS
"""How long an insert whose answer was lost may still be at work in the engine."""
_VANISHED_SECONDS = 4.0
"""How long a block may be on its way from the engine's memory of tokens to its tables."""


class Doubt:
    """The one insert that may be stored, or be stored still, though nobody said so. At most one is on its way."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._batch_id = ""
        self._until = 0.0
        self._vanished_at: float | None = None

    def about(self, batch_id: str) -> None:
        """Note that a try of the batch may be stored, or be stored still."""
        self._batch_id = batch_id
        self._until = time.monotonic() + _UNDER_WAY_SECONDS

    def concerns(self, batch_id: str) -> bool:
        """Tell whether the batch was tried before with an unknown end."""
        return self._batch_id == batch_id

    def under_way(self, batch_id: str) -> bool:
        """Tell whether a try of the batch may still be at work in the engine."""
        return self._batch_id == batch_id and time.monotonic() < self._until

    async def is_stored(self, batch: Batch) -> bool:
        """Tell whether the lake has all of it. Its memory of tokens may be gone after a power cut, the rows are not."""
        entry = batch.entry
        stored = await stored_batch(self._engine, entry.batch_id, entry.first_seq, entry.last_seq)
        return not stored.lacks(len(batch.rows))

    async def make_sure(self, batch: Batch, block: Ready) -> None:
        """After a repeat that went well: see that the lake has the block, which a killed engine may only believe.

        Raises:
            InsertVanished: it has not all of it. If that lasted, it was restored; repeat the insert to be sure.
            LakeError: it could not be looked at.
        """
        entry = batch.entry
        stored = await stored_batch(self._engine, entry.batch_id, entry.first_seq, entry.last_seq)
        if not stored.lacks(len(batch.rows)):
            self._vanished_at = None
            return
        self._vanished_at = self._vanished_at or time.monotonic()
        if time.monotonic() - self._vanished_at >= _VANISHED_SECONDS:
            log.warning("the lake knows the insert %s and has not all of it (%s): restoring it", entry.batch_id, stored)
            self._vanished_at = None
            await restore_batch(self._engine, block, entry.batch_id, stored)
        raise InsertVanished(f"the lake takes the insert {entry.batch_id} for a repeat and has only {stored} of it")
