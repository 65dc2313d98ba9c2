"""Runs the background jobs of the queue, in the same process as the worker's loop.

The fold itself is no job: it is a loop that is woken by inserts and must answer within a second, for ever; a queue
would add a hop, and nothing to retry that the loop does not retry. Work that somebody starts and that ends is a job.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.exceptions import RedisError
from saq.worker import Worker as SaqWorker

from backend.cancelling import stop_if_cancelled
from backend.context import Context, lake_settings
from backend.errors import Problem
from backend.microservices.worker.exclusive import fold_alone
from backend.services.backups import BackupService, make_backup
from backend.services.jobs import ATTEMPTS, JobService
from backend.services.rebuilds import scope_of
from backend.stores.mongo import Document, MongoUnavailable
from salescommand_lake.engine import open_engine
from salescommand_lake.errors import LakeError
from salescommand_lake.rebuild import RebuildProgress, rebuild
from salescommand_lake.retention import expire_raw
from salescommand_lake.schema import declared_raw_retention

__all__ = ["run_jobs"]

log = logging.getLogger(__name__)
TOUCH_SECONDS = 2.0
UPKEEP_SECONDS = 10.0
RETENTION_EVERY = timedelta(hours=6)
Tell = Callable[[float, str], Awaitable[None]]
Work = Callable[[Context, Mapping[str, Any], Tell], Awaitable[dict[str, Any]]]


class _Taken(Exception):  # noqa: N818 - named for what it is
    """The job was cancelled, or another process has taken it up."""


class _Saq(SaqWorker[Any]):
    SIGNALS: list[Any] = []  # noqa: RUF012 - the role's own handlers end the process


async def run_jobs(context: Context) -> None:
    """Work until cancelled."""

    async def work(_: Any, *, job_id: str) -> None:
        await _Run(context, job_id).work(_["job"])

    worker = _Saq(
        context.queue,
        [("work", work)],
        concurrency=2,
        dequeue_timeout=5,
        timers={"schedule": 1, "worker_info": 30, "sweep": 5, "abort": 1},
        cancellation_hard_deadline_s=10.0,
    )
    upkeep = asyncio.create_task(_upkeep(context), name="upkeep of jobs")
    try:
        await worker.start()
        raise asyncio.CancelledError
    finally:
        upkeep.cancel()
        await asyncio.wait({upkeep})


class _Run:
    """One run of a job."""

    def __init__(self, context: Context, job_id: str) -> None:
        self._context = context
        self._id = job_id
        self._number = secrets.token_hex(8)

    async def work(self, job: Any) -> None:
        """Do the job, tell how it goes, and remember how it ended."""
        document = await JobService(self._context).claim(self._id, self._number)
        if document is None:
            return  # cancelled while it waited, or another process is at it
        doing = asyncio.create_task(self._do(document))
        try:
            while not doing.done():
                await asyncio.wait({doing}, timeout=TOUCH_SECONDS)
                await self._touch(job)
            await self._end("done", progress=1.0, detail="done", result=doing.result())
        except _Taken:
            log.info("job %s was cancelled or taken up elsewhere", self._id)
        except asyncio.CancelledError:
            # The process ends, or the job was cancelled; then its number is gone and this changes nothing.
            await self._set(state="queued", detail="interrupted; goes on by itself")
            raise
        except (LakeError, RedisError, MongoUnavailable, Problem, ValueError, RuntimeError) as error:
            await self._failed(error, last=job.attempts >= ATTEMPTS or isinstance(error, (Problem, ValueError)))
            if not isinstance(error, (Problem, ValueError)):
                raise
        finally:
            if not doing.done():
                doing.cancel()
                await asyncio.wait({doing})
            if not doing.cancelled():
                doing.exception()  # told above, or no longer this run's to tell

    async def _do(self, document: Document) -> dict[str, Any]:
        args = dict(document["args"])
        if document["kind"] == "rebuild" and document["attempts"] > 1:
            args["resume"] = True
        return await WORK[document["kind"]](self._context, args, self._tell)

    async def _tell(self, progress: float, detail: str) -> None:
        if await self._set(progress=round(progress, 4), detail=detail) is None:
            raise _Taken

    async def _touch(self, job: Any) -> None:
        """Say here and to Redis that the run is alive."""
        if await self._set() is None:
            raise _Taken
        try:
            await job.update()
        except RedisError as error:
            log.debug("Redis is away; the job goes on: %s", error)

    async def _set(self, **values: Any) -> Document | None:
        change = values | {"touched_at": datetime.now(UTC)}
        return await self._context.mongo.jobs.update({"_id": self._id, "run": self._number}, {"$set": change})

    async def _end(self, state: str, **values: Any) -> None:
        await self._set(state=state, finished_at=datetime.now(UTC), **values)

    async def _failed(self, error: Exception, *, last: bool) -> None:
        words = f"{type(error).__name__}: {error}"
        log.warning("job %s failed: %s", self._id, words)
        if last:
            await self._end("failed", error=words, detail="failed")
        else:
            await self._set(state="queued", error=words, detail="failed; tried again soon")


async def _rebuild(context: Context, args: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    scope = scope_of(args)

    async def report(progress: RebuildProgress) -> None:
        part = progress.done / progress.total if progress.total else 0.0
        await tell(part * 0.98, f"{progress.what}: {progress.done:,} of {progress.total:,} events")

    async with AsyncExitStack() as stack:
        # Connections of its own, so that live traffic does not wait behind its statements.
        engines = [open_engine(lake_settings(context.settings)) for _ in range(2)]
        for engine in engines:
            stack.push_async_callback(engine.close)
        result = await rebuild(
            engines,
            scope,
            resume=bool(args.get("resume")),
            exclusive=lambda: fold_alone(context.redis),
            report=report,
        )
    return {
        "events": result.events,
        "kept": result.kept,
        "slices": result.slices,
        "nouns": list(result.nouns),
        "resumed": result.resumed,
        "seconds": round(result.seconds, 1),
    }


async def _expire(context: Context, args: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    await tell(0.0, "taking away expired events")
    async with fold_alone(context.redis) as guard:
        gone = await expire_raw(context.engine, datetime.fromisoformat(args["before"]), guard=guard)
    return {"before": gone.before.isoformat(), "events": gone.events, "partitions": list(gone.partitions)}


WORK: dict[str, Work] = {"rebuild": _rebuild, "expire-raw": _expire, "backup": make_backup}


async def _upkeep(context: Context) -> None:
    """Queue again what Redis forgot, and start what is due by the calendar."""
    jobs = JobService(context)
    next_expiry = datetime.now(UTC)
    while True:
        stop_if_cancelled()
        try:
            for job_id in await jobs.revive():
                log.warning("job %s was queued again", job_id)
            if datetime.now(UTC) >= next_expiry:
                next_expiry = datetime.now(UTC) + RETENTION_EVERY
                await _start_expiry(context, jobs)
            await BackupService(context).start_when_due(datetime.now(UTC))
        except (RedisError, MongoUnavailable, LakeError, Problem) as error:
            log.debug("upkeep of jobs waits: %s", error)
        await asyncio.sleep(UPKEEP_SECONDS)


async def _start_expiry(context: Context, jobs: JobService) -> None:
    declared = await declared_raw_retention(context.engine)
    days = context.settings.raw_retention_days if declared is None else declared
    if not days:
        return
    before = datetime.now(UTC) - timedelta(days=days)
    due = await expire_raw(context.engine, before, dry_run=True)
    if due.events:
        await jobs.start("expire-raw", {"before": before.isoformat()}, "retention")
