"""Cancellations that get lost on their way."""

from __future__ import annotations

import asyncio

__all__ = ["stop_if_cancelled"]


def stop_if_cancelled() -> None:
    """Raise the cancellation that a library swallowed; a loop that runs until it is cancelled calls it each time.

    Python 3.11's `asyncio.wait_for`, which the Redis client sends with, loses one that comes as it is done.

    Raises:
        asyncio.CancelledError: the current task was cancelled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
