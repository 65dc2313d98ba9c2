"""Every variable the programs read, with its default and its meaning.

README's configuration table and `.env.example` are compared with `BackendSettings.documented()` by a test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["BackendSettings", "SettingsError", "Variable"]

Port = Annotated[int, Field(ge=0, le=65535)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
MEBIBYTE = 1024 * 1024
# Addresses may hold a password.
SECRET = frozenset(
    {
        "CLICKHOUSE_URL",
        "CLICKHOUSE_PASSWORD",
        "SALESCOMMAND_SECRET_KEY",
        "SALESCOMMAND_BACKUP_SECRET",
        "MONGO_URL",
        "REDIS_URL",
    }
)


class SettingsError(ValueError):
    """A variable holds something that can't be used; the message names the variable, what is wrong and what fits."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One documented variable, as the README's table shows it."""

    name: str
    default: str
    meaning: str


def _env(name: str, default: Any, meaning: str, **limits: Any) -> Any:
    """Declare a setting that is read from the variable `name`."""
    return Field(default=default, validation_alias=name, description=meaning, **limits)


class BackendSettings(BaseSettings):
    """Settings of every role. Read the environment with `load()`; an empty variable counts as not set."""

    model_config = SettingsConfigDict(
        populate_by_name=True, case_sensitive=True, env_ignore_empty=True, extra="ignore", frozen=True
    )

    mongo_url: str = _env("MONGO_URL", "mongodb://127.0.0.1:27017", "MongoDB: users, keys, sources, mappings, settings")
    db_name: str = _env(
        "DB_NAME",
        "salesintel",
        "Name of the database in MongoDB",
        pattern=r"^[A-Za-z0-9_-]{1,63}$",
        examples=["salesintel"],
    )
    redis_url: str = _env("REDIS_URL", "redis://127.0.0.1:6379/0", "Redis: sessions, leases, wake-ups, rate limits")

    clickhouse_url: str = _env("CLICKHOUSE_URL", "", "ClickHouse over HTTP; empty means the engine in this process")
    clickhouse_database: str = _env(
        "CLICKHOUSE_DATABASE", "salesintel", "Database of the lake", pattern=r"^\w{1,63}$", examples=["salesintel"]
    )
    clickhouse_user: str = _env("CLICKHOUSE_USER", "default", "User of the lake")
    clickhouse_password: SecretStr = _env("CLICKHOUSE_PASSWORD", SecretStr(""), "Password of that user")
    clickhouse_ca_file: Path | None = _env(
        "CLICKHOUSE_CA_FILE", None, "Certificate authority of an https address that the system does not know"
    )
    schema_mode: Literal["ensure", "verify"] = _env(
        "SALESCOMMAND_SCHEMA", "ensure", "`ensure` makes and updates the lake's tables, `verify` only checks them"
    )

    raw_retention_days: int = _env(
        "SALESCOMMAND_RAW_RETENTION_DAYS",
        0,
        "Days for which events' bytes are kept, in whole months; 0 means for ever",
        ge=0,
    )
    backup_to: str = _env(
        "SALESCOMMAND_BACKUP_TO",
        "",
        "Where backups go: `/a/folder` or `disk:NAME` of ClickHouse, or a bucket, `https://host/bucket/folder`."
        " Empty: the data folder, where the engine is in this process",
        pattern=r"^(/.+|disk:[A-Za-z0-9_]+|https?://[^\s?#/]+/[^\s?#]+)?$",
        examples=["disk:backups"],
    )
    backup_key: str = _env(
        "SALESCOMMAND_BACKUP_KEY", "", "Access key id of that bucket; empty: ClickHouse's own credentials"
    )
    backup_secret: SecretStr = _env("SALESCOMMAND_BACKUP_SECRET", SecretStr(""), "Secret access key of that bucket")
    backup_every_hours: int = _env(
        "SALESCOMMAND_BACKUP_EVERY_HOURS", 0, "Hours from one backup to the next; 0 means only when asked for", ge=0
    )
    backups_kept: int = _env(
        "SALESCOMMAND_BACKUPS_KEPT",
        7,
        "Backups kept in the data folder, the newest; elsewhere a rule of the bucket",
        ge=1,
    )
    api_rate_per_minute: int = _env(
        "SALESCOMMAND_API_RATE_PER_MINUTE",
        3000,
        "Most requests of one person or token to the API within a minute; 0 means any number",
        ge=0,
    )
    lake_memory_mib: int = _env(
        "SALESCOMMAND_LAKE_MEMORY_MIB", 2048, "Most memory of the engine in this process, in MiB", ge=256
    )
    lake_threads: int = _env("SALESCOMMAND_LAKE_THREADS", 2, "Threads of one statement of that engine", ge=1, le=256)

    data_dir: Path = _env("SALESCOMMAND_DATA_DIR", Path("./data"), "Folder of the spool and of the embedded stores")
    host: str = _env("SALESCOMMAND_HOST", "127.0.0.1", "Address that the API and the UI listen on")
    api_port: Port = _env("SALESCOMMAND_API_PORT", 8001, "Port of the API")
    ui_port: Port = _env("SALESCOMMAND_UI_PORT", 3000, "Port of the UI, where the API answers too")
    metrics_port: Port = _env("SALESCOMMAND_METRICS_PORT", 9464, "Port of the open `/metrics`, for the machine only")
    public_url: str = _env(
        "SALESCOMMAND_PUBLIC_URL",
        "",
        "Address people open, used in sign-in links; `https` marks cookies Secure. Empty: localhost and the UI's port",
        pattern=r"^(https?://[^\s?#]+)?$",
        examples=["https://sales.example.com"],
    )

    secret_key: SecretStr = _env(
        "SALESCOMMAND_SECRET_KEY",
        SecretStr(""),
        "What encrypts vendors' signing secrets; the same in every process. Empty: one is kept in the data folder",
    )

    reporting_currency: Currency = _env(
        "SALESCOMMAND_REPORTING_CURRENCY",
        "USD",
        "Reporting currency until an admin chooses another one in the settings",
    )
    session_hours: int = _env(
        "SALESCOMMAND_SESSION_HOURS", 168, "Hours without use after which a session ends", ge=1, le=8760
    )

    instance: int = _env(
        "SALESCOMMAND_INSTANCE",
        0,
        "Number of this instance among all that take events, part of event ids",
        ge=0,
        le=1023,
    )
    ingest_max_body_bytes: int = _env(
        "SALESCOMMAND_INGEST_MAX_BODY_BYTES", 32 * MEBIBYTE, "Largest body of one post, after decompression", ge=1024
    )
    ingest_max_record_bytes: int = _env(
        "SALESCOMMAND_INGEST_MAX_RECORD_BYTES", MEBIBYTE, "Largest record in a post", ge=1024
    )
    ingest_max_pending_bytes: int = _env(
        "SALESCOMMAND_INGEST_MAX_PENDING_BYTES", 64 * MEBIBYTE, "Memory for posts that wait for the disk", ge=1024
    )
    spool_max_bytes: int = _env(
        "SALESCOMMAND_SPOOL_MAX_BYTES", 8192 * MEBIBYTE, "Size of the spool above which posts get 503", ge=MEBIBYTE
    )
    duplicate_window_days: float = _env(
        "SALESCOMMAND_DUPLICATE_WINDOW_DAYS", 7.0, "Days for which a repeated post is answered as a duplicate", gt=0
    )
    loader_max_rows: int = _env("SALESCOMMAND_LOADER_MAX_ROWS", 20_000, "Most events in one insert", ge=1, le=500_000)
    loader_wait_ms: int = _env(
        "SALESCOMMAND_LOADER_WAIT_MS", 500, "Longest wait for more events before an insert", ge=0, le=60_000
    )

    log_level: Literal["debug", "info", "warning", "error"] = _env(
        "SALESCOMMAND_LOG_LEVEL", "info", "Least level logged"
    )
    log_format: Literal["json", "text"] = _env("SALESCOMMAND_LOG_FORMAT", "json", "Form of a log line")

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment; `overrides` (field names, such as `api_port=9001`) win over it, None is ignored.

        Raises:
            SettingsError: a variable can't be used; the message names it.
        """
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})
        except ValidationError as error:
            raise SettingsError(_in_words(cls, error)) from None

    @classmethod
    def documented(cls) -> list[Variable]:
        """Return every variable in the order of this file."""
        return [
            Variable(str(field.validation_alias), _shown(field.default), field.description or "")
            for field in cls.model_fields.values()
        ]

    @property
    def origin(self) -> str:
        """The address people open, without a slash at the end."""
        return (self.public_url or f"http://localhost:{self.ui_port}").rstrip("/")

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies may only travel over https."""
        return self.origin.startswith("https://")


def _shown(default: Any) -> str:
    if default is None:
        return ""
    return default.get_secret_value() if isinstance(default, SecretStr) else str(default)


def _in_words(cls: type[BackendSettings], error: ValidationError) -> str:
    """Say each fault with its variable; a password's value is never repeated."""
    lines = []
    for fault in error.errors():
        place = str(fault["loc"][0]) if fault["loc"] else "a setting"
        field = cls.model_fields.get(place)
        name = str(field.validation_alias) if field else place
        given = "" if name in SECRET else f" is {_given(place, name, fault)!r}"
        why = fault["msg"][:1].lower() + fault["msg"][1:]
        if field and field.examples:
            why = f"it should look like {field.examples[0]}"
        lines.append(f"{name}{given}: {why}. Change it or unset it.")
    return "\n".join(lines)


def _given(place: str, name: str, fault: Mapping[str, Any]) -> str:
    return str(fault["input"]) if place != name else os.environ.get(name, str(fault["input"]))
