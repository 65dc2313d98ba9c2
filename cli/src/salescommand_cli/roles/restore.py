"""Restoring a backup inside of a command, as the only user of the data folder."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from salescommand_cli.errors import CommandError
from salescommand_cli.local.folder import DataFolder
from salescommand_cli.roles.inprocess import enter_alone

if TYPE_CHECKING:
    from backend.services.restores import Restored


async def restore_here(folder: DataFolder, name: str, *, replace: bool) -> Restored:
    """Restore a backup.

    Raises:
        CommandError: the folder is in use, or the backup can't be restored; says why and what to do.
    """
    from backend.services.restores import restore_backup
    from backend.settings import SettingsError
    from backend.stores.mongo import MongoUnavailable
    from backend.stores.sealing import Unreadable
    from salescommand_lake.backups import LakeInUse, NoSuchBackup
    from salescommand_lake.errors import LakeError

    hints: dict[type[Exception], str] = {
        LakeInUse: "`--replace` puts the backup in their place; they can't be had back.",
        NoSuchBackup: "`salescommand backup list` shows them; SALESCOMMAND_BACKUP_TO says where they are looked for.",
        Unreadable: "Nothing changed. Set SALESCOMMAND_SECRET_KEY, or put back `secret.key`, as it was.",
        SettingsError: "docs/operations.md has examples.",
        MongoUnavailable: "Run the command again once MongoDB answers.",
        LakeError: "The lake is as it was. `salescommand doctor` says what is there and what is missing.",
    }
    async with AsyncExitStack() as stack:
        context = await enter_alone(stack, folder)
        try:
            return await restore_backup(context, name, replace_all=replace)
        except tuple(hints) as error:
            hint = next(text for kind, text in hints.items() if isinstance(error, kind))
            raise CommandError(f"{name} can't be restored: {error}.", hint=hint) from error
