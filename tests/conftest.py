"""Fixtures of every test: one embedded engine for the whole run, since a process can open only one folder with it."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from salescommand_lake import Engine, LakeSettings, open_engine
from salescommand_lake.schema import ensure_schema
from tests.support import lakes
from tests.support.clickhouse_front import FrontServer


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
async def lake_settings(lake_home: Path, front: FrontServer) -> AsyncIterator[LakeSettings]:
    """Give settings of the embedded engine with an empty lake that no other test uses at the same time.

    A lake is emptied and used again when the test left its tables alone.
    """
    del front  # open before the first engine, so that closing an engine does not stop what others use
    settings = LakeSettings(data_dir=lake_home, database=lakes.take())
    keeper = open_engine(settings)
    if not lakes.is_known(settings.database):
        await ensure_schema(keeper)
        await lakes.learn(keeper)
    yield settings
    await lakes.give_back(keeper)
    await keeper.close()


@pytest.fixture
def http_settings(lake_settings: LakeSettings, front: FrontServer) -> LakeSettings:
    """Give settings of the HTTP driver, for the same lake as lake_settings."""
    return dataclasses.replace(lake_settings, url=front.url, password="secret")


@pytest.fixture
async def empty_engine(lake_settings: LakeSettings) -> AsyncIterator[Engine]:
    """Give an embedded engine without a schema, even without its database."""
    engine = open_engine(dataclasses.replace(lake_settings, database=lakes.new_name()))
    yield engine
    await engine.ensure_database()
    await engine.command(f"DROP DATABASE `{engine.database}` SYNC")
    await engine.close()


@pytest.fixture
async def engine(lake_settings: LakeSettings) -> AsyncIterator[Engine]:
    """Give an embedded engine with an empty lake."""
    engine = open_engine(lake_settings)
    yield engine
    await engine.close()


@pytest.fixture
async def http_engine(http_settings: LakeSettings) -> AsyncIterator[Engine]:
    """Give an engine over HTTP with an empty lake, the same lake as ``engine`` of the same test."""
    engine = open_engine(http_settings)
    yield engine
    await engine.close()
