"""What routes depend on: the context and the signed-in principal. The gate in front of every route is here."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel

from backend.auth.origin import SAFE_METHODS, require_same_origin
from backend.auth.principal import DataScope, Permission, Principal, Rights
from backend.auth.sessions import COOKIE
from backend.context import Context
from backend.errors import Problem, bad_parameter
from backend.services.keys import PREFIX as WRITE_KEY
from backend.services.tokens import TokenService
from backend.services.users import UserService
from salescommand_lake.reads.scope import Scope, owners_of

__all__ = ["OPEN_PATHS", "Ctx", "Scoped", "Signed", "gate", "in_person", "require", "sees_all"]

# Everything that answers without credentials. A route that is not here is closed.
OPEN_PATHS = frozenset(
    {
        "/health",
        "/api/health",
        "/api/microservices/health",
        "/api/openapi.json",
        "/api/docs",
        "/api/auth/login",
        "/api/auth/link",
    }
)


def context_of(request: Request) -> Context:
    """Return the process's context."""
    context: Context = request.app.state.context
    return context


Ctx = Annotated[Context, Depends(context_of)]


async def gate(request: Request) -> None:
    """Stand in front of every route: refuse cross-site writes, whoever isn't signed in, and unknown parameters.

    Raises:
        Problem: 401 without valid credentials, 403 for a write from another site, 400 for an unknown parameter,
            429 for too many requests.
    """
    await _admit(request)
    principal: Principal | None = getattr(request.state, "principal", None)
    path = str(getattr(request.scope.get("route"), "path", ""))
    if principal is not None and path not in OPEN_PATHS and not principal.reaches(path):
        detail = f"The role {principal.role.value} has nothing to do at {request.url.path}."
        raise Problem(403, "not-allowed", "Not allowed", detail, hint="Use a token of another role.")
    if principal is not None and request.app.state.principal is None:
        context_of(request).rates.check(principal.id)
    _refuse_unknown_parameters(request)


async def _admit(request: Request) -> None:
    context = context_of(request)
    fixed: Principal | None = request.app.state.principal
    if fixed is not None:
        request.state.principal = fixed
        return
    header = request.headers.get("authorization")
    if header is None:
        require_same_origin(request, context.settings.origin)
    if getattr(request.scope.get("route"), "path", None) in OPEN_PATHS:
        return
    if header is not None:
        principal = await _by_header(context, header)
        request.state.principal = principal
        if principal.rights is Rights.READ and request.method not in SAFE_METHODS:
            raise _token_may_not("change anything")
        return
    secret = request.cookies.get(COOKIE)
    person = await UserService(context).principal_of(secret) if secret else None
    if person is None:
        detail = "The session has ended." if secret else "This needs a session or an API token."
        raise _not_signed_in(detail)
    request.state.principal = person


def _refuse_unknown_parameters(request: Request) -> None:
    """Refuse a misspelt or misplaced parameter. Routes that describe theirs by hand check them themselves."""
    route = request.scope.get("route")
    described = (getattr(route, "openapi_extra", None) or {}).get("parameters")
    if described or not request.query_params or getattr(route, "path", None) in OPEN_PATHS:
        return
    known = {name for one in getattr(getattr(route, "dependant", None), "query_params", ()) for name in _names(one)}
    name = next((each for each in request.query_params if each not in known), None)
    if name is not None:
        hint = f"{request.url.path} takes {', '.join(sorted(known)) or 'none'}."
        raise bad_parameter(name, "there is no such parameter", hint=hint)


def _names(parameter: Any) -> Iterable[str]:
    """Return the name of a parameter, or the names of those that a model holds together."""
    annotation = parameter.field_info.annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields
    return (str(parameter.alias),)


async def _by_header(context: Context, header: str) -> Principal:
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer":
        raise _not_signed_in(f"The Authorization header must be 'Bearer TOKEN', not {scheme[:20]!r}.")
    secret = secret.strip()
    if secret.startswith(WRITE_KEY):
        raise _not_signed_in("A write key posts events and does nothing else; reading needs an API token.")
    principal = await TokenService(context).principal_of(secret)
    if principal is None:
        raise _not_signed_in("The token is unknown, has expired or was revoked.")
    return principal


def _token_may_not(what: str) -> Problem:
    hint = "Make a token with more rights under Your account; no token has more than your role."
    return Problem(403, "not-allowed", "Not allowed", f"This token may not {what}.", hint=hint)


def _not_signed_in(detail: str) -> Problem:
    return Problem(
        401,
        "not-signed-in",
        "Not signed in",
        detail,
        hint="Sign in, or send `Authorization: Bearer TOKEN` with a token from `salescommand token create`.",
        headers={"WWW-Authenticate": 'Bearer realm="salescommand"'},
    )


def signed_in(request: Request) -> Principal:
    """Return who asks; the gate has checked them."""
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is None:
        raise _not_signed_in("This needs a session or an API token.")
    return principal


Signed = Annotated[Principal, Depends(signed_in)]


def in_person(principal: Signed) -> Principal:
    """Return the person of a session; what is their own no program changes for them, whatever token it has.

    Raises:
        Problem: 403 for a token and the control socket.
    """
    if principal.via != "session":
        raise Problem(
            403,
            "not-in-person",
            "Only people do this, signed in",
            f"This is somebody's own account; a {principal.via} has none.",
            hint="Sign in at the UI.",
        )
    return principal


async def _scope(principal: Signed, context: Ctx) -> Scope | None:
    """Return whose records the caller may see, None for everybody's; looked up anew for each request."""
    if principal.scope is DataScope.ALL:
        return None
    return await owners_of(context.engine, principal.email.lower(), team=principal.scope is DataScope.TEAM)


Scoped = Annotated[Scope | None, Depends(_scope)]


def sees_all(principal: Signed) -> None:
    """Refuse whoever sees only some records: what is asked for tells of everybody's.

    Raises:
        Problem: 403.
    """
    if principal.scope is not DataScope.ALL:
        raise Problem(
            403,
            "not-in-scope",
            "Not in your scope",
            f"You see {'your own records' if principal.scope is DataScope.OWN else 'the records of your team'};"
            " this tells of everybody's.",
            hint="Ask an admin for the data scope `all`.",
        )


def require(permission: Permission) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """Return a dependency that refuses everyone whose role doesn't grant the permission."""

    async def check(principal: Signed) -> Principal:
        if replace(principal, rights=Rights.ADMIN).may(permission) and not principal.may(permission):
            raise _token_may_not(permission.value)
        if not principal.may(permission):
            raise Problem(
                403,
                "not-allowed",
                "Not allowed",
                f"The role {principal.role.value} may not {permission.value}.",
                hint="Ask an admin.",
            )
        return principal

    return check
