"""Reading records from a file of any size, without changing a byte of those that are JSON already."""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import io
import json
import re
import sys
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from salescommand_cli.errors import CommandError

FORMS = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".tsv": "csv"}
PACKED = {".gz": "gzip", ".zst": "zstd"}
# A batch is one request: big enough to be cheap, small enough to be repeated without regret.
BATCH_RECORDS = 500
BATCH_BYTES = 2 * 1024 * 1024
ID_SEPARATOR = "|"
"""Stands between the parts of an id that is made of several fields."""
LONGEST_RECORD = 32 * 1024 * 1024
_CHUNK = 256 * 1024
_BOM = b"\xef\xbb\xbf"
# A whole string, the beginning of one that the rest of the file ends, or one structural character.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number in the file from 0, its line from 1, and its bytes.

    `fault` says why it can't be posted; '' for all others.
    """

    number: int
    line: int
    body: bytes
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one request, and those among them that can't be posted."""

    records: list[Record]
    faulty: list[Record]
    lines: bool

    @property
    def last(self) -> int:
        """The number of the last record."""
        return max(each[-1].number for each in (self.records, self.faulty) if each)

    @property
    def body(self) -> bytes:
        """The records as lines where the file has lines, so that a broken one stays alone; else as a JSON list."""
        bodies = [record.body for record in self.records]
        return b"\n".join(bodies) + b"\n" if self.lines else b"[" + b",".join(bodies) + b"]"

    @property
    def content_type(self) -> str:
        """What the body is."""
        return "application/x-ndjson" if self.lines else "application/json"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read: json, ndjson or csv, and the options of CSV. `id_field` is repeated as `id`."""

    form: str
    id_field: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8-sig"


def reading_of(
    file: Path, form: str | None, id_field: str | None, delimiter: str | None, encoding: str | None
) -> Reading:
    """Return how to read a file, by what was asked for and by its name.

    Raises:
        CommandError: neither the option nor the name tells the format, or an option can't be used.
    """
    if form and form not in FORMS.values():
        raise CommandError(f"there is no format {form}; use json, ndjson or csv.", code=2)
    suffix = _unpacked(file).suffix.lower()
    found = form or FORMS.get(suffix)
    if found is None and str(file) != "-":
        raise CommandError(f"the name {file.name} does not tell the format.", hint="Add --format json, ndjson or csv.")
    sign = {"tab": "\t", "\\t": "\t", None: "\t" if suffix == ".tsv" else ","}.get(delimiter, delimiter) or ","
    if len(sign) != 1:
        raise CommandError(f"a delimiter is one character, or tab; not {delimiter!r}.", code=2)
    try:
        name = codecs.lookup(encoding).name if encoding else "utf-8"
    except LookupError:
        raise CommandError(
            f"there is no encoding {encoding}.", hint="utf-8, cp1252, latin-1, utf-16 …", code=2
        ) from None
    return Reading(found or "json", id_field, sign, "utf-8-sig" if name == "utf-8" else name)


def _unpacked(file: Path) -> Path:
    return file.with_suffix("") if file.suffix.lower() in PACKED else file


@contextlib.contextmanager
def opened(file: Path) -> Iterator[tuple[IO[bytes], IO[bytes] | None]]:
    """Open a file, unpacked by its name; `-` is standard input. Give the bytes, and the file itself for its position.

    Raises:
        CommandError: the file is packed in a way that this Python can't read.
    """
    if str(file) == "-":
        yield sys.stdin.buffer, None
        return
    with file.open("rb") as raw:
        match PACKED.get(file.suffix.lower()):
            case "gzip":
                with gzip.GzipFile(fileobj=raw) as stream:
                    yield stream, raw  # type: ignore[misc]
            case "zstd":
                with _zstd().ZstdFile(raw) as stream:
                    yield stream, raw
            case _:
                yield raw, raw


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def read(stream: IO[bytes], reading: Reading) -> Iterator[Record]:
    """Yield the records of a file, holding no more of it than a record.

    Raises:
        CommandError: the file is not what its format says.
    """
    if reading.form == "csv":
        return _csv(stream, reading)
    found = _lines(stream) if reading.form == "ndjson" else _items(stream)
    return found if reading.id_field is None else _with_id(found, reading.id_field)


def batches(records: Iterable[Record], *, lines: bool) -> Iterator[Batch]:
    """Gather records into requests. Where each begins depends on nothing but the records and the first one."""
    gathered: list[Record] = []
    size = 0
    for record in records:
        weight = 0 if record.fault else len(record.body)
        if gathered and (len(gathered) >= BATCH_RECORDS or size + weight > BATCH_BYTES):
            yield _batch(gathered, lines)
            gathered, size = [], 0
        gathered.append(record)
        size += weight
    if gathered:
        yield _batch(gathered, lines)


def _batch(gathered: list[Record], lines: bool) -> Batch:
    return Batch([one for one in gathered if not one.fault], [one for one in gathered if one.fault], lines)


def _lines(stream: IO[bytes]) -> Iterator[Record]:
    number = line = 0
    while text := stream.readline(LONGEST_RECORD):
        line += 1
        fault = ""
        if not text.endswith(b"\n") and len(text) == LONGEST_RECORD:
            fault, text = f"the line has more than {LONGEST_RECORD} bytes", text[:200]
            while (rest := stream.readline(LONGEST_RECORD)) and not rest.endswith(b"\n"):
                pass
        body = (text.removeprefix(_BOM) if line == 1 else text).strip(_SPACE)
        if body:
            yield Record(number, line, body, fault)
            number += 1


class _Window:
    """The part of a file in which a record is being looked for: from `start`, where it begins, on."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.data = b""
        while not self.data.removeprefix(_BOM).strip(_SPACE) or len(self.data) < len(_BOM):
            more = stream.read(_CHUNK)
            if not more:
                break
            self.data += more
        self.data = self.data.removeprefix(_BOM)
        self.start = 0
        self.number = 0
        self._line = 1

    def tokens(self) -> Iterator[re.Match[bytes]]:
        """Yield whole strings and structural characters; their places hold until the next one is asked for.

        Raises:
            CommandError: a record is too long to be one.
        """
        at = 0
        while True:
            token = _TOKEN.search(self.data, at)
            if token is not None and token[0] != b'"':
                at = token.end()
                yield token
                continue
            at = (token.start() if token else len(self.data)) - self.start
            more = self._stream.read(_CHUNK)
            if not more:
                return
            self.data, self.start = self.data[self.start :] + more, 0
            if len(self.data) > LONGEST_RECORD:
                raise CommandError(
                    f"record {self.number} (line {self._line}) has more than {LONGEST_RECORD} bytes.",
                    hint="Is there a bracket or a quote too few?",
                )

    def cut(self, end: int, after: int) -> Record | None:
        """Return the record up to `end`, None where nothing is; the next one begins at `after`."""
        part = self.data[self.start : end]
        body = part.lstrip(_SPACE)
        line = self._line + part[: len(part) - len(body)].count(b"\n")
        self._line += self.data[self.start : after].count(b"\n")
        self.start = after
        body = body.rstrip(_SPACE)
        if not body:
            return None
        self.number += 1
        return Record(self.number - 1, line, body)


def _items(stream: IO[bytes]) -> Iterator[Record]:
    """Yield the items of a JSON list, or the objects of a file that holds one or several.

    Raises:
        CommandError: the file ends before it should, or is neither.
    """
    window = _Window(stream)
    base = 1 if window.data.lstrip(_SPACE)[:1] == b"[" else 0
    depth = 0
    for token in window.tokens():
        sign, end = token[0], None
        if sign in {b"[", b"{"}:
            depth += 1
            end = token.start() if depth == base else None  # the list's own bracket
        elif sign in {b"]", b"}"}:
            depth -= 1
            end = token.end() if depth == base == 0 else token.start() if depth < base else None
        elif sign == b"," and depth == base == 1:
            end = token.start()
        found = None if end is None else window.cut(end, token.end())
        if found:
            yield found
    if depth or window.data[window.start :].strip(_SPACE):
        raise CommandError(
            f"the file is not whole JSON: after record {window.number} it ends too early, or is no list and no object.",
            hint="For one object a line: --format ndjson.",
        )


def _csv(stream: IO[bytes], reading: Reading) -> Iterator[Record]:
    """Each row becomes an object of strings, as the file has them; an empty cell is an empty string."""
    usual = csv.field_size_limit(LONGEST_RECORD)  # of the whole process, so it is given back
    text = io.TextIOWrapper(stream, encoding=reading.encoding, newline="")
    try:
        rows = csv.reader(text, strict=True, delimiter=reading.delimiter)
        header = next(rows, [])
        _check_header(header, reading)
        places = [header.index(name) for name in id_names(reading.id_field, header)]
        number = 0
        begin = rows.line_num + 1
        for row in rows:
            line, begin = begin, rows.line_num + 1
            if not row:
                continue  # an empty line
            fault = "" if len(row) == len(header) else f"the row has {len(row)} fields, the header {len(header)}"
            fields: Any = row if fault else dict(zip(header, row, strict=True))
            if places and not fault:
                fields.setdefault("id", ID_SEPARATOR.join(row[place] for place in places))
            yield Record(number, line, json.dumps(fields, ensure_ascii=False).encode(), fault)
            number += 1
    except UnicodeError as error:
        raise CommandError(f"the file is not in {reading.encoding}: {error}.", hint="Add --encoding cp1252 …") from None
    except csv.Error as error:
        raise CommandError(f"line {rows.line_num} is not CSV: {error}.", hint="Is the --delimiter right?") from None
    finally:
        csv.field_size_limit(usual)
        with contextlib.suppress(ValueError):
            text.detach()


def _check_header(header: list[str], reading: Reading) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise CommandError(f"two columns are called {twice[0]!r}.", hint="Give each column a name of its own.")
    for name in id_names(reading.id_field, header):
        if name not in header:
            raise CommandError(f"there is no column {name}; there are {', '.join(header)}.", code=2)


def id_names(id_field: str | None, known: Container[str]) -> list[str]:
    """Return the fields that make the id: the one of that name, else those named with a + between them."""
    if id_field is None:
        return []
    return [id_field] if id_field in known or "+" not in id_field else id_field.split("+")


def _id_part(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _with_id(records: Iterable[Record], id_field: str) -> Iterator[Record]:
    for record in records:
        try:
            value = json.loads(record.body)
            parts = [value[name] for name in id_names(id_field, value)]
            known = parts[0] if len(parts) == 1 else ID_SEPARATOR.join(map(_id_part, parts))
        except (ValueError, KeyError, TypeError):
            yield record
            continue
        # The bytes stay as they are; only one member is put in front of them.
        opening = record.body.index(b"{") + 1
        member = b'"id":' + json.dumps(known).encode() + b","
        changed = record.body if "id" in value else record.body[:opening] + member + record.body[opening:]
        yield Record(record.number, record.line, changed)
