"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from backend.auth.principal import DataScope, Principal, Role
from backend.auth.sessions import COOKIE, Visitor
from backend.errors import Problem
from backend.routes.deps import Ctx, Signed
from backend.services.users import SignedIn, UserService

__all__ = ["router"]

router = APIRouter(prefix="/api/auth", tags=["sign-in"])
Secret = Annotated[str, Field(max_length=1000)]
Code = Annotated[
    str | None, Field(max_length=64, description="Where the account has a second factor", examples=["123456"])
]


class Credentials(BaseModel):
    """What a person types."""

    email: str = Field(max_length=254, examples=["ada@example.com"])
    password: Secret = Field(examples=["correct horse battery"])
    code: Code = None


class LinkToken(BaseModel):
    """The token of a one-time sign-in link."""

    token: Secret = Field(examples=["1fQ…"])
    code: Code = None


class NewPassword(BaseModel):
    """A chosen password; `current` is asked for unless a sign-in link opened this session or there is none yet."""

    password: Secret = Field(examples=["correct horse battery"])
    current: Secret | None = None


class Me(BaseModel):
    """Who is signed in."""

    id: str = Field(examples=["usr_5f0c2a9e1b7d4c33"])
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada"])
    role: Role
    scope: DataScope = Field(description="Whose records this person sees")
    needs_password: bool = Field(description="True until a password is chosen; until then only links sign in")


class SignInAnswer(BaseModel):
    """The person who signed in; the session is in the cookie."""

    user: Me
    needs_password: bool


@router.post("/login", summary="Sign in with a password")
async def login(body: Credentials, request: Request, response: Response, context: Ctx) -> SignInAnswer:
    """Open a session. The answer sets an HttpOnly cookie.

    Where the account has a second factor, a request without `code` gets a 401 of the type `second-factor-needed`.
    """
    signed = await UserService(context).sign_in(body.email, body.password, _visitor(request), body.code)
    return _answer(signed, request, response, context)


@router.post("/link", summary="Sign in with a one-time link")
async def link(body: LinkToken, request: Request, response: Response, context: Ctx) -> SignInAnswer:
    """Open a session with the token of a sign-in link, which works once."""
    return _answer(
        await UserService(context).redeem(body.token, _visitor(request), body.code), request, response, context
    )


@router.post("/logout", status_code=204, summary="Sign out")
async def logout(request: Request, response: Response, context: Ctx, principal: Signed) -> None:
    """End this session. A program with a token has none to end."""
    secret = request.cookies.get(COOKIE)
    if principal.via == "session" and secret:
        await UserService(context).sign_out(secret)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=context.settings.secure_cookies)


@router.get("/me", summary="Who am I")
async def me(principal: Signed) -> Me:
    """Return the signed-in person or program."""
    return _me(principal)


@router.put("/password", status_code=204, summary="Choose a password")
async def password(body: NewPassword, request: Request, context: Ctx, principal: Signed) -> None:
    """Set the password of the signed-in person and end their other sessions."""
    if principal.via != "session":
        raise Problem(403, "no-password", "Only people have passwords", f"A {principal.via} has no password.")
    await UserService(context).set_password(principal, request.cookies[COOKIE], body.password, body.current)


def _visitor(request: Request) -> Visitor:
    return Visitor(request.client.host if request.client else "local", request.headers.get("user-agent", ""))


def _answer(signed: SignedIn, request: Request, response: Response, context: Ctx) -> SignInAnswer:
    response.set_cookie(
        COOKIE,
        signed.secret,
        max_age=context.settings.session_hours * 3600,
        path="/",
        httponly=True,
        samesite="lax",
        secure=context.settings.secure_cookies,
    )
    user = signed.user
    # From here on the request is theirs, for the logs.
    request.state.principal = Principal(user.id, user.email, user.name, user.role, via="session", scope=user.scope)
    body = Me(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        scope=user.scope,
        needs_password=user.needs_password,
    )
    return SignInAnswer(user=body, needs_password=user.needs_password)


def _me(principal: Principal) -> Me:
    return Me(
        id=principal.id,
        email=principal.email,
        name=principal.name,
        role=principal.role,
        scope=principal.scope,
        needs_password=principal.needs_password,
    )
