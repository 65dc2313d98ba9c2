"""`check`: one event there and back, and nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.support import run


def test_one_event_goes_in_and_comes_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    found = run(data, "check")
    assert found.returncode == 0, found.stderr
    assert "accepted" in found.stderr
    assert "the same" in found.stderr
    away = run(data, "check", "--url", "http://127.0.0.1:9")
    assert away.returncode == 1
    assert "127.0.0.1:9 does not answer" in away.stderr
    for command in (("key", "list", "selfcheck"), ("token", "list")):
        listed = run(data, *command, "--json")
        assert json.loads(listed.stdout) == [], "what was made for the check is revoked"
