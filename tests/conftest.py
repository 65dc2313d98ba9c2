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
from salescommand_lake.schema import SCHEMA_VERSION, ensure_schema, schema_version
from tests.support.clickhouse_front import FrontServer

_databases = itertools.count(1)
_spare_lakes: list[str] = []
_tables_of_lakes: dict[str, dict[str, str]] = {}


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

    Making a schema takes a third of a second, so a lake is emptied and used again when the test left its tables alone.
    """
    del front  # open before the first engine, so that closing an engine does not stop what others use
    name = _spare_lakes.pop() if _spare_lakes else f"test_{next(_databases)}"
    settings = LakeSettings(data_dir=lake_home, database=name)
    keeper = open_engine(settings)
    if name not in _tables_of_lakes:
        await ensure_schema(keeper)
        _tables_of_lakes[name] = await _tables(keeper)
    yield settings
    if await _emptied(keeper):
        _spare_lakes.append(name)
    else:
        await keeper.ensure_database()
        await keeper.command(f"DROP DATABASE `{name}` SYNC")
    await keeper.close()


@pytest.fixture
def http_settings(lake_settings: LakeSettings, front: FrontServer) -> LakeSettings:
    """Give settings of the HTTP driver, for the same lake as lake_settings."""
    return dataclasses.replace(lake_settings, url=front.url, password="secret")


@pytest.fixture
async def empty_engine(lake_settings: LakeSettings) -> AsyncIterator[Engine]:
    """Give an embedded engine without a schema, even without its database."""
    engine = open_engine(dataclasses.replace(lake_settings, database=f"test_{next(_databases)}"))
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


async def _tables(engine: Engine) -> dict[str, str]:
    rows = await engine.query(
        "SELECT name, create_table_query FROM system.tables WHERE database = {d:String}", {"d": engine.database}
    )
    return {row["name"]: row["create_table_query"] for row in rows}


async def _emptied(engine: Engine) -> bool:
    """Empty the tables of a lake, and say whether it is as good as new."""
    if await _tables(engine) != _tables_of_lakes[engine.database]:
        return False
    full = await engine.query(
        "SELECT DISTINCT table FROM system.parts WHERE database = {d:String} AND active AND table != 'schema_ledger'",
        {"d": engine.database},
    )
    for row in full:
        await engine.command(f"TRUNCATE TABLE `{row['table']}` SYNC")
    return await schema_version(engine) == SCHEMA_VERSION
