"""SQL and DDL live only in `lake/`: one place to read, to measure and to change them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.files import ROOT, tracked

# A statement, not a word: SELECT … FROM, INSERT INTO, CREATE TABLE and the like at the start of a string.
STATEMENT = re.compile(
    r"^\s*(SELECT\b.+|INSERT\s+INTO\b|CREATE\s+(TABLE|DATABASE|MATERIALIZED|VIEW)\b|ALTER\s+TABLE\b"
    r"|DROP\s+(TABLE|DATABASE)\b|TRUNCATE\s+TABLE\b|WITH\s+\w+\s+AS\s*\()",
    re.IGNORECASE | re.DOTALL,
)
# The ingest spool is an SQLite file of its own beside the lake; its statements stay in that one module.
SPOOL = re.compile(r"^backend/microservices/ingest/spool\w*\.py$|^backend/microservices/ingest/spool/")

# What fills a lake with made-up rows for a measurement is no part of the product.
GENERATOR = re.compile(r"^benchmarks/(\w+/)*generate\w*\.py$")


def statements(text: str) -> list[tuple[int, str]]:
    """Return the string literals of a Python text that are SQL statements, with their lines."""
    literals = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return [
        (node.lineno, node.value.strip().splitlines()[0])
        for node in literals
        if isinstance(node.value, str) and STATEMENT.match(node.value)
    ]


def product_files() -> list[Path]:
    return [
        path
        for path in tracked("*.py")
        if not path.is_relative_to(ROOT / "lake")
        and not path.is_relative_to(ROOT / "tests")
        and not GENERATOR.match(path.relative_to(ROOT).as_posix())
        and not SPOOL.match(path.relative_to(ROOT).as_posix())
    ]


@pytest.mark.parametrize("path", product_files(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_sql_outside_lake(path: Path) -> None:
    found = statements(path.read_text())
    assert not found, f"SQL outside lake/ in {path.relative_to(ROOT)}: {found}; move it to lake/ and call it"


def test_the_rule_can_fail() -> None:
    assert statements('x = "SELECT a FROM b"') == [(1, "SELECT a FROM b")]
    assert statements('x = f"INSERT INTO t VALUES {y}"') == [(1, "INSERT INTO t VALUES")]
    assert statements('x = "Choose a source to begin"') == []


def test_no_sql_files_outside_lake() -> None:
    stray = [
        p.relative_to(ROOT).as_posix()
        for p in tracked("*.sql")
        if not p.is_relative_to(ROOT / "lake") and not p.is_relative_to(ROOT / "tests")
    ]
    assert stray == []
