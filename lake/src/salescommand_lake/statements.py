"""The statements that make the schema, and what a CREATE statement says, read from the engine's own spelling of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources

from salescommand_lake import model

_COMMENT_LINE = re.compile(r"^\s*--.*$", re.MULTILINE)
_CREATED = re.compile(r"CREATE (TABLE|MATERIALIZED VIEW|VIEW) IF NOT EXISTS `?(\w+)`?", re.IGNORECASE)
_CLAUSE = re.compile(r"(ENGINE =|PARTITION BY|PRIMARY KEY|ORDER BY|SAMPLE BY|TTL|SETTINGS|COMMENT) ")
_DURABLE = {"fsync_after_insert": 1, "fsync_part_directory": 1, "min_compressed_bytes_to_fsync_after_merge": 1}
"""Settings of every table: what was answered as stored survives a loss of power. The spool forgets events once the raw
zone has them, and the fold does not look again at what its ledger says is done: neither may know more than the disk."""
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'`\""


@dataclass(frozen=True, slots=True)
class Statement:
    """One CREATE statement of the schema. ``name`` is its file below ``ddl/``, or the noun that it is rendered from."""

    name: str
    sql: str

    @property
    def creates(self) -> tuple[str, str]:
        """Return the kind (``table`` or ``view``) and the name of what it creates."""
        found = _CREATED.match(self.sql)
        if found is None:
            msg = (
                f"{self.name} must begin with CREATE TABLE|VIEW|MATERIALIZED VIEW IF NOT EXISTS, so that it can repeat"
            )
            raise ValueError(msg)
        return ("table" if found[1].upper() == "TABLE" else "view"), found[2]

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the statement, hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def all_statements() -> list[Statement]:
    """Return the statements of the whole schema, in the order in which they can run.

    The files come in the order of their names; the tables of the nouns, which the model renders, between the canonical
    and the serving zone.
    """
    folder = resources.files("salescommand_lake").joinpath("ddl")
    files = []
    for zone in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if zone.is_dir():
            entries = sorted(zone.iterdir(), key=lambda entry: entry.name)
            files += [(f"{zone.name}/{entry.name}", entry.read_text()) for entry in entries if _is_sql(entry.name)]
    statements = [Statement(name, _durable(_COMMENT_LINE.sub("", text).strip().rstrip(";"))) for name, text in files]
    before = [statement for statement in statements if statement.name < "3"]
    after = [statement for statement in statements if statement.name >= "3"]
    return before + _noun_statements() + after


def _is_sql(name: str) -> bool:
    return name.endswith(".sql")


def _durable(sql: str) -> str:
    """Add to a table's settings those that every table has."""
    if not sql.startswith("CREATE TABLE"):
        return sql
    added = ", ".join(f"{name} = {value}" for name, value in _DURABLE.items())
    return f"{sql}, {added}" if "\nSETTINGS" in sql else f"{sql}\nSETTINGS {added}"


def _noun_statements() -> list[Statement]:
    nouns = [Statement("model", _durable(sql.strip())) for sql in model.noun_statements()]
    return [Statement(f"model/{statement.creates[1]}", statement.sql) for statement in nouns]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a CREATE statement says, in the engine's spelling."""

    kind: str
    columns: dict[str, str] = field(default_factory=dict)
    """Name to the rest of its definition: type, default, comment, codec."""
    indexes: dict[str, str] = field(default_factory=dict)
    projections: dict[str, str] = field(default_factory=dict)
    """Name to its query, in brackets."""
    clauses: dict[str, str] = field(default_factory=dict)
    """``ENGINE =``, ``ORDER BY`` and so on to what follows."""
    select: str = ""

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings of the table."""
        pairs = (pair.partition(" = ") for pair in split(self.clauses.get("SETTINGS", "")))
        return {name: value for name, _, value in pairs if name}

    @property
    def sort_key(self) -> list[str]:
        """Return the expressions of the sort key."""
        text = self.clauses.get("ORDER BY", "")
        return split(text[1:-1]) if text.startswith("(") else [text]


def read_shape(formatted: str, database: str = "") -> Shape:
    """Read a CREATE statement in the spelling of formatQuerySingleLine or of system.tables.

    ``database`` is left out before the names of tables, so that statements of different databases can be compared.
    """
    text = _without_database(formatted, database) if database else formatted
    if re.match(r"CREATE (MATERIALIZED )?VIEW ", text):
        return Shape("view", select=text.partition(" AS ")[2])
    body_start = text.index("(")
    body_end = _closing(text, body_start)
    columns: dict[str, str] = {}
    extras: dict[str, dict[str, str]] = {"INDEX": {}, "PROJECTION": {}}
    for definition in split(text[body_start + 1 : body_end]):
        word, _, rest = definition.partition(" ")
        if word in extras:
            name, _, what = rest.partition(" ")
            extras[word][name.strip("`")] = what
        elif definition.startswith("`"):
            name, rest = definition[1:].split("` ", 1)
            columns[name] = rest
    return Shape("table", columns, extras["INDEX"], extras["PROJECTION"], dict(_clauses(text[body_end + 1 :].strip())))


def type_of(definition: str) -> str:
    """Return the type at the start of a column's definition."""
    return next(_words(definition))


def default_of(definition: str) -> str:
    """Return the default of a column's definition, empty when it has none."""
    words = list(_words(definition))
    for position, word in enumerate(words):
        if word in ("DEFAULT", "MATERIALIZED", "ALIAS"):
            rest = words[position:]
            end = next((at for at, later in enumerate(rest) if later in ("COMMENT", "TTL") or _is_codec(later)), None)
            return " ".join(rest[:end])
    return ""


def _is_codec(word: str) -> bool:
    return word.startswith("CODEC(")


def split(text: str) -> list[str]:
    """Split at the commas that stand in no bracket and no quotes."""
    parts, start = [], 0
    for position, character in _outside(text):
        if character == ",":
            parts.append(text[start:position].strip())
            start = position + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


def _words(text: str) -> Iterator[str]:
    """Split at the blanks that stand in no bracket and no quotes."""
    start = 0
    for position, character in _outside(text):
        if character == " ":
            if position > start:
                yield text[start:position]
            start = position + 1
    if start < len(text):
        yield text[start:]


def _outside(text: str) -> Iterator[tuple[int, str]]:
    """Give the characters that stand in no bracket and no quotes, with their places."""
    return ((position, character) for position, character, depth in _walk(text) if depth == 0 and character)


def _closing(text: str, opening: int) -> int:
    """Return the place of the bracket that closes the one at ``opening``."""
    for position, character, depth in _walk(text[opening:]):
        if depth == 0 and character in _CLOSING:
            return opening + position
    msg = f"a bracket is never closed: {text[opening : opening + 60]}"
    raise ValueError(msg)


def _walk(text: str) -> Iterator[tuple[int, str, int]]:
    """Give place, character and depth of brackets (after it) of every character that stands in no quotes."""
    depth, quote, skip = 0, "", False
    for position, character in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip = character == "\\"
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        else:
            depth += (character in _OPENING) - (character in _CLOSING)
            yield position, character, depth


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    """Split what follows the columns into its clauses."""
    places = {position for position, character in _outside(" " + text) if character == " "}
    starts = [found for found in _CLAUSE.finditer(text) if found.start() in places]
    for found, following in zip(starts, [*starts[1:], None], strict=True):
        yield found[1], text[found.end() : following.start() if following else None].strip()


def _without_database(text: str, database: str) -> str:
    return re.sub(rf"(?<![\w'`.])`?{re.escape(database)}`?\.(?=[\w`])", "", text)
