"""Where the lake is and how it may be used, read from the environment once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from salescommand_lake.errors import redact

SchemaPolicy = Literal["ensure", "verify"]
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LakeSettings:
    """Settings of the lake.

    ``url`` set means ClickHouse over HTTP, None means the embedded engine with its files in ``data_dir/lake``.
    ``ca_file`` holds the certificate authority of an https address that the system does not know.
    ``schema`` says whether this process creates and upgrades tables ("ensure") or only checks them ("verify").
    ``memory`` is the most that the embedded engine may use, in bytes; ``threads`` its threads per statement,
    ``backups`` the only folder that it may write backups to and read them from, None for one in ``data_dir``.
    """

    url: str | None = None
    database: str = "salesintel"
    user: str = "default"
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    data_dir: Path = Path("data")
    schema: SchemaPolicy = "ensure"
    memory: int = 2048 * _MEBIBYTE
    threads: int = 2
    backups: Path | None = None

    @property
    def embedded_path(self) -> Path:
        """Return the folder of the embedded engine, absolute and without symbolic links."""
        return (self.data_dir / "lake").resolve()

    @property
    def backups_path(self) -> Path:
        """Return the folder that the embedded engine may write backups to."""
        return self.backups or self.embedded_path.parent / "backups"

    @property
    def where(self) -> str:
        """Return where the lake is, for people: an address without credentials, or a folder."""
        return redact(self.url) if self.url else str(self.embedded_path)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> LakeSettings:
        """Read the settings from ``environ`` (the process environment by default).

        Raises:
            ValueError: a variable holds something that it can't; the message names it.
        """
        env = os.environ if environ is None else environ
        policy = env.get("SALESCOMMAND_SCHEMA") or "ensure"
        if policy not in ("ensure", "verify"):
            msg = f"SALESCOMMAND_SCHEMA is {policy!r}; it must be 'ensure' or 'verify'"
            raise ValueError(msg)
        return cls(
            url=env.get("CLICKHOUSE_URL") or None,
            database=env.get("CLICKHOUSE_DATABASE") or "salesintel",
            user=env.get("CLICKHOUSE_USER") or "default",
            password=env.get("CLICKHOUSE_PASSWORD", ""),
            ca_file=Path(env["CLICKHOUSE_CA_FILE"]) if env.get("CLICKHOUSE_CA_FILE") else None,
            data_dir=Path(env.get("SALESCOMMAND_DATA_DIR") or "data"),
            schema=cast("SchemaPolicy", policy),
            memory=_positive(env, "SALESCOMMAND_LAKE_MEMORY_MIB", 2048) * _MEBIBYTE,
            threads=_positive(env, "SALESCOMMAND_LAKE_THREADS", 2),
        )


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        msg = f"{name} is {text!r}; it must be a whole number above 0"
        raise ValueError(msg)
    return int(text)
