"""The import rules of pyproject.toml ([tool.importlinter]) hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.architecture.files import ROOT


def test_import_contracts() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(lint), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_optional_engines_are_not_imported_at_the_top() -> None:
    """A container without the embedded extra must start: chdb is imported by its own driver only."""
    code = "import backend.main, sys; sys.exit('chdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or "importing backend.main pulled in chdb"
