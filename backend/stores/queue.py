"""The queue of background work on Redis (SAQ). What a job is and what became of it is in MongoDB, see services/jobs."""

from __future__ import annotations

import asyncio
import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError
from saq.job import Job
from saq.queue.redis import RedisQueue

__all__ = ["Queue", "open_queue"]

NAME = "salescommand"
_AWAY_SECONDS = 0.5
log = logging.getLogger(__name__)


class Queue(RedisQueue):
    """SAQ's queue, which takes its time while Redis is away instead of asking without a pause."""

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> Job | None:  # noqa: ASYNC109
        """Return the next job, None when there is none or Redis can't be asked."""
        try:
            return await super().dequeue(timeout, poll_interval)
        except (RedisError, OSError) as error:
            log.debug("no job can be fetched: %s", error)
            await asyncio.sleep(_AWAY_SECONDS)
            return None


def open_queue(url: str) -> Queue:
    """Return the queue on a connection of its own: SAQ wants bytes, and waits for a job with no limit."""
    return Queue(Redis.from_url(url, socket_connect_timeout=2, health_check_interval=30), name=NAME)
