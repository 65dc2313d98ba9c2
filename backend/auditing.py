"""Around every request that may change something: opens a trail, and writes the audit log from it before the answer."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.auth.origin import SAFE_METHODS
from backend.context import Context
from backend.services.audit import Asked, AuditService
from backend.stores.trail import Trail, trail

__all__ = ["ACTIONS", "NOT_AUDITED", "Audited"]

_SOURCE, _AUTH = "/api/sources/{source}", "/api/auth"
_CONTRACT = f"{_SOURCE}/contracts/{{entity_type}}"

# A route that is in neither list is audited under its method and path.
ACTIONS: dict[tuple[str, str], str] = {
    ("POST", f"{_AUTH}/login"): "sign in",
    ("POST", f"{_AUTH}/link"): "sign in by link",
    ("POST", f"{_AUTH}/logout"): "sign out",
    ("DELETE", f"{_AUTH}/sessions"): "end other sessions",
    ("DELETE", f"{_AUTH}/sessions/{{id}}"): "end session",
    ("DELETE", "/api/users/{id}/sessions/{session}"): "end session of user",
    ("POST", f"{_AUTH}/tokens"): "make own token",
    ("DELETE", f"{_AUTH}/tokens/{{id}}"): "revoke own token",
    ("POST", f"{_AUTH}/second-factor"): "begin second factor",
    ("POST", f"{_AUTH}/second-factor/confirm"): "turn on second factor",
    ("POST", f"{_AUTH}/second-factor/recovery-codes"): "renew recovery codes",
    ("POST", f"{_AUTH}/second-factor/remove"): "turn off second factor",
    ("DELETE", "/api/users/{id}/second-factor"): "take away second factor",
    ("PUT", f"{_AUTH}/password"): "change password",
    ("POST", "/api/users"): "add user",
    ("PATCH", "/api/users/{id}"): "change user",
    ("DELETE", "/api/users/{id}"): "remove user",
    ("POST", "/api/tokens"): "make token",
    ("DELETE", "/api/tokens/{id}"): "revoke token",
    ("PUT", _SOURCE): "set up source",
    ("POST", f"{_SOURCE}/keys"): "make write key",
    ("POST", f"{_SOURCE}/keys/{{id}}/rotate"): "rotate write key",
    ("DELETE", f"{_SOURCE}/keys/{{id}}"): "revoke write key",
    ("PUT", f"{_SOURCE}/rate"): "limit source",
    ("DELETE", f"{_SOURCE}/rate"): "lift limit of source",
    ("POST", f"{_SOURCE}/pause"): "pause source",
    ("POST", f"{_SOURCE}/resume"): "resume source",
    ("PUT", f"{_SOURCE}/verification"): "verify source",
    ("DELETE", f"{_SOURCE}/verification"): "verify source no more",
    ("POST", f"{_SOURCE}/verification/secrets"): "add signing secret",
    ("DELETE", f"{_SOURCE}/verification/secrets/{{id}}"): "remove signing secret",
    ("PUT", _CONTRACT): "put contract in force",
    ("DELETE", _CONTRACT): "remove contract",
    ("POST", f"{_CONTRACT}/rollback"): "roll back contract",
    ("PUT", "/api/mappings"): "apply mapping",
    ("POST", "/api/mappings/{scope}/{record_type}/rollback"): "roll back mapping",
    ("DELETE", "/api/mappings/{scope}/{record_type}"): "remove mapping",
    ("POST", "/api/quarantine/ignore"): "ignore quarantined",
    ("POST", "/api/quarantine/replay"): "replay quarantined",
    ("POST", "/api/quarantine/events/{event_id}/correct"): "correct event",
    ("POST", "/api/quarantine/undo"): "undo quarantine action",
    ("POST", "/api/identity/merge"): "merge records",
    ("POST", "/api/identity/unmerge"): "split records",
    ("POST", "/api/identity/dismiss"): "tell records apart",
    ("POST", "/api/identity/undo"): "undo decision",
    ("PUT", "/api/identity/trust"): "set trust",
    ("POST", "/api/rates"): "enter rate",
    ("POST", "/api/rates/file"): "load rates",
    ("PUT", "/api/settings"): "change settings",
    ("POST", "/api/jobs/{job_id}/cancel"): "cancel job",
    ("POST", "/api/jobs/{job_id}/retry"): "retry job",
    ("POST", "/api/lake/rebuild"): "start rebuild",
    ("POST", "/api/backups"): "start backup",
    ("POST", "/api/lake/apply"): "change lake",
    ("POST", "/api/microservices/refused/retry"): "retry refused events",
}

NOT_AUDITED: dict[tuple[str, str], str] = {
    ("POST", "/api/microservices/ingest/{source}/{entity_type}"): "events are kept themselves, byte by byte",
    ("POST", "/api/microservices/drain"): "a process that is about to end says so; it must not wait for MongoDB",
    ("POST", f"{_CONTRACT}/check"): "tries a record against a schema and changes nothing",
    ("POST", "/api/identity/preview"): "shows what a decision would make",
    ("POST", "/api/lake/plan"): "shows what a declaration would change",
    ("POST", "/api/lake/rebuild/plan"): "shows what a rebuild would do",
    ("POST", "/api/mappings/preview"): "shows what a mapping would change",
}


class Audited:
    """Writes one entry for each request that changed something, or that was allowed to and succeeded."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._audit = AuditService(context.mongo)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        entry: str | None = None

        async def write_ahead() -> None:
            nonlocal entry
            if _route(scope) not in NOT_AUDITED:
                entry = await self._audit.begin(_asked(scope))

        noted = Trail(write_ahead)

        async def end(status: int) -> None:
            if not noted.ended:
                noted.ended = True
                if _route(scope) not in NOT_AUDITED and _route(scope)[1]:
                    await self._audit.end(entry, _asked(scope), noted, status)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await end(message["status"])
            await send(message)

        trail(noted)
        try:
            await self._app(scope, receive, sending)
        finally:
            # Cut off before an answer: what was changed until then is told all the same.
            if not noted.ended:
                await asyncio.shield(end(0))


def _route(scope: Scope) -> tuple[str, str]:
    return scope["method"], str(getattr(scope.get("route"), "path", ""))


def _asked(scope: Scope) -> Asked:
    route = _route(scope)
    state = scope.get("state") or {}
    return Asked(
        action=ACTIONS.get(route, " ".join(route)),
        method=scope["method"],
        path=scope["path"],
        request_id=str(state.get("request_id", "")),
        principal=state.get("principal"),
    )
