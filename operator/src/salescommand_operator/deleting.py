"""The end of a DataLake. Retain needs no ClickHouse; Delete takes only what this DataLake had made or taken over."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack

from pydantic import ValidationError

from salescommand_lake.errors import LakeError
from salescommand_lake.plan.health import drop_lake
from salescommand_operator.events import Event
from salescommand_operator.kube import Kube, KubeAway, SecretMissing
from salescommand_operator.looking import servers_of
from salescommand_operator.model import DataLakeSpec
from salescommand_operator.settings import OperatorSettings

__all__ = ["StillThere", "deleted"]

log = logging.getLogger(__name__)


class StillThere(Exception):  # noqa: N818 - named for what it is
    """The database is still there and should not be; the message says why and what ends the waiting."""


async def deleted(kube: Kube, settings: OperatorSettings, namespace: str, name: str) -> None:
    """Do what the deletion policy says.

    Raises:
        StillThere: deletionPolicy is Delete and a server can't be asked; set it to Retain to let go of the database.
    """
    lake = await kube.lake(namespace, name)
    if lake is None:
        return
    try:
        spec = DataLakeSpec.model_validate(lake["spec"])
    except ValidationError:
        return  # nothing was ever done for it
    gone = (
        spec.deletion_policy == "Delete" and not spec.paused and await _dropped(kube, settings, namespace, name, spec)
    )
    event = (
        Event("DataDeleted", f"The database {spec.database} was dropped, as deletionPolicy says.")
        if gone
        else Event("Retained", f"The database {spec.database} stays as it is.")
    )
    try:
        await kube.say(lake, event)
    except KubeAway as error:
        log.warning("%s/%s: no event could be written: %s", namespace, name, error)


async def _dropped(kube: Kube, settings: OperatorSettings, namespace: str, name: str, spec: DataLakeSpec) -> bool:
    gone = True
    async with AsyncExitStack() as stack:
        try:
            servers, _ = await servers_of(stack, kube, settings, namespace, spec)
            for server in servers:
                gone &= await drop_lake(server.anywhere, spec.database, f"{namespace}/{name}")
        except (LakeError, SecretMissing) as error:
            message = f"the database {spec.database} can't be dropped: {error}. To let go of it: deletionPolicy: Retain"
            raise StillThere(message) from None
    return gone and bool(servers)
