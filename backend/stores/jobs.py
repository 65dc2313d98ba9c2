"""What the background jobs (loader, worker) last said about themselves, across processes."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from redis.asyncio import Redis
from redis.exceptions import RedisError

__all__ = ["JobBoard", "JobState"]

logger = logging.getLogger(__name__)
State = Literal["starting", "idle", "running", "waiting", "failed", "stopped"]
KEY = "salescommand:jobs"
# A job that said nothing for a day belongs to a process that is gone.
FORGET_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class JobState:
    """One job's last word. `waiting` means that a store it needs is away; `detail` says what it does or waits for."""

    name: str
    state: State
    last_run_at: str | None
    detail: str


class JobBoard:
    """Keeps each job's state here and in Redis, so that an API in another process sees it too."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._mine: dict[str, JobState] = {}

    async def report(self, name: str, state: State, detail: str = "", *, ran: bool = False) -> None:
        """Say how a job is. `ran` sets its time of last run to now. Never fails when Redis is away."""
        before = self._mine.get(name)
        last = datetime.now(UTC).isoformat(timespec="milliseconds") if ran else before.last_run_at if before else None
        now = JobState(name=name, state=state, last_run_at=last, detail=detail)
        self._mine[name] = now
        if before == now:
            return
        try:
            await self._redis.hset(KEY, name, json.dumps(asdict(now)))  # type: ignore[misc]
            await self._redis.expire(KEY, FORGET_SECONDS)
        except RedisError as error:
            # The board is for people; the job itself must go on.
            logger.warning("The state of job %s is known in this process only: %s", name, error)

    def mine(self) -> list[JobState]:
        """Return the last word of this process's own jobs."""
        return sorted(self._mine.values(), key=lambda state: state.name)

    async def all(self) -> list[JobState]:
        """Return the last word of every job, this process's own first hand."""
        states: dict[str, JobState] = {}
        try:
            for name, text in (await self._redis.hgetall(KEY)).items():  # type: ignore[misc]
                states[str(name)] = JobState(**json.loads(text))
        except RedisError as error:
            logger.warning("Jobs of other processes are not shown: %s", error)
        states.update(self._mine)
        return sorted(states.values(), key=lambda state: state.name)
