"""Fixtures of every test: one embedded engine for the whole run, since a process can open only one folder with it."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from salescommand_lake import Engine, LakeSettings, open_engine
from salescommand_lake.schema import ensure_schema
from tests.support.clickhouse_front import FrontServer

_databases = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="write the snapshots anew instead of comparing")


@pytest.fixture
def update_snapshots(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-snapshots"))


@pytest.fixture(scope="session")
def lake_home() -> Iterator[Path]:
    """Give the data folder of this run. Every embedded engine that a test opens in-process must be in it."""
    folder = Path(tempfile.mkdtemp(prefix="salescommand-lake-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def front(lake_home: Path) -> Iterator[FrontServer]:
    """Give a ClickHouse over HTTP on the run's engine; it stays up for the whole run and keeps the engine open."""
    path = LakeSettings(data_dir=lake_home).embedded_path
    path.mkdir(parents=True, exist_ok=True)
    server = FrontServer(str(path), password="secret")
    server.start()
    yield server
    server.close()


@pytest.fixture
def lake_settings(lake_home: Path, front: FrontServer) -> LakeSettings:
    """Give settings of the embedded engine with a database that no other test uses."""
    del front  # open before the first engine, so that closing an engine does not stop what others use
    return LakeSettings(data_dir=lake_home, database=f"test_{next(_databases)}")


@pytest.fixture
def http_settings(lake_settings: LakeSettings, front: FrontServer) -> LakeSettings:
    """Give settings of the HTTP driver, for the same database as lake_settings."""
    return dataclasses.replace(lake_settings, url=front.url, password="secret")


@pytest.fixture
async def empty_engine(lake_settings: LakeSettings) -> AsyncIterator[Engine]:
    """Give an embedded engine without a schema, even without its database."""
    async with _opened(lake_settings) as engine:
        yield engine


@pytest.fixture
async def engine(empty_engine: Engine) -> Engine:
    """Give an embedded engine with an empty lake."""
    await ensure_schema(empty_engine)
    return empty_engine


@pytest.fixture
async def http_engine(http_settings: LakeSettings) -> AsyncIterator[Engine]:
    """Give an engine over HTTP with an empty lake, the same lake as ``engine`` of the same test."""
    async with _opened(http_settings) as engine:
        await ensure_schema(engine)
        yield engine


class _opened:  # noqa: N801 - reads as a function
    """Open an engine, and drop its database and close it at the end."""

    def __init__(self, settings: LakeSettings) -> None:
        self._engine = open_engine(settings)

    async def __aenter__(self) -> Engine:
        return self._engine

    async def __aexit__(self, *_: object) -> None:
        await self._engine.ensure_database()
        await self._engine.command(f"DROP DATABASE IF EXISTS `{self._engine.database}` SYNC")
        await self._engine.close()
