"""Finding the records inside a body without changing a byte of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import msgspec

# A string as a whole, or one structural character. The possessive quantifiers keep long strings linear.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},:]', re.DOTALL)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_WHITESPACE = b" \t\r\n"
BOM = b"\xef\xbb\xbf"

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def items(body: bytes) -> list[bytes]:
    """Return the exact bytes of each item of a JSON list.

    Raises:
        ValueError: the body isn't a list whose ends can be told.
    """
    try:
        return [bytes(item) for item in _ITEMS.decode(body)]
    except (msgspec.DecodeError, RecursionError):
        # One item breaks the rules of JSON, or only of the decoder (lone surrogates). The others are still good.
        return [body[start:end] for _, start, end in _scan(body, b"[")]


def member(body: bytes, path: tuple[str, ...]) -> bytes:
    """Return the exact bytes of the member of a JSON object that `path` leads to.

    Raises:
        ValueError: there is no such member.
    """
    for name in path:
        try:
            found = _MEMBERS.decode(body).get(name)
            inner = None if found is None else bytes(found)
        except (msgspec.DecodeError, RecursionError):
            inner = None
            for key, start, end in _scan(body, b"{"):
                if key is not None and json.loads(key) == name:
                    inner = body[start:end]  # the last one wins, as in the decoder
        if inner is None:
            message = f"the body has no member {name!r}"
            raise ValueError(message)
        body = inner
    return body


def lines(body: bytes) -> Iterator[bytes]:
    """Yield the lines of a newline-delimited body that hold something, without their ends or a byte order mark."""
    for line in body.removeprefix(BOM).split(b"\n"):
        stripped = line.strip(_WHITESPACE)
        if stripped:
            yield stripped


def deeper_than(body: bytes, limit: int) -> bool:
    """Tell whether valid JSON nests more than `limit` objects and lists."""
    if len(body) <= limit or body.count(b"{") + body.count(b"[") <= limit:
        return False
    brackets = _STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    for _ in range(limit):
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if not shorter:
            return False
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    return bool(brackets)


def more_members_than(body: bytes, limit: int) -> bool:
    """Tell whether the objects in valid JSON have more than `limit` members together."""
    # Nearly all records have fewer colons than that, those in texts included.
    return len(body) > limit and body.count(b":") > limit and _STRING.sub(b"", body).count(b":") > limit


def _scan(body: bytes, opening: bytes) -> Iterator[tuple[bytes | None, int, int]]:
    """Yield (key, start, end) of each direct part of the list or object that the body is.

    Only brackets and strings are looked at: what stands between may be no JSON at all.
    """
    depth, start, key, parts, end = 0, 0, None, 0, -1
    if body.lstrip(_WHITESPACE)[:1] != opening:
        raise ValueError("the body does not begin as expected")
    for token in _TOKEN.finditer(body):
        sign = token[0]
        if sign in b"[{":
            depth += 1
            if depth == 1:
                start = token.end()
        elif sign in b"]}":
            depth -= 1
            if depth == 0:
                end = token.end()
                if parts or body[start : token.start()].strip(_WHITESPACE):
                    yield key, *_trim(body, start, token.start())
                break
        elif depth == 1 and sign == b",":
            yield key, *_trim(body, start, token.start())
            start, key, parts = token.end(), None, parts + 1
        elif depth == 1 and sign == b":" and opening == b"{":
            key = body[start : token.start()].strip(_WHITESPACE)
            start = token.end()
    if end < 0 or body[end:].strip(_WHITESPACE):
        raise ValueError("the body does not end with its outer bracket")


def _trim(body: bytes, start: int, end: int) -> tuple[int, int]:
    part = body[start:end]
    return start + len(part) - len(part.lstrip(_WHITESPACE)), end - len(part) + len(part.rstrip(_WHITESPACE))
