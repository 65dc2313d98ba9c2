"""A mapping document is checked as a whole: what is wrong is named with its line and its field."""

from __future__ import annotations

import pytest

from salescommand_lake import Engine
from salescommand_lake.mapping import MappingError, compile_mapping, load_document
from salescommand_lake.mapping.catalog import load_catalog, shipped_mappings
from salescommand_lake.mapping.compile import RAW_COLUMNS
from salescommand_lake.model import NOUNS

GOOD = """\
source: shop
record_type: opportunity
containers: {p: properties}
fields:
  name: {path: p.title}
"""


def test_a_good_document_says_what_it_is() -> None:
    mapping = load_document(GOOD + "entity_types: [Sale]\n", "shop.yaml")
    assert (mapping.scope, mapping.record_type, mapping.entity_types) == ("source:shop", "opportunity", ("sale",))
    assert [field.name for field in mapping.fields] == ["name"]


@pytest.mark.parametrize(
    ("text", "line", "field", "says"),
    [
        ("a: [", 1, "", "is not YAML"),
        ("just words", 1, "", "has keys at its top"),
        (GOOD + "colour: red", 6, "colour", "there is no key 'colour' here"),
        (GOOD.replace("source: shop\n", ""), 1, "", "source: or the kind:"),
        (GOOD + "kind: hubspot", 1, "", "source: or the kind:"),
        (GOOD.replace("source: shop", "source: a b"), 1, "source", "is not a name"),
        (GOOD.replace("opportunity", "deal"), 2, "record_type", "'deal' is not one of account"),
        (GOOD.replace("record_type: opportunity\n", ""), 1, "", "'record_type' is missing"),
        (GOOD + "fields: {}", 6, "fields", "the key stands twice"),
        (GOOD + "  nmae: {path: $.x}", 6, "fields.nmae", "opportunity has no field 'nmae'; it has name"),
        (GOOD + "  stage: {path: $.x, colour: red}", 6, "fields.stage.colour", "there is no key 'colour'"),
        (GOOD + "  stage: {}", 6, "fields.stage", "keys with values are expected"),
        (GOOD + "  stage: {path: q.x}", 6, "fields.stage.path", "'q' is not a container"),
        (GOOD + "  stage: {path: amount}", 6, "fields.stage.path", "'amount' is not a container"),
        (GOOD + "  stage: {path: $}", 6, "fields.stage.path", "names a container and a key"),
        (GOOD + "  stage: {path: $.x, value: y}", 6, "fields.stage", "one of path:, join:, first: or value:"),
        (GOOD + "  amount: {path: $.x, parse: dollars}", 6, "fields.amount.parse", "'dollars' is not one of decimal"),
        (GOOD + "  amount: {path: $.x, parse: string}", 6, "fields.amount.parse", "'string' is not one of decimal"),
        (GOOD + "  amount: {path: $.x, parse: minor_units}", 6, "fields.amount.parse", "needs currency_from"),
        (
            GOOD + "  amount: {path: $.x, parse: minor_units, currency_from: currency}",
            6,
            "fields.amount.currency_from",
            "not a mapped currency field",
        ),
        (GOOD + "  amount: {path: $.x, formats: [iso]}", 6, "fields.amount.formats", "goes with parse: date or time"),
        (GOOD + "  amount: {path: $.x, scale: 5}", 6, "fields.amount.scale", "not a number from 0 to 4"),
        (GOOD + "  amount: {value: 5}", 6, "fields.amount.value", "a constant can't fill amount"),
        (GOOD + "  currency: {value: dollars}", 6, "fields.currency.value", "not a currency code"),
        (GOOD + "  status: {value: done}", 6, "fields.status.value", "'done' is not a status; use open, won, lost"),
        (GOOD + "  status: {path: $.x, map: {a: done}}", 6, "fields.status.map", "'done' is not a status"),
        (GOOD + "  status: {path: $.x, other: keep}", 6, "fields.status.other", "other: goes with a map:"),
        (GOOD + "  stage: {path: $.x, on_null: gone}", 6, "fields.stage.on_null", "'gone' is not one of cleared"),
        (GOOD + "  stage: {path: $.x, pick: first}", 6, "fields.stage.pick", "'first' is not one of id"),
        (GOOD + "  stage: {first: [{pick: id}]}", 6, "fields.stage.first[1]", "needs a path: or a join:"),
        (GOOD + "  stage: {first: [$.x], map: {a: b}}", 6, "fields.stage.map", "belongs to each candidate"),
        (GOOD + "  close_date: {path: $.x, formats: [ydm]}", 6, "fields.close_date.formats[1]", "'ydm' is not one of"),
        (GOOD + "  amount: {path: $.x, point: ',', group: ','}", 6, "fields.amount.group", "are the same"),
        (GOOD + "  amount: {path: $.x, symbols: ['1$']}", 6, "fields.amount.symbols", "belongs to a number"),
        (GOOD + "  stage: {path: $.x, point: ','}", 6, "fields.stage.point", "goes with parse: decimal"),
        (GOOD + "  stage: {path: $.x, negative: true}", 6, "fields.stage.negative", "goes with parse: decimal"),
        (GOOD + "  stage: {path: $.x, by: '-'}", 6, "fields.stage.by", "goes with a join"),
        (GOOD + "  stage: {path: $.x, when: {path: $.y}}", 6, "fields.stage.when", "either in: or starts:"),
        (GOOD + "  close_date: {path: $.x, plus: {months: 500}}", 6, "fields.close_date.plus.months", "-120 to 120"),
        (GOOD + "  created_at: {path: $.x, plus: {days: 1}}", 6, "fields.created_at.plus", "goes with parse: date"),
        (GOOD + "policy: {null: cleared}", 6, "policy.null", "there is no key 'null' here"),
        (GOOD + "containers: {P: x}", 6, "containers", "stands twice"),
        (GOOD.replace("{p: properties}", "{P: x}"), 3, "containers.P", "is not a container's name"),
        (GOOD.replace("{p: properties}", "{p: {pair: [a]}}"), 3, "containers.p", "a pair is [member"),
        (GOOD.replace("{p: properties}", "{p: {each: a}}"), 3, "containers.p", "each: needs member:"),
        (GOOD + "  stage: &a {path: $.x}\n  product: *a", 7, "", "aliases (*name) are not used"),
        ("x" * 300_000, 1, "", "characters"),
    ],
)
def test_what_is_wrong_is_named(text: str, line: int, field: str, says: str) -> None:
    with pytest.raises(MappingError) as caught:
        load_document(text, "my.yaml")
    error = caught.value
    assert (error.line, error.field) == (line, field), str(error)
    assert says in error.message
    assert str(error).startswith(f"my.yaml, line {line}")


def test_keys_of_a_map_are_what_was_written() -> None:
    """YAML would read false, null and 1 as other things than texts."""
    mapping = load_document(GOOD + "  status: {path: $.x, map: {false: lost, null: open, 1: won, yes: won}}", "m")
    candidate = mapping.fields[1].candidates[0]
    assert candidate.mapped == {"false": "lost", "null": "open", "1": "won", "yes": "won"}
    assert candidate.policy.on_false == "value"


def test_compiling_is_repeatable_and_tells_documents_apart() -> None:
    one, again = (compile_mapping(load_document(GOOD, "a")) for _ in range(2))
    other = compile_mapping(load_document(GOOD.replace("p.title", "p.name"), "a"))
    assert (one.hash, one.template) == (again.hash, again.template)
    assert one.hash != other.hash


def test_what_is_written_in_a_document_is_never_sql() -> None:
    text = GOOD + '  stage: {path: [$, "x\'] AS y, \'\\\\"], map: {"a\' OR \'1": "b\' --"}}\n'
    compiled = compile_mapping(load_document(text, "m"))
    assert "'a\\' or \\'1'" in compiled.template.lower()


@pytest.mark.parametrize("mapping", shipped_mappings(), ids=lambda m: f"{m.scope}/{m.record_type}")
async def test_the_engine_takes_every_shipped_mapping(mapping: object, engine: Engine) -> None:
    compiled = compile_mapping(mapping)  # type: ignore[arg-type]
    select = compiled.select(f"SELECT {RAW_COLUMNS} FROM raw_events LIMIT 0", version=0, generation=0)
    assert await engine.query(select) == []


def test_the_kinds_have_their_nouns() -> None:
    have = {(mapping.scope_name, mapping.record_type) for mapping in shipped_mappings()}
    assert {("generic", noun) for noun in NOUNS} <= have
    for kind in ("hubspot", "salesforce", "odoo", "pipedrive"):
        assert {(kind, noun) for noun in ("account", "contact", "opportunity", "owner")} <= have
    assert {("stripe", "account"), ("stripe", "invoice")} <= have


async def test_a_sources_own_mapping_wins_over_its_kind_and_that_over_generic(engine: Engine) -> None:
    catalog = await load_catalog(engine)
    found = catalog.find("mine", "hubspot", "opportunity", "deal")
    assert found is not None
    assert found.mapping.scope == "kind:hubspot"
    fallback = catalog.find("mine", "hubspot", "quota", "quota")
    assert fallback is not None
    assert fallback.mapping.scope == "kind:generic"
    assert catalog.find("mine", "hubspot", "", "weather") is None
