"""The passwords of a compose installation: made once, kept, each for its own user."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "compose" / "first_start.py"


@pytest.fixture
def start(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("first_start", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("app", "mongo", "redis", "clickhouse"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    if os.getuid():  # only root gives files away; who gets them is seen below
        monkeypatch.setattr(module.os, "chown", lambda *_: None)
    return module


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_passwords_are_made_once_and_kept(start, tmp_path):
    start.main()
    first = contents(tmp_path)
    start.main()
    assert contents(tmp_path) == first
    passwords = [first[name] for name in ("mongo/password", "redis/password", "app/clickhouse", "app/key")]
    assert len(set(passwords)) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{40,}", one) for one in passwords), "usable in an address as they are"


def test_each_store_gets_its_own_and_the_programs_get_all(start, tmp_path):
    start.main()
    made = contents(tmp_path)
    assert made["redis/redis.conf"] == f"requirepass {made['redis/password']}\n"
    assert made["mongo/password"] in made["app/env"]
    assert made["redis/password"] in made["app/env"]
    assert f"CLICKHOUSE_PASSWORD='{made['app/clickhouse']}'" in made["app/env"]
    assert f"SALESCOMMAND_SECRET_KEY='{made['app/key']}'" in made["app/env"]
    users = ET.fromstring(made["clickhouse/salescommand.xml"]).find("users")  # noqa: S314 - our own file
    assert users is not None
    assert [user.tag for user in users] == ["default", "salescommand"]
    assert users.find("default").get("remove") == "remove"  # type: ignore[union-attr]
    digest = hashlib.sha256(made["app/clickhouse"].encode()).hexdigest()
    assert users.findtext("salescommand/password_sha256_hex") == digest
    assert made["app/clickhouse"] not in made["clickhouse/salescommand.xml"]


def test_files_are_for_one_user(start, tmp_path):
    start.main()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o777 == 0o400, path
    if os.getuid() == 0:
        owners = {path.relative_to(tmp_path).as_posix(): path.stat().st_uid for path in tmp_path.rglob("*")}
        assert owners["app/env"] == 10001
        assert owners["mongo/password"] == owners["redis/redis.conf"] == 999
        assert owners["clickhouse/salescommand.xml"] == 101


def test_a_start_that_was_cut_off_is_finished(start, tmp_path):
    (tmp_path / "mongo" / ".password.new").write_text("half")
    start.main()
    assert len((tmp_path / "mongo" / "password").read_text()) > 30
