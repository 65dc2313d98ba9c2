"""Background jobs: one of a kind, with progress, cancelled, repeated, and through the loss of Redis or the worker."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend import background as runner
from backend.auth.principal import CONTROL
from backend.background import run_jobs
from backend.context import Context
from backend.main import create_app
from backend.microservices.worker.loop import run_worker
from backend.services import jobs as service
from backend.stores.queue import open_queue
from salescommand_lake.retention import expire_raw
from tests.backend.conftest import Accounts, client_of, problem
from tests.backend.flow import Flow
from tests.backend.test_worker import changed, tasks
from tests.support.servers import redis_server
from tests.support.waiting import until

ROOT = str(Path(__file__).resolve().parents[2])


async def ended(flow: Flow, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = job

    async def over() -> bool:
        nonlocal found
        found = await flow.get(f"/api/jobs/{job['id']}")
        return found["state"] not in {"queued", "running"}

    await until(over, seconds=60)
    return found


async def start(flow: Flow, **body: Any) -> dict[str, Any]:
    answer = await flow.send("POST", "/api/lake/rebuild", json=body)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_rebuild_beside_the_live_worker(flow: Flow) -> None:
    for number in range(3):
        await flow.post("crm", "deal", {"id": str(number), "name": f"Deal {number}", "stage": "New"})
    async with tasks(run_worker(flow.context), run_jobs(flow.context)):
        plan = await flow.send("POST", "/api/lake/rebuild/plan", json={"entities": ["opportunity"]})
        assert plan.json()["events"] == 3
        job = await start(flow, entities=["opportunity"])
        problem(await flow.send("POST", "/api/lake/rebuild", json={}), 409)
        found = await ended(flow, job)
        assert (found["state"], found["progress"], found["result"]["events"]) == ("done", 1.0, 3), found
        await flow.post("crm", "deal", {"id": "9", "name": "After", "stage": "New"})

        async def there() -> bool:
            return bool((await flow.get("/api/records/opportunity"))["total"] == 4)

        await until(there, what="the fold goes on after the swap")
    problem(await flow.send("POST", "/api/lake/rebuild", json={"entities": ["deal"]}), 400)
    problem(await flow.send("POST", f"/api/jobs/{job['id']}/cancel"), 409)
    problem(await flow.send("GET", "/api/jobs/job_none"), 404)


class Trying:
    """Work that fails as often as told, or waits."""

    def __init__(self, failures: int = 0, *, waits: bool = False) -> None:
        self.failures = failures
        self.waits = waits
        self.runs = 0

    async def __call__(self, _: Context, args: Any, tell: Any) -> dict[str, Any]:
        self.runs += 1
        await tell(0.5, "half")
        if self.waits:
            while True:
                await asyncio.sleep(0.05)
                await tell(0.6, "waits")
        if self.runs <= self.failures:
            raise RuntimeError("no luck")
        return {"runs": self.runs, "resume": bool(args.get("resume"))}


async def test_failures_are_tried_again_and_the_last_one_stays(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RETRY_SECONDS", 0.01)
    lucky = Trying(2)
    monkeypatch.setitem(runner.WORK, "rebuild", lucky)
    async with tasks(run_jobs(flow.context)):
        found = await ended(flow, await start(flow))
        assert found["result"] == {"runs": 3, "resume": True}
        assert found["attempts"] == 3
        unlucky = Trying(99)
        monkeypatch.setitem(runner.WORK, "rebuild", unlucky)
        dead = await ended(flow, await start(flow))
        assert (dead["state"], dead["error"], unlucky.runs) == ("failed", "RuntimeError: no luck", service.ATTEMPTS)
        unlucky.failures = 0
        again = await flow.send("POST", f"/api/jobs/{dead['id']}/retry")
        assert (await ended(flow, again.json()))["state"] == "done"
    assert [job["state"] for job in (await flow.get("/api/jobs"))["items"]] == ["done", "failed", "done"]


async def test_a_running_and_a_queued_job_are_cancelled(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = Trying(waits=True)
    monkeypatch.setitem(runner.WORK, "rebuild", waits)
    queued = await start(flow)
    assert (await flow.send("POST", f"/api/jobs/{queued['id']}/cancel")).json()["state"] == "cancelled"
    async with tasks(run_jobs(flow.context)):
        job = await start(flow)
        await until(lambda: waits.runs == 1)
        answer = await flow.send("POST", f"/api/jobs/{job['id']}/cancel")
        assert answer.json()["state"] == "cancelled"
        waits.waits = False

        async def free() -> bool:
            return (await flow.send("POST", "/api/lake/rebuild", json={})).status_code == 202

        await until(free, what="the next one may start")


async def test_who_may(client: httpx.AsyncClient, accounts: Accounts) -> None:
    token = await accounts.token("analyst")
    assert (await client.get("/api/jobs", headers=token)).status_code == 200
    problem(await client.post("/api/lake/rebuild", json={}, headers=token), 403)
    problem(await client.post("/api/jobs/job_x/cancel", headers=token), 403)


async def test_an_expired_event_is_gone_and_its_record_stays(flow: Flow) -> None:
    posted = await flow.post("crm", "deal", {"id": "1", "name": "Deal", "stage": "New"})
    await flow.settle()
    path = f"/api/events/{posted['event_id']}"
    await flow.get(path)
    [item] = (await flow.get("/api/records/opportunity"))["items"]
    record = await flow.get(f"/api/records/opportunity/{item['canonical_id']}")
    assert not record["fields"]["name"]["event_expired"]
    later = datetime.now(UTC) + timedelta(days=32)
    await expire_raw(flow.context.engine, later)
    for gone in (path, f"{path}/body"):
        assert problem(await flow.send("GET", gone), 410)["title"] == "The event has expired"
    [item] = (await flow.get("/api/records/opportunity"))["items"]
    record = await flow.get(f"/api/records/opportunity/{item['canonical_id']}")
    assert (record["fields"]["name"]["value"], record["fields"]["name"]["event_expired"]) == ("Deal", True)
    assert (record["fields"]["amount"]["event_id"], record["fields"]["amount"]["event_expired"]) == (None, False)
    assert [change["event_expired"] for change in record["history"]] == [True]
    books = await flow.get("/api/microservices/balance")
    assert (books["balanced"], books["totals"]["expired"], books["totals"]["applied"]) == (True, 1, 0)


@pytest.mark.faults
async def test_redis_restarts_empty(flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queued job and a running one outlive a Redis that comes back with nothing."""
    monkeypatch.setattr(service, "HEARTBEAT_SECONDS", 1)
    monkeypatch.setattr(runner, "UPKEEP_SECONDS", 0.1)
    waits = Trying(waits=True)
    monkeypatch.setitem(runner.WORK, "rebuild", waits)
    with redis_server(tmp_path) as url:
        context = changed(flow.context, queue=open_queue(url))
        async with client_of(create_app(context, principal=CONTROL)) as api:
            other = Flow(context, api)
            queued = await start(other)
    port = int(url.rsplit(":", 1)[1].split("/")[0])
    with redis_server(tmp_path, port) as url:
        async with tasks(run_jobs(context)):
            await until(lambda: waits.runs == 1, what="it is queued again and runs")
        waits.waits = False

    with redis_server(tmp_path, port) as url:
        async with tasks(run_jobs(context)), client_of(create_app(context, principal=CONTROL)) as api:
            found = await ended(Flow(context, api), queued)
            assert found["state"] == "done", found
    await context.queue.redis.aclose()


@pytest.mark.faults
async def test_a_worker_is_killed(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process was doing is taken up by another one."""
    monkeypatch.setattr(service, "HEARTBEAT_SECONDS", 1)
    monkeypatch.setattr(runner, "UPKEEP_SECONDS", 0.1)
    settings = flow.context.settings
    environment = {
        **os.environ,
        "MONGO_URL": settings.mongo_url,
        "REDIS_URL": settings.redis_url,
        "DB_NAME": settings.db_name,
        "SALESCOMMAND_DATA_DIR": str(settings.data_dir / "killed"),
        "PYTHONPATH": ROOT,
    }
    job = await start(flow)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.waiting_worker", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert (await asyncio.wait_for(process.stdout.readline(), 60)).strip() == b"working"
    assert (await flow.get(f"/api/jobs/{job['id']}"))["state"] == "running"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    monkeypatch.setitem(runner.WORK, "rebuild", Trying())
    async with tasks(run_jobs(flow.context)):
        found = await ended(flow, job)
    assert (found["state"], found["result"], found["attempts"]) == ("done", {"runs": 1, "resume": True}, 2)
