"""Backups: the lake by the engine's own BACKUP, with MongoDB's documents inside, encrypted. One place, one statement.

The documents go through the lake so that a backup is one thing: it can't be half there, and what reaches a bucket needs
no second client with rights of its own. They are sealed with SALESCOMMAND_SECRET_KEY, which is never part of a backup.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson

from backend.context import Context, lake_settings
from backend.errors import Problem
from backend.microservices.worker.exclusive import fold_alone
from backend.services.jobs import ACTIVE, JobRecord, JobService
from backend.settings import BackendSettings, SettingsError
from backend.stores.mongo import Document
from salescommand_lake.backups import Place, back_up, backup_name
from salescommand_lake.engine import open_engine

__all__ = ["NOT_KEPT", "BackupService", "make_backup", "place_of", "put_back_documents"]

log = logging.getLogger(__name__)
NOT_KEPT = frozenset({"links", "jobs"})
"""Collections that are not taken along: links for signing in once, and the jobs of the installation that it is of."""
Tell = Callable[[float, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """A backup that was made. ``there`` is None where the place can't be looked at from here."""

    name: str
    made_at: datetime
    events: int
    documents: int
    bytes: int
    seconds: float
    there: bool | None


def place_of(settings: BackendSettings) -> Place | None:
    """Return where backups go, None when no place is set and the lake is a server.

    Raises:
        SettingsError: the place can't be read.
    """
    if not settings.backup_to:
        return None if settings.clickhouse_url else Place("File", str(lake_settings(settings).backups_path))
    try:
        return Place.parse(settings.backup_to, settings.backup_key, settings.backup_secret.get_secret_value())
    except ValueError as error:
        raise SettingsError(f"SALESCOMMAND_BACKUP_TO: {error}.") from None


class BackupService:
    """Starts backups, and tells which were made."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def start(self, by: str) -> JobRecord:
        """Queue a backup.

        Raises:
            Problem: 409 while another runs, or when no place is set.
        """
        if place_of(self._context.settings) is None:
            raise Problem(
                409,
                "no-place-for-backups",
                "No place for backups is set",
                "ClickHouse is a server here, and only it can write a backup of itself.",
                hint="Set SALESCOMMAND_BACKUP_TO in backend and worker; docs/operations.md has examples.",
            )
        return await JobService(self._context).start("backup", {}, by)

    async def all(self) -> list[BackupRecord]:
        """Return the backups that were made, the newest first."""
        done = await self._context.mongo.jobs.find(
            {"kind": "backup", "state": "done"}, sort=[("finished_at", -1)], limit=100
        )
        folder = own_folder(self._context.settings)
        return [_record(each, folder) for each in done]

    async def start_when_due(self, now: datetime) -> None:
        """Queue a backup when the last one began long enough ago; nothing when none is wanted or one is on its way."""
        hours = self._context.settings.backup_every_hours
        if not hours or place_of(self._context.settings) is None:
            return
        recent = {"created_at": {"$gt": now - timedelta(hours=hours)}, "state": {"$ne": "failed"}}
        if await self._context.mongo.jobs.get({"kind": "backup", "$or": [recent, {"state": {"$in": list(ACTIVE)}}]}):
            return
        await self.start("schedule")


def own_folder(settings: BackendSettings) -> Path | None:
    """Return the folder of backups when it is this installation's own, which it may tidy."""
    return None if settings.clickhouse_url or settings.backup_to else lake_settings(settings).backups_path


async def make_backup(context: Context, _: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Do the job: keep the fold still, take MongoDB's documents along, and let the engine write.

    Raises:
        Problem: 409 when no place is set any more.
        LakeError: the place can't be written to, or the engine is away.
    """
    place = place_of(context.settings)
    if place is None:
        raise Problem(409, "no-place-for-backups", "No place for backups is set", "SALESCOMMAND_BACKUP_TO is empty.")
    started = datetime.now(UTC)
    name = backup_name(context.engine.database, started)
    await tell(0.0, "waiting until the fold stands still")
    async with AsyncExitStack() as stack:
        # A connection of its own, so that inserts do not wait behind the statement.
        engine = open_engine(lake_settings(context.settings))
        stack.push_async_callback(engine.close)
        await stack.enter_async_context(fold_alone(context.redis))
        await tell(0.1, "reading users, keys, sources, mappings and settings")
        documents = await sealed_documents(context)
        await tell(0.2, f"writing {name}")
        made = await back_up(engine, place, name, documents)
    await asyncio.to_thread(_tidy, own_folder(context.settings), context.engine.database, context.settings.backups_kept)
    seconds = (datetime.now(UTC) - started).total_seconds()
    log.info("backup %s: %d events, %d documents, %d bytes", name, made.events, len(documents), made.bytes)
    return {
        "name": name,
        "events": made.events,
        "documents": len(documents),
        "bytes": made.bytes,
        "seconds": round(seconds, 1),
    }


async def sealed_documents(context: Context) -> list[tuple[str, str]]:
    """Return MongoDB's documents with their collections, each as encrypted BSON.

    Raises:
        MongoUnavailable: MongoDB is away.
    """
    found = []
    for collection in await context.mongo.collections():
        if collection not in NOT_KEPT:
            for document in await context.mongo.collection(collection).find():
                text = base64.b64encode(bson.encode(document)).decode()
                found.append((collection, context.sealer.seal(text)))
    return found


async def put_back_documents(context: Context, documents: list[tuple[str, str]]) -> None:
    """Make MongoDB's collections what a backup holds of them.

    All are opened before anything is replaced.

    Raises:
        Unreadable: the backup was made under another SALESCOMMAND_SECRET_KEY.
        MongoUnavailable: MongoDB is away.
    """
    opened: dict[str, list[Document]] = {}
    for collection, sealed in documents:
        opened.setdefault(collection, []).append(bson.decode(base64.b64decode(context.sealer.open(sealed))))
    for collection in {*opened, *await context.mongo.collections()} - NOT_KEPT:
        await context.mongo.replace(collection, opened.get(collection, []))


def _record(job: Document, folder: Path | None) -> BackupRecord:
    result = job["result"]
    there = None if folder is None else (folder / result["name"]).exists()
    return BackupRecord(made_at=job["finished_at"], there=there, **result)


def _tidy(folder: Path | None, database: str, kept: int) -> None:
    """Remove all but the newest backups of a database from a folder of our own."""
    if folder is None:
        return
    for old in sorted(folder.glob(f"{database}-*"))[:-kept]:
        shutil.rmtree(old)
        log.info("backup %s is removed: only the newest %d are kept", old.name, kept)
