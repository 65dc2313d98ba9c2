"""Make the passwords of a compose installation, once: what exists is kept, whatever changes around it.

Each store gets a volume of its own with its own password only, readable by its own user. ClickHouse's configuration
holds a hash, and has no `default` user. Run as root, before everything else; removing a volume with its store's data
is the way to a new password on a fresh store (see docs/deploy.md for rotating one that is in use).
"""

import hashlib
import os
import secrets
import sys
from pathlib import Path

ROOT = Path("/secrets")
APP, MONGO, REDIS, CLICKHOUSE = 10001, 999, 999, 101
USER = "salescommand"

ENVIRONMENT = """\
export MONGO_URL='mongodb://{user}:{mongo}@mongo:27017/?authSource=admin&directConnection=true'
export REDIS_URL='redis://:{redis}@redis:6379/0'
export CLICKHOUSE_USER='{user}'
export CLICKHOUSE_PASSWORD='{clickhouse}'
export SALESCOMMAND_SECRET_KEY='{key}'
"""

CLICKHOUSE_USERS = """\
<clickhouse>
  <users>
    <default remove="remove"/>
    <{user}>
      <password_sha256_hex>{digest}</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>0</access_management>
    </{user}>
  </users>
</clickhouse>
"""


def write(path: Path, text: str, owner: int) -> None:
    """Write a file that only `owner` can read, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.write(text)
        os.fsync(file.fileno())
    os.chown(fresh, owner, owner)
    fresh.replace(path)


def kept(path: Path, owner: int) -> str:
    """Return the secret in a file, which is made if it is not there."""
    if not path.exists():
        write(path, secrets.token_urlsafe(32), owner)
        sys.stdout.write(f"made {path}\n")
    return path.read_text().strip()


def main() -> None:
    """Make what is missing, and write what follows from the passwords again: it may have a new form."""
    root = os.getuid()
    made = {
        "mongo": kept(ROOT / "mongo" / "password", MONGO),
        "redis": kept(ROOT / "redis" / "password", REDIS),
        # In the application's volume: ClickHouse itself needs the hash alone.
        "clickhouse": kept(ROOT / "app" / "clickhouse", root),
        "key": kept(ROOT / "app" / "key", root),
    }
    write(ROOT / "redis" / "redis.conf", f"requirepass {made['redis']}\n", REDIS)
    digest = hashlib.sha256(made["clickhouse"].encode()).hexdigest()
    write(ROOT / "clickhouse" / "salescommand.xml", CLICKHOUSE_USERS.format(user=USER, digest=digest), CLICKHOUSE)
    # Last: what it names exists by now.
    write(ROOT / "app" / "env", ENVIRONMENT.format(user=USER, **made), APP)


if __name__ == "__main__":
    main()
