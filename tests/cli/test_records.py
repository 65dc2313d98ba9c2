"""Files of records: every form gives each record's exact bytes and its line, whatever the chunks it is read in."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from salescommand_cli import records
from salescommand_cli.errors import CommandError
from salescommand_cli.records import Reading, Record, batches, opened, read, reading_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), max_size=6)


class Trickle(io.BytesIO):
    """Gives a few bytes at a time, so that every place in a file is once where a chunk ends."""

    step = 3

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(self.step, size) if size and size > 0 else size)


def parsed(body: bytes, form: str = "json", **options: Any) -> list[Record]:
    return list(read(io.BytesIO(body), Reading(form, **options)))


@given(values=OBJECTS, step=st.integers(1, 9), indent=st.sampled_from([None, 2]), listed=st.booleans())
def test_json_of_any_shape_in_chunks_of_any_size(values: list[Any], step: int, indent: Any, listed: bool) -> None:
    whole = json.dumps(values, indent=indent) if listed else "\n".join(json.dumps(one, indent=indent) for one in values)
    stream = Trickle(b"\xef\xbb\xbf" + whole.encode())
    stream.step = step
    found = list(read(stream, Reading("json")))
    assert [json.loads(one.body) for one in found] == values
    assert [one.number for one in found] == list(range(len(values)))
    assert all(one.body in whole.encode() for one in found)
    for one in found:
        assert one.body.split(b"\n")[0] in whole.encode().split(b"\n")[one.line - 1]


def test_bytes_and_lines_of_a_list() -> None:
    found = parsed(b'[ {"a": 1.10,"a":"]"} ,\n\n 7,{\n"b":"\\"}"}\n]\n')
    assert [(one.body, one.line) for one in found] == [
        (b'{"a": 1.10,"a":"]"}', 1),
        (b"7", 3),
        (b'{\n"b":"\\"}"}', 3),
    ]
    assert parsed(b"[]") == parsed(b" \n") == []


@pytest.mark.parametrize("body", [b'[{"a":1}', b'[{"a":"x]', b'{"a":', b"nonsense", b'{"a":1} rest'])
def test_json_that_ends_too_early(body: bytes) -> None:
    with pytest.raises(CommandError, match="not whole JSON"):
        parsed(body)


def test_lines() -> None:
    body = b'\xef\xbb\xbf{"id":1}\r\n\r\n  {"id":2}\nbroken\n{"id":3}'
    assert [(one.number, one.line, one.body) for one in parsed(body, "ndjson")] == [
        (0, 1, b'{"id":1}'),
        (1, 3, b'{"id":2}'),
        (2, 4, b"broken"),
        (3, 5, b'{"id":3}'),
    ]


def test_a_line_without_an_end_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST_RECORD", 1000)
    first, second = parsed(b"x" * 5000 + b'\n{"id":1}\n', "ndjson")
    assert "more than 1000 bytes" in first.fault
    assert len(first.body) < 1000
    assert (second.body, second.fault, second.line) == (b'{"id":1}', "", 2)
    with pytest.raises(CommandError, match="more than 1000 bytes"):
        list(read(Trickle(b'[{"a":"' + b"x" * 5000), Reading("json")))


def test_csv_is_taken_as_it_stands() -> None:
    body = 'number;name;worth\r\n007;"Müller; Söhne";1,50\r\n\r\n8;"two\nlines";\r\n9;short\r\n'.encode("cp1252")
    found = parsed(body, "csv", delimiter=";", encoding="cp1252", id_field="number")
    assert [json.loads(one.body) for one in found[:2]] == [
        {"number": "007", "name": "Müller; Söhne", "worth": "1,50", "id": "007"},
        {"number": "8", "name": "two\nlines", "worth": "", "id": "8"},
    ]
    assert [(one.line, one.number) for one in found] == [(2, 0), (4, 1), (6, 2)]
    assert found[2].fault == "the row has 2 fields, the header 3"
    assert json.loads(found[2].body) == ["9", "short"]
    for wrong, words in (("a,a\n1,2\n", "two columns"), ("a,b\n", "no column"), ('a,id\n"1,2\n', "line ")):
        with pytest.raises(CommandError, match=words):
            parsed(wrong.encode(), "csv", id_field="id" if words == "line " else "number")
    with pytest.raises(CommandError, match="not in utf-8"):
        parsed("n\nMüller\n".encode("cp1252"), "csv")


@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".zst", zstd.compress)])
def test_packed_files(tmp_path: Path, ending: str, pack: Any) -> None:
    lines = b"".join(b'{"id":%d}\n' % n for n in range(3000))
    file = tmp_path / f"deals.ndjson{ending}"
    file.write_bytes(pack(lines[:9000]) + pack(lines[9000:]))
    with opened(file) as (stream, raw):
        found = list(read(stream, reading_of(file, None, None, None, None)))
        assert raw is not None
        assert raw.tell() == file.stat().st_size
    assert b"".join(one.body + b"\n" for one in found) == lines


def test_how_a_file_is_read() -> None:
    for name, form, sign in (
        ("a.CSV", "csv", ","),
        ("a.tsv.gz", "csv", "\t"),
        ("a.jsonl.zst", "ndjson", ","),
        ("-", "json", ","),
    ):
        found = reading_of(Path(name), None, None, None, None)
        assert (found.form, found.delimiter) == (form, sign)
    assert reading_of(Path("x.csv"), None, None, "tab", "UTF-8") == Reading("csv", None, "\t", "utf-8-sig")
    for options in (("xml", None, None), (None, "::", None), (None, None, "klingon")):
        with pytest.raises(CommandError):
            reading_of(Path("x.csv"), options[0], None, options[1], options[2])


def test_batches_begin_where_they_always_do() -> None:
    many = [Record(n, n, b"x" * 5000, "bad" if n % 100 == 7 else "") for n in range(1500)]
    found = list(batches(many, lines=True))
    assert sum(len(one.records) + len(one.faulty) for one in found) == 1500
    begins = found[1].records[0].number
    assert list(batches(many[begins:], lines=True)) == found[1:]
    assert [one.last for one in found][-1] == 1499


class Endless(io.RawIOBase):
    """A list of many records that nobody ever held as a whole."""

    def __init__(self, record: bytes, count: int) -> None:
        self._parts = itertools.chain([b"["], itertools.repeat(record + b",\n", count - 1), [record, b"]"])

    def read(self, size: int = -1) -> bytes:
        return b"".join(itertools.islice(self._parts, max(1, size // 4096)))


def test_memory_does_not_grow_with_the_file() -> None:
    record = b'{"id": 1, "text": "' + b"x" * 4000 + b'"}'
    tracemalloc.start()
    try:
        found = sum(one.body == record for one in records._items(Endless(record, 6000)))  # 24 MB
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == 6000
    assert peak < 4_000_000
