"""The model is one definition: ids, tables and rules follow from it, the same in Python and in the lake."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from salescommand_lake import Engine
from salescommand_lake.identifiers import encode_event_id
from salescommand_lake.model import NOUNS, FieldType, canonical_id, canonical_id_sql, noun_statements
from salescommand_lake.noun_tables import EVENT_ID_SQL


async def test_canonical_ids_are_the_same_in_python_and_in_the_lake(engine: Engine) -> None:
    keys = [("crm", "1"), ("crm", ""), ("ü", "a'b\\c"), ("a", "b\0c"), ("नमस्ते", "x" * 300)]
    for noun in NOUNS.values():
        sql = canonical_id_sql(noun, "{source:String}", "{id:String}")
        for source, source_id in keys:
            rows = await engine.query(f"SELECT {sql} AS id", {"source": source, "id": source_id})
            assert rows[0]["id"] == canonical_id(source, noun.name, source_id)
            assert rows[0]["id"].startswith(f"{noun.prefix}_")
            assert len(rows[0]["id"]) == 24


async def test_event_ids_are_the_same_in_python_and_in_the_lake(engine: Engine) -> None:
    for seq in (0, 1, 31, 32, 193934131202179072, 2**63, 2**64 - 1):
        rows = await engine.query(f"SELECT {EVENT_ID_SQL} AS id FROM (SELECT {{seq:UInt64}} AS seq)", {"seq": seq})
        assert rows[0]["id"] == encode_event_id(seq)


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_two_records_never_share_an_id(a: str, b: str, c: str, d: str) -> None:
    if (a, b) != (c, d) and "\0" not in a + c:
        assert canonical_id(a, "account", b) != canonical_id(c, "account", d)
    assert canonical_id(a, "account", b) != canonical_id(a, "contact", b)


def test_every_field_says_what_it_is() -> None:
    for noun in NOUNS.values():
        names = [field.name for field in noun.fields]
        assert len(names) == len(set(names))
        assert set(noun.title) <= set(names)
        assert noun.value is None or noun.field(noun.value) is not None
        assert noun.value is None or noun.field("currency") is not None
        for field in noun.fields:
            assert field.label[0].isupper()
            assert field.meaning.endswith(".")
            assert (field.ref in NOUNS) == (field.type is FieldType.REF)
            assert bool(field.values) == (field.type is FieldType.ENUM)
        for rule in noun.rules:
            assert rule.weight > 0
            assert rule.meaning.endswith(".")


def test_each_noun_has_its_tables() -> None:
    text = "\n".join(noun_statements())
    for noun in NOUNS.values():
        assert f"CREATE TABLE IF NOT EXISTS {noun.table} (" in text
        assert f"CREATE TABLE IF NOT EXISTS {noun.changes_table} (" in text


def test_the_page_about_the_model_is_the_model() -> None:
    from pathlib import Path

    from salescommand_lake.model.document import markdown

    page = Path(__file__).parents[2] / "docs" / "model.md"
    assert page.read_text() == markdown(), "run `python -m salescommand_lake.model.document > docs/model.md`"
