"""A second factor: codes of an authenticator app beside the password, and recovery codes for when the phone is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.auth.limiter import CodeLimiter
from backend.auth.passwords import MAX_LENGTH, verify_password
from backend.auth.principal import Principal
from backend.auth.sessions import Sessions
from backend.auth.totp import matching_step, new_recovery_codes, new_secret, normal_code, otpauth_uri
from backend.context import Context
from backend.errors import FieldError, Problem, not_found
from backend.stores.keyring import digest
from backend.stores.mongo import Document
from backend.stores.sealing import Unreadable

__all__ = ["Enrolment", "SecondFactor", "SecondFactorService"]

PENDING = timedelta(minutes=15)
"""How long a secret waits for its first code."""


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Whether a person has one, since when, and how many recovery codes are left."""

    on: bool
    since: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What goes into the authenticator app; shown this once."""

    secret: str
    uri: str


class SecondFactorService:
    """Sets it up, asks for it, and takes it away. The secret is kept sealed, recovery codes as digests."""

    def __init__(self, context: Context) -> None:
        self._users = context.mongo.users
        self._sealer = context.sealer
        self._limiter = CodeLimiter(context.redis)
        self._sessions = Sessions(context.redis, context.settings.session_hours)

    async def of(self, user_id: str) -> SecondFactor:
        """Return how it stands with a person.

        Raises:
            Problem: 404 when there is no such person.
        """
        document = await self._document(user_id)
        return SecondFactor(bool(document.get("totp")), document.get("totp_since"), len(document.get("recovery", ())))

    async def begin(self, person: Principal, password: str) -> Enrolment:
        """Make a secret, which counts once a code of it was given. Asks for the password, which it stands beside.

        Raises:
            Problem: 409 when there is one already or no password; 422 when the password is wrong; 429 after many tries.
        """
        document = await self._document(person.id)
        if document.get("totp"):
            hint = "Turn it off first, with a code."
            raise Problem(409, "second-factor-on", "The second factor is on", "It is set up already.", hint=hint)
        if document["password"] is None:
            detail = "A second factor stands beside a password, and you have none yet."
            raise Problem(409, "no-password", "Choose a password first", detail)
        await self._limiter.count(person.id)
        if not await verify_password(document["password"], password[: MAX_LENGTH + 1]):
            fault = FieldError(field="password", message="it is not the password of this account")
            raise Problem(
                422,
                "wrong-password",
                "The password is wrong",
                "It is not the password of this account. Nothing was changed.",
                errors=[fault],
            )
        await self._limiter.succeeded(person.id)
        secret = new_secret()
        pending = {"sealed": self._sealer.seal(secret), "at": datetime.now(UTC)}
        await self._users.update({"_id": person.id}, {"$set": {"totp_pending": pending}})
        return Enrolment(secret, otpauth_uri(secret, person.email))

    async def confirm(self, person: Principal, code: str, session: str) -> list[str]:
        """Turn it on with a first code, end the person's other sessions, and return the recovery codes.

        Raises:
            Problem: 409 when nothing waits for a code; 422 when it is wrong; 429 after too many tries.
        """
        pending = (await self._document(person.id)).get("totp_pending")
        if not pending or pending["at"] < datetime.now(UTC) - PENDING:
            detail = f"No secret waits for a code, or it waited for more than {PENDING.seconds // 60} minutes."
            raise Problem(409, "nothing-to-confirm", "Nothing to confirm", detail, hint="Begin anew.")
        await self._limiter.count(person.id)
        step = matching_step(self._opened(pending["sealed"]), normal_code(code))
        if step is None:
            raise _wrong(422)
        await self._limiter.succeeded(person.id)
        codes = new_recovery_codes()
        change = {
            "totp": pending["sealed"],
            "totp_step": step,
            "totp_since": datetime.now(UTC),
            "recovery": [digest(normal_code(one)) for one in codes],
        }
        where = {"_id": person.id, "totp_pending.sealed": pending["sealed"]}
        if await self._users.update(where, {"$set": change, "$unset": {"totp_pending": ""}}) is None:
            raise Problem(409, "conflict", "Changed meanwhile", "Another request confirmed it at the same moment.")
        await self._sessions.end_all(person.id, except_secret=session)
        return codes

    async def renew(self, person: Principal, code: str) -> list[str]:
        """Make new recovery codes, with a code; those from before end.

        Raises:
            Problem: 409 when it is off; 422 when the code is wrong; 429 after too many tries.
        """
        await self._demand_own(person, code)
        codes = new_recovery_codes()
        kept = [digest(normal_code(one)) for one in codes]
        await self._users.update({"_id": person.id, "totp": {"$ne": None}}, {"$set": {"recovery": kept}})
        return codes

    async def remove(self, person: Principal, code: str) -> None:
        """Turn it off, with a code.

        Raises:
            Problem: 409 when it is off; 422 when the code is wrong; 429 after too many tries.
        """
        await self._demand_own(person, code)
        await self.reset(person.id)

    async def reset(self, user_id: str) -> None:
        """Turn it off for a person who lost it all.

        Raises:
            Problem: 404 when there is no such person.
        """
        await self._document(user_id)
        names = ("totp", "totp_step", "totp_since", "totp_pending", "recovery")
        await self._users.update({"_id": user_id}, {"$unset": dict.fromkeys(names, "")})

    async def demand(self, user: Document, code: str | None, *, status: int = 401) -> None:
        """Ask for a code of a person who has a second factor. Each code is taken once, and so is each recovery code.

        Raises:
            Problem: 401 when one is missing, wrong or used; 429 after too many tries; 503 when it can't be checked.
        """
        if not user.get("totp"):
            return
        if not code:
            raise Problem(
                401,
                "second-factor-needed",
                "A code is needed",
                "This account has a second factor: the code of the authenticator app, or a recovery code.",
                errors=[FieldError(field="code", message="it is needed")],
            )
        await self._limiter.count(user["_id"])
        if not await self._take(user, normal_code(code)):
            raise _wrong(status)
        await self._limiter.succeeded(user["_id"])

    async def _take(self, user: Document, code: str) -> bool:
        """Use a code up, in one step, so that of two requests with the same one only one gets through."""
        step = matching_step(self._opened(user["totp"]), code)
        if step is not None:
            where = {"_id": user["_id"], "totp": user["totp"], "totp_step": {"$lt": step}}
            return await self._users.update(where, {"$set": {"totp_step": step}}) is not None
        kept = digest(code)
        where = {"_id": user["_id"], "recovery": kept}
        return await self._users.update(where, {"$pull": {"recovery": kept}}) is not None

    async def _demand_own(self, person: Principal, code: str) -> None:
        document = await self._document(person.id)
        if not document.get("totp"):
            raise Problem(409, "second-factor-off", "The second factor is off", "There is none to change.")
        await self.demand(document, code or " ", status=422)

    async def _document(self, user_id: str) -> Document:
        document = await self._users.get({"_id": user_id})
        if document is None:
            raise not_found("user", user_id)
        return document

    def _opened(self, sealed: str) -> str:
        try:
            return self._sealer.open(sealed).decode()
        except Unreadable as error:
            hint = "Set SALESCOMMAND_SECRET_KEY as it was, or have an admin take the second factor away."
            title = "The second factor can't be checked"
            raise Problem(503, "second-factor-unreadable", title, f"{error}.", hint=hint) from error


def _wrong(status: int) -> Problem:
    fault = FieldError(field="code", message="it is wrong, too old, or was used already")
    return Problem(
        status,
        "second-factor-failed",
        "The code does not fit",
        "The code is wrong, too old, or was used already.",
        hint="Wait for the next code. Where none fits, look at the clock of the phone.",
        errors=[fault],
    )
