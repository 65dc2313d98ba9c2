"""Ending on purpose: signals, and waiting for whichever of several things happens first."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):  # noqa: N818 - named for what it is
    """Somebody asked the process to end; `number` is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class SomethingEnded(Exception):  # noqa: N818 - named for what it is
    """A part that must keep running has ended; the message says which and how."""


class StopSignals:
    """Turns SIGINT, SIGTERM and SIGHUP into `StopRequested` for whoever runs inside `guard`."""

    def __init__(self) -> None:
        self._asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def install(self) -> None:
        """Take the signals over. Opening the embedded engine may replace handlers, so this may be called again."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._ask, number)

    def _ask(self, number: int) -> None:
        if not self._asked.done():
            self._asked.set_result(number)

    async def wait(self) -> str:
        """Raise when a signal arrives; returns never.

        Raises:
            StopRequested: a signal arrived.
        """
        raise StopRequested(await asyncio.shield(self._asked))


async def unless(work: Coroutine[Any, Any, T], *watchers: Coroutine[Any, Any, str]) -> T:
    """Run `work` until it is done, or until a watcher is.

    Raises:
        SomethingEnded: a watcher returned its description of what ended.
        StopRequested: from the watcher of signals.
    """
    main = asyncio.ensure_future(work)
    beside = [asyncio.ensure_future(watcher) for watcher in watchers]
    try:
        done, _ = await asyncio.wait([main, *beside], return_when=asyncio.FIRST_COMPLETED)
        for watcher in beside:
            if watcher in done:
                raise SomethingEnded(watcher.result())
        return main.result()
    finally:
        for task in (main, *beside):
            task.cancel()
        await asyncio.gather(main, *beside, return_exceptions=True)
