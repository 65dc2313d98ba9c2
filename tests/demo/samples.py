"""Real payloads, read where they lie; the tests that need them are skipped where they are missing."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def payload_sample(name: str) -> Any:
    folder = Path(os.environ.get("SALESCOMMAND_TEST_DATA") or ROOT.parent / "shared" / "data")
    path = folder / "payloads" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"sample payload {path} is missing; set SALESCOMMAND_TEST_DATA to the folder that holds payloads/")
    return json.loads(path.read_text("utf-8"))
