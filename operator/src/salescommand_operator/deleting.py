"""The end of a DataLake. Retain needs no ClickHouse; Delete takes only what this DataLake had made or taken over.

A lake in DryRun changes nothing, so its end doesn't either, whatever deletionPolicy says.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

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
    event = await _ended(kube, settings, lake)
    try:
        await kube.say(lake, event)
    except KubeAway as error:
        log.warning("%s/%s: no event could be written: %s", namespace, name, error)


async def _ended(kube: Kube, settings: OperatorSettings, lake: Mapping[str, Any]) -> Event:
    namespace, name = lake["metadata"]["namespace"], lake["metadata"]["name"]
    try:
        spec = DataLakeSpec.model_validate(lake["spec"])
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        return Event(
            "Retained", f"Nothing was dropped: spec.{where} can't be read, so no database is known to be owned."
        )
    if spec.deletion_policy == "Delete" and spec.mode == "DryRun":
        return Event("Retained", f"The database {spec.database} stays as it is: mode is DryRun, which drops nothing.")
    if spec.deletion_policy == "Delete" and spec.paused:
        return Event("Retained", f"The database {spec.database} stays as it is: the DataLake is paused.")
    if spec.deletion_policy == "Delete" and await _dropped(kube, settings, namespace, name, spec):
        return Event("DataDeleted", f"The database {spec.database} was dropped, as deletionPolicy says.")
    return Event("Retained", f"The database {spec.database} stays as it is.")


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
