"""People and API tokens; an admin's work."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from backend.auth.principal import DataScope, Permission, Principal, Role
from backend.routes.deps import Ctx, require
from backend.routes.own import SessionList, SessionOut, TokenList, TokenOut
from backend.services.second_factor import SecondFactorService
from backend.services.sessions import SessionService
from backend.services.tokens import TokenService
from backend.services.users import UserService

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["people and tokens"])
may_manage_users = Depends(require(Permission.MANAGE_USERS))
may_manage_tokens = Depends(require(Permission.MANAGE_TOKENS))
TokenManager = Annotated[Principal, may_manage_tokens]


class UserOut(BaseModel):
    """One person."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["usr_5f0c2a9e1b7d4c33"])
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada"])
    role: Role
    scope: DataScope = Field(description="Whose records they see: own, team (everybody below too) or all")
    needs_password: bool
    second_factor: bool = Field(description="Whether signing in asks for a code too")
    created_at: datetime
    last_sign_in_at: datetime | None


class UserList(BaseModel):
    """Everyone, by address."""

    items: list[UserOut]


class NewUser(BaseModel):
    """A person to add. Without a role: analyst. Without a scope: own for a rep, team for a manager, all for others."""

    email: str = Field(max_length=254, examples=["ada@example.com"])
    name: str | None = Field(default=None, max_length=200)
    role: Role | None = None
    scope: DataScope | None = None


class UserChange(BaseModel):
    """What is to change about a person."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    scope: DataScope | None = None


class UserWithLink(BaseModel):
    """The person and their one-time sign-in link, which works for 24 hours and replaces earlier ones."""

    user: UserOut
    link: str = Field(examples=["http://localhost:3000/sign-in#token=1fQ…"])


class NewToken(BaseModel):
    """A token to make. Without a role: analyst, who may read."""

    name: str | None = Field(default=None, max_length=200, examples=["reporting"])
    role: Role = Role.ANALYST
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends by itself")


class TokenWithSecret(BaseModel):
    """A new token; the secret is shown this once."""

    id: str
    token: str = Field(examples=["sc_pat_…"])
    role: Role


@router.get("/users", dependencies=[may_manage_users], summary="Everyone")
async def list_users(context: Ctx) -> UserList:
    """Return everyone who can sign in."""
    return UserList(items=[UserOut.model_validate(user) for user in await UserService(context).all()])


@router.post("/users", status_code=201, dependencies=[may_manage_users], summary="Add a person")
async def create_user(body: NewUser, context: Ctx) -> UserWithLink:
    """Add a person and return a one-time sign-in link. For one who is there already: a new link."""
    user, link = await UserService(context).create(body.email, body.name, body.role, body.scope)
    return UserWithLink(user=UserOut.model_validate(user), link=link)


@router.patch("/users/{id}", dependencies=[may_manage_users], summary="Change a person's role or scope")
async def change_user(user_id: Annotated[str, Path(alias="id")], body: UserChange, context: Ctx) -> UserOut:
    """Change what a person may do and whose records they see, from their next request on.

    A new role without a scope brings the scope that is usual for it.
    """
    return UserOut.model_validate(await UserService(context).change(user_id, body.role, body.scope))


@router.delete("/users/{id}", status_code=204, dependencies=[may_manage_users], summary="Remove a person")
async def delete_user(user_id: Annotated[str, Path(alias="id")], context: Ctx) -> None:
    """Remove a person; their sessions and tokens end at once."""
    await UserService(context).delete(user_id)


@router.get("/users/{id}/sessions", dependencies=[may_manage_users], summary="Where a person is signed in")
async def list_sessions(user_id: Annotated[str, Path(alias="id")], context: Ctx) -> SessionList:
    """Return the sessions of a person."""
    found = await SessionService(context).of(user_id)
    return SessionList(items=[SessionOut.model_validate(one) for one in found])


@router.delete(
    "/users/{id}/sessions/{session}", status_code=204, dependencies=[may_manage_users], summary="End a person's session"
)
async def end_session(user_id: Annotated[str, Path(alias="id")], session: str, context: Ctx) -> None:
    """End a session of a person; its next request is refused."""
    await SessionService(context).end(user_id, session)


@router.delete(
    "/users/{id}/second-factor",
    status_code=204,
    dependencies=[may_manage_users],
    summary="Take a person's second factor away",
)
async def reset_second_factor(user_id: Annotated[str, Path(alias="id")], context: Ctx) -> None:
    """Turn it off for a person who lost phone and recovery codes."""
    await SecondFactorService(context).reset(user_id)


@router.get("/tokens", dependencies=[may_manage_tokens], summary="API tokens")
async def list_tokens(context: Ctx) -> TokenList:
    """Return all API tokens, without their secrets."""
    return TokenList(items=[TokenOut.model_validate(token) for token in await TokenService(context).all()])


@router.post("/tokens", status_code=201, summary="Make an API token")
async def create_token(body: NewToken, context: Ctx, principal: TokenManager) -> TokenWithSecret:
    """Make an API token. Its secret is in this answer and nowhere else."""
    token, secret = await TokenService(context).create(body.name, body.role, principal.id, body.expires_at)
    return TokenWithSecret(id=token.id, token=secret, role=token.role)


@router.delete("/tokens/{id}", status_code=204, dependencies=[may_manage_tokens], summary="Revoke a token")
async def delete_token(token_id: Annotated[str, Path(alias="id")], context: Ctx) -> None:
    """Revoke a token; it stops working at once."""
    await TokenService(context).delete(token_id)
