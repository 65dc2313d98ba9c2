"""A MongoDB-wire server that asks for a password, as the public image does: its user is made at the first start."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

DATA = Path("/data/db")
NOTED = DATA / "user-made"
COMMAND = [sys.executable, "-c", "import sys; from secantus.cli import main; sys.exit(main())"]


def command(host: str, *more: str) -> list[str]:
    return [
        *COMMAND, "--host", host, "--port", "27017", "--storage-path", str(DATA), "--cache-size", "128M",
        "--sync-on-commit", *more,
    ]  # fmt: skip


def make_user() -> None:
    """Make the user on a server that only this container reaches."""
    user = os.environ["MONGO_INITDB_ROOT_USERNAME"]
    password = Path(os.environ["MONGO_INITDB_ROOT_PASSWORD_FILE"]).read_text().strip()
    server = subprocess.Popen(command("127.0.0.1"))
    deadline = time.monotonic() + 30
    while True:
        try:
            with MongoClient("127.0.0.1", 27017, serverSelectionTimeoutMS=500) as client:
                client.admin.command("createUser", user, pwd=password, roles=["root"])
            break
        except PyMongoError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    server.terminate()
    server.wait(30)
    NOTED.touch()


def main() -> None:
    if not NOTED.exists():
        make_user()
    # It tells its clients the address that it listens on, so that has to be one that they reach.
    words = command(socket.gethostbyname(socket.gethostname()), "--auth")
    os.execv(words[0], words)  # noqa: S606 - becomes the server, with nothing in between


if __name__ == "__main__":
    main()
