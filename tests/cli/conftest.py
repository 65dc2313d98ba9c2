"""One running `dev` for all tests that only look at it or add to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from salescommand_cli.errors import CommandError
from salescommand_cli.local.stores import find_redis
from tests.cli.support import Dev, dev


@pytest.fixture(scope="session")
def stores() -> None:
    """Skip, by name, what needs a redis-server where none can be had."""
    try:
        find_redis()
    except CommandError as error:
        pytest.skip(f"{error.message} {error.hint}")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, stores: None) -> Iterator[Dev]:
    with dev(tmp_path_factory.mktemp("running") / "data") as system:
        yield system
