"""The reference of a DataLake's fields for people, from the definition: `make crd` writes it into docs/operator.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from salescommand_operator.crd import crd

__all__ = ["BEGIN", "END", "reference", "with_reference"]

BEGIN, END = "<!-- reference: written by `make crd` -->", "<!-- end of reference -->"


def reference() -> str:
    """Return one table of every field of spec, with what is allowed, its default, and the rules over several fields."""
    schema = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    rows = ["| Field | Values | Default | Meaning |", "|---|---|---|---|"]
    rows += ["| " + " | ".join(row) + " |" for row in _rows(schema, "")]
    rules = [f"* {message}" for message in dict.fromkeys(_messages(schema))]
    return "\n".join([*rows, "", "What the API server refuses, in its words:", "", *rules])


def with_reference(page: str) -> str:
    """Return a page with the reference between its two marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{reference()}\n{END}{rest.partition(END)[2]}"


def _rows(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str, str, str]]:
    zone = False
    for name, each in schema.get("properties", {}).items():
        place = f"{path}{name}"
        if path == "zones.":
            # The three zones are alike: shown once, as zones.*.
            yield f"`{place}`", "object", "", each["description"]
            if zone:
                continue
            zone, place = True, "zones.*"
        else:
            yield f"`{place}`", _values(each), _default(each), each.get("description", "")
        yield from _rows(each, f"{place}.")
        yield from _rows(each.get("items", {}), f"{place}[].")


def _values(each: dict[str, Any]) -> str:
    if "enum" in each:
        return ", ".join(f"`{value}`" for value in each["enum"])
    if "minimum" in each or "maximum" in each:
        return f"{each.get('minimum', '')} to {each.get('maximum', '')}"
    return str(each.get("type", ""))


def _default(each: dict[str, Any]) -> str:
    value = each.get("default")
    return (
        ""
        if value is None or isinstance(value, dict | list)
        else f"`{str(value).lower() if value in (True, False) else value}`"
    )


def _messages(schema: dict[str, Any]) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", ()):
        yield rule["message"]
    for each in schema.get("properties", {}).values():
        yield from _messages(each)
        yield from _messages(each.get("items", {}))


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_reference(page.read_text()))
