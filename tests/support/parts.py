"""Splits the Python tests into parts: `python -m pytest -p tests.support.parts --part unit`.

A test is integration when it opens an engine, a server or a process, which its fixtures (or its folder) tell; faults
are marked as such; everything else is unit. Nobody has to remember a marker.
"""

from __future__ import annotations

import pytest

OPENING = {"cluster", "front", "lake_settings", "redis_url", "mongo_url", "lake_folder"}
DRIVERS = {"embedded", "http"}
PROCESSES = ("tests/cli/", "tests/lake/test_engine")
PARTS = ("unit", "integration", "faults")
LONGEST = (
    *("lake/test_rebuild", "lake/test_identity", "lake/test_fold_history", "lake/test_numbers"),
    *(
        "backend/test_schemathesis",
        "demo/test_truth",
        "cli/test_dev",
        "lake/test_fold_steps",
        "lake/test_work_reference",
    ),
    *("backend/test_payloads", "backend/test_worker", "cli/test_life", "backend/test_quarantine", "lake/test_bridge"),
    *("backend/test_identity", "lake/test_plan", "cli/test_declared", "lake/test_mapping_preview"),
    *("lake/test_mapping_oracle", "lake/test_fold_maven", "demo/test_numbers"),
)
"""Files that take longest, the longest first. Workers take files in this order, so none begins a long one last."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=PARTS, help="run only this part of the tests")


def part_of(item: pytest.Item) -> str:
    """Return the part that a test belongs to."""
    if item.get_closest_marker("faults"):
        return "faults"
    drivers = {str(value) for value in item.callspec.params.values()} if hasattr(item, "callspec") else set()
    if (
        DRIVERS & drivers
        or OPENING.intersection(getattr(item, "fixturenames", ()))
        or item.nodeid.startswith(PROCESSES)
    ):
        return "integration"
    return "unit"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("--part")
    if wanted is None:
        return
    others = [item for item in items if part_of(item) != wanted]
    config.hook.pytest_deselected(items=others)
    places = {f"tests/{name}.py": place for place, name in enumerate(LONGEST)}
    kept = [item for item in items if part_of(item) == wanted]
    items[:] = sorted(kept, key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))
