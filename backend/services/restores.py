"""Putting a backup back in the place of what is there. Nothing else may run on the lake meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backend.context import Context, lake_settings
from backend.microservices.worker.exclusive import fold_alone
from backend.services.backups import place_of, put_back_documents
from backend.services.balance import balance
from backend.settings import SettingsError
from salescommand_lake.backups import restored
from salescommand_lake.door_books import DoorBooks, write_door_books
from salescommand_lake.engine import open_engine

__all__ = ["Restored", "restore_backup"]

_NOBODY = 0xFFFF
"""The instance that the correction of the books is entered under; no spool has it."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back.

    ``after`` counts per source what was acknowledged after the backup and is not in it, as far as the books know.
    """

    name: str
    documents: int
    events: int
    after: dict[str, int]


async def restore_backup(context: Context, name: str, *, replace_all: bool) -> Restored:
    """Put the lake and MongoDB's documents back as the backup has them, then drop what was there before.

    The books then say that what came after the backup is gone: as damaged, so that they balance and nobody forgets it.

    Raises:
        SettingsError: no place for backups is set.
        LakeInUse: the lake holds events and ``replace_all`` is false.
        NoSuchBackup: there is no such backup.
        Unreadable: the backup was made under another SALESCOMMAND_SECRET_KEY; the lake is as it was before.
        LakeError: the engine is away, or the backup is damaged.
    """
    place = place_of(context.settings)
    if place is None:
        raise SettingsError("SALESCOMMAND_BACKUP_TO: it is not set, so there is no place to restore from.")
    async with fold_alone(context.redis):
        anywhere = open_engine(replace(lake_settings(context.settings), database="default"))
        try:
            async with restored(context.engine, anywhere, place, name, replace=replace_all) as documents:
                await put_back_documents(context, documents)
                after = await _settle(context, name)
        finally:
            await anywhere.close()
    books = (await balance(context)).totals
    return Restored(name, len(documents), books.raw, after)


async def _settle(context: Context, name: str) -> dict[str, int]:
    """Enter into the books what the doors acknowledged and the restored lake lacks, or has more than they say."""
    gaps = {source: books.missing.get("accepted", 0) for source, books in (await balance(context)).sources.items()}
    await write_door_books(
        context.engine,
        [
            DoorBooks(
                spool_id=f"restored:{name}",
                instance=_NOBODY,
                source=source,
                received=max(0, -gap),
                accepted=max(0, -gap),
                duplicates=0,
                rejected=0,
                refused=0,
                loaded=max(0, -gap),
                damaged=max(0, gap),
                in_spool=0,
            )
            for source, gap in gaps.items()
            if gap
        ],
    )
    return {source: gap for source, gap in gaps.items() if gap > 0}
