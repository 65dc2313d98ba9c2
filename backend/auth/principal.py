"""Who is asking, and what that role may do. The one place that decides about permissions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

__all__ = ["CONTROL", "DataScope", "Permission", "Principal", "Rights", "Role", "usual_scope"]


class Role(StrEnum):
    """What a person or a program is here."""

    ADMIN = "admin"
    MANAGER = "manager"
    REP = "rep"
    ANALYST = "analyst"
    INTEGRATION = "integration"
    """A program that reads records and numbers and enters rates; no person has it."""


class DataScope(StrEnum):
    """Whose records somebody sees: one's own, those of everybody below too, or all."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


class Permission(StrEnum):
    """What a route asks for. Signing in as anyone is enough to READ."""

    READ = "read"
    MANAGE_USERS = "manage users"
    MANAGE_TOKENS = "manage tokens"
    MANAGE_SOURCES = "manage sources and write keys"
    MANAGE_MAPPINGS = "manage mappings"
    MANAGE_SETTINGS = "manage settings"
    ENTER_RATES = "enter exchange rates"
    RUN_JOBS = "start and cancel jobs"
    DECIDE_IDENTITY = "decide which records are one"
    MANAGE_QUARANTINE = "work on the quarantine"
    READ_AUDIT = "read the audit log"


EVERYONE = frozenset({Permission.READ})
GRANTED: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: EVERYONE | {Permission.DECIDE_IDENTITY, Permission.MANAGE_QUARANTINE},
    Role.REP: EVERYONE,
    Role.ANALYST: EVERYONE,
    Role.INTEGRATION: EVERYONE | {Permission.ENTER_RATES},
}
REACH: dict[Role, tuple[str, ...]] = {
    Role.INTEGRATION: (
        "/api/auth/me", "/api/records", "/api/metrics", "/api/events", "/api/sources", "/api/mappings", "/api/rates",
        "/api/settings",
    )
}  # fmt: skip
"""All that a role gets to, whatever it may do there; a role that is not here gets everywhere."""


class Rights(StrEnum):
    """How much of what its owner may do a token may: only read, also work, or all of it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


_FOR_ADMIN = frozenset(
    {Permission.MANAGE_USERS, Permission.MANAGE_TOKENS, Permission.MANAGE_SETTINGS, Permission.READ_AUDIT}
)
ALLOWED: dict[Rights, frozenset[Permission]] = {
    Rights.READ: EVERYONE,
    Rights.WRITE: frozenset(Permission) - _FOR_ADMIN,
    Rights.ADMIN: frozenset(Permission),
}


_USUAL = {Role.MANAGER: DataScope.TEAM, Role.REP: DataScope.OWN}


def usual_scope(role: Role) -> DataScope:
    """Return what a role sees unless an admin says otherwise."""
    return _USUAL.get(role, DataScope.ALL)


@dataclass(frozen=True, slots=True)
class Principal:
    """The signed-in person or program of one request."""

    id: str
    email: str
    name: str
    role: Role
    via: Literal["session", "token", "control"]
    scope: DataScope = DataScope.ALL
    """Whose records they see. Programs see all: an admin made their token."""
    needs_password: bool = False
    """True until a person who came by a sign-in link has chosen a password."""
    rights: Rights = Rights.ADMIN
    """How much of what the role may do: less than all only with a token of one's own."""
    token: str = ""
    """The token of one's own that the request came with; empty otherwise."""
    by_link: bool = False
    """True in a session that a sign-in link opened: a new password needs no old one there."""

    def reaches(self, path: str) -> bool:
        """Whether the role gets to a route at all."""
        places = REACH.get(self.role)
        return places is None or any(path == place or path.startswith(f"{place}/") for place in places)

    def may(self, permission: Permission) -> bool:
        """Whether the role grants the permission, and the token that was used does not take it away."""
        return permission in GRANTED[self.role] & ALLOWED[self.rights]


# Whoever can open the control socket in the data folder owns the installation.
CONTROL = Principal(id="control", email="", name="salescommand", role=Role.ADMIN, via="control")
