"""Applying the DataLake that an installation carries, once the operator is up.

Were it a part of the release, the installer would wait for a lake that waits for the operator. It is applied field by
field: what somebody else has set since (`kubectl scale`, an approval) stays theirs, however often this starts again.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from salescommand_operator.crd import GROUP, VERSION
from salescommand_operator.kube import FieldsTaken, Kube, KubeAway

__all__ = ["declare", "read_manifest", "without"]

log = logging.getLogger(__name__)
RETRY_SECONDS, REFUSED_SECONDS = 5.0, 120.0


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the DataLake of a file.

    Raises:
        ValueError: it holds something else; the message names the file.
    """
    found = yaml.safe_load(path.read_text())
    if not isinstance(found, dict) or (found.get("apiVersion"), found.get("kind")) != (
        f"{GROUP}/{VERSION}",
        "DataLake",
    ):
        raise ValueError(f"{path} does not hold a DataLake of {GROUP}/{VERSION}")
    return found


def without(manifest: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Return a manifest without fields such as ``.spec.topology.replicas``; of a list's item the whole list goes."""
    left = copy.deepcopy(dict(manifest))
    for field in fields:
        *path, last = field.partition("[")[0].strip(".").split(".")
        place: Any = left
        for part in path:
            place = place.get(part, {})
        place.pop(last, None)
    return left


async def declare(kube: Kube, path: Path) -> None:
    """Apply the DataLake of a file, and try again until Kubernetes has taken it."""
    while True:
        try:
            await _apply(kube, read_manifest(path))
        except (ValueError, KubeAway) as error:
            # What is wrong with the file, or refused, will be so again; it is said again, but not all the time.
            final = isinstance(error, ValueError) or error.refused
            log.error("the DataLake of %s is not applied: %s; trying again", path, error)
            await asyncio.sleep(REFUSED_SECONDS if final else RETRY_SECONDS)
        else:
            return


async def _apply(kube: Kube, manifest: dict[str, Any]) -> None:
    meta = manifest["metadata"]
    name = f"{meta['namespace']}/{meta['name']}"
    try:
        await kube.apply_lake(manifest)
    except FieldsTaken as taken:
        log.info("DataLake %s: %s stay as others have set them", name, ", ".join(taken.fields))
        await kube.apply_lake(without(manifest, taken.fields))
    log.info("DataLake %s is declared", name)
