"""Reading a mapping document: every key checked, every error with the line and the field it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import replace
from types import MappingProxyType

from salescommand_lake.mapping.currencies import EXPONENTS
from salescommand_lake.mapping.document import (
    Candidate,
    Container,
    Each,
    FieldMapping,
    Mapping,
    NumberStyle,
    Pair,
    Path,
    Place,
    Policy,
    When,
)
from salescommand_lake.mapping.nodes import Node, read
from salescommand_lake.model import NOUNS, Field, FieldType, Noun

PARSERS: MappingProxyType[FieldType, tuple[str, ...]] = MappingProxyType(
    {
        FieldType.STRING: ("string", "enum", "email", "phone", "domain", "currency", "ref", "salesforce_id"),
        FieldType.DECIMAL: ("decimal", "minor_units", "percent"),
        FieldType.RATE: ("decimal",),
        FieldType.CURRENCY: ("currency",),
        FieldType.DATE: ("date",),
        FieldType.TIME: ("time",),
        FieldType.BOOL: ("bool",),
        FieldType.INTEGER: ("integer",),
        FieldType.ENUM: ("enum",),
        FieldType.REF: ("ref", "salesforce_id"),
    }
)
"""The parsers that may fill a field of a type; the first one is used when the document names none."""
FORMATS = ("iso", "epoch_ms", "epoch_s", "mdy", "dmy", "ymd", "month_name")
PICKS = ("id", "label", "primary", "text")
"""What to take of [id, label], {value|id, name|label} and [{value, primary}]; text refuses to take from any of them."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_POLICY_VALUES = {
    "on_null": ("cleared", "unchanged"),
    "on_empty": ("cleared", "unchanged"),
    "on_false": ("cleared", "unchanged", "value"),
    "on_absent": ("cleared", "unchanged"),
}
_TOP = (
    *("source", "kind", "record_type", "entity_types", "containers", "policy", "empty", "nulled_in", "deleted"),
    *("merged_into", "fields"),
)
_SOURCE_KEYS = ("path", "join", "first", "value")
_CANDIDATE_KEYS = (
    *("path", "join", "by", "pick", "map", "other", "when", "negative", "empty", "on_null", "on_empty", "on_false"),
)
_FIELD_KEYS = (
    *_CANDIDATE_KEYS,
    *("first", "value", "parse", "formats", "scale", "default", "currency_from", "exponents", "on_absent"),
    *("point", "group", "symbols", "plus"),
)
_NUMBERS = ("decimal", "percent", "minor_units")


def load_document(text: str, name: str) -> Mapping:
    """Read and check a mapping document; ``name`` says in errors which one it was.

    Raises:
        MappingError: it can't be used; names the line and the field.
    """
    root = read(text, name)
    return _Reader(root).mapping(text, name)


class _Reader:
    """Reads one document; collects the containers that paths into nested objects need."""

    def __init__(self, root: Node) -> None:
        self.entries = root.only(_TOP)
        self.root = root
        self.containers: dict[str, Container] = {"$": Container(((),))}
        self.policy = Policy()
        self.empty: tuple[str, ...] = ()

    def mapping(self, text: str, name: str) -> Mapping:
        scope_type, scope_name = self._scope()
        noun = NOUNS[self._required("record_type").choice(NOUNS)]
        types = self.entries.get("entity_types")
        if "containers" in self.entries:
            self._containers(self.entries["containers"])
        if "policy" in self.entries:
            self.policy = self._policy(self.entries["policy"], Policy(), self.entries["policy"].only(_POLICY_VALUES))
        if "empty" in self.entries:
            self.empty = _lower(self.entries["empty"])
        nulled = self.entries.get("nulled_in")
        deleted = self.entries.get("deleted")
        merged = self.entries.get("merged_into")
        fields = tuple(self._field(key, node, noun) for key, node in self._required("fields").mapping().items())
        mapping = Mapping(
            scope_type,
            scope_name,
            noun,
            tuple(word.lower() for word in types.strings()) if types else (),
            self.containers,
            self._path(nulled) if nulled else None,
            fields,
            self._filled(deleted, Field("is_deleted", FieldType.BOOL, "", "")) if deleted else None,
            self._filled(merged, Field("merged_into", FieldType.REF, "", "")) if merged else None,
            text,
            name,
        )
        self._check_currencies(mapping)
        return mapping

    def _required(self, key: str) -> Node:
        if key not in self.entries:
            raise self.root.error(f"the key {key!r} is missing")
        return self.entries[key]

    def _scope(self) -> tuple[str, str]:
        scopes = [key for key in ("source", "kind") if key in self.entries]
        if len(scopes) != 1:
            raise self.root.error("name either the source: or the kind: that the mapping is for")
        node = self.entries[scopes[0]]
        if not _SOURCE.fullmatch(node.string()):
            raise node.error(f"{node.string()!r} is not a name: letters, digits, dot, dash and underscore")
        return scopes[0], node.string()

    def _containers(self, node: Node) -> None:
        for key, value in node.mapping().items():
            if not _NAME.fullmatch(key):
                raise value.error(f"{key!r} is not a container's name: a small letter, then letters, digits or _")
            alternatives = value.only(("first",))["first"].list() if _has(value, "first") else [value]
            self.containers[key] = Container(tuple(self._place(item) for item in alternatives))

    def _place(self, node: Node) -> Place:
        if node.entries is not None and _has(node, "each"):
            entries = node.only(("each", "member"))
            if "member" not in entries:
                raise node.error("each: needs member:, the name under which the objects hold the value")
            return Each(self._keys(entries["each"]), entries["member"].string())
        if node.entries is not None:
            members = node.only(("pair",))["pair"].strings()
            if len(members) != 2:
                raise node.error("a pair is [member with the name, member with the value]")
            return Pair(*members)
        return self._keys(node)

    def _keys(self, node: Node) -> tuple[str, ...]:
        """Read a place in the payload: ``$``, ``a.b``, ``$.a.b`` or a list of keys."""
        keys = node.strings() if node.items is not None else tuple(node.string().split("."))
        keys = keys[1:] if keys[0] == "$" else keys
        if not all(keys):
            raise node.error("a part of the path is empty")
        return keys

    def _path(self, node: Node) -> Path:
        keys = node.strings() if node.items is not None else tuple(node.string().split("."))
        container = keys[0]
        if container not in self.containers:
            known = ", ".join(f"{name}." for name in self.containers)
            raise node.error(f"{container!r} is not a container; a path begins with one of {known}")
        if len(keys) < 2 or not all(keys):
            raise node.error("a path names a container and a key in it, like $.amount")
        return self._nested(container, keys[1:], node)

    def _nested(self, container: str, keys: tuple[str, ...], node: Node) -> Path:
        if len(keys) == 1:
            return Path(container, keys[0])
        places = self.containers[container].places
        if any(isinstance(place, Pair | Each) for place in places):
            raise node.error("a pair, or each:, holds values, not objects to look into")
        name = "\0".join((container, *keys[:-1]))
        self.containers[name] = Container(tuple((*place, *keys[:-1]) for place in places if isinstance(place, tuple)))
        return Path(name, keys[-1])

    def _policy(self, node: Node, base: Policy, entries: Dict[str, Node]) -> Policy:
        values = {key: base.__getattribute__(key) for key in _POLICY_VALUES}
        for key, allowed in _POLICY_VALUES.items():
            if key in entries:
                values[key] = entries[key].choice(allowed)
        return Policy(**values)

    def _field(self, key: str, node: Node, noun: Noun) -> FieldMapping:
        field = noun.field(key)
        if field is None:
            names = ", ".join(field.name for field in noun.fields)
            raise node.error(f"{noun.name} has no field {key!r}; it has {names}")
        return self._filled(node, field)

    def _filled(self, node: Node, field: Field) -> FieldMapping:
        entries = node.only(_FIELD_KEYS)
        given = [key for key in _SOURCE_KEYS if key in entries]
        if len(given) != 1:
            raise node.error("give one of path:, join:, first: or value:")
        allowed = PARSERS[field.type]
        parse = entries["parse"].choice(allowed) if "parse" in entries else allowed[0]
        self._check_options(entries, parse)
        constant = self._constant(entries["value"], field) if "value" in entries else None
        policy = self._policy(node, self.policy, entries)
        return FieldMapping(
            field.name,
            field.type,
            parse,
            candidates=() if constant is not None else self._candidates(entries, field, parse, policy),
            constant=constant,
            default=self._constant(entries["default"], field) if "default" in entries else None,
            formats=tuple(item.choice(FORMATS) for item in entries["formats"].list())
            if "formats" in entries
            else ("iso",),
            scale=entries["scale"].number(0, 4) if "scale" in entries else (8 if field.type is FieldType.RATE else 4),
            currency_from=entries["currency_from"].string() if "currency_from" in entries else None,
            exponents=self._exponents(entries["exponents"]) if "exponents" in entries else {},
            values=field.values,
            cleared_when_absent=policy.on_absent == "cleared",
            style=_style(entries),
            plus=_plus(entries["plus"]) if "plus" in entries else None,
        )

    def _check_options(self, entries: Dict[str, Node], parse: str) -> None:
        needs = {"formats": ("date", "time"), "scale": ("decimal", "percent", "minor_units")}
        needs |= {"currency_from": ("minor_units",), "exponents": ("minor_units",), "plus": ("date",)}
        needs |= dict.fromkeys(("point", "group", "symbols"), ("decimal", "percent")) | {"negative": _NUMBERS}
        for option, parsers in needs.items():
            if option in entries and parse not in parsers:
                raise entries[option].error(f"{option} goes with parse: {' or '.join(parsers)}, not {parse}")
        if parse == "minor_units" and "currency_from" not in entries and "value" not in entries:
            raise entries.get("parse", self.root).error("minor_units needs currency_from: the field with the currency")

    def _exponents(self, node: Node) -> Dict[str, int]:
        for code, value in node.mapping().items():
            if code not in EXPONENTS:
                raise value.error(f"{code!r} is not a currency code of ISO 4217")
        return {code: value.number(0, 4) for code, value in node.mapping().items()}

    def _candidates(self, entries: Dict[str, Node], field: Field, parse: str, policy: Policy) -> tuple[Candidate, ...]:
        if "first" not in entries:
            return (self._candidate(entries, field, parse, policy),)
        for key in ("pick", "map", "other", "by", "when", "negative"):
            if key in entries:
                raise entries[key].error(f"beside first:, {key} belongs to each candidate")
        found = []
        for item in entries["first"].list():
            options = item.only(_CANDIDATE_KEYS) if item.entries is not None else {"path": item}
            if ("path" in options) == ("join" in options):
                raise item.error("a candidate needs a path: or a join:")
            self._check_options(options, parse)
            inherited = {"empty": entries["empty"]} if "empty" in entries else {}
            inherited |= {key: entries[key] for key in ("point", "group", "symbols") if key in entries}
            found.append(self._candidate(inherited | options, field, parse, self._policy(item, policy, options)))
        return tuple(found)

    def _candidate(self, entries: Dict[str, Node], field: Field, parse: str, policy: Policy) -> Candidate:
        mapped = (
            {key.lower(): value.string() for key, value in entries["map"].mapping().items()}
            if "map" in entries
            else None
        )
        other = entries["other"].string() if "other" in entries else ("refuse" if mapped else None)
        if other is not None and mapped is None:
            raise entries["other"].error("other: goes with a map:")
        results = [*(mapped or {}).values(), *([other] if other not in {None, "keep", "refuse", "skip"} else [])]
        for result in results:
            if field.values and result not in field.values:
                raise entries["map"].error(f"{result!r} is not a {field.name}; use {', '.join(field.values)}")
        pick = entries["pick"].choice(PICKS) if "pick" in entries else ("id" if parse == "ref" else None)
        # A value that a map names is a value, also when it is spelt like an empty one.
        if parse == "bool" or (mapped and "false" in mapped):
            policy = Policy(policy.on_null, policy.on_empty, "value", policy.on_absent)
        more = Candidate(
            (),
            *(None, None, None, policy),
            when=self._when(entries["when"]) if "when" in entries else None,
            negative="negative" in entries and entries["negative"].choice(("true", "false")) == "true",
            separator=entries["by"].string() if "by" in entries else " ",
            empty=_lower(entries["empty"]) if "empty" in entries else self.empty,
            typed=_style(entries) is not None,
        )
        if "join" in entries:
            for key in ("pick", "map"):
                if key in entries:
                    raise entries[key].error(f"{key} goes with a path:, not with a join:")
            return replace(more, paths=tuple(self._path(item) for item in entries["join"].list()))
        if "by" in entries:
            raise entries["by"].error("by: goes with a join:")
        return replace(more, paths=(self._path(entries["path"]),), pick=pick, mapped=mapped, other=other)

    def _when(self, node: Node) -> When:
        entries = node.only(("path", "in", "starts"))
        if "path" not in entries or ("in" in entries) == ("starts" in entries):
            raise node.error("a condition is a path: with either in: or starts:, each a list of texts")
        words = _lower(entries["in"]) if "in" in entries else ()
        return When(self._path(entries["path"]), words, entries["starts"].strings() if "starts" in entries else ())

    def _constant(self, node: Node, field: Field) -> str:
        text = node.string()
        if field.type is FieldType.CURRENCY and text not in EXPONENTS:
            raise node.error(f"{text!r} is not a currency code of ISO 4217")
        if field.values and text not in field.values:
            raise node.error(f"{text!r} is not a {field.name}; use {', '.join(field.values)}")
        if field.type in {FieldType.DATE, FieldType.TIME, FieldType.INTEGER, FieldType.DECIMAL, FieldType.RATE}:
            raise node.error(f"a constant can't fill {field.name}, a {field.type.value}; constants are for words")
        if field.type is FieldType.BOOL and text not in {"true", "false"}:
            raise node.error(f"{text!r} is neither true nor false")
        return text

    def _check_currencies(self, mapping: Mapping) -> None:
        currencies = {field.name for field in mapping.fields if field.type is FieldType.CURRENCY}
        for field in mapping.fields:
            if field.currency_from and field.currency_from not in currencies:
                node = self.entries["fields"].mapping()[field.name].mapping()["currency_from"]
                raise node.error(f"{field.currency_from!r} is not a mapped currency field of this document")


def _lower(node: Node) -> tuple[str, ...]:
    return tuple(text.lower() for text in node.strings())


def _style(entries: Dict[str, Node]) -> NumberStyle | None:
    """Read how numbers are written; None is the way of programs: digits and a point."""
    if not {"point", "group", "symbols"} & set(entries):
        return None
    point = entries["point"].choice((".", ",")) if "point" in entries else "."
    group = entries["group"].choice((",", ".", " ", "'")) if "group" in entries else ""
    if group == point:
        raise entries["group"].error("the thousands separator and the decimal point are the same")
    symbols = entries["symbols"].strings() if "symbols" in entries else ()
    for symbol in symbols:
        if any(character.isdecimal() or character in "+-.," for character in symbol):
            raise entries["symbols"].error(f"{symbol!r} has a character that belongs to a number")
    return NumberStyle(point, group, symbols)


def _plus(node: Node) -> tuple[int, int]:
    entries = node.only(("months", "days"))
    months = _small(entries["months"], 120) if "months" in entries else 0
    return months, _small(entries["days"], 366) if "days" in entries else 0


def _small(node: Node, most: int) -> int:
    text = node.string()
    if not re.fullmatch(r"[+-]?[0-9]{1,3}", text) or abs(int(text)) > most:
        raise node.error(f"{text!r} is not a whole number from -{most} to {most}")
    return int(text)


def _has(node: Node, key: str) -> bool:
    return node.entries is not None and key in node.entries
