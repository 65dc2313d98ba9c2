"""Where people are signed in, and ending that."""

from __future__ import annotations

from backend.auth.sessions import OpenSession, Sessions
from backend.context import Context
from backend.errors import not_found
from backend.stores.trail import begin, note

__all__ = ["SessionService"]


class SessionService:
    """Lists and ends the sessions of a person."""

    def __init__(self, context: Context) -> None:
        self._sessions = Sessions(context.redis, context.settings.session_hours)
        self._users = context.mongo.users

    async def of(self, user_id: str, secret: str | None = None) -> list[OpenSession]:
        """Return a person's sessions, the last used first; `secret` is the one that asks.

        Raises:
            Problem: 404 when there is no such person.
        """
        await self._name(user_id)
        return await self._sessions.of(user_id, secret)

    async def end(self, user_id: str, session_id: str) -> None:
        """End one; its next request is refused.

        Raises:
            Problem: 404 when the person has no such session.
        """
        email = await self._name(user_id)
        found = next((one for one in await self._sessions.of(user_id) if one.id == session_id), None)
        if found is None:
            raise not_found("session", session_id, hint="It may have ended already.")
        await begin()
        await self._sessions.end_one(user_id, session_id)
        _note(email, found)

    async def end_others(self, user_id: str, secret: str) -> None:
        """End all but the one that asks."""
        email = await self._name(user_id)
        others = [one for one in await self._sessions.of(user_id, secret) if not one.current]
        await begin()
        await self._sessions.end_all(user_id, except_secret=secret)
        for one in others:
            _note(email, one)

    async def _name(self, user_id: str) -> str:
        document = await self._users.get({"_id": user_id})
        if document is None:
            raise not_found("user", user_id)
        return str(document["email"])


def _note(email: str, session: OpenSession) -> None:
    before = {"email": email, "started_at": session.started_at, "place": session.place, "agent": session.agent}
    note("session", session.id, before, None)
