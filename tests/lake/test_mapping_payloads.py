"""Payloads in each vendor's shape, one for each trap, and what the shipped mapping makes of them (tests/data/payloads).

``expect`` names the fields that the event sets (null: it clears them); a field that is not named is not touched.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from salescommand_lake import Engine
from salescommand_lake.mapping.catalog import shipped_mappings
from salescommand_lake.model import NOUNS, Field, FieldType
from tests.support.lake_events import event, read_by_sql

FOLDER = Path(__file__).parents[1] / "data" / "payloads"
CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def shown(field: Field, value: Any) -> Any:
    """Return a value as the cases write it."""
    if field.type in {FieldType.DECIMAL, FieldType.RATE}:
        return f"{Decimal(str(value)).normalize():f}"
    if field.type is FieldType.TIME:
        return f"{value.replace(' ', 'T')}Z"
    return int(value) if field.type is FieldType.INTEGER else value


def said(noun: str, row: dict[str, Any], expect: dict[str, Any]) -> dict[str, Any]:
    found = {
        field.name: shown(field, row[field.name]) if row[f"{field.name}_op"] == 1 else None
        for field in NOUNS[noun].fields
        if row.get(f"{field.name}_op") and field.name in expect
    }
    if row["errors"]:
        found["errors"] = sorted(error[0] for error in row["errors"])
    if "deleted" in expect:
        found["deleted"] = row["deleted_op"]
    if row["merged_into"]:
        found["merged_into"] = row["merged_into"]
    return found


@pytest.mark.parametrize("kind", CASES)
async def test_each_trap(kind: str, engine: Engine) -> None:
    by_noun: dict[str, list[dict[str, Any]]] = {}
    for case in CASES[kind]:
        by_noun.setdefault(case["record_type"], []).append(case)
    wrong = {}
    for noun, cases in by_noun.items():
        text = next(m.text for m in shipped_mappings() if (m.scope, m.record_type) == (f"kind:{kind}", noun))
        rows = [
            event(number, case["payload"], source_id="1", operation=case.get("operation", "full"))
            for number, case in enumerate(cases)
        ]
        found = await read_by_sql(engine, text, rows, f"{kind}-{noun}")
        for case, row in zip(cases, rows, strict=True):
            got = said(noun, found[row.seq], case["expect"])
            if got != case["expect"]:
                wrong[case["trap"]] = {
                    name: (got.get(name, "(untouched)"), case["expect"].get(name, "(untouched)"))
                    for name in got.keys() | case["expect"].keys()
                    if got.get(name) != case["expect"].get(name)
                }
    assert not wrong, f"trap: (got, expected)\n{json.dumps(wrong, indent=1, default=str)}"


def test_every_shipped_mapping_has_a_payload() -> None:
    """Owners and the plain documents of files have tests of their own."""
    have = {(kind, case["record_type"]) for kind, cases in CASES.items() for case in cases}
    shipped = {(m.scope_name, m.record_type) for m in shipped_mappings() if m.scope_name != "generic"}
    assert {(kind, noun) for kind, noun in shipped if noun not in {"owner", "invoice"}} <= have
