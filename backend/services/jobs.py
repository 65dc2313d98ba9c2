"""Background jobs: MongoDB remembers them, Redis carries them, one of a kind runs at a time.

A job that Redis forgot (it was emptied) or whose process was killed is put into the queue again by ``revive``; each run
has a number of its own, and a run whose number is not the job's any more stops before it writes.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from backend.context import Context
from backend.errors import Problem, not_found
from backend.stores.mongo import Document

__all__ = ["ACTIVE", "JOB_KINDS", "JobRecord", "JobService"]

State = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE = ("queued", "running")
JOB_KINDS: Mapping[str, str] = {
    "rebuild": "Build the canonical zone again from raw",
    "backup": "Write the lake, and MongoDB's documents with it, to the place for backups",
    "expire-raw": "Take away the bytes of events that are older than the retention",
}
"""Every kind of job and what it does."""
ATTEMPTS = 5
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 120.0
HEARTBEAT_SECONDS = 30
"""A running job that said nothing for so long belongs to a process that is gone."""
KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job. ``progress`` is a fraction; ``failed`` after all attempts is what other systems call dead."""

    id: str
    kind: str
    args: dict[str, Any]
    state: State
    progress: float
    detail: str
    error: str | None
    result: dict[str, Any] | None
    attempts: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobService:
    """Starts, shows, cancels and repeats jobs."""

    def __init__(self, context: Context) -> None:
        self._jobs = context.mongo.jobs
        self._queue = context.queue

    async def start(self, kind: str, args: Mapping[str, Any], by: str) -> JobRecord:
        """Put a job into the queue.

        Raises:
            Problem: 409 while another of the kind is queued or running.
        """
        running = await self._jobs.get({"kind": kind, "state": {"$in": list(ACTIVE)}})
        if running is not None:
            raise _busy(running)
        now = datetime.now(UTC)
        document: Document = {
            "_id": f"job_{secrets.token_hex(8)}",
            "kind": kind,
            "args": dict(args),
            "state": "queued",
            "progress": 0.0,
            "detail": "waiting for a worker",
            "error": None,
            "result": None,
            "attempts": 0,
            "run": "",
            "created_by": by,
            "created_at": now,
            "touched_at": now,
            "started_at": None,
            "finished_at": None,
        }
        await self._jobs.delete({"finished_at": {"$lt": now - KEPT}})
        await self._jobs.insert(document)
        if not await self.enqueue(document):
            await self._jobs.delete({"_id": document["_id"]})
            raise _busy(document)
        return _record(document)

    async def enqueue(self, document: Document) -> bool:
        """Give a job to Redis; False when one of its kind is there already."""
        job = await self._queue.enqueue(
            "work",
            key=document["kind"],
            job_id=document["_id"],
            timeout=0,
            heartbeat=HEARTBEAT_SECONDS,
            retries=ATTEMPTS,
            retry_delay=RETRY_SECONDS,
            retry_backoff=LONGEST_RETRY_SECONDS,
        )
        return job is not None

    async def claim(self, job_id: str, run: str) -> Document | None:
        """Give a queued job to a run, or one whose run fell silent; None when there is nothing to do for it."""
        now = datetime.now(UTC)
        silent = {"state": "running", "touched_at": {"$lt": now - timedelta(seconds=HEARTBEAT_SECONDS)}}
        start = {"state": "running", "run": run, "touched_at": now, "started_at": now, "error": None}
        return await self._jobs.update(
            {"_id": job_id, "$or": [{"state": "queued"}, silent]}, {"$set": start, "$inc": {"attempts": 1}}
        )

    async def all(self, limit: int = 100) -> list[JobRecord]:
        """Return the jobs, newest first."""
        return [_record(each) for each in await self._jobs.find(sort=[("created_at", -1)], limit=limit)]

    async def waiting(self) -> tuple[dict[str, int], datetime | None]:
        """Return how many of the newest jobs are in each state, and since when the oldest queued one waits, UTC.

        Raises:
            MongoUnavailable: MongoDB is away.
        """
        jobs = await self.all()
        counts = Counter(job.state for job in jobs)
        queued = [job.created_at for job in jobs if job.state == "queued"]
        return {state: counts[state] for state in get_args(State)}, min(queued, default=None)

    async def one(self, job_id: str) -> JobRecord:
        """Return one job.

        Raises:
            Problem: 404 when there is none.
        """
        return _record(await self._document(job_id))

    async def cancel(self, job_id: str) -> JobRecord:
        """End a job; one that runs stops within a second or two and leaves what it has written for a retry.

        Raises:
            Problem: 404 when there is none, 409 when it has ended.
        """
        document = await self._document(job_id)
        if document["state"] not in ACTIVE:
            raise Problem(409, "job-ended", "The job has ended", f"{job_id} is {document['state']}.")
        change = {"state": "cancelled", "finished_at": datetime.now(UTC), "detail": "cancelled", "run": ""}
        found = await self._jobs.update({"_id": job_id, "state": {"$in": list(ACTIVE)}}, {"$set": change})
        job = await self._queue.job(document["kind"])
        if job is not None and (job.kwargs or {}).get("job_id") == job_id:
            await job.abort("cancelled")
        return _record(found or document)

    async def retry(self, job_id: str, by: str) -> JobRecord:
        """Start an ended job again, where it can go on from where it was.

        Raises:
            Problem: 404 when there is none, 409 while it runs.
        """
        document = await self._document(job_id)
        if document["state"] in ACTIVE:
            raise _busy(document)
        args = document["args"] | ({"resume": True} if document["kind"] == "rebuild" else {})
        return await self.start(document["kind"], args, by)

    async def revive(self) -> list[str]:
        """Queue the jobs again that neither Redis nor a running process knows any more; return their ids."""
        silent = datetime.now(UTC) - timedelta(seconds=HEARTBEAT_SECONDS)
        revived = []
        for document in await self._jobs.find({"state": {"$in": list(ACTIVE)}, "touched_at": {"$lt": silent}}):
            if await self.enqueue(document):
                change = {"state": "queued", "touched_at": datetime.now(UTC), "detail": "queued again"}
                await self._jobs.update({"_id": document["_id"]}, {"$set": change})
                revived.append(str(document["_id"]))
        return revived

    async def _document(self, job_id: str) -> Document:
        found = await self._jobs.get({"_id": job_id})
        if found is None:
            raise not_found("job", job_id, hint="GET /api/jobs lists them.")
        return found


def _busy(running: Document) -> Problem:
    return Problem(
        409,
        "job-running",
        "One of a kind at a time",
        f"A job of the kind {running['kind']} is {running['state']}: {running['_id']}.",
        hint=f"Wait for it, or cancel it: POST /api/jobs/{running['_id']}/cancel.",
    )


def _record(document: Document) -> JobRecord:
    values = {name: document[name] for name in JobRecord.__dataclass_fields__ if name != "id"}
    return JobRecord(id=document["_id"], **values)
