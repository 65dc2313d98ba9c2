"""API tokens: how programs sign in. Shown once, stored as a digest, revocable.

A program's token has a role of its own. A token of one's own does what its owner may do at that moment, or less of it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.auth.principal import Principal, Rights, Role
from backend.context import Context
from backend.errors import FieldError, Problem, not_found
from backend.services.people import user_of
from backend.stores.keyring import digest
from backend.stores.mongo import Document

__all__ = ["LONGEST", "PREFIX", "NewToken", "Token", "TokenService"]

PREFIX = "sc_pat_"
LONGEST = timedelta(days=366)
"""How long a token of one's own may live."""
MOST = 20
"""Tokens of one's own."""
_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Token:
    """One API token without its secret; `ends_with` helps people to tell tokens apart.

    `owner` is empty for a program's; its role is the owner's when it was made, which counts no more than today's.
    """

    id: str
    name: str
    role: Role
    ends_with: str
    created_at: datetime
    created_by: str
    owner: str
    rights: Rights
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token of one's own is to be."""

    name: str
    rights: Rights
    expires_at: datetime


class TokenService:
    """Makes, lists, finds and revokes API tokens."""

    def __init__(self, context: Context) -> None:
        self._tokens = context.mongo.tokens
        self._users = context.mongo.users

    async def create(
        self, name: str | None, role: Role, created_by: str, expires_at: datetime | None = None
    ) -> tuple[Token, str]:
        """Return a program's new token and its secret, which can't be shown again.

        Raises:
            Problem: 422 when it would end in the past.
        """
        if expires_at is not None:
            _check_end(expires_at, None)
        return await self._insert(name or f"{role.value} token", role, created_by, expires_at, "", Rights.ADMIN)

    async def create_own(self, person: Principal, wanted: NewToken) -> tuple[Token, str]:
        """Return a person's new token and its secret, which can't be shown again.

        Raises:
            Problem: 422 for rights that the person does not have or an end that can't be, 409 for one too many.
        """
        if wanted.rights is Rights.ADMIN and person.role is not Role.ADMIN:
            raise _unusable("rights", f"you are {person.role.value}, and only an admin's token has these")
        _check_end(wanted.expires_at, LONGEST)
        if await self._tokens.count({"owner": person.id}) >= MOST:
            detail = f"You have {MOST} tokens."
            raise Problem(409, "too-many-tokens", "Too many tokens", detail, hint="Revoke one that you no longer use.")
        return await self._insert(wanted.name, person.role, person.id, wanted.expires_at, person.id, wanted.rights)

    async def all(self) -> list[Token]:
        """Return all tokens, the newest first."""
        return [_token(document) for document in await self._tokens.find(sort=[("created_at", -1)])]

    async def own(self, user_id: str) -> list[Token]:
        """Return a person's own tokens, the newest first."""
        return [_token(one) for one in await self._tokens.find({"owner": user_id}, sort=[("created_at", -1)])]

    async def delete(self, token_id: str, owner: str | None = None) -> None:
        """Revoke a token, of an owner if one is given; it stops working at once.

        Raises:
            Problem: 404 when there is no such token.
        """
        if not await self._tokens.delete({"_id": token_id} | ({"owner": owner} if owner else {})):
            raise not_found("token", token_id)

    async def principal_of(self, secret: str) -> Principal | None:
        """Return what a token stands for, or None when it is unknown, revoked or has expired."""
        if not secret.startswith(PREFIX):
            return None
        document = await self._tokens.get({"digest": digest(secret)})
        now = datetime.now(UTC)
        if document is None or (document.get("expires_at") or now) < now:
            return None
        principal = await self._principal(_token(document))
        used = document.get("last_used_at")
        if principal is not None and (used is None or now - used > _USED_EVERY):
            await self._tokens.update({"_id": document["_id"]}, {"$set": {"last_used_at": now}})
        return principal

    async def _principal(self, token: Token) -> Principal | None:
        if not token.owner:
            return Principal(id=token.id, email="", name=token.name, role=token.role, via="token")
        document = await self._users.get({"_id": token.owner})
        if document is None:
            return None
        user = user_of(document)
        return Principal(
            id=user.id,
            email=user.email,
            name=user.name,
            role=user.role,
            scope=user.scope,
            via="token",
            rights=token.rights,
            token=token.id,
        )

    async def _insert(  # noqa: PLR0917 - all of them are fields of the document
        self, name: str, role: Role, by: str, expires_at: datetime | None, owner: str, rights: Rights
    ) -> tuple[Token, str]:
        secret = PREFIX + secrets.token_urlsafe(32)
        document: Document = {
            "_id": f"tok_{secrets.token_hex(8)}",
            "name": name.strip()[:200],
            "role": role.value,
            "digest": digest(secret),
            "ends_with": secret[-4:],
            "created_at": datetime.now(UTC),
            "created_by": by,
            "owner": owner,
            "rights": rights.value,
            "expires_at": expires_at,
            "last_used_at": None,
        }
        await self._tokens.insert(document)
        return _token(document), secret


def _check_end(expires_at: datetime, longest: timedelta | None) -> None:
    now = datetime.now(UTC)
    if expires_at <= now:
        raise _unusable("expires_at", f"{expires_at.isoformat()} has passed")
    if longest is not None and expires_at > now + longest:
        raise _unusable("expires_at", f"a token of your own lives for {longest.days} days at most")


def _unusable(field: str, message: str) -> Problem:
    fault = FieldError(field=field, message=message)
    return Problem(422, "bad-body", "The token can't be made", f"{field}: {message}", errors=[fault])


def _token(document: Document) -> Token:
    return Token(
        id=document["_id"],
        name=document["name"],
        role=Role(document["role"]),
        ends_with=document["ends_with"],
        created_at=document["created_at"],
        created_by=document["created_by"],
        # Tokens from before people had their own are programs', with all that their role may do.
        owner=document.get("owner", ""),
        rights=Rights(document.get("rights", Rights.ADMIN)),
        expires_at=document.get("expires_at"),
        last_used_at=document.get("last_used_at"),
    )
