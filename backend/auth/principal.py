"""Who is asking, and what that role may do. The one place that decides about permissions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

__all__ = ["CONTROL", "Permission", "Principal", "Role"]


class Role(StrEnum):
    """What a person or a program is here."""

    ADMIN = "admin"
    MANAGER = "manager"
    REP = "rep"
    ANALYST = "analyst"


class Permission(StrEnum):
    """What a route asks for. Signing in as anyone is enough to READ."""

    READ = "read"
    MANAGE_USERS = "manage users"
    MANAGE_TOKENS = "manage tokens"
    MANAGE_SOURCES = "manage sources and write keys"
    MANAGE_MAPPINGS = "manage mappings"
    MANAGE_SETTINGS = "manage settings"
    RUN_JOBS = "start and cancel jobs"
    DECIDE_IDENTITY = "decide which records are one"
    MANAGE_QUARANTINE = "work on the quarantine"


EVERYONE = frozenset({Permission.READ})
# Data scopes (own, team, all) will stand beside this table, not inside the routes.
GRANTED: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: EVERYONE | {Permission.DECIDE_IDENTITY, Permission.MANAGE_QUARANTINE},
    Role.REP: EVERYONE,
    Role.ANALYST: EVERYONE,
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The signed-in person or program of one request."""

    id: str
    email: str
    name: str
    role: Role
    via: Literal["session", "token", "control"]
    needs_password: bool = False
    """True until a person who came by a sign-in link has chosen a password."""
    by_link: bool = False
    """True in a session that a sign-in link opened: a new password needs no old one there."""

    def may(self, permission: Permission) -> bool:
        """Whether the role grants the permission."""
        return permission in GRANTED[self.role]


# Whoever can open the control socket in the data folder owns the installation.
CONTROL = Principal(id="control", email="", name="salescommand", role=Role.ADMIN, via="control")
