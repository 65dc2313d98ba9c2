"""The queue of background work on Redis (SAQ). What a job is and what became of it is in MongoDB, see services/jobs."""

from __future__ import annotations

import asyncio
import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError
from saq.job import Job, Status
from saq.queue.redis import RedisQueue

__all__ = ["Queue", "open_queue"]

NAME = "salescommand"
_AWAY_SECONDS = 0.5
_FETCH_SECONDS = 1.0
"""Longer than the way of a job from being fetched to being marked as running."""
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

    async def sweep(self, lock: int = 60, abort: float = 5.0) -> list[str]:
        """Give the jobs of workers that are gone to others, and return them.

        A job that was fetched this moment stands among the running ones without being marked as one: SAQ would take
        it for abandoned and end it. So nothing is swept before something has looked abandoned for a while.
        """
        looks_abandoned = await self._abandoned()
        if not looks_abandoned:
            return []
        await asyncio.sleep(_FETCH_SECONDS)
        if not looks_abandoned & await self._abandoned():
            return []
        return await super().sweep(lock, abort)

    async def _abandoned(self) -> set[bytes]:
        """Return the ids of fetched jobs that are gone, silent, or not marked as running."""
        found: set[bytes] = set()
        for job_id in await self.redis.lrange(self._active, 0, -1):  # type: ignore[misc]
            job = self.deserialize(await self.redis.get(job_id))
            if job is None or job.status != Status.ACTIVE or job.stuck:
                found.add(job_id)
        return found


def open_queue(url: str) -> Queue:
    """Return the queue on a connection of its own: SAQ wants bytes, and waits for a job with no limit."""
    return Queue(Redis.from_url(url, socket_connect_timeout=2, health_check_interval=30), name=NAME)
