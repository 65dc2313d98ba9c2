"""Backups: made beside live traffic, restored in place and elsewhere, with the same numbers, people and books."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from backend.auth.principal import CONTROL
from backend.background import run_jobs
from backend.context import Context, open_context
from backend.main import create_app
from backend.services.backups import BackupService, make_backup
from backend.services.balance import balance
from backend.services.restores import restore_backup
from backend.settings import BackendSettings, SettingsError
from backend.stores.sealing import Unreadable
from salescommand_lake.backups import LakeInUse, NoSuchBackup, Place
from tests.backend.conftest import client_of, problem
from tests.backend.flow import Flow
from tests.backend.test_jobs import ended
from tests.backend.test_worker import tasks

NUMBERS = ("open-pipeline", "won-value", "won-count", "win-rate", "created-value")


async def company(flow: Flow, deals: int, *, first: int = 0) -> None:
    """Post deals of each status and make them numbers."""
    for number in range(first, first + deals):
        stage = ("open", "won", "lost")[number % 3]
        await flow.post(
            "crm",
            "opportunity",
            {"id": str(number), "name": f"Deal {number}", "stage": stage, "amount": f"{number}.25", "currency": "USD"},
        )
    await flow.settle()


async def shown(flow: Flow) -> dict[str, Any]:
    """Return what people see: numbers now and as of yesterday, records, events, users, sources, settings, mappings."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    found: dict[str, Any] = {}
    for slug in NUMBERS:
        for moment in ({}, {"as_of": yesterday}):
            answer = await flow.get(f"/api/metrics/{slug}", by="stage", **moment)
            found[f"{slug} {moment}"] = (answer["value"], answer["groups"])
    found["records"] = await flow.get("/api/records/opportunity", limit=200)
    for path in ("users", "sources", "settings", "mappings"):
        found[path] = await flow.get(f"/api/{path}")
    found["records"].pop("data_as_of", None)
    found["sources"] = [(one["source"], one["kind"], one["label"]) for one in found["sources"]["items"]]
    return found


async def backed_up(flow: Flow) -> dict[str, Any]:
    """Make a backup by the API and its job."""
    async with tasks(run_jobs(flow.context)):
        answer = await flow.send("POST", "/api/backups")
        assert answer.status_code == 202, answer.text
        job = await ended(flow, answer.json())
    assert job["state"] == "done", job
    result: dict[str, Any] = job["result"]
    return result


async def test_restored_in_place(flow: Flow) -> None:
    await company(flow, 12)
    await flow.send("POST", "/api/users", json={"email": "ann@example.com", "role": "manager"})
    before, made = await shown(flow), await backed_up(flow)
    assert (made["events"], made["bytes"] > 0, made["documents"] > 2) == (12, True, True)
    listed = await flow.get("/api/backups")
    assert [(one["name"], one["there"]) for one in listed["items"]] == [(made["name"], True)]

    await company(flow, 5, first=100)
    await flow.send("POST", "/api/users", json={"email": "bob@example.com", "role": "admin"})
    after = await shown(flow)
    assert after["records"]["total"] == 17
    with pytest.raises(LakeInUse, match="holds 17 events"):
        await restore_backup(flow.context, made["name"], replace_all=False)
    assert await shown(flow) == after

    restored = await restore_backup(flow.context, made["name"], replace_all=True)
    assert (restored.events, restored.documents, restored.after) == (12, made["documents"], {"crm": 5})
    assert await shown(flow) == before
    books = await balance(flow.context)
    assert books.balanced, books
    assert books.sources["crm"].damaged == 5
    # What follows is taken, folded and counted as ever.
    await company(flow, 3, first=200)
    assert (await flow.get("/api/records/opportunity"))["total"] == 15
    assert (await balance(flow.context)).balanced
    left = await flow.context.engine.query("SELECT name FROM system.databases WHERE name LIKE '%_before_%'")
    assert left == []


async def test_restored_elsewhere(flow: Flow, make_settings: Callable[..., BackendSettings]) -> None:
    await company(flow, 9)
    before, made = await shown(flow), await backed_up(flow)
    key = (flow.context.settings.data_dir / "secret.key").read_text()
    async with AsyncExitStack() as stack:
        there = await _another(stack, make_settings())
        with pytest.raises(Unreadable, match="another key"):
            await restore_backup(there.context, made["name"], replace_all=False)
        assert await there.context.engine.query(
            "SELECT count() AS n FROM system.tables WHERE database = {d:String}",
            {"d": there.context.engine.database},
        ) == [{"n": "0"}]
    async with AsyncExitStack() as stack:
        settings = make_settings()
        (settings.data_dir / "secret.key").write_text(key)
        there = await _another(stack, settings)
        restored = await restore_backup(there.context, made["name"], replace_all=False)
        assert (restored.events, restored.after) == (9, {})
        assert await shown(there) == before
        assert (await balance(there.context)).balanced


async def _another(stack: AsyncExitStack, settings: BackendSettings) -> Flow:
    """Open an installation of its own that has nothing yet."""
    context = await stack.enter_async_context(open_context(settings))
    client = await stack.enter_async_context(client_of(create_app(context, principal=CONTROL)))
    stack.push_async_callback(context.mongo.drop)
    stack.push_async_callback(_drop, context)
    return Flow(context, client)


def _with(context: Context, settings: BackendSettings) -> Context:
    """Return the context with other settings."""
    return dataclasses.replace(context, settings=settings, registry=CollectorRegistry())


async def _drop(context: Context) -> None:
    await context.engine.ensure_database()
    await context.engine.command(f"DROP DATABASE `{context.engine.database}` SYNC")


async def test_a_batch_that_came_in_between(flow: Flow) -> None:
    """Raw and its feeds are not taken at one instant: what lacks in the feeds is fed anew, and then folded."""
    await company(flow, 3)
    for number in (50, 51):
        await flow.post("crm", "opportunity", {"id": str(number), "name": "New", "stage": "open"})
    engine = flow.context.engine
    unfolded = "batch_id NOT IN (SELECT batch_id FROM folded_batches)"
    one = f"batch_id = (SELECT min(batch_id) FROM raw_events WHERE {unfolded})"
    await engine.command(f"DELETE FROM raw_batches WHERE {one}")
    await engine.command(f"DELETE FROM raw_batch_keys WHERE {one}")
    other = f"batch_id = (SELECT max(batch_id) FROM raw_batches WHERE {unfolded})"
    await engine.command(f"DELETE FROM raw_events WHERE {other}")
    made = await backed_up(flow)
    restored = await restore_backup(flow.context, made["name"], replace_all=True)
    assert (restored.events, restored.after) == (4, {"crm": 1})
    await flow.settle()
    assert (await flow.get("/api/records/opportunity"))["total"] == 4
    assert (await balance(flow.context)).balanced


async def test_names_and_places(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    await company(flow, 2)
    before = await shown(flow)
    for name in ("salesintel-20200101T000000Z", "../lake", "x'; DROP DATABASE y"):
        with pytest.raises(NoSuchBackup):
            await restore_backup(flow.context, name, replace_all=True)
    assert await shown(flow) == before
    server = flow.context.settings.model_copy(update={"clickhouse_url": "http://clickhouse:8123"})
    nowhere = _with(flow.context, server)
    async with client_of(create_app(nowhere, principal=CONTROL)) as client:
        found = problem(await client.post("/api/backups"), 409)
        assert "SALESCOMMAND_BACKUP_TO" in found["hint"]
        assert (await client.get("/api/backups")).json()["place"] is None
    with pytest.raises(SettingsError, match="SALESCOMMAND_BACKUP_TO"):
        await restore_backup(nowhere, "salesintel-20200101T000000Z", replace_all=True)


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("/var/backups/", "File('/var/backups/a-20260131T023000Z')"),
        ("disk:s3_cold", "Disk('s3_cold', 'a-20260131T023000Z')"),
        ("https://s3.example.com/b/lake", "S3('https://s3.example.com/b/lake/a-20260131T023000Z', 'id', 'it\\'s')"),
    ],
)
def test_a_place_in_the_engines_words(text: str, sql: str) -> None:
    place = Place.parse(text, "id", "it's")
    assert place.sql("a-20260131T023000Z") == sql
    assert "it's" not in repr(place)


@pytest.mark.parametrize("text", ["backups", "disk:", "disk:a'b", "ftp://host/x", "https://host"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="no place for backups"):
        Place.parse(text)


async def test_by_the_clock_and_only_the_newest_are_kept(flow: Flow) -> None:
    await company(flow, 1)
    settings = flow.context.settings.model_copy(update={"backup_every_hours": 24, "backups_kept": 2})
    context = _with(flow.context, settings)
    service, now = BackupService(context), datetime.now(UTC)
    folder = context.settings.data_dir.joinpath("lake").resolve().parent / "backups"
    for old in folder.glob(f"{context.engine.database}-*"):
        shutil.rmtree(old)  # of an earlier test with the same lake
    for year in (2001, 2002, 2003):
        (folder / f"{context.engine.database}-{year}0101T000000Z").mkdir(parents=True)

    await service.start_when_due(now)
    await service.start_when_due(now)  # one is on its way
    jobs = (await flow.get("/api/jobs"))["items"]
    assert [(job["kind"], job["created_by"]) for job in jobs] == [("backup", "schedule")]
    async with tasks(run_jobs(context)):
        assert (await ended(flow, jobs[0]))["state"] == "done"
    await service.start_when_due(now + timedelta(hours=23))
    assert len((await flow.get("/api/jobs"))["items"]) == 1
    kept = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith(context.engine.database))
    assert [name.rpartition("-")[2][:4] for name in kept] == ["2003", str(now.year)]
    await service.start_when_due(now + timedelta(hours=25))
    assert len((await flow.get("/api/jobs"))["items"]) == 2


async def test_a_failed_backup_leaves_no_documents(flow: Flow) -> None:
    """What could be read of MongoDB never stays in the lake."""
    await company(flow, 1)
    settings = flow.context.settings.model_copy(update={"backup_to": "/proc/nowhere"})
    context = _with(flow.context, settings)

    async def tell(_: float, __: str) -> None:
        return

    with pytest.raises(Exception, match=r"backups.*allowed"):
        await make_backup(context, {}, tell)
    rows = await context.engine.query("SELECT count() AS n FROM backed_up_documents")
    assert rows == [{"n": "0"}]
