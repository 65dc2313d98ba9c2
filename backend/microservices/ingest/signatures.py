"""Signatures of webhooks: a vendor that can send no write key proves itself by signing what it posts.

Each scheme is a function over the request as it came. A source's kind names the scheme of its vendor
(`Kind.signatures`); the source keeps the secrets, two of them while one is being replaced. All signatures are over the
raw body, before it is decompressed, and are compared in constant time.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

__all__ = ["SCHEMES", "Delivery", "Options", "Unproven", "Verification", "secret_fault"]

TOLERANCE_SECONDS = 300
"""How far a signed time may lie from ours: what Stripe, HubSpot and Standard Webhooks all say."""
MOST_SECRETS = 2


class Unproven(Exception):  # noqa: N818 - named for what it is
    """The signature doesn't prove anything; the message says why, without repeating secrets or signatures."""


class Delivery(msgspec.Struct):
    """A request as its signature sees it. Names of headers are in lower case; `now` is in seconds since 1970."""

    method: str
    addresses: list[str]
    """The address as the sender may have written it: behind a proxy we can't know scheme and host for sure."""
    headers: Mapping[str, str]
    body: bytes
    now: float

    def header(self, name: str) -> str:
        """Return a header.

        Raises:
            Unproven: it isn't there.
        """
        value = self.headers.get(name, "")
        if not value:
            raise Unproven(f"the header {name} is missing")
        return value

    def check_time(self, seconds: str, *, per_second: int = 1) -> None:
        """Check that the signed moment lies near ours.

        Raises:
            Unproven: it doesn't, or isn't a number.
        """
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 16):
            raise Unproven("the signed time is not a number")
        away = int(seconds) / per_second - self.now
        if abs(away) > TOLERANCE_SECONDS:
            when = "in the future" if away > 0 else "ago"
            raise Unproven(f"it was signed {abs(away):.0f} seconds {when}; {TOLERANCE_SECONDS} are allowed")


class Options(msgspec.Struct, frozen=True):
    """How a sender without a scheme of its own signs the raw body (scheme `hmac`)."""

    header: str = "x-signature"
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    """What stands before the signature in the header, such as `sha256=`."""


Check = Callable[[Delivery, list[bytes], Options], None]


class Scheme(msgspec.Struct, frozen=True):
    """How one family of senders signs."""

    check: Check
    header: str = ""
    """The header that carries the signature; '' where the source says which."""
    id_header: str = ""
    """A header with an id that the sender gives to one delivery alone and repeats when it delivers again."""


class Verification(msgspec.Struct, frozen=True):
    """How a source's posts are proven."""

    scheme: str
    secrets: list[bytes]
    """What senders may sign with; empty when the stored secrets can't be read, and then nothing is proven."""
    options: Options = Options()
    required: bool = False
    """Whether a post needs a signature even with a valid write key."""

    @property
    def header(self) -> str:
        """The header that carries the signature."""
        return SCHEMES[self.scheme].header or self.options.header

    def prove(self, delivery: Delivery) -> str:
        """Check the signature and return the sender's unique id of the delivery, '' without one.

        Raises:
            Unproven: the signature is missing, wrong or too old.
        """
        scheme = SCHEMES[self.scheme]
        if not self.secrets:
            raise Unproven("the stored secret can't be read here, so nothing can be checked with it")
        scheme.check(delivery, self.secrets, self.options)
        return delivery.headers.get(scheme.id_header, "") if scheme.id_header else ""


def secret_fault(scheme: str, secret: str) -> str:
    """Say what is wrong with a secret, '' when it can be used."""
    if not 8 <= len(secret) <= 512 or not secret.isprintable():
        return "a secret has 8 to 512 printable characters"
    if scheme == "standard-webhooks":
        try:
            _standard_key(secret.encode())
        except Unproven as fault:
            return str(fault)
    return ""


def _sign(secret: bytes, algorithm: str, *parts: bytes) -> bytes:
    code = hmac.new(secret, digestmod=algorithm)
    for part in parts:
        code.update(part)
    return code.digest()


def _match(expected: Iterable[bytes], given: Iterable[bytes]) -> None:
    """Compare every pair, so that time tells nothing about which of them was close.

    Raises:
        Unproven: no pair is equal.
    """
    given = list(given)
    fits = [hmac.compare_digest(one, other) for one in expected for other in given]
    if not any(fits):
        raise Unproven("it doesn't fit the body and the secret")


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


# https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
_HUBSPOT_DECODED = re.compile(r"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def _hubspot_v3(delivery: Delivery, secrets: list[bytes], options: Options) -> None:
    """Check the base64 HMAC-SHA256 of method, address (some escapes resolved), body and time."""
    del options
    signature = delivery.header("x-hubspot-signature-v3")
    moment = delivery.header("x-hubspot-request-timestamp")
    delivery.check_time(moment, per_second=1000)
    heads = [
        (delivery.method + _HUBSPOT_DECODED.sub(lambda code: chr(int(code[1], 16)), address)).encode()
        for address in delivery.addresses
    ]
    signed = [_sign(secret, "sha256", head, delivery.body, moment.encode()) for secret in secrets for head in heads]
    _match(signed, [_base64(signature)])


def _stripe(delivery: Delivery, secrets: list[bytes], options: Options) -> None:
    """Check `t=TIME,v1=HEX[,v1=HEX]`: HMAC-SHA256 of `TIME.body` (https://docs.stripe.com/webhooks/signature)."""
    del options
    pairs = [part.strip().partition("=") for part in delivery.header("stripe-signature").split(",")]
    moments = [value for name, _, value in pairs if name == "t"]
    given = [_hex(value) for name, _, value in pairs if name == "v1"]
    if not moments or not given:
        raise Unproven("Stripe-Signature has no t= or no v1=")
    delivery.check_time(moments[0])
    _match((_sign(secret, "sha256", moments[0].encode(), b".", delivery.body) for secret in secrets), given)


def _standard_key(secret: bytes) -> bytes:
    """Return the key that a Standard Webhooks secret stands for: what follows `whsec_` is base64."""
    key = _base64(secret.decode().removeprefix("whsec_"))
    if not key:
        raise Unproven("a Standard Webhooks secret is whsec_ and base64")
    return key


def _standard_webhooks(delivery: Delivery, secrets: list[bytes], options: Options) -> None:
    """Check `v1,BASE64 v1,BASE64`: HMAC-SHA256 of `id.time.body` (https://www.standardwebhooks.com)."""
    del options
    name, moment = delivery.header("webhook-id"), delivery.header("webhook-timestamp")
    signatures = [one.partition(",") for one in delivery.header("webhook-signature").split()]
    delivery.check_time(moment)
    head = f"{name}.{moment}.".encode("utf-8", "surrogateescape")
    expected = (_sign(_standard_key(secret), "sha256", head, delivery.body) for secret in secrets)
    _match(expected, (_base64(value) for version, _, value in signatures if version == "v1"))


def _hmac(delivery: Delivery, secrets: list[bytes], options: Options) -> None:
    """Check the HMAC of the raw body alone."""
    given = delivery.header(options.header.lower()).strip()
    if options.prefix and not given.startswith(options.prefix):
        raise Unproven(f"{options.header} doesn't begin with {options.prefix}")
    given = given[len(options.prefix) :]
    read = _hex if options.encoding == "hex" else _base64
    _match((_sign(secret, options.algorithm, delivery.body) for secret in secrets), [read(given)])


def _segment(delivery: Delivery, secrets: list[bytes], options: Options) -> None:
    """Check the hexadecimal HMAC-SHA1 of the body (https://segment.com/docs/connections/destinations/catalog/webhooks/)."""
    del options
    _hmac(delivery, secrets, Options(header="x-signature", algorithm="sha1"))


SCHEMES: dict[str, Scheme] = {
    "hubspot-v3": Scheme(_hubspot_v3, "x-hubspot-signature-v3"),
    "stripe": Scheme(_stripe, "stripe-signature"),
    "standard-webhooks": Scheme(_standard_webhooks, "webhook-signature", "webhook-id"),
    "segment": Scheme(_segment, "x-signature"),
    "hmac": Scheme(_hmac),
}
"""Every scheme by its name."""
