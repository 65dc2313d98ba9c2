"""One demo company for all tests of numbers, and a lake that is filled with it once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from salescommand_demo import Generator
from salescommand_lake import Engine, LakeSettings, open_engine
from salescommand_lake.schema import ensure_schema
from tests.demo.lake import ANCHOR, LOADED, load_lake
from tests.support.clickhouse_front import FrontServer


@pytest.fixture(scope="session")
def made() -> Generator:
    return Generator(anchor=ANCHOR, events=10_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lake(made: Generator, lake_home: Path, front: FrontServer) -> AsyncIterator[Engine]:
    """The filled lake. What changes it comes last in the last module that uses it."""
    del front  # keeps the run's engine open
    engine = open_engine(LakeSettings(data_dir=lake_home, database="demo"))
    await engine.ensure_database()
    await ensure_schema(engine)
    assert await load_lake(engine, made, LOADED) == len(made.arrivals())
    yield engine
    await engine.close()
