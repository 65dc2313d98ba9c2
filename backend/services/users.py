"""People: who they are, how they sign in, and their one-time sign-in links."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.auth.limiter import SignInLimiter
from backend.auth.passwords import MAX_LENGTH, MIN_LENGTH, hash_password, needs_rehash, verify_password
from backend.auth.principal import DataScope, Principal, Role, usual_scope
from backend.auth.sessions import Sessions, Visitor
from backend.context import Context
from backend.errors import FieldError, Problem, not_found
from backend.services.people import User, check_role, normal_email, scope_of, user_of
from backend.services.second_factor import SecondFactorService
from backend.stores.keyring import digest
from backend.stores.mongo import Document, DuplicateDocument

__all__ = ["SignedIn", "UserService"]

LINK_HOURS = 24


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was just opened; the secret goes into the cookie."""

    user: User
    secret: str


class UserService:
    """Makes, finds, signs in and removes people."""

    def __init__(self, context: Context) -> None:
        self._mongo = context.mongo
        self._origin = context.settings.origin
        self._sessions = Sessions(context.redis, context.settings.session_hours)
        self._limiter = SignInLimiter(context.redis)
        self._second = SecondFactorService(context)

    async def create(
        self, email: str, name: str | None, role: Role | None, scope: DataScope | None = None
    ) -> tuple[User, str]:
        """Add a person and return them with a one-time sign-in link.

        For a person who is there already, only the link is new: it is how a lost password is reset.

        Raises:
            Problem: 422 for an address that is none or a scope that does not go with the role, 409 when the person has
                another role.
        """
        check_role(role)
        address = normal_email(email)
        document: Document = {
            "_id": f"usr_{secrets.token_hex(8)}",
            "email": address,
            "name": (name or address.split("@", 1)[0]).strip()[:200],
            "role": (role or Role.ANALYST).value,
            "scope": scope_of(role or Role.ANALYST, scope).value,
            "password": None,
            "created_at": datetime.now(UTC),
            "last_sign_in_at": None,
        }
        try:
            await self._mongo.users.insert(document)
        except DuplicateDocument:
            document = await self._existing(address, role)
        user = user_of(document)
        return user, await self._link(user.id)

    async def all(self) -> list[User]:
        """Return everyone, by address."""
        return [user_of(document) for document in await self._mongo.users.find(sort=[("email", 1)])]

    async def get(self, user_id: str) -> User | None:
        """Return one person, or None."""
        document = await self._mongo.users.get({"_id": user_id})
        return user_of(document) if document else None

    async def change(self, user_id: str, role: Role | None, scope: DataScope | None) -> User:
        """Give a person another role or scope.

        Raises:
            Problem: 404 when there is no such person, 409 for the last admin, 422 for a scope that does not go with the
                role.
        """
        check_role(role)
        document = await self._mongo.users.get({"_id": user_id})
        if document is None:
            raise not_found("user", user_id)
        if role not in {None, Role.ADMIN}:
            await self._keep_an_admin(document)
        wanted = role or Role(document["role"])
        kept = None if role else DataScope(document.get("scope") or usual_scope(wanted))
        change = {"role": wanted.value, "scope": scope_of(wanted, scope or kept).value}
        changed = await self._mongo.users.update({"_id": user_id}, {"$set": change})
        if changed is None:
            raise not_found("user", user_id)
        return user_of(changed)

    async def _keep_an_admin(self, document: Document) -> None:
        """Refuse what would leave nobody as admin.

        Raises:
            Problem: 409.
        """
        if document["role"] == Role.ADMIN and await self._mongo.users.count({"role": Role.ADMIN.value}) == 1:
            raise Problem(
                409,
                "last-admin",
                "Somebody must stay admin",
                f"{document['email']} is the only admin.",
                hint="Make another admin first.",
            )

    async def delete(self, user_id: str) -> None:
        """Remove a person and end their sessions, links and tokens.

        Raises:
            Problem: 404 when there is no such person, 409 for the last admin.
        """
        document = await self._mongo.users.get({"_id": user_id})
        if document is None:
            raise not_found("user", user_id)
        await self._keep_an_admin(document)
        await self._mongo.users.delete({"_id": user_id})
        await self._mongo.links.delete({"user_id": user_id})
        await self._mongo.tokens.delete({"created_by": user_id})
        await self._sessions.end_all(user_id)

    async def sign_in(self, email: str, password: str, visitor: Visitor, code: str | None = None) -> SignedIn:
        """Check a password and open a session. An unknown address and a wrong password are the same to the outside.

        Raises:
            Problem: 401 when they don't fit or a code is asked for, 429 after too many failures.
        """
        address = email.strip().lower()
        await self._limiter.check(address, visitor.place)
        document = await self._mongo.users.get({"email": address})
        stored: str | None = document["password"] if document else None
        fits = await verify_password(stored, password[: MAX_LENGTH + 1])
        if not fits or document is None or stored is None:
            await self._limiter.failed(address, visitor.place)
            raise Problem(
                401,
                "sign-in-failed",
                "Sign-in failed",
                "No account has this address and password.",
                hint="Check both, or ask an admin for a sign-in link (`salescommand user create EMAIL`).",
            )
        await self._limiter.succeeded(address, visitor.place)
        if needs_rehash(stored):
            await self._mongo.users.update(
                {"_id": document["_id"]}, {"$set": {"password": await hash_password(password)}}
            )
        await self._second.demand(document, code)
        return await self._open(document["_id"], visitor, by_link=False)

    async def redeem(self, link_token: str, visitor: Visitor, code: str | None = None) -> SignedIn:
        """Use a one-time sign-in link: it is gone afterwards. Where a code is asked for it stays until one was right.

        Raises:
            Problem: 401 when it was used, has expired or never was, or a code is asked for.
        """
        where = {"_id": digest(link_token)}
        found = await self._mongo.links.get(where | {"expires_at": {"$gt": datetime.now(UTC)}})
        owner = await self._mongo.users.get({"_id": found["user_id"]}) if found else None
        if owner is not None:
            await self._second.demand(owner, code)
        link = await self._mongo.links.take(where)
        if link is None or link["expires_at"] <= datetime.now(UTC):
            raise Problem(
                401,
                "link-spent",
                "The sign-in link does not work any more",
                f"A link works once and for {LINK_HOURS} hours.",
                hint="Get a new one with `salescommand user create EMAIL`, or from an admin.",
            )
        return await self._open(link["user_id"], visitor, by_link=True)

    async def set_password(self, principal: Principal, secret: str, password: str, current: str | None) -> None:
        """Choose a password and end the person's other sessions. After a sign-in link the old one is not asked for.

        Raises:
            Problem: 422 for a password that is too short or too long, 403 when `current` is wrong.
        """
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            message = f"it must have {MIN_LENGTH} to {MAX_LENGTH} characters; this one has {len(password)}"
            fault = FieldError(field="password", message=message)
            raise Problem(422, "bad-body", "The password can't be used", f"password: {message}", errors=[fault])
        document = await self._mongo.users.get({"_id": principal.id})
        stored = document["password"] if document else None
        if stored and not principal.by_link and not await verify_password(stored, (current or "")[: MAX_LENGTH + 1]):
            fault = FieldError(field="current", message="it is not the password of this account")
            raise Problem(
                403,
                "wrong-password",
                "The current password is wrong",
                "It is not the password of this account. Nothing was changed.",
                errors=[fault],
            )
        await self._mongo.users.update({"_id": principal.id}, {"$set": {"password": await hash_password(password)}})
        await self._sessions.end_all(principal.id, except_secret=secret)

    async def sign_out(self, secret: str) -> None:
        """End the session."""
        await self._sessions.end(secret)

    async def principal_of(self, secret: str) -> Principal | None:
        """Return who a session's cookie stands for, or None when it has ended or the person is gone."""
        session = await self._sessions.find(secret)
        user = await self.get(session.user_id) if session else None
        if session is None or user is None:
            return None
        return Principal(
            id=user.id,
            email=user.email,
            name=user.name,
            role=user.role,
            scope=user.scope,
            via="session",
            needs_password=user.needs_password,
            by_link=session.by_link,
        )

    async def _existing(self, address: str, role: Role | None) -> Document:
        document = await self._mongo.users.get({"email": address})
        if document is None:
            raise Problem(409, "try-again", "The user was just removed", f"{address} was removed meanwhile.")
        if role is not None and document["role"] != role:
            raise Problem(
                409,
                "user-exists",
                "The user exists",
                f"{address} is there already, as {document['role']}, not {role.value}.",
                hint="Leave the role out for a new sign-in link, or remove the user first.",
            )
        return document

    async def _link(self, user_id: str) -> str:
        """Make a link for a person; links made before stop working."""
        token = secrets.token_urlsafe(32)
        await self._mongo.links.delete({"user_id": user_id})
        expires = datetime.now(UTC) + timedelta(hours=LINK_HOURS)
        await self._mongo.links.insert({"_id": digest(token), "user_id": user_id, "expires_at": expires})
        return f"{self._origin}/sign-in#token={token}"

    async def _open(self, user_id: str, visitor: Visitor, *, by_link: bool) -> SignedIn:
        now = datetime.now(UTC)
        document = await self._mongo.users.update({"_id": user_id}, {"$set": {"last_sign_in_at": now}})
        if document is None:
            raise Problem(401, "sign-in-failed", "Sign-in failed", "The account was removed.")
        return SignedIn(user_of(document), await self._sessions.open(user_id, visitor, by_link=by_link))
