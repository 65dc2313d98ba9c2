"""The page on kinds is right: its example, put into the folder as it stands, makes the door take a new vendor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.microservices.ingest import kinds
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.prepare import Prepared, Request, prepare
from tests.architecture.files import ROOT

PAGE = (ROOT / "docs" / "kinds.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    [example] = blocks("python")
    (tmp_path / "acme.py").write_text(example)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    kinds._kinds.cache_clear()
    yield
    kinds._kinds.cache_clear()


def posted(word: str, body: str) -> Prepared:
    return prepare(Request("acme", word, "acme", "application/json", "", body.encode()), Limits())


@pytest.mark.usefixtures("acme")
def test_one_file_adds_a_vendor() -> None:
    page, event = blocks("json")
    rows = [draft.row for draft in posted("firm", page).submission.drafts]
    assert [(row.source_id, row.record_type, row.source_time_ms, row.body_index) for row in rows] == [
        ("7", "account", 1767225600000, 0),
        ("8", "account", None, 1),
    ]
    assert [json.loads(row.body)["title"] for row in rows] == ["Initech", "Hooli"]
    assert all(row.body.decode() in page for row in rows)
    [removed] = [draft.row for draft in posted("webhook", event).submission.drafts]
    assert (removed.source_id, removed.record_type, removed.operation) == ("3", "opportunity", "delete")
    assert removed.event_key


def test_the_page_tells_of_every_kind() -> None:
    for name in kinds.kind_names():
        assert f"\n| {name} |" in PAGE


def test_a_kind_that_raises_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(*_: object) -> None:
        raise KeyError("a vendor's surprise")

    for name in ("resolve", "envelope"):
        monkeypatch.setattr(type(kinds.kind_of("generic")), name, raises)
        for body in (b'{"id": 5}', b'[{"id": 5}]'):
            found = prepare(Request("acme", "firm", "generic", "", "", body), Limits())
            assert [(draft.row.source_id, draft.row.record_type) for draft in found.submission.drafts] == [("5", "")]
