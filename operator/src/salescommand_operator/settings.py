"""What the operator is told by its environment, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["OperatorSettings"]


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Settings of the operator.

    ``namespaces`` are those that it looks after, none for all of them (which needs a ClusterRole). ``port`` serves
    metrics, 0 for nowhere; ``health_port`` the liveness probe. ``timeout_seconds`` is for each request to Kubernetes.
    ``address`` is that of a ClickHouse server of the chart, with {pod}, {service} and {namespace} to be filled in, and
    ``ca_file`` the certificate authority of its https. ``manifest`` holds a DataLake to declare, None for none.
    """

    namespaces: tuple[str, ...] = ()
    port: int = 9464
    health_port: int = 8080
    timeout_seconds: float = 30.0
    address: str = "http://{pod}.{service}.{namespace}.svc:8123"
    ca_file: Path | None = None
    manifest: Path | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> OperatorSettings:
        """Read the settings.

        Raises:
            ValueError: a variable holds something that it can't; the message names it.
        """
        env = os.environ if environ is None else environ
        return cls(
            namespaces=tuple(name for name in env.get("SALESCOMMAND_OPERATOR_NAMESPACES", "").split(",") if name),
            address=env.get("SALESCOMMAND_OPERATOR_ADDRESS") or "http://{pod}.{service}.{namespace}.svc:8123",
            ca_file=_path(env, "CLICKHOUSE_CA_FILE"),
            manifest=_path(env, "SALESCOMMAND_OPERATOR_MANIFEST"),
            port=_port(env, "SALESCOMMAND_OPERATOR_METRICS_PORT", 9464),
            health_port=_port(env, "SALESCOMMAND_OPERATOR_HEALTH_PORT", 8080),
        )


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        msg = f"{name} is {text!r}; it must be a port, 0 to 65535"
        raise ValueError(msg)
    return int(text)
