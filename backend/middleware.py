"""What happens around every request: an id, a log line, metrics, security headers, and no leaked traceback."""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.metrics import HttpMetrics

__all__ = ["Observe", "SecurityHeaders"]

access = logging.getLogger("backend.access")
logger = logging.getLogger(__name__)
_SANE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
# API answers are data: nothing in them may run, load or be framed.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Observe:
    """Gives each request an id (a sane `X-Request-ID` is kept), logs it without its query, and counts it by route."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SANE_ID.match(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            # The handler for unexpected errors has answered already; without an answer the server must close.
            logger.exception("Request failed", extra={"fields": {"request_id": request_id, "path": scope["path"]}})
            if not status:
                raise
        finally:
            self._record(scope, request_id, status, time.perf_counter() - started)

    def _record(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = route_template(scope)
        self._metrics.observe(scope["method"], route, status, seconds)
        fields: dict[str, Any] = {
            "method": scope["method"],
            "path": scope["path"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "request_id": request_id,
        }
        principal = scope["state"].get("principal")
        if principal is not None:
            fields["principal"] = principal.id
        level = logging.DEBUG if route == "(ui)" or route.endswith("/health") else logging.INFO
        access.log(level, "request", extra={"fields": fields})


def route_template(scope: Scope) -> str:
    """Return the route's pattern, so that a label has few values: `/api/records/{type}`, `(ui)` or `(none)`."""
    if scope["state"].get("ui"):
        return "(ui)"
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "(none)"


class SecurityHeaders:
    """Adds the headers that every answer carries; an answer's own policy, such as the UI's, is kept."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Content-Security-Policy": API_POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, sending)
