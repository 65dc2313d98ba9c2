"""Codes of a second factor (RFC 6238) and the codes for when the phone is lost."""

from __future__ import annotations

import secrets

import pyotp
from pyotp.exceptions import OTPVerificationError

__all__ = ["RECOVERY_CODES", "matching_step", "new_recovery_codes", "new_secret", "normal_code", "otpauth_uri"]

ISSUER = "SalesCommand"
RECOVERY_CODES = 10
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
"""What people can't take for one another."""


def new_secret() -> str:
    """Return 160 random bits in base32, as authenticator apps take them."""
    return pyotp.random_base32()


def otpauth_uri(secret: str, email: str) -> str:
    """Return the address that an authenticator app opens."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def matching_step(secret: str, code: str) -> int | None:
    """Return the number of the half minute whose code this is: the current one, the one before or after; else None."""
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, valid_window=1)
    except OTPVerificationError:
        return None


def new_recovery_codes() -> list[str]:
    """Return codes that each work once: 16 signs, 79 bits, so that a digest keeps them."""
    return [
        "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4)) for _ in range(RECOVERY_CODES)
    ]


def normal_code(text: str) -> str:
    """Return a code as it is compared: without spaces and dashes, small."""
    return text.replace(" ", "").replace("-", "").lower()
