"""One demo company for all tests of numbers; its lake is filled once, and every module works on a copy."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from salescommand_demo import Generator
from salescommand_lake import Engine, LakeSettings, open_engine
from salescommand_lake.schema import ensure_schema
from tests.demo.lake import ANCHOR, LOADED, load_lake


@pytest.fixture(scope="session")
def made() -> Generator:
    return Generator(anchor=ANCHOR, events=10_000)


@pytest.fixture(scope="session")
async def filled(made: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    engine = open_engine(LakeSettings(data_dir=folder))
    try:
        await ensure_schema(engine)
        assert await load_lake(engine, made, LOADED) == len(made.arrivals())
    finally:
        await engine.close()
    return folder


@pytest.fixture(scope="module")
async def lake(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(filled, folder, symlinks=True, dirs_exist_ok=True)
    engine = open_engine(LakeSettings(data_dir=folder))
    yield engine
    await engine.close()
