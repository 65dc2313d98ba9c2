"""Reading records from a file, without changing a byte of those that are JSON already."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from salescommand_cli.errors import CommandError

FORMS = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv"}
# A batch is one request: big enough to be cheap, small enough to be repeated without regret.
BATCH_RECORDS = 500
BATCH_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number in the file from 0, its bytes, and where in the file it ends (bytes)."""

    number: int
    body: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one request, and the request's body."""

    records: list[Record]
    lines: bool

    @property
    def body(self) -> bytes:
        """The records as lines where the file has lines, so that a broken one stays alone; else as a JSON list."""
        bodies = [record.body for record in self.records]
        return b"\n".join(bodies) + b"\n" if self.lines else b"[" + b",".join(bodies) + b"]"

    @property
    def content_type(self) -> str:
        """What the body is."""
        return "application/x-ndjson" if self.lines else "application/json"


def form_of(file: Path, given: str | None) -> str:
    """Return json, ndjson or csv.

    Raises:
        CommandError: neither the option nor the name tells.
    """
    if given:
        if given not in FORMS.values():
            raise CommandError(f"there is no format {given}; use json, ndjson or csv.", code=2)
        return given
    form = FORMS.get(file.suffix.lower())
    if form is None and str(file) != "-":
        raise CommandError(f"the name {file.name} does not tell the format.", hint="Add --format json, ndjson or csv.")
    return form or "json"


def read(stream: IO[bytes], form: str, id_field: str | None) -> Iterator[Record]:
    """Yield the records of a file; with `id_field`, that field is repeated as `id`.

    Raises:
        CommandError: the file is not what its format says.
    """
    if form == "csv":
        return _csv(stream, id_field)
    found = _lines(stream) if form == "ndjson" else _items(stream.read())
    return found if id_field is None else _with_id(found, id_field)


def batches(records: Iterable[Record], *, lines: bool) -> Iterator[Batch]:
    """Gather records into requests."""
    gathered: list[Record] = []
    size = 0
    for record in records:
        if gathered and (len(gathered) >= BATCH_RECORDS or size + len(record.body) > BATCH_BYTES):
            yield Batch(gathered, lines)
            gathered, size = [], 0
        gathered.append(record)
        size += len(record.body)
    if gathered:
        yield Batch(gathered, lines)


def _lines(stream: IO[bytes]) -> Iterator[Record]:
    number = end = 0
    for line in stream:
        end += len(line)
        body = line.strip()
        if body:
            yield Record(number, body, end)
            number += 1


def _items(body: bytes) -> Iterator[Record]:
    from backend.microservices.ingest.split import items

    body = body.strip()
    if not body.startswith(b"["):
        yield Record(0, body, len(body))
        return
    try:
        found = items(body)
    except ValueError as error:
        raise CommandError(
            f"the file is not a JSON list: {error}.", hint="For one object a line: --format ndjson."
        ) from None
    end = 0
    for number, item in enumerate(found):
        end += len(item) + 1
        yield Record(number, item, end)


def _csv(stream: IO[bytes], id_field: str | None) -> Iterator[Record]:
    """Each row becomes an object of strings, as the file has them."""
    end = 0

    def counted() -> Iterator[str]:
        nonlocal end
        for line in io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""):
            end += len(line.encode())
            yield line

    try:
        rows = csv.DictReader(counted(), strict=True)
        if id_field is not None and id_field not in (rows.fieldnames or []):
            raise CommandError(f"there is no column {id_field}; there are {', '.join(rows.fieldnames or [])}.", code=2)
        for number, row in enumerate(rows):
            if None in row or None in row.values():
                raise CommandError(f"row {rows.line_num} has not as many fields as the header.")
            fields: dict[str, Any] = dict(row)
            if id_field is not None:
                fields.setdefault("id", row[id_field])
            yield Record(number, json.dumps(fields, ensure_ascii=False).encode(), end)
    except (csv.Error, UnicodeDecodeError) as error:
        raise CommandError(f"the file is not CSV in UTF-8: {error}.") from None


def _with_id(records: Iterable[Record], id_field: str) -> Iterator[Record]:
    for record in records:
        try:
            value = json.loads(record.body)
            known = value[id_field]
        except (ValueError, KeyError, TypeError):
            yield record
            continue
        # The bytes stay as they are; only one member is put in front of them.
        opening = record.body.index(b"{") + 1
        member = b'"id":' + json.dumps(known).encode() + b","
        changed = record.body if "id" in value else record.body[:opening] + member + record.body[opening:]
        yield Record(record.number, changed, record.end)
