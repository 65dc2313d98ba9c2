"""The metrics: what alerts and dashboards ask for is there, in Prometheus's own form."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY, CollectorRegistry

import salescommand_operator.metrics  # noqa: F401 - its metrics are made when it is imported
from backend.main import create_metrics_app
from backend.microservices.worker.loop import WorkerMetrics
from tests.backend.conftest import client_of
from tests.support.waiting import until

FILES = Path(__file__).resolve().parents[2] / "charts" / "salescommand" / "files"
OURS = re.compile(r"\bsalescommand_\w+")


def asked() -> dict[str, set[str]]:
    """Return our metrics by the alert or panel that asks for them."""
    found = {}
    for file in sorted((FILES / "alerts").glob("*.yaml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            found |= {rule["alert"]: set(OURS.findall(rule["expr"])) for rule in group["rules"]}
    for file in sorted((FILES / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            text = " ".join(target["expr"] for target in panel["targets"])
            found[f"{file.stem}: {panel['title']}"] = set(OURS.findall(text))
    return found


async def text_of(context) -> str:
    async with client_of(create_metrics_app(context)) as client:
        assert (await client.get("/health")).text == "ok\n"

        async def summed() -> bool:
            return 'books_difference{sum="raw"}' in (await client.get("/metrics")).text

        text = (await client.get("/metrics")).text
        if context.local_spool is None:
            # A worker's sums come with one of the next scrapes.
            await until(summed, what="the books are summed")
            text = (await client.get("/metrics")).text
        return text


async def worker_text(flow) -> str:
    """Return what a process without a spool, a worker, says."""
    return await text_of(dataclasses.replace(flow.context, local_spool=None, registry=CollectorRegistry()))


async def test_what_alerts_and_dashboards_ask_for_is_measured(flow):
    await flow.post("crm", "weather", {"id": "w1"})
    WorkerMetrics(flow.context.registry)
    text = await text_of(flow.context) + await worker_text(flow)
    # Series with labels appear with their first event, their declaration at once.
    there = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    # The operator's are in the library's own registry, since it is a process of its own.
    there |= {each.name for each in REGISTRY.collect()}
    there |= {f"{name}{end}" for name in there for end in ("_bucket", "_total")}
    missing = {place: names - there for place, names in asked().items() if names - there}
    assert not missing


async def test_the_exposition_is_in_prometheus_form(flow):
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool: apt-get install prometheus")
    await flow.post("crm", "weather", {"id": "w1"})
    text = await text_of(flow.context)
    check = subprocess.run
    found = await asyncio.to_thread(check, [program, "check", "metrics"], input=text, capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


async def test_a_worker_says_whether_the_books_agree_and_what_waits(flow):
    await flow.post("crm", "weather", {"id": "w1"})
    await flow.settle()
    text = await worker_text(flow)
    for name in ("received", "accepted", "raw"):
        assert f'salescommand_books_difference{{sum="{name}"}} 0.0' in text
    assert 'salescommand_source_behind_seconds{source="crm"} 0.0' in text
    for store in ("clickhouse", "mongodb", "redis"):
        assert f'salescommand_store_up{{store="{store}"}} 1.0' in text
    assert 'salescommand_jobs{state="queued"} 0.0' in text
    assert "salescommand_job_queued_seconds 0.0" in text


async def test_events_that_are_no_records_yet_are_told_by_their_age(flow):
    await flow.post("crm", "weather", {"id": "w1"})
    text = await worker_text(flow)
    (line,) = [
        each for each in text.splitlines() if each.startswith('salescommand_source_behind_seconds{source="crm"}')
    ]
    assert 0 < float(line.split()[1]) < 60
