"""Who posts, and to what: write keys as vendors can send them, and the names in the address."""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote

import msgspec
from starlette.types import Scope

from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import Refused

__all__ = ["PREFIX", "Headers", "addresses", "names", "query", "read_headers", "secret_of"]

PREFIX = "/api/microservices/ingest/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]*")
_KEY = re.compile(r"[\x21-\x7e]+")


class Headers(msgspec.Struct):
    """The headers that the door reads."""

    authorization: str = ""
    write_key: str = ""
    content_type: str = ""
    content_length: str = ""
    content_encoding: str = ""
    idempotency_key: str = ""
    prefer: str = ""


_READ = {
    b"authorization": "authorization",
    b"x-write-key": "write_key",
    b"content-type": "content_type",
    b"content-length": "content_length",
    b"content-encoding": "content_encoding",
    b"idempotency-key": "idempotency_key",
    b"prefer": "prefer",
}


def read_headers(raw: list[tuple[bytes, bytes]]) -> Headers:
    """Return the headers that the door reads."""
    found = Headers()
    for name, value in raw:
        if name in _READ:
            setattr(found, _READ[name], value.decode("latin-1"))
    return found


def query(raw: bytes) -> dict[str, str]:
    """Return the parameters of the query string."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)) if raw else {}


def secret_of(headers: Headers, parameters: dict[str, str]) -> str:
    """Return the write key that came with a request, '' without one.

    Vendors differ in what they can send: a bearer token, a header, a Basic user, or only the address.
    """
    scheme, _, value = headers.authorization.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return value
    if headers.write_key:
        return headers.write_key.strip()
    if scheme.lower() == "basic" and value:
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return ""
        return user or password
    return parameters.get("key", "") or parameters.get("token", "")


def addresses(scope: Scope, raw_query: bytes, host: str, public_url: str) -> list[str]:
    """Return the addresses that the sender may have written: below the public one, and with the host that it named.

    A proxy that ends TLS tells neither its scheme nor, always, its host, so both schemes may be meant.
    """
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    tail = path.decode("latin-1") + (f"?{raw_query.decode('latin-1')}" if raw_query else "")
    origins = [public_url.rstrip("/"), *(f"{scheme}://{host}" for scheme in ("https", "http") if host)]
    return [origin + tail for origin in dict.fromkeys(origins) if origin]


@lru_cache(maxsize=4096)  # senders post to few addresses, again and again
def names(path: str, limits: Limits) -> tuple[str, str]:
    """Return source and entity type from the address.

    Raises:
        Refused: 404 when the address has another shape, 400 when a name can't be used.
    """
    parts = path[len(PREFIX) :].removesuffix("/").split("/")
    if len(parts) != 2:
        hint = f"Post to {PREFIX}SOURCE/ENTITY_TYPE."
        raise Refused(404, "No such address", f"{path!r} names no source and entity type.", hint, kind="not-found")
    source, entity_type = parts
    _check("source", source, _NAME, limits.name_length, "letters, digits, '.', '_' and '-'")
    _check("entity_type", entity_type, _WORD, limits.entity_length, "letters, digits, '.', '_', ':' and '-'")
    return source, entity_type


def idempotency_key(headers: Headers, limits: Limits) -> str:
    """Return the request's idempotency key, '' without one.

    Raises:
        Refused: 400 when it can't be one.
    """
    key = headers.idempotency_key
    if key and (len(key) > limits.key_length or not _KEY.fullmatch(key)):
        _refuse("Idempotency-Key", f"up to {limits.key_length} visible ASCII characters")
    return key


def _check(field: str, name: str, pattern: re.Pattern[str], length: int, allowed: str) -> None:
    if len(name) > length or not pattern.fullmatch(name):
        _refuse(field, f"{allowed}, up to {length}, beginning with a letter or digit")


def _refuse(field: str, allowed: str) -> None:
    message = f"{field} can't be used as it is"
    raise Refused(
        400,
        "A name can't be used",
        f"{message}.",
        f"Allowed: {allowed}.",
        kind="bad-parameter",
        errors=[{"field": field, "message": message}],
    )
