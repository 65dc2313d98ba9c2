"""Kopf's handlers, and nothing else: a daemon for each DataLake, its waking, its end, and the probe."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import kopf

from salescommand_operator import metrics
from salescommand_operator.crd import GROUP, PLURAL, VERSION
from salescommand_operator.declaring import declare
from salescommand_operator.deleting import StillThere, deleted
from salescommand_operator.kube import Kube, KubeAway
from salescommand_operator.loop import reconcile
from salescommand_operator.settings import OperatorSettings

__all__ = ["PREFIX", "registry_of"]

PREFIX = GROUP
RETRY_SECONDS = 5.0
STALE_SECONDS = 600.0
"""A loop that has not gone round for so long is dead; longer than the longest statement may take."""
log = logging.getLogger(__name__)


class Heartbeat:
    """When the slowest of the loops last went round, and until when each may wait."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def beat(self, uid: str, waits: float) -> None:
        """Note that a loop went round, and for how many seconds it waits now."""
        self._due[uid] = time.monotonic() + waits + STALE_SECONDS

    def end(self, uid: str) -> None:
        """Forget a loop that has ended."""
        self._due.pop(uid, None)

    def late(self) -> int:
        """Return how many loops are overdue."""
        return sum(due < time.monotonic() for due in self._due.values())


def registry_of(kube: Kube, settings: OperatorSettings) -> kopf.OperatorRegistry:
    """Return the handlers, bound to what they need."""
    registry = kopf.OperatorRegistry()
    heart = Heartbeat()
    woken: dict[str, asyncio.Event] = {}
    named = bool(settings.namespaces)

    @kopf.on.startup(registry=registry)
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        # Watching definitions and namespaces takes rights on the whole cluster; named namespaces do without.
        settings.scanning.disabled = named
        settings.persistence.finalizer = f"{PREFIX}/operator"
        settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=PREFIX)
        settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=PREFIX)
        settings.posting.enabled = False
        settings.networking.connect_timeout = 10
        settings.networking.request_timeout = 60
        settings.execution.default_backoff = RETRY_SECONDS

    # Kopf's own setting of that name hides this one in the handler above.
    manifest = settings.manifest
    if manifest is not None:
        _declare_at_start(registry, kube, manifest)

    @kopf.on.login(registry=registry)
    def login(**kwargs: Any) -> Any:
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    def wake(uid: str, **_: Any) -> None:
        if uid in woken:
            woken[uid].set()

    @kopf.daemon(GROUP, VERSION, PLURAL, registry=registry, cancellation_timeout=10)
    async def look_after(uid: str, namespace: Any, name: str, stopped: Any, **_: Any) -> None:
        event = woken.setdefault(uid, asyncio.Event())
        try:
            while not stopped:
                event.clear()
                wait = await _one_pass(kube, settings, namespace, name)
                heart.beat(uid, wait)
                await _until_woken(event, stopped, wait)
        finally:
            woken.pop(uid, None)
            heart.end(uid)
            metrics.forget(namespace, name)

    @kopf.on.delete(GROUP, VERSION, PLURAL, registry=registry)
    async def delete(namespace: Any, name: str, **_: Any) -> None:
        try:
            await deleted(kube, settings, namespace, name)
        except (StillThere, KubeAway) as error:
            raise kopf.TemporaryError(str(error), delay=RETRY_SECONDS) from None

    @kopf.on.probe(registry=registry, id="loops")
    def alive(**_: Any) -> str:
        if heart.late():
            raise kopf.PermanentError(f"{heart.late()} loops are stuck")
        return "going round"

    return registry


def _declare_at_start(registry: kopf.OperatorRegistry, kube: Kube, manifest: Path) -> None:
    """Declare the installation's own DataLake beside the loops, which look after those that are there meanwhile."""
    tasks: list[asyncio.Task[None]] = []

    @kopf.on.startup(registry=registry)
    async def begin(**_: Any) -> None:
        tasks.append(asyncio.create_task(declare(kube, manifest)))

    @kopf.on.cleanup(registry=registry)
    async def end(**_: Any) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one_pass(kube: Kube, settings: OperatorSettings, namespace: str, name: str) -> float:
    """Do a pass; whatever goes wrong, the loop goes on."""
    try:
        return await reconcile(kube, settings, namespace, name)
    except KubeAway as error:
        log.warning("%s/%s: %s; trying again", namespace, name, error)
    except Exception:
        metrics.ERRORS.labels(namespace, name).inc()
        log.exception("%s/%s: a pass failed", namespace, name)
    return RETRY_SECONDS


async def _until_woken(event: asyncio.Event, stopped: kopf.AsyncDaemonStopperChecker, seconds: float) -> None:
    waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(stopped.wait(seconds))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
