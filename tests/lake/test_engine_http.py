"""The HTTP driver when the network or the server misbehaves."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from salescommand_lake import Engine, LakeSettings, open_engine
from salescommand_lake.errors import AccessDenied, LakeError, LakeUnavailable
from tests.support.clickhouse_front import FrontServer
from tests.support.cutting_proxy import CuttingProxy
from tests.support.servers import free_port
from tests.support.waiting import until_running

TABLE = (
    "CREATE TABLE things (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100"
)


@asynccontextmanager
async def opened(settings: LakeSettings) -> AsyncIterator[Engine]:
    engine = open_engine(settings)
    try:
        yield engine
    finally:
        await engine.close()


@pytest.fixture
def own_front(lake_home: Path, front: FrontServer) -> Iterator[FrontServer]:
    """Give a second front on the same engine, which a test may stop."""
    del front
    server = FrontServer(str(LakeSettings(data_dir=lake_home).embedded_path), password="secret")
    server.start()
    yield server
    server.close()


async def count(engine: Engine) -> int:
    return int((await engine.query("SELECT count() AS n FROM things"))[0]["n"])


async def test_an_outage_is_typed_and_ends_by_itself(own_front: FrontServer, http_settings: LakeSettings) -> None:
    async with opened(dataclasses.replace(http_settings, url=own_front.url)) as engine:
        await engine.ensure_database()
        await engine.command(TABLE)
        await engine.insert("things", [{"id": 1}], token="1")
        own_front.stop()
        for call in (engine.ping(), engine.query("SELECT 1"), engine.insert("things", [{"id": 2}], token="2")):
            with pytest.raises(LakeUnavailable, match=own_front.url) as caught:
                await call
            assert caught.value.retryable
        own_front.start()
        await engine.ping()
        await engine.insert("things", [{"id": 2}], token="2")
        assert await count(engine) == 2


async def test_a_server_that_is_away_at_the_start(own_front: FrontServer, http_settings: LakeSettings) -> None:
    own_front.stop()
    async with opened(dataclasses.replace(http_settings, url=own_front.url)) as engine:
        with pytest.raises(LakeUnavailable):
            await engine.ping()
        own_front.start()
        await engine.ensure_database()
        assert await engine.query("SELECT 1 AS x") == [{"x": 1}]


async def test_a_server_that_accepts_and_never_answers(http_settings: LakeSettings) -> None:
    hung_up = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hung_up.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with opened(dataclasses.replace(http_settings, url=f"http://127.0.0.1:{port}")) as engine:
            with pytest.raises(LakeUnavailable, match="does not answer within"):
                await engine.ping()
        hung_up.set()


async def test_an_insert_whose_answer_is_lost_is_told_and_stored_once(
    http_engine: Engine, http_settings: LakeSettings, front: FrontServer
) -> None:
    """The driver must not send it again by itself: the caller would not know that a first try may be at work."""
    await http_engine.command(TABLE)
    async with (
        CuttingProxy(front.port, b"insert_deduplication_token") as proxy,
        opened(dataclasses.replace(http_settings, url=f"http://127.0.0.1:{proxy.port}")) as engine,
    ):
        await engine.ping()
        proxy.cuts = 1
        with pytest.raises(LakeUnavailable) as caught:
            await engine.insert("things", [{"id": 1}, {"id": 2}], token="first")
        assert caught.value.outcome_unknown
        assert proxy.swallowed == 1
        for _ in range(2):
            await engine.insert("things", [{"id": 1}, {"id": 2}], token="first")
        assert await count(engine) == 2


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_a_wrong_password_is_no_outage(http_settings: LakeSettings, password: str) -> None:
    async with opened(dataclasses.replace(http_settings, password=password)) as engine:
        with pytest.raises(AccessDenied) as caught:
            await engine.ping()
        assert caught.value.code == 516
        assert not caught.value.retryable


async def test_a_password_never_shows() -> None:
    url = f"http://somebody:hunter2@127.0.0.1:{free_port()}"
    settings = LakeSettings(url=url, password="hunter3")
    assert "hunter3" not in repr(settings)
    assert "hunter2" not in settings.where
    async with opened(settings) as engine:
        with pytest.raises(LakeUnavailable) as caught:
            await engine.ping()
    assert "hunter" not in str(caught.value)


async def test_user_and_password_may_stand_in_the_address(http_settings: LakeSettings, front: FrontServer) -> None:
    url = front.url.replace("http://", "http://default:secret@")
    async with opened(dataclasses.replace(http_settings, url=url, password="")) as engine:
        await engine.ping()


@pytest.mark.parametrize("url", ["clickhouse:8123", "tcp://clickhouse:9000", "http://", "http://host:port", "nonsense"])
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(LakeError, match="must look like http://clickhouse:8123"):
        open_engine(LakeSettings(url=url))


async def test_closing_waits_for_running_statements(http_engine: Engine, http_settings: LakeSettings) -> None:
    async with opened(http_settings) as engine:
        await engine.ping()
        running = asyncio.create_task(engine.query("SELECT sleep(0.5) AS x"))
        await until_running(http_engine, "SELECT sleep(0.5)")
        await engine.close()
        assert await running == [{"x": 0}]
        with pytest.raises(LakeUnavailable, match="was closed"):
            await engine.ping()
    await http_engine.ping()
