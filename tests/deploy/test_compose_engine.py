"""The whole compose installation in a real engine. It takes minutes, so it is asked for.

SALESCOMMAND_COMPOSE_TEST=public uses the public images of the stores, =standins those of `standins/` (PYTHON_IMAGE,
NODE_IMAGE, NGINX_IMAGE and REDIS_IMAGE name what is at hand).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
WITH = os.environ.get("SALESCOMMAND_COMPOSE_TEST", "")
API, UI = 18001, 13000
FILES = ["-f", "docker-compose.yml", *(["-f", "tests/deploy/standins/compose.yaml"] if WITH == "standins" else [])]


def lacking() -> str | None:
    if WITH not in {"public", "standins"}:
        return "SALESCOMMAND_COMPOSE_TEST is not set (public or standins): it builds images and takes minutes"
    if not shutil.which("docker"):
        return "no docker on the PATH"
    if subprocess.run(["docker", "info"], check=False, capture_output=True).returncode:
        return "no Docker engine answers"
    if subprocess.run(["docker", "compose", "version"], check=False, capture_output=True).returncode:
        return "docker has no compose plugin"
    return None


class Installation:
    def __init__(self) -> None:
        self.environment = os.environ | {
            "COMPOSE_PROJECT_NAME": "salescommand-test",
            "SALESCOMMAND_API_PORT": str(API),
            "SALESCOMMAND_UI_PORT": str(UI),
        }
        self.key = self.token = ""

    def compose(self, *words: str) -> str:
        done = subprocess.run(
            ["docker", "compose", *FILES, *words],
            cwd=ROOT,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout.strip()

    def up(self) -> None:
        self.compose("up", "--wait", "--no-build")

    def sign_in(self) -> None:
        self.key = self.compose("exec", "-T", "backend", "salescommand", "key", "create", "mycrm")
        self.token = self.compose("exec", "-T", "backend", "salescommand", "token", "create")

    def post(self, number: int, port: int = API) -> int:
        deal = {"id": f"d-{number}", "name": f"Deal {number}", "amount": "100", "currency": "USD", "stage": "Proposal"}
        address = f"http://127.0.0.1:{port}/api/microservices/ingest/mycrm/opportunity"
        return httpx.post(address, json=deal, headers={"Authorization": f"Bearer {self.key}"}, timeout=30).status_code

    def pipeline(self) -> tuple[str, int] | None:
        address = f"http://127.0.0.1:{UI}/api/metrics/open-pipeline"
        try:
            answer = httpx.get(address, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)
        except httpx.TransportError:
            return None
        found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        return (found["value"], found["rows"]) if found else None

    def secrets(self) -> str:
        return self.compose("exec", "-T", "backend", "cat", "/run/secrets/salescommand/env")

    def containers(self) -> list[dict[str, Any]]:
        names = self.compose("ps", "-q").split()
        shown = subprocess.run(["docker", "inspect", *names], check=True, capture_output=True, text=True).stdout
        return list(json.loads(shown))


def until(condition: Callable[[], bool], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    reason = lacking()
    if reason:
        pytest.skip(reason)
    one = Installation()
    one.compose("down", "-v", "--remove-orphans")
    one.compose("build", "--quiet")
    try:
        one.up()
        one.sign_in()
        yield one
    finally:
        one.compose("down", "-v", "--remove-orphans")


def test_an_event_becomes_a_number(running):
    health = httpx.get(f"http://127.0.0.1:{API}/health", timeout=30).json()
    assert health["service"] == "sales-intelligence-platform"
    assert set(health["dependencies"].values()) == {"connected"}
    page = httpx.get(f"http://127.0.0.1:{UI}/any/page", timeout=30)
    assert "<title>SalesCommand</title>" in page.text
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert running.post(1, UI) == 200
    until(lambda: running.pipeline() == ("100.00", 1), "the deal in the number")


def test_containers_are_confined(running):
    for one in running.containers():
        assert one["HostConfig"]["ReadonlyRootfs"], one["Name"]
        assert one["HostConfig"]["CapDrop"] == ["ALL"], one["Name"]
        assert one["HostConfig"]["Memory"] > 0, one["Name"]
        assert one["Config"]["User"].split(":")[0] not in {"", "0", "root"}, one["Name"]


def test_no_password_is_shown(running):
    shown = running.compose("logs") + json.dumps(running.containers())
    values = [line.split("'")[1] for line in running.secrets().splitlines()]
    passwords = [value.split("://", 1)[-1].split("@")[0].split(":")[-1] for value in values]
    # One of them is a user's name.
    assert not [number for number, one in enumerate(passwords) if len(one) > 30 and one in shown]


def test_data_and_passwords_stay(running):
    before = running.secrets()
    assert running.post(2) == 200
    running.compose("down")
    running.up()
    assert running.secrets() == before
    until(lambda: running.pipeline() == ("200.00", 2), "both deals after down and up")
    running.compose("restart")
    until(lambda: running.pipeline() == ("200.00", 2), "both deals after a restart")


def test_a_killed_store_and_a_killed_backend_lose_nothing(running):
    running.compose("kill", "clickhouse")
    assert running.post(3) == 200
    running.compose("kill", "backend")
    running.compose("up", "-d", "--no-build", "--no-deps", "backend")
    until(lambda: _posted(running, 4), "the backend taking events without ClickHouse")
    running.up()
    until(lambda: running.pipeline() == ("400.00", 4), "every acknowledged deal")


def _posted(running: Installation, number: int) -> bool:
    try:
        return running.post(number) == 200
    except httpx.TransportError:
        return False
