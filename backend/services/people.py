"""A person as the services know them, and what may be written about one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from backend.auth.principal import DataScope, Role, usual_scope
from backend.errors import FieldError, Problem
from backend.stores.mongo import Document

__all__ = ["User", "check_role", "normal_email", "scope_of", "user_of"]

_EMAIL = re.compile(r"^[^@\s<>\"',;]+@[^@\s<>\"',;]+$")


@dataclass(frozen=True, slots=True)
class User:
    """One person. `needs_password` is true until one is chosen: until then only a link signs them in."""

    id: str
    email: str
    name: str
    role: Role
    scope: DataScope
    needs_password: bool
    second_factor: bool
    created_at: datetime
    last_sign_in_at: datetime | None


def normal_email(text: str) -> str:
    """Return the address in the form it is stored: trimmed, lower case.

    Raises:
        Problem: 422 when it is no address.
    """
    address = text.strip().lower()
    if not _EMAIL.match(address) or len(address) > 254:
        fault = FieldError(field="email", message="it must look like name@company.com")
        raise Problem(422, "bad-body", "The address can't be used", f"email: {text!r} is no address", errors=[fault])
    return address


def check_role(role: Role | None) -> None:
    """Refuse a role that only programs have.

    Raises:
        Problem: 422.
    """
    if role is Role.INTEGRATION:
        fault = FieldError(field="role", message="only programs have it; make a token of this role")
        raise Problem(422, "bad-body", "The role can't be used", f"role: {fault.message}", errors=[fault])


def scope_of(role: Role, scope: DataScope | None) -> DataScope:
    """Return the scope of a role, the usual one unless another is asked for.

    Raises:
        Problem: 422 for an admin who is not to see everything: whoever makes users and keys can't be kept from it.
    """
    found = scope or usual_scope(role)
    if role is Role.ADMIN and found is not DataScope.ALL:
        fault = FieldError(field="scope", message="an admin sees all")
        raise Problem(422, "bad-body", "The scope can't be used", "scope: an admin sees all", errors=[fault])
    return found


def user_of(document: Document) -> User:
    """Return a person from how they are kept."""
    return User(
        id=document["_id"],
        email=document["email"],
        name=document["name"],
        role=Role(document["role"]),
        # People from before there were scopes have the one that is usual for their role.
        scope=DataScope(document.get("scope") or usual_scope(Role(document["role"]))),
        needs_password=document["password"] is None,
        second_factor=bool(document.get("totp")),
        created_at=document["created_at"],
        last_sign_in_at=document["last_sign_in_at"],
    )
