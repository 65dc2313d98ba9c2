"""From the bytes of a request to its records: what is JSON, what is not, and why.

The bytes of a record are kept as they came. A Python form of each is made only to let the source's kind read it.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec

from backend.microservices.ingest.kinds.base import Kind
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import RecordFault, Refused
from backend.microservices.ingest.split import deeper_than, items, lines, member

__all__ = ["Piece", "pieces"]

_DECODE = msgspec.json.Decoder().decode
_BOM = b"\xef\xbb\xbf"
_LINE_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_MOST_DIGITS = 4000
_UNREADABLE = "The body can't be read"
_SEND = "Send one JSON object, a list of them, or one object a line (application/x-ndjson)."


class Piece(msgspec.Struct):
    """One record of a request: its exact bytes and either its value or why it is refused."""

    index: int
    body: bytes
    value: dict[str, Any] | None = None
    fault: RecordFault | None = None


def pieces(body: bytes, kind: Kind, content_type: str, limits: Limits) -> tuple[list[Piece], bool]:
    """Return the records of a body and whether it was one plain object.

    Raises:
        Refused: the body as a whole can't be read; status 400, 413 or 422.
    """
    if content_type.partition(";")[0].strip().lower() in _LINE_TYPES:
        return _each(list(lines(body)), limits), False
    if body[:256].lstrip()[:1] == b"[":
        return _listed(body, limits), False
    try:
        value = _value(body, limits)
    except RecordFault as fault:
        return _rescued(body, limits, fault), False
    if not isinstance(value, dict):
        detail = f"The body is {_named(value)}, not an object."
        raise Refused(422, "Not a JSON object", detail, _SEND, kind="not-an-object")
    path = kind.envelope(value)
    if path is None:
        return [_piece(0, body, limits, value)], True
    inner = member(body, path)
    return (_listed(inner, limits) if inner[:1] == b"[" else [_checked(0, inner, limits)]), False


def _listed(body: bytes, limits: Limits) -> list[Piece]:
    """Read a list. A bad item is refused alone, as long as the ends of the others can be told."""
    try:
        found = _each(items(body), limits)
    except ValueError:
        found = []
    if not any(piece.fault is None for piece in found):
        try:
            _value(body, limits)
        except RecordFault as fault:
            raise Refused(fault.status, _UNREADABLE, _sentence(fault), fault.hint, kind="invalid-json") from None
    return found


def _rescued(body: bytes, limits: Limits, fault: RecordFault) -> list[Piece]:
    """Read what isn't JSON as a whole as lines, for clients that don't say so in the content type."""
    if body.lstrip()[:1] == b"{" and b"\n" in body.strip():
        found = _each(list(lines(body)), limits)
        if found[0].fault is None:
            return found
    raise Refused(fault.status, _UNREADABLE, _sentence(fault), fault.hint, kind="invalid-json")


def _sentence(fault: RecordFault) -> str:
    return f"The body can't be read: {fault.reason}."


def _each(bodies: list[bytes], limits: Limits) -> list[Piece]:
    if len(bodies) > limits.records:
        detail = f"The body holds {len(bodies)} records; {limits.records} fit one request."
        raise Refused(413, "Too many records", detail, "Send them in several requests.", kind="too-many-records")
    return [_checked(index, each, limits) for index, each in enumerate(bodies)]


def _checked(index: int, body: bytes, limits: Limits) -> Piece:
    if len(body) > limits.record_bytes:
        return _piece(index, body, limits, {})  # not even decoded
    try:
        value = _value(body, limits)
    except RecordFault as fault:
        return Piece(index, body, fault=fault)
    if not isinstance(value, dict):
        return Piece(index, body, fault=RecordFault(f"the record is {_named(value)}, not an object", _SEND))
    return _piece(index, body, limits, value)


def _piece(index: int, body: bytes, limits: Limits, value: dict[str, Any]) -> Piece:
    if len(body) > limits.record_bytes:
        reason = f"the record has {len(body)} bytes; {limits.record_bytes} are allowed"
        hint = "Leave out attachments and long texts, or have the limit of a record raised."
        return Piece(index, body, fault=RecordFault(reason, hint, status=413))
    if deeper_than(body, limits.depth):
        return Piece(index, body, fault=_too_deep(limits))
    return Piece(index, body, value)


def _value(body: bytes, limits: Limits) -> Any:
    """Decode JSON, strictly by the standard.

    Raises:
        RecordFault: it isn't JSON (400), or so deep that it can't be decoded (422).
    """
    try:
        return _DECODE(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _by_the_standard(body, error, limits)


def _too_deep(limits: Limits) -> RecordFault:
    return RecordFault(f"objects and lists nest deeper than {limits.depth}", "Flatten the record.")


def _by_the_standard(body: bytes, error: Exception, limits: Limits) -> Any:
    """Decode what is JSON by the standard but not for the fast decoder: lone surrogates, 1e400, endless integers."""
    if isinstance(error, RecursionError):
        raise _too_deep(limits) from None
    try:
        text = body.decode()
    except UnicodeDecodeError as fault:
        reason = f"byte {fault.start} is not UTF-8"
        raise RecordFault(reason, "Send JSON in UTF-8, whatever the content type says.", status=400) from None
    if not text or text.isspace():
        raise RecordFault("the body is empty", _SEND, status=400)
    if body.startswith(_BOM):
        raise RecordFault("it starts with a byte order mark", "Send JSON without one.", status=400)
    if "\x00" in text:
        raise RecordFault("it holds a NUL byte", "Send plain JSON text.", status=400)
    try:
        return json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=_constant)
    except RecursionError:
        raise _too_deep(limits) from None
    except ValueError as fault:
        reason = f"it is not JSON: {_in_words(fault)}"
        raise RecordFault(reason, _SEND, status=400) from None


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _MOST_DIGITS else Decimal(digits)


def _constant(name: str) -> Any:
    message = f"{name} is not a JSON value; send null or a string"
    raise ValueError(message)


def _in_words(fault: ValueError) -> str:
    if isinstance(fault, json.JSONDecodeError):
        return f"{fault.msg[:1].lower()}{fault.msg[1:]} at line {fault.lineno}, column {fault.colno}"
    return str(fault)


def _named(value: Any) -> str:
    names = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
