"""From the bytes of a request to its records: what is JSON, what is not, and why.

The bytes of a record are kept as they came. A Python form of each is made only to let the source's kind read it.
"""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from backend.microservices.ingest.kinds.base import Kind
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import RecordFault, Refused
from backend.microservices.ingest.split import BOM, deeper_than, items, lines, member, more_members_than
from backend.microservices.ingest.times import first_time

__all__ = ["Piece", "pieces"]

log = logging.getLogger(__name__)
_DECODE = msgspec.json.Decoder().decode
_LINE_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_MOST_DIGITS = 4000
_MOST_ENVELOPES = 4
_UNREADABLE = "The body can't be read"
_SEND = "Send one JSON object, a list of them, or one object a line (application/x-ndjson)."

_XML = "Send JSON. Where a vendor offers SOAP (Salesforce's outbound messages), use its change data capture instead."


class Piece(msgspec.Struct):
    """One record of a request: its exact bytes and either its value or why it is refused."""

    index: int
    body: bytes
    value: dict[str, Any] | None = None
    fault: RecordFault | None = None
    sent_ms: int | None = None
    """The time of the envelope that the record came in, milliseconds since 1970 UTC; None without one."""


def pieces(body: bytes, kind: Kind, content_type: str, limits: Limits) -> tuple[list[Piece], bool]:
    """Return the records of a body and whether it was one plain object.

    Raises:
        Refused: the body as a whole can't be read; status 400, 413 or 422.
    """
    if _means_lines(content_type):
        return _opened(_each(list(lines(body)), limits), kind, limits), False
    if body[:256].lstrip()[:1] == b"[":
        return _opened(_listed(body, limits), kind, limits), False
    try:
        value = _value(body, limits)
    except RecordFault as fault:
        return _opened(_rescued(body, limits, fault), kind, limits), False
    if not isinstance(value, dict):
        detail = f"The body is {_named(value)}, not an object."
        raise Refused(422, "Not a JSON object", detail, _SEND, kind="not-an-object")
    path = _path(kind, value)
    if path is None:
        return [_piece(0, body, limits, value)], True
    found = _inside(body, value, path, kind, limits)
    return _opened(found, kind, limits, _MOST_ENVELOPES - 1), False


@lru_cache(maxsize=256)
def _means_lines(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in _LINE_TYPES


def _opened(found: list[Piece], kind: Kind, limits: Limits, levels: int = _MOST_ENVELOPES) -> list[Piece]:
    """Open those of the pieces that are envelopes in turn, such as the answers in a composite answer."""
    paths = [None if piece.value is None else _path(kind, piece.value) for piece in found]
    if not levels or not any(paths):
        return found
    pieces: list[Piece] = []
    for piece, path in zip(found, paths, strict=True):
        if path is None or piece.value is None:
            pieces.append(piece)
            continue
        inner = _inside(piece.body, piece.value, path, kind, limits)
        for each in inner:
            each.sent_ms = piece.sent_ms if each.sent_ms is None else each.sent_ms
        pieces += _opened(inner, kind, limits, levels - 1)
    if len(pieces) > limits.records:
        raise _too_many(len(pieces), limits)
    for index, piece in enumerate(pieces):
        piece.index = index
    return pieces


def _path(kind: Kind, value: dict[str, Any]) -> tuple[str, ...] | None:
    try:
        return kind.envelope(value)
    except Exception:
        log.exception("the kind %s can't tell whether a body is an envelope; it is kept as a record", kind.name)
        return None


def _inside(body: bytes, value: dict[str, Any], path: tuple[str, ...], kind: Kind, limits: Limits) -> list[Piece]:
    """Return the pieces that an envelope holds; none where it holds null."""
    inner = member(body, path)
    if inner == b"null":
        return []
    found = _listed(inner, limits) if inner[:1] == b"[" else [_checked(0, inner, limits)]
    sent = first_time(value, *kind.envelope_time_names)
    if sent is not None:
        for piece in found:
            piece.sent_ms = sent
    return found


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
    if body.removeprefix(BOM).lstrip()[:1] == b"{" and b"\n" in body.strip():
        found = _each(list(lines(body)), limits)
        if found[0].fault is None:
            return found
    raise Refused(fault.status, _UNREADABLE, _sentence(fault), fault.hint, kind="invalid-json")


def _sentence(fault: RecordFault) -> str:
    return f"The body can't be read: {fault.reason}."


def _each(bodies: list[bytes], limits: Limits) -> list[Piece]:
    if len(bodies) > limits.records:
        raise _too_many(len(bodies), limits)
    return [_checked(index, each, limits) for index, each in enumerate(bodies)]


def _too_many(count: int, limits: Limits) -> Refused:
    detail = f"The body holds {count} records; {limits.records} fit one request."
    return Refused(413, "Too many records", detail, "Send them in several requests.", kind="too-many-records")


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
    if more_members_than(body, limits.members):
        reason = f"its objects have more than {limits.members} members together"
        hint = "Send what is needed of it, or a list of names and values in place of names that are data."
        return Piece(index, body, fault=RecordFault(reason, hint))
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
    if body.startswith(BOM):
        raise RecordFault("it starts with a byte order mark", "Send JSON without one.", status=400)
    if "\x00" in text:
        raise RecordFault("it holds a NUL byte", "Send plain JSON text.", status=400)
    if text.lstrip()[:1] == "<":
        raise RecordFault("it is XML or HTML, not JSON", _XML, status=400)
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
