"""Rules about files and folders that a reader relies on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.files import ROOT, tracked

HARD_CAP = 500
# Tests keep one file per promise and may be longer than the code.
SOURCES = [p for p in tracked("*.py", "frontend/src/*.ts", "frontend/src/*.tsx") if ".gen." not in p.name]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_module_size(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= HARD_CAP, f"{path.relative_to(ROOT)} has {lines} lines; split it (most stay under 300)"


def test_most_product_modules_stay_under_300_lines() -> None:
    product = [p for p in SOURCES if not p.is_relative_to(ROOT / "tests")]
    long = [p for p in product if len(p.read_text().splitlines()) > 300]
    assert len(long) <= len(product) // 10, [p.relative_to(ROOT).as_posix() for p in long]


def test_operator_folder_is_never_a_package() -> None:
    """`operator` is a module of the standard library: an __init__.py in that folder would shadow it."""
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_tests_live_in_one_tree() -> None:
    stray = [
        p.relative_to(ROOT).as_posix()
        for p in tracked("*/test_*.py")
        if not p.is_relative_to(ROOT / "tests") and "node_modules" not in p.parts
    ]
    assert stray == []


@pytest.mark.parametrize("path", tracked("*.lock", "frontend/package-lock.json", "requirements/*.txt"), ids=str)
def test_lock_files_hold_hashes_and_no_addresses(path: Path) -> None:
    """A lock file works with any package index: it pins by hash and names no host."""
    text = path.read_text()
    assert re.search(r"sha256:|sha512-", text), f"{path.name} pins nothing by hash"
    if path.name != "package-lock.json":
        assert "://" not in text, f"{path.name} names a host"
    else:
        assert '"resolved": "http' not in text, "package-lock.json names a registry"
