"""From a mapping document to one SELECT over raw events that gives the rows of the noun's changes table.

The statement has layers, each a subquery that computes columns from those of the layer below, so that nothing is
computed twice: the raw rows; which containers a payload has; the containers as maps; per candidate the text and what it
says; per field the first candidate that yields; the typed values; and at the top what the changes table holds.

Conditions nest ``if`` where one would write AND and OR: the engine compares the parts of those by hashing the whole
subquery below them, which made planning, and that is what a small batch costs, several times as slow.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from salescommand_lake.mapping.document import Candidate, Container, Each, FieldMapping, Mapping, Pair, Path, Place
from salescommand_lake.mapping.literals import array, quoted
from salescommand_lake.mapping.parsers import Step, parse
from salescommand_lake.model import FieldType

COMPILER = "2"
"""Raise it when the compiler reads the same document differently: every mapping is then applied anew."""

RAW_COLUMNS = (
    "source, source_id, seq, vendor_seq, event_key, source_time, received_at, operation, record_type,"
    " batch_id, payload_error, contract_error, body"
)
ORD = (
    "bitOr(bitOr(bitShiftLeft(toUInt256(toUnixTimestamp64Milli(r.source_time) + 4611686018427387904), 128), "
    "bitShiftLeft(toUInt256(r.vendor_seq), 64)), toUInt256(r.seq))"
)
"""The order of a record's events: source time, then the vendor's sequence, then arrival."""

_MAP = "'Map(String, Nullable(String))'"
_MAPS = "'Map(String, Map(String, Nullable(String)))'"
_TEXT = "'Nullable(String)'"
_BLANKS = "' \\t\\r\\n'"
_TELLING = quoted(r"^(false$|[\[{]|[-+0-9.eE]{16,}$)")
"""Texts for which the JSON type behind them matters: false, what may be a list or an object, and long numbers."""
_CUT = 200
UNREADABLE = "is not a JSON object that can be read"
NO_ID = "has no id"
TWICE = "has a key twice"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping as SQL. ``select`` has one placeholder, ``{raw}``: a subquery that gives RAW_COLUMNS."""

    mapping: Mapping
    hash: str
    columns: tuple[str, ...]
    template: str

    def select(self, raw: str, *, version: int, generation: int) -> str:
        """Return the SELECT over the raw rows of the subquery ``raw``; its columns are ``columns``."""
        return (
            self.template.replace("/*raw*/", raw)
            .replace("/*version*/", str(version))
            .replace("/*generation*/", str(generation))
        )


def compile_mapping(mapping: Mapping) -> Compiled:
    """Compile a checked document. The same document always gives the same text."""
    digest = hashlib.sha256(f"{COMPILER}\0{mapping.text}".encode()).hexdigest()[:16]
    layers = _Layers(mapping)
    sql = "/*raw*/"
    for steps in layers.steps():
        sql = f"SELECT *, {', '.join(f'{expression} AS {name}' for name, expression in steps)}\nFROM ({sql})"
    outputs = layers.outputs(digest)
    select = ",\n  ".join(f"{expression} AS {name}" for name, expression in outputs)
    # The alias of a column hides the column, so the top layer reads from one more subquery.
    return Compiled(mapping, digest, tuple(name for name, _ in outputs), f"SELECT\n  {select}\nFROM ({sql}) AS r")


class _Layers:
    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.fields = mapping.fields + tuple(field for field in (mapping.deleted, mapping.merged_into) if field)
        candidates = [candidate for field in self.fields for candidate in field.candidates]
        paths = [path for candidate in candidates for path in candidate.paths]
        paths += [candidate.when.path for candidate in candidates if candidate.when]
        used = {path.container for path in (*paths, *([mapping.nulled_in] if mapping.nulled_in else []))}
        self.containers = {name: mapping.containers[name] for name in mapping.containers if name in used}
        self.number = {name: index for index, name in enumerate(self.containers)}

    def steps(self) -> list[list[Step]]:
        """Return the layers, each as the columns that it adds."""
        layers = [self._presence(), self._maps(), self._texts(), *self._states(), self._choices()]
        typed: list[list[Step]] = []
        for field in self.fields:
            # minor_units reads the typed currency of the same event, so it comes after the layer of that.
            for depth, step in enumerate(parse(field).steps, 1 if field.parse == "minor_units" else 0):
                while len(typed) <= depth:
                    typed.append([])
                typed[depth].append(step)
        reasons = [
            (f"e_{field.name}", f"if(st_{field.name} = 1, if(isNull(v_{field.name}), {parse(field).reason}, ''), '')")
            for field in self.fields
        ]
        return [layer for layer in (*layers, *typed, reasons) if layer]

    def _presence(self) -> list[Step]:
        steps = [("readable", "JSONType(body) = 'Object'")]
        for name, container in self.containers.items():
            if len(container.places) > 1:
                cases = [f"{_exists(place)}, {index}" for index, place in enumerate(container.places, 1)]
                steps.append((f"place_{self.number[name]}", f"multiIf({', '.join(cases)}, 0)"))
        return steps

    def _maps(self) -> list[Step]:
        steps = []
        for name, container in self.containers.items():
            index = self.number[name]
            maps = [_map(place) for place in container.places]
            if len(maps) == 1:
                steps.append((f"c_{index}", maps[0]))
            else:
                cases = ", ".join(f"place_{index} = {number}, {text}" for number, text in enumerate(maps, 1))
                steps.append((f"c_{index}", f"multiIf({cases}, CAST(map(), {_MAP}))"))
        if self.mapping.nulled_in:
            present, text = self._member(self.mapping.nulled_in)
            steps += [("has_nulled", present), ("nulled", f"JSONExtract(ifNull({text}, ''), 'Array(String)')")]
        return steps

    def _member(self, path: Path) -> Step:
        """Return whether the member is there, and its text, which is NULL for null."""
        index, key = self.number[path.container], quoted(path.key)
        return f"mapContains(c_{index}, {key})", f"c_{index}[{key}]"

    def _texts(self) -> list[Step]:
        return [(f"w_{name}", self._text(candidate)) for name, candidate in self._candidates()]

    def _text(self, candidate: Candidate) -> str:
        texts = [_trimmed(f"ifNull({self._member(path)[1]}, '')") for path in candidate.paths]
        if len(texts) == 1:
            return texts[0]
        if candidate.policy.on_false != "value":
            texts = [
                f"if({text} = 'false' AND toString({self._json_type(path)}) = 'Bool', '', {text})"
                for text, path in zip(texts, candidate.paths, strict=True)
            ]
        return f"arrayStringConcat(arrayFilter(t -> t != '', [{', '.join(texts)}]), {quoted(candidate.separator)})"

    def _states(self) -> list[list[Step]]:
        """Per candidate: its JSON type where that matters, its text, and 0 says nothing, 1 a value, 2 cleared."""
        types, texts, states = [], [], []
        for name, candidate in self._candidates():
            types.append((f"k_{name}", self._type(name, candidate)))
            texts.append((f"t_{name}", _picked(name, candidate)))
            states.append((f"s_{name}", self._state(name, candidate)))
        return [types, texts, states]

    def _type(self, name: str, candidate: Candidate) -> str:
        if len(candidate.paths) > 1:
            return "''"
        kind = self._json_type(candidate.paths[0])
        return f"toString({kind})" if candidate.typed else f"if(match(w_{name}, {_TELLING}), toString({kind}), '')"

    def _json_type(self, path: Path) -> str:
        index = self.number[path.container]
        types = [_json_type(place, path.key) for place in self.containers[path.container].places]
        if len(types) == 1:
            return types[0]
        return f"multiIf({', '.join(f'place_{index} = {n}, {text}' for n, text in enumerate(types, 1))}, '')"

    def _state(self, name: str, candidate: Candidate) -> str:
        policy = candidate.policy
        if len(candidate.paths) > 1:
            present = " AND ".join(self._member(path)[0] for path in candidate.paths)
            cases = [*self._unless(candidate), f"NOT ({present})", "0"]
            return f"multiIf({', '.join(cases)}, {_empty(name, candidate)}, {_code(policy.on_empty)}, 1)"
        key = quoted(candidate.paths[0].key)
        present, value = self._member(candidate.paths[0])
        absent, null = "0", _code(policy.on_null)
        if self.mapping.nulled_in:
            absent = f"if(has_nulled AND has(nulled, {key}), 2, 0)"
            null = f"if(has_nulled, if(has(nulled, {key}), 2, 0), {null})"
        cases = [*self._unless(candidate), f"NOT {present}", absent, f"isNull({value})", null]
        if policy.on_false != "value":
            cases += [f"if(k_{name} = 'Bool', w_{name} = 'false', false)", _code(policy.on_false)]
        if candidate.pick == "label":
            nothing = f"if(k_{name} = 'Array', w_{name} = '[]', w_{name} = '')"
            cases += [nothing, _code(policy.on_empty), f"t_{name} = ''", "0"]
        if candidate.pick == "text":
            cases += [f"k_{name} IN ('Object', 'Array')", "0"]
        # An object without an id is no empty value: it goes on as a value, and the parser refuses it.
        if candidate.pick in {"id", "primary"}:
            cases += [f"if(k_{name} = 'Object', w_{name} != '{{}}', false)", "1"]
        cases += [_empty(name, candidate), _code(policy.on_empty)]
        if candidate.mapped and candidate.other == "skip":
            cases += [f"lower(t_{name}) NOT IN {_in(candidate.mapped)}", "0"]
        return f"multiIf({', '.join(cases)}, 1)"

    def _unless(self, candidate: Candidate) -> list[str]:
        """Return the case in which the candidate's condition does not hold."""
        if candidate.when is None:
            return []
        text = _trimmed(f"ifNull({self._member(candidate.when.path)[1]}, '')")
        if candidate.when.words:
            return [f"lower({text}) NOT IN {_in(candidate.when.words)}", "0"]
        return [f"NOT arrayExists(p -> startsWith({text}, p), {array(candidate.when.prefixes)})", "0"]

    def _choices(self) -> list[Step]:
        return [step for field in self.fields for step in self._choice(field)]

    def _choice(self, field: FieldMapping) -> list[Step]:
        name = field.name
        if field.constant is not None:
            state = "toUInt8(operation IN ('full', 'patch'))"
            return [(f"st_{name}", state), (f"x_{name}", quoted(field.constant)), (f"k_{name}", "''")]
        states = [f"s_{name}_{n}" for n in range(len(field.candidates))]
        texts = [_value(f"{name}_{n}", candidate) for n, candidate in enumerate(field.candidates)]
        kinds = [_kind(f"{name}_{n}", candidate) for n, candidate in enumerate(field.candidates)]
        said = f"[{', '.join(states)}]"
        cases, fallback = [f"has({said}, 1)", "1", f"has({said}, 2)", "2"], "''"
        if field.cleared_when_absent:
            cases += ["operation = 'full'", "2"]
        if field.default is not None:
            cases, fallback = [*cases[:3], "1", "operation = 'full'", "1"], quoted(field.default)
        state = states[0] if len(states) == 1 and len(cases) == 4 else f"multiIf({', '.join(cases)}, 0)"
        return [
            (f"st_{name}", state),
            (f"x_{name}", _first(states, texts, fallback)),
            (f"k_{name}", _first(states, kinds, "''")),
        ]

    def _candidates(self) -> list[tuple[str, Candidate]]:
        return [
            (f"{field.name}_{number}", candidate)
            for field in self.fields
            for number, candidate in enumerate(field.candidates)
        ]

    def outputs(self, digest: str) -> list[Step]:
        """Return the columns of the changes table."""
        maps = ", ".join(f"c_{index}" for index in self.number.values())
        doubled = (
            "if(payload_error = '', false, arrayExists(m -> length(mapKeys(m)) != length(arrayDistinct(mapKeys(m))),"
            f" [JSONExtract(r.body, {_MAP}){', ' + maps if maps else ''}]))"
        )
        refused = (
            f"multiIf(NOT readable, {quoted(UNREADABLE)}, r.source_id = '', {quoted(NO_ID)},"
            f" {doubled}, {quoted(TWICE)}, r.contract_error)"
        )
        found = ", ".join(
            f"({quoted(field.name)}, substringUTF8(trim(LEADING '\\0' FROM x_{field.name}), 1, {_CUT}), e_{field.name})"
            for field in self.fields
        )
        errors = (
            f"if(refused != '', [('', substringUTF8(r.body, 1, {_CUT}), refused)],"
            f" arrayFilter(e -> e.3 != '', [{found}]))"
        )
        steps = [(column, f"r.{column}") for column in ("source", "source_id", "seq", "record_type", "event_key")]
        steps += [(column, f"r.{column}") for column in ("source_time", "received_at", "operation", "batch_id")]
        steps += [
            ("ord", ORD),
            ("mapping_hash", quoted(digest)),
            ("mapping_version", "toUInt32(/*version*/)"),
            ("generation", "toUInt64(/*generation*/)"),
            ("refused", refused),
            ("errors", errors),
            ("deleted_op", self._deleted()),
            ("merged_into", self._merged_into()),
        ]
        for field in self.mapping.fields:
            known = f"v_{field.name}"
            steps += [
                (field.name, f"ifNull({known}, {_default(field)})"),
                (
                    f"{field.name}_op",
                    f"if(refused != '', 0, multiIf(st_{field.name} = 1, if(isNull({known}), 0, 1), st_{field.name}))",
                ),
            ]
        return steps

    def _deleted(self) -> str:
        cases = ["refused != ''", "0", "r.operation IN ('delete', 'merge')", "2"]
        if self.mapping.deleted:
            cases += ["if(st_is_deleted = 1, isNotNull(v_is_deleted), false)", "if(v_is_deleted, 2, 1)"]
        return f"multiIf({', '.join(cases)}, r.operation IN ('full', 'undelete'), 1, 0)"

    def _merged_into(self) -> str:
        if self.mapping.merged_into is None:
            return "''"
        return "if(refused = '' AND r.operation = 'merge', ifNull(v_merged_into, ''), '')"


def _empty(name: str, candidate: Candidate) -> str:
    """Return whether the text of a candidate is empty, or one of those that mean the same."""
    return f"lower(t_{name}) IN {_in(('', *candidate.empty))}" if candidate.empty else f"t_{name} = ''"


def _default(field: FieldMapping) -> str:
    empty = {
        FieldType.DECIMAL: "toDecimal64(0, 4)",
        FieldType.RATE: "toDecimal64(0, 8)",
        FieldType.DATE: "toDate32('1970-01-01')",
        FieldType.TIME: "toDateTime64(0, 3, 'UTC')",
        FieldType.BOOL: "false",
        FieldType.INTEGER: "toInt64(0)",
    }
    return empty.get(field.type, "''")


def _code(policy: str) -> str:
    return {"cleared": "2", "unchanged": "0", "value": "1"}[policy]


def _in(words: object) -> str:
    return "(" + ", ".join(quoted(word) for word in words) + ")"  # type: ignore[attr-defined]


def _first(states: list[str], values: list[str], fallback: str) -> str:
    """Return the value of the first candidate that yields one."""
    cases = ", ".join(f"{state} = 1, {value}" for state, value in zip(states, values, strict=True))
    return f"multiIf({cases}, {fallback})"


_TAKING = ("id", "label", "primary")


def _value(name: str, candidate: Candidate) -> str:
    """Return the text that a candidate offers; where nothing could be taken of an object, the object itself."""
    mapped = _mapped(f"t_{name}", candidate)
    if candidate.negative:
        mapped = f"if(startsWith({mapped}, '-'), {mapped}, concat('-', trim(LEADING '+' FROM {mapped})))"
    return f"if(t_{name} = '', w_{name}, {mapped})" if candidate.pick in _TAKING else mapped


def _kind(name: str, candidate: Candidate) -> str:
    """Return the JSON type of what a candidate offers: what was taken of an object is no object any more."""
    return f"if(t_{name} = '', k_{name}, '')" if candidate.pick in _TAKING else f"k_{name}"


def _mapped(text: str, candidate: Candidate) -> str:
    """Return the text of a candidate after its map; a leading zero byte marks a spelling that is to be refused."""
    if not candidate.mapped:
        return text
    other = {"keep": text, "skip": "''", "refuse": f"concat('\\0', {text})"}.get(
        candidate.other or "refuse", quoted(candidate.other or "")
    )
    return f"transform(lower({text}), {array(candidate.mapped)}, {array(candidate.mapped.values())}, {other})"


_IDS, _LABELS = ("value", "id", "Id"), ("name", "label", "Name", "title")


def _picked(name: str, candidate: Candidate) -> str:
    """Return the text that a candidate takes of its value: of [id, label], of an object, or of a list of objects."""
    w, pick = f"w_{name}", candidate.pick
    if pick in {None, "text"}:
        return w
    listed, keyed = f"k_{name} = 'Array'", f"k_{name} = 'Object'"
    entries = f"JSONExtractArrayRaw({w})"
    entry = f"{entries}[1]"
    if pick != "id":
        # Of several objects the first that says it is the primary one, else the first.
        entry = f"ifNull(nullIf(arrayFirst(e -> JSONExtractBool(e, 'primary'), {entries}), ''), {entry})"
    keys = _LABELS if pick == "label" else _IDS
    plain = f"ifNull(JSONExtract({w}, {2 if pick == 'label' else 1}, {_TEXT}), '')"
    of_list = f"if(startsWith({entry}, '{{'), {_of_object(entry, keys)}, {plain})"
    bare = "''" if pick == "label" else w
    return _trimmed(f"multiIf({listed}, {of_list}, {keyed}, {_of_object(w, keys)}, {bare})")


def _trimmed(text: str) -> str:
    return f"trimBoth({text}, {_BLANKS})"


def _of_object(text: str, keys: tuple[str, ...]) -> str:
    return f"coalesce({', '.join(f'JSONExtract({text}, {quoted(key)}, {_TEXT})' for key in keys)}, '')"


def _exists(place: Place) -> str:
    if isinstance(place, Pair):
        return f"JSONHas(body, {quoted(place.name)})"
    if isinstance(place, Each):
        keys = _keys(place.of)
        # A number as key is the place of a member: the first one.
        return f"if(JSONType(body{keys}) = 'Object', JSONHas(body{keys}, 1, {quoted(place.member)}), false)"
    return f"JSONType(body{_keys(place)}) = 'Object'" if place else "true"


def _keys(keys: tuple[str, ...]) -> str:
    """Return keys as further arguments of a JSON function."""
    return "".join(f", {quoted(key)}" for key in keys)


def _map(place: Place) -> str:
    if isinstance(place, Pair):
        value = f"JSONExtract(body, {quoted(place.value)}, {_TEXT})"
        return f"CAST(map(JSONExtractString(body, {quoted(place.name)}), {value}), {_MAP})"
    if isinstance(place, Each):
        member = quoted(place.member)
        members = f"JSONExtract(body{_keys(place.of)}, {_MAPS})"
        return f"mapApply((k, v) -> (k, v[{member}]), mapFilter((k, v) -> mapContains(v, {member}), {members}))"
    return f"JSONExtract(body{_keys(place)}, {_MAP})"


def _json_type(place: Place, key: str) -> str:
    if isinstance(place, Pair):
        keys: tuple[str, ...] = (place.value,)
    else:
        keys = (*place.of, key, place.member) if isinstance(place, Each) else (*place, key)
    return f"JSONType(body{_keys(keys)})"


__all__ = ["COMPILER", "ORD", "RAW_COLUMNS", "Compiled", "Container", "compile_mapping"]
