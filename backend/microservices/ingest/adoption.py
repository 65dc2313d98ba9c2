"""Adopting spools that other instances left behind in this data folder: their events are loaded like one's own.

A spool is left behind when its file is here and no process holds its lock. It keeps its own numbers, planned inserts
and books; once the lake has its events and its books, the file goes. One that holds refused or damaged events stays.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import apsw

from backend.cancelling import stop_if_cancelled
from backend.microservices.ingest.loader import Loader, LoaderContext
from backend.microservices.ingest.spool import Spool
from backend.microservices.ingest.spool_errors import SpoolError, SpoolInUse

__all__ = ["Adoption", "remove_spool", "spool_files", "spool_path"]

log = logging.getLogger(__name__)
_LOOK_SECONDS = 15.0
_DRAINING_SECONDS = 0.2
_NAME = re.compile(r"events-(\d{1,4})\.sqlite\Z")


def spool_path(data_dir: Path, instance: int) -> Path:
    """Return where the spool of an instance is."""
    return data_dir / "spool" / f"events-{instance}.sqlite"


def spool_files(data_dir: Path) -> dict[int, Path]:
    """Return the spools of a data folder by the number of their instance."""
    folder = data_dir / "spool"
    found = {int(match[1]): each for each in folder.glob("events-*.sqlite") if (match := _NAME.search(each.name))}
    return dict(sorted(found.items()))


def remove_spool(path: Path) -> None:
    """Remove a spool's file with what SQLite and the lock keep beside it."""
    for suffix in ("-wal", "-shm", ".lock", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class AdoptionContext(LoaderContext, Protocol):
    """What adopting needs of the process's context."""

    @property
    def adopted(self) -> dict[int, Spool]:
        """Where the adopted spools are entered, for health and the list of refused events."""


@dataclass(slots=True)
class _Ward:
    spool: Spool
    loader: Loader
    task: asyncio.Task[None]

    @property
    def done(self) -> bool:
        """Whether the lake has its events and its books."""
        return self.spool.depth == 0 and not self.loader.report.pending

    @property
    def removable(self) -> bool:
        return not any(each.refused or each.damaged for each in self.spool.books().values())


class Adoption:
    """Looks for left-behind spools now and then, and loads them, until it is cancelled."""

    def __init__(self, context: AdoptionContext) -> None:
        self._context = context
        self._wards: dict[int, _Ward] = {}
        self._troubles: dict[int, str] = {}

    async def run(self) -> None:
        """Adopt for ever. When cancelled, give the spools back."""
        try:
            while True:
                try:
                    stop_if_cancelled()
                    await self.look()
                except OSError as error:
                    log.error("left-behind spools can't be looked for: %s", error)
                    await self._context.jobs.report("adoption", "failed", str(error))
                waiting = any(not ward.done for ward in self._wards.values())
                await asyncio.sleep(_DRAINING_SECONDS if waiting else _LOOK_SECONDS)
        finally:
            for instance in list(self._wards):
                await self._give_back(instance)

    async def look(self) -> None:
        """Take over what was left behind, and let go of what is empty."""
        data_dir, own = self._context.settings.data_dir, self._context.settings.instance
        for instance, path in spool_files(data_dir).items():
            if instance not in self._wards and instance != own:
                await self._adopt(instance, path)
        for instance, ward in list(self._wards.items()):
            if ward.done and ward.removable:
                await self._give_back(instance)
                remove_spool(ward.spool.path)
                log.info("the spool of instance %d is empty and was removed", instance)
        await self._tell()

    async def _adopt(self, instance: int, path: Path) -> None:
        spool = Spool(path, instance=instance)
        try:
            await spool.open()
        except SpoolInUse:
            self._troubles.pop(instance, None)  # somebody lives there
            return
        except (SpoolError, apsw.Error, OSError) as error:
            if self._troubles.get(instance) != str(error):
                log.error("the spool that instance %d left behind can't be adopted: %s", instance, error)
            self._troubles[instance] = str(error)
            return
        self._troubles.pop(instance, None)
        log.warning("instance %d left a spool behind with %d events; they are loaded", instance, spool.depth)
        loader = Loader(self._context, spool=spool, name=f"loader of instance {instance}")
        spool.arrived.set()  # its books are to be reported even if it is empty
        self._wards[instance] = _Ward(spool, loader, asyncio.create_task(loader.run()))
        self._context.adopted[instance] = spool

    async def _give_back(self, instance: int) -> None:
        ward = self._wards.pop(instance)
        del self._context.adopted[instance]
        ward.task.cancel()
        await asyncio.wait([ward.task])
        await ward.spool.close()

    async def _tell(self) -> None:
        if self._troubles:
            words = "; ".join(f"instance {instance}: {words}" for instance, words in sorted(self._troubles.items()))
            await self._context.jobs.report("adoption", "failed", words)
        elif self._wards:
            waiting = sum(ward.spool.depth for ward in self._wards.values())
            detail = f"{waiting} events wait in {len(self._wards)} spools that were left behind"
            await self._context.jobs.report("adoption", "running" if waiting else "idle", detail)
        else:
            await self._context.jobs.report("adoption", "idle", "no spool was left behind")
