"""Fixtures of the lake's tests."""

from __future__ import annotations

import pytest

from salescommand_lake import Engine


@pytest.fixture(params=["embedded", "http"])
def any_engine(request: pytest.FixtureRequest) -> Engine:
    """Give an empty lake on each driver in turn: what holds on one must hold on the other."""
    engine: Engine = request.getfixturevalue("engine" if request.param == "embedded" else "http_engine")
    return engine
