"""Refusals at the door, as problem documents (RFC 9457)."""

from __future__ import annotations

from typing import Any

import msgspec


class Refused(Exception):  # noqa: N818 - named for what it is
    """The whole request is refused. `hint` tells the integrator what to do; `retry_after` is in seconds."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        hint: str,
        *,
        kind: str,
        retry_after: int | None = None,
        errors: list[dict[str, Any]] | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.hint = hint
        self.kind = kind
        self.retry_after = retry_after
        self.errors = errors
        self.headers = headers or []

    def document(self, instance: str) -> bytes:
        """Return the problem document for a request to the path `instance`."""
        content: dict[str, Any] = {
            "type": f"urn:salescommand:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "hint": self.hint,
        }
        if self.errors is not None:
            content["errors"] = self.errors
        return msgspec.json.encode(content)


class RecordFault(Exception):  # noqa: N818 - named for what it is
    """One record is refused; the others of the request go on. `path` is where in the record, as JSONPath."""

    def __init__(self, reason: str, hint: str, *, status: int = 422, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.status = status
        self.path = path
