"""Mapping documents interpreted in plain, slow, obvious Python: the reference for what the compiler makes of them.

Nothing here is shared with the compiler but the model of the nouns: the document is read again from its text, the body
with Python's own JSON, and every parser is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import yaml

from salescommand_lake.identifiers import seq_time
from salescommand_lake.model import NOUNS, FieldType, Noun
from salescommand_lake.raw import RawRow
from tests.support.mapping_parsers import PARSERS, RefusedError, default_parser, lower

ABSENT = object()
BLANKS = " \t\r\n"
SET, CLEARED = 1, 2


@dataclass
class Number:
    """A JSON number as the engine gives it on, with the type that it had."""

    text: str
    kind: str


@dataclass
class Read:
    """What one event says: per field (1, value) or (2, None); the fields that could not be read; whether it deletes."""

    row: RawRow
    refused: bool = False
    fields: dict[str, tuple[int, Any]] = field(default_factory=dict)
    errors: set[str] = field(default_factory=set)
    deleted_op: int = 0
    merged_into: str = ""


def _integer(text: str) -> Number:
    return Number(text.lstrip("-") and str(int(text)) if text != "-0" else "-0", "Int64")


def _float(text: str) -> Number:
    value = float(text)
    digits = Decimal(repr(value)).normalize()
    sign, figures, exponent = digits.as_tuple()
    assert isinstance(exponent, int)
    point = len(figures) + exponent
    body = "".join(map(str, figures))
    if value == 0:
        shown = "0"
    elif -6 < point <= 21:
        shown = format(abs(digits), "f")
    else:
        shown = body[0] + ("." + body[1:] if len(body) > 1 else "") + f"e{point - 1}"
    return Number(("-" if sign else "") + shown, "Double")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    if len(found) != len(pairs):
        found["\0twice"] = True
    return found


def load(body: bytes) -> Any:
    return json.loads(body, parse_int=_integer, parse_float=_float, object_pairs_hook=_no_repeats)


def text_of(value: Any) -> str:
    """Write a JSON value as the engine does where a text is asked for."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value.text
    if isinstance(value, list):
        return "[" + ",".join(_written(item) for item in value) + "]"
    return "{" + ",".join(f"{_written(key)}:{_written(item)}" for key, item in value.items()) + "}"


def _written(value: Any) -> str:
    """Write a JSON value inside of another."""
    if value is None:
        return "null"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else text_of(value)


class Oracle:
    """One mapping document."""

    def __init__(self, text: str) -> None:
        self.document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - gives texts only
        self.noun: Noun = NOUNS[self.document["record_type"]]
        self.policy = {"on_null": "cleared", "on_empty": "cleared", "on_false": "value", "on_absent": "unchanged"}
        self.policy |= self.document.get("policy", {})

    def read(self, row: RawRow) -> Read:
        """Say what an event says."""
        read = Read(row)
        try:
            body = load(row.body)
        except ValueError:
            read.refused = True
            return read
        if not isinstance(body, dict) or not row.source_id or "\0twice" in body:
            read.refused = True
            return read
        currencies: dict[str, str] = {}
        ordered = sorted(self.document["fields"].items(), key=lambda item: item[1].get("parse") == "minor_units")
        for name, spec in ordered:
            kind = self.noun.field(name).type  # type: ignore[union-attr]
            said = self._field(spec, kind, body, read, name, currencies=currencies)
            if said is not None:
                read.fields[name] = said
                if kind is FieldType.CURRENCY and said[0] == SET:
                    currencies[name] = said[1]
        read.deleted_op = self._deleted(body, row, read)
        if "merged_into" in self.document:
            said = self._field(
                {"parse": "ref"} | self.document["merged_into"], FieldType.REF, body, read, "merged_into", currencies={}
            )
            if row.operation == "merge" and said is not None and said[0] == SET:
                read.merged_into = said[1]
        return read

    def _deleted(self, body: dict[str, Any], row: RawRow, read: Read) -> int:
        said = None
        if "deleted" in self.document:
            spec = {"parse": "bool"} | self.document["deleted"]
            said = self._field(spec, FieldType.BOOL, body, read, "is_deleted", currencies={})
        if row.operation in {"delete", "merge"}:
            return 2
        if said is not None and said[0] == SET:
            return 2 if said[1] else 1
        return 1 if row.operation in {"full", "undelete"} else 0

    def _field(
        self,
        spec: dict[str, Any],
        kind: FieldType,
        body: dict[str, Any],
        read: Read,
        name: str,
        *,
        currencies: dict[str, str],
    ) -> tuple[int, Any] | None:
        row = read.row
        parse = spec.get("parse") or default_parser(kind)
        if "value" in spec:
            if row.operation not in {"full", "patch"}:
                return None
            found: Any = (spec["value"], "")
        else:
            found = self._first(spec, parse, body)
            if found == CLEARED or found is None:
                absent = spec.get("on_absent", self.policy["on_absent"]) == "cleared" and row.operation == "full"
                if "default" in spec and (found == CLEARED or row.operation == "full"):
                    found = (spec["default"], "")
                elif found == CLEARED or absent:
                    return CLEARED, None
                else:
                    return None
        try:
            return SET, PARSERS[parse](found[0], found[1], spec, kind, currencies, self.noun.field(name))
        except RefusedError:
            read.errors.add(name)
            return None

    def _first(self, spec: dict[str, Any], parse: str, body: dict[str, Any]) -> Any:
        candidates = spec.get("first", [spec])
        cleared = False
        for candidate in candidates:
            options = {"path": candidate} if isinstance(candidate, str) else candidate
            policy = self.policy | {k: v for k, v in spec.items() if k in self.policy}
            policy |= {k: v for k, v in options.items() if k in self.policy}
            mapped = {lower(k): v for k, v in options["map"].items()} if "map" in options else None
            if parse == "bool" or (mapped and "false" in mapped):
                policy["on_false"] = "value"
            if "when" in options and not self._holds(options["when"], body):
                continue
            empty = {lower(text) for text in options.get("empty", spec.get("empty", self.document.get("empty", [])))}
            if "join" in options:
                said = self._joined(options["join"], body, policy, options.get("by", " "))
            else:
                pick = options.get("pick") or ("id" if parse == "ref" else None)
                said = self._candidate(options["path"], pick, policy, body)
            if isinstance(said, tuple) and said[1] not in {"Object", "Array"} and lower(said[0]) in empty:
                said = _by(policy["on_empty"])
            if isinstance(said, tuple) and mapped is not None:
                said = _replaced(said, mapped, options.get("other", "refuse"))
            if isinstance(said, tuple) and options.get("negative") == "true" and not said[0].startswith("-"):
                said = ("-" + said[0].lstrip("+"), said[1])
            if said == CLEARED:
                cleared = True
            elif said is not None:
                return said
        return CLEARED if cleared else None

    def _holds(self, when: dict[str, Any], body: dict[str, Any]) -> bool:
        value, _ = self._lookup(when["path"], body)
        text = "" if value is ABSENT or value is None else text_of(value).strip(BLANKS)
        if "in" in when:
            return lower(text) in {lower(word) for word in when["in"]}
        return any(text.startswith(prefix) for prefix in when["starts"])

    def _joined(self, paths: list[str], body: dict[str, Any], policy: dict[str, str], by: str) -> Any:
        values = [self._lookup(path, body)[0] for path in paths]
        if any(value is ABSENT for value in values):
            return None
        if policy["on_false"] != "value":
            values = [None if value is False else value for value in values]
        words = [text for value in values if value is not None and (text := text_of(value).strip(BLANKS))]
        return (by.join(words), "") if words else _by(policy["on_empty"])

    def _candidate(self, path: Any, pick: str | None, policy: dict[str, str], body: dict[str, Any]) -> Any:
        value, key = self._lookup(path, body)
        listed = self._nulled(body)
        if value is ABSENT or (value is None and listed is not None):
            return CLEARED if listed is not None and key in listed else None
        if value is None:
            return _by(policy["on_null"])
        if value is False and policy["on_false"] != "value":
            return _by(policy["on_false"])
        if pick == "text" and isinstance(value, dict | list):
            return None
        if pick in {"id", "label", "primary"}:
            return _picked(value, pick, policy)
        text = text_of(value).strip(BLANKS)
        kind = {dict: "Object", list: "Array"}.get(type(value), "String")
        if isinstance(value, Number):
            kind = value.kind
        return (text, kind) if text else _by(policy["on_empty"])

    def _nulled(self, body: dict[str, Any]) -> list[str] | None:
        if "nulled_in" not in self.document:
            return None
        value, _ = self._lookup(self.document["nulled_in"], body)
        if value is ABSENT:
            return None
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def _lookup(self, path: Any, body: dict[str, Any]) -> tuple[Any, str]:
        """Return the member at a path and its own key."""
        keys = path if isinstance(path, list) else path.split(".")
        places = self._places(keys[0])
        middle = list(keys[1:-1])
        for place in places:
            if isinstance(place, dict) and "each" in place:
                wrapped = _at(body, _keys(place["each"]))
                entries = list(wrapped.values()) if isinstance(wrapped, dict) else []
                if entries and isinstance(entries[0], dict) and place["member"] in entries[0]:
                    entry = wrapped.get(keys[-1])
                    return entry.get(place["member"], ABSENT) if isinstance(entry, dict) else ABSENT, keys[-1]
                continue
            if isinstance(place, dict):
                name, member = place["pair"]
                if name in body:
                    said = body[name]
                    pair = {said if isinstance(said, str) else "": body.get(member)}
                    return pair.get(keys[-1], ABSENT), keys[-1]
                continue
            found = _at(body, [*place, *middle])
            if isinstance(found, dict):
                return found.get(keys[-1], ABSENT), keys[-1]
        return ABSENT, keys[-1]

    def _places(self, name: str) -> list[Any]:
        if name == "$":
            return [[]]
        spec = self.document["containers"][name]
        alternatives = spec["first"] if isinstance(spec, dict) and "first" in spec else [spec]
        return [one if isinstance(one, dict) else _keys(one) for one in alternatives]


def _at(body: Any, keys: list[str]) -> Any:
    for key in keys:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _keys(place: Any) -> list[str]:
    keys = place if isinstance(place, list) else place.split(".")
    return keys[1:] if keys[0] == "$" else keys


def _by(policy: str) -> Any:
    return CLEARED if policy == "cleared" else None


def _replaced(said: tuple[str, str], mapped: dict[str, str], other: str) -> tuple[str, str] | None:
    """Put the value of a map in place of a spelling."""
    text, kind = said
    if lower(text) in mapped:
        return mapped[lower(text)], kind
    if other == "skip":
        return None
    return {"refuse": "\0" + text, "keep": text}.get(other, other), kind


def _picked(value: Any, pick: str, policy: dict[str, str]) -> Any:
    taken = _take(value, pick)
    if taken:
        return taken, ""
    if pick == "label":
        empty = value == [] or (isinstance(value, str) and not value.strip(BLANKS))
        return _by(policy["on_empty"]) if empty else None
    if isinstance(value, dict) and value:
        return text_of(value), "Object"
    return _by(policy["on_empty"])


def _take(value: Any, pick: str) -> str:
    keys = ("name", "label", "Name", "title") if pick == "label" else ("value", "id", "Id")

    def of(entry: Any) -> str:
        found = next((entry[key] for key in keys if entry.get(key) is not None), "")
        return text_of(found).strip(BLANKS)

    if isinstance(value, list):
        entries = value
        entry = entries[0] if entries else None
        if pick != "id":
            primary = [one for one in entries if isinstance(one, dict) and one.get("primary") is True]
            entry = primary[0] if primary else entry
        if isinstance(entry, dict):
            return of(entry)
        place = 1 if pick == "label" else 0
        plain = value[place] if len(value) > place else None
        return "" if plain is None else text_of(plain).strip(BLANKS)
    if isinstance(value, dict):
        return of(value)
    return "" if pick == "label" else text_of(value).strip(BLANKS)


@dataclass
class State:
    """A record as the history says it was; ``provenance`` names the event of each field by its arrival number."""

    fields: dict[str, Any]
    provenance: dict[str, int]
    is_deleted: bool
    events: int
    superseded: int
    source_time: datetime
    known_at: datetime


def order_of(row: RawRow) -> tuple[int, int, int]:
    when = row.source_time or seq_time(row.seq)
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1), row.vendor_seq, row.seq


def fold(
    reads: Iterable[Read], *, as_of: datetime | None = None, known_at: datetime | None = None
) -> dict[tuple[str, str], State]:
    """Fold what events say into records, by (source, id at the source)."""
    histories: dict[tuple[str, str], list[Read]] = {}
    for read in reads:
        when = read.row.source_time or seq_time(read.row.seq)
        if (as_of and when > as_of) or (known_at and seq_time(read.row.seq) > known_at) or read.refused:
            continue
        histories.setdefault((read.row.source, read.row.source_id), []).append(read)
    return {key: _fold_one(history) for key, history in histories.items()}


def _fold_one(history: list[Read]) -> State:
    first: dict[bytes, int] = {}
    for read in sorted(history, key=lambda read: read.row.seq):
        first.setdefault(read.row.event_key, read.row.seq)
    kept = [read for read in history if not any(read.row.event_key) or first[read.row.event_key] == read.row.seq]
    fields: dict[str, Any] = {}
    provenance: dict[str, int] = {}
    deleted = False
    for read in sorted(kept, key=lambda read: order_of(read.row)):
        for name, (op, value) in read.fields.items():
            fields[name] = value if op == SET else None
            provenance[name] = read.row.seq
        if read.deleted_op:
            deleted = read.deleted_op == 2
    last = max(kept, key=lambda read: order_of(read.row)).row
    when = last.source_time or seq_time(last.seq)
    known = max(seq_time(read.row.seq) for read in kept)
    return State(fields, provenance, deleted, len(kept), len(history) - len(kept), _milliseconds(when), known)


def _milliseconds(when: datetime) -> datetime:
    return when.replace(microsecond=when.microsecond // 1000 * 1000)
