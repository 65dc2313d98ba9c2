"""API tokens: how programs sign in. Shown once, stored as a digest, revocable."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.auth.principal import Principal, Role
from backend.context import Context
from backend.errors import not_found
from backend.stores.keyring import digest
from backend.stores.mongo import Document

__all__ = ["PREFIX", "Token", "TokenService"]

PREFIX = "sc_pat_"


@dataclass(frozen=True, slots=True)
class Token:
    """One API token without its secret; `ends_with` helps people to tell tokens apart."""

    id: str
    name: str
    role: Role
    ends_with: str
    created_at: datetime
    created_by: str


class TokenService:
    """Makes, lists, finds and revokes API tokens."""

    def __init__(self, context: Context) -> None:
        self._tokens = context.mongo.tokens

    async def create(self, name: str | None, role: Role, created_by: str) -> tuple[Token, str]:
        """Return a new token and its secret, which can't be shown again."""
        secret = PREFIX + secrets.token_urlsafe(32)
        document: Document = {
            "_id": f"tok_{secrets.token_hex(8)}",
            "name": (name or f"{role.value} token").strip()[:200],
            "role": role.value,
            "digest": digest(secret),
            "ends_with": secret[-4:],
            "created_at": datetime.now(UTC),
            "created_by": created_by,
        }
        await self._tokens.insert(document)
        return _token(document), secret

    async def all(self) -> list[Token]:
        """Return all tokens, the newest first."""
        return [_token(document) for document in await self._tokens.find(sort=[("created_at", -1)])]

    async def delete(self, token_id: str) -> None:
        """Revoke a token; it stops working at once.

        Raises:
            Problem: 404 when there is no such token.
        """
        if not await self._tokens.delete({"_id": token_id}):
            raise not_found("token", token_id)

    async def principal_of(self, secret: str) -> Principal | None:
        """Return what a token stands for, or None when it is unknown or revoked."""
        if not secret.startswith(PREFIX):
            return None
        document = await self._tokens.get({"digest": digest(secret)})
        if document is None:
            return None
        return Principal(id=document["_id"], email="", name=document["name"], role=Role(document["role"]), via="token")


def _token(document: Document) -> Token:
    return Token(
        id=document["_id"],
        name=document["name"],
        role=Role(document["role"]),
        ends_with=document["ends_with"],
        created_at=document["created_at"],
        created_by=document["created_by"],
    )
