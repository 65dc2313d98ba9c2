"""The whole lake into a backup and back, by the engine's own BACKUP and RESTORE.

A backup is one database: its tables as they were when it began, and in ``backed_up_documents`` what the caller takes
along. Its name begins with the database's, so that it can be restored under another one. The caller keeps the fold
still meanwhile; inserts go on, and the tables are not taken at one instant. A batch that came in between may be in the
feeds of raw and not in raw, or the other way round: ``restored`` writes the feeds of what was not folded anew from raw.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError, from_engine
from salescommand_lake.schema import ensure_schema
from salescommand_lake.statements import all_statements

__all__ = [
    "Backup",
    "LakeInUse",
    "NoSuchBackup",
    "Place",
    "back_up",
    "backup_name",
    "restored",
]

_NAME = re.compile(r"[A-Za-z0-9_]+-[0-9]{8}T[0-9]{6}Z\Z")
_DISK = re.compile(r"disk:([A-Za-z0-9_]+)\Z")
_NO_SUCH_BACKUP = 599
_LOOK_SECONDS = 0.2
_UNSEEN = 50
"""Looks in a row without a trace of it after which it counts as gone."""
_DOCUMENTS = "backed_up_documents"
_FEEDS = {"raw_batches": "raw_batches_feed", "raw_batch_keys": "raw_batch_keys_feed"}
_PART = "batch_id, source, record_type"
_UNFOLDED = f"({_PART}) NOT IN (SELECT {_PART} FROM folded_batches)"


class NoSuchBackup(LakeError):  # noqa: N818 - named for what it is
    """There is no backup of that name at the place."""


class LakeInUse(LakeError):  # noqa: N818 - named for what it is
    """The database holds events, and nobody said that they may go."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where backups are: a folder that the engine may write to, one of its disks, or a bucket that speaks S3."""

    kind: str
    """``File``, ``Disk`` or ``S3``."""
    where: str
    """A folder, a disk's name, or an address."""
    key: str = ""
    secret: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str, key: str = "", secret: str = "") -> Place:
        """Read ``/a/folder``, ``disk:NAME`` or ``https://endpoint/bucket/folder``.

        Raises:
            ValueError: it is none of these.
        """
        disk = _DISK.match(text)
        if disk:
            return cls("Disk", disk[1])
        if urlsplit(text).scheme in {"http", "https"} and urlsplit(text).path.strip("/"):
            return cls("S3", text.rstrip("/"), key, secret)
        if Path(text).is_absolute():
            return cls("File", text.rstrip("/"))
        msg = f"{text!r} is no place for backups; use /a/folder, disk:NAME or https://endpoint/bucket/folder"
        raise ValueError(msg)

    def sql(self, name: str) -> str:
        """Return the engine's words for the backup ``name`` here.

        Raises:
            NoSuchBackup: no backup can have that name.
        """
        if not _NAME.match(name):
            msg = f"{name!r} is not the name of a backup; they look like salesintel-20260131T023000Z"
            raise NoSuchBackup(msg)
        if self.kind == "Disk":
            return f"Disk({_quoted(self.where)}, {_quoted(name)})"
        path = f"{self.where}/{name}"
        credentials = [self.key, self.secret] if self.kind == "S3" and self.key else []
        return f"{self.kind}({', '.join(map(_quoted, [path, *credentials]))})"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup that was made."""

    name: str
    events: int
    """Raw events in it, by the lake's own count just before."""
    bytes: int
    """Its size where it is, after compression."""


def backup_name(database: str, now: datetime) -> str:
    """Return the name of a backup that begins now; names of one database sort by time."""
    return f"{database}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


async def back_up(engine: Engine, place: Place, name: str, documents: Sequence[tuple[str, str]]) -> Backup:
    """Write the database to ``place``, together with ``documents``: pairs of a collection and a sealed document.

    Raises:
        LakeError: the place can't be written to, or the engine is away.
    """
    await engine.command(f"TRUNCATE TABLE {_DOCUMENTS}")
    try:
        if documents:
            rows = [{"collection": collection, "document": document} for collection, document in documents]
            await engine.insert(_DOCUMENTS, rows)
        events = await _events(engine)
        size = await _run(engine, f"BACKUP DATABASE `{engine.database}` TO {place.sql(name)}")
    finally:
        await engine.command(f"TRUNCATE TABLE {_DOCUMENTS}")
    return Backup(name, events, size)


@asynccontextmanager
async def restored(
    engine: Engine, anywhere: Engine, place: Place, name: str, *, replace: bool = False
) -> AsyncIterator[list[tuple[str, str]]]:
    """Put a backup in the database's place and give the documents that it took along.

    What was there is moved aside. It is dropped when the block ends, and gets its name back when the backup can't be
    restored or the block fails. The schema of an older release is brought up to date. ``anywhere`` is an engine of
    another database.

    Raises:
        LakeInUse: the database holds events and ``replace`` is false, or replicated tables, which have one place in
            Keeper and can't be moved aside.
        NoSuchBackup: there is no such backup.
        LakeError: the engine is away, or the backup is damaged.
    """
    source, database = place.sql(name), engine.database
    aside = await _move_aside(engine, anywhere, replace=replace)
    try:
        await _run(anywhere, f"RESTORE DATABASE `{name.rpartition('-')[0]}` AS `{database}` FROM {source}")
        await _pass_mutations(engine)
        await ensure_schema(engine)
        await _feed_anew(engine)
        rows = await engine.query(f"SELECT collection, document FROM {_DOCUMENTS} ORDER BY collection")
        await engine.command(f"TRUNCATE TABLE {_DOCUMENTS}")
        yield [(row["collection"], row["document"]) for row in rows]
    except BaseException as error:
        # Also when the command is stopped: the lake of before must have its name.
        await anywhere.command(f"DROP DATABASE IF EXISTS `{database}` SYNC")
        if aside:
            await anywhere.command(f"RENAME DATABASE `{aside}` TO `{database}`")
        if isinstance(error, LakeError) and error.code == _NO_SUCH_BACKUP:
            msg = f"there is no backup {name} in {place.where}"
            raise NoSuchBackup(msg, code=error.code) from None
        raise
    if aside:
        await anywhere.command(f"DROP DATABASE IF EXISTS `{aside}` SYNC")


async def _run(engine: Engine, statement: str) -> int:
    """Run a BACKUP or RESTORE to its end, however long it takes, and return its size in bytes.

    It runs on in the engine, which is asked how it stands: no connection has to stay open for hours.
    """
    number = uuid.uuid4().hex
    await engine.command(f"{statement} SETTINGS id = '{number}' ASYNC")
    unseen = 0
    while unseen < _UNSEEN:
        await asyncio.sleep(_LOOK_SECONDS)
        found = await engine.query(
            "SELECT toString(status) AS status, error, compressed_size AS size FROM system.backups\n"
            "WHERE id = {id:String}",
            {"id": number},
        )
        unseen = 0 if found else unseen + 1
        state = found[0]["status"] if found else ""
        if state.endswith(("_FAILED", "_CANCELLED")):
            raise from_engine(str(found[0]["error"]))
        if state in {"BACKUP_CREATED", "RESTORED"}:
            return int(found[0]["size"])
    msg = "the engine knows nothing of the backup that it was told to make or restore; it may have been restarted"
    raise LakeError(msg)


async def _events(engine: Engine) -> int:
    rows = await engine.query("SELECT count() AS n FROM raw_events")
    return int(rows[0]["n"])


async def _move_aside(engine: Engine, anywhere: Engine, *, replace: bool) -> str:
    database = engine.database
    tables = await anywhere.query(
        "SELECT name, engine FROM system.tables WHERE database = {database:String}", {"database": database}
    )
    if any(row["engine"].startswith("Replicated") for row in tables):
        msg = (
            f"the database {database} has replicated tables; drop it on every replica first"
            f" (DROP DATABASE {database} ON CLUSTER … SYNC); docs/operations.md says the rest"
        )
        raise LakeInUse(msg)
    events = await _events(engine) if any(row["name"] == "raw_events" for row in tables) else 0
    if events and not replace:
        msg = f"the database {database} holds {events:,} events"
        raise LakeInUse(msg)
    if not tables:
        await anywhere.command(f"DROP DATABASE IF EXISTS `{database}` SYNC")
        return ""
    aside = f"{database}_before_{datetime.now(UTC):%Y%m%d%H%M%S}"
    await anywhere.command(f"RENAME DATABASE `{database}` TO `{aside}`")
    return aside


async def _pass_mutations(engine: Engine) -> None:
    """Use up the numbers of mutations that the restored parts had seen.

    A restored table counts its blocks from those of its parts, and its next mutations would get numbers that a part
    says it has seen already: they would do nothing, without a word (found with 26.9).
    """
    rows = await engine.query(
        "SELECT table, toInt64(max(data_version)) - toInt64(max(max_block_number)) AS gap FROM system.parts\n"
        "WHERE database = {database:String} AND active GROUP BY table, partition_id HAVING gap > 0",
        {"database": engine.database},
    )
    gaps = {row["table"]: max(int(each["gap"]) for each in rows if each["table"] == row["table"]) for row in rows}
    for table, gap in gaps.items():
        for _ in range(gap):
            await engine.command(f"ALTER TABLE `{table}` DELETE WHERE 0 SETTINGS mutations_sync = 1")


async def _feed_anew(engine: Engine) -> None:
    """Make the feeds of what is not folded agree with raw: what is there and not in raw goes, what lacks is added."""
    selects = {one.creates[1]: one.sql.partition(" AS\n")[2] for one in all_statements() if one.creates[0] == "view"}
    for table, view in _FEEDS.items():
        await engine.command(
            f"DELETE FROM {table} WHERE {_UNFOLDED} AND batch_id NOT IN (SELECT DISTINCT batch_id FROM raw_events)"
        )
        await engine.command(
            f"INSERT INTO {table} SELECT * FROM ({selects[view]}) AS fed\n"
            f"WHERE batch_id NOT IN (SELECT batch_id FROM {table})"
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
