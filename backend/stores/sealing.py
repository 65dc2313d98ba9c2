"""Secrets that have to be read again (vendors' signing secrets), encrypted before they go to MongoDB.

The key is SALESCOMMAND_SECRET_KEY, or, where that isn't set, a random one in the data folder that only its owner reads.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["Sealer", "Unreadable"]

_FILE = "secret.key"


class Unreadable(Exception):  # noqa: N818 - named for what it is
    """What was sealed can't be opened with the key that is set here."""


class Sealer:
    """Encrypts and decrypts with Fernet (AES-CBC and HMAC). The key is looked for at the first use."""

    def __init__(self, key: str, folder: Path) -> None:
        self._key = key
        self._file = folder / _FILE
        self._fernet: Fernet | None = None

    def seal(self, secret: str) -> str:
        """Return the secret encrypted."""
        return self._cipher().encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> bytes:
        """Return the secret.

        Raises:
            Unreadable: it was sealed with another key.
        """
        try:
            return self._cipher().decrypt(sealed)
        except InvalidToken:
            message = "it was sealed with another key; SALESCOMMAND_SECRET_KEY must be the same in every process"
            raise Unreadable(message) from None

    def _cipher(self) -> Fernet:
        if self._fernet is None:
            material = self._key or self._kept()
            derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"salescommand sealed secrets")
            self._fernet = Fernet(base64.urlsafe_b64encode(derived.derive(material.encode())))
        return self._fernet

    def _kept(self) -> str:
        """Return the data folder's key; make it when there is none. Of two processes that make it, one wins."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_name(f"{_FILE}.{secrets.token_hex(4)}")
        if not self._file.exists():
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(fresh, self._file)
            except FileExistsError:
                pass  # another process was quicker; its key counts
            finally:
                fresh.unlink()
        return self._file.read_text().strip()
