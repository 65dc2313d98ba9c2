"""Write the table of values into the chart's README, from values.yaml (defaults) and values.schema.json (meanings)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parents[1] / "charts" / "salescommand"
BEGIN, END = "<!-- values: written by `make chart` -->\n", "<!-- end of values -->\n"


def rows(schema: dict[str, Any], values: Any, path: str = "") -> Iterator[tuple[str, Any, str]]:
    """Yield each value that is set by itself: its path, default and meaning."""
    for name, each in schema["properties"].items():
        here = f"{path}.{name}" if path else name
        if each.get("properties") and name != "resources":
            yield from rows(each, values.get(name, {}), here)
        elif name in values:
            yield here, values[name], each["description"]


def table() -> str:
    """Return the table, in Markdown."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    lines = ["| Value | Default | Meaning |\n", "|---|---|---|\n"]
    for path, default, meaning in rows(schema, values):
        shown = "" if default in ("", {}, []) else f"`{json.dumps(default).strip(chr(34))}`"
        lines.append(f"| `{path}` | {shown} | {meaning.replace('|', '&#124;')} |\n")
    return "".join(lines)


def written(text: str) -> str:
    """Return the README's text with the table of today."""
    before, after = text.split(BEGIN, maxsplit=1)[0], text.split(END)[1]
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    readme = CHART / "README.md"
    fresh = written(readme.read_text())
    readme.write_text(fresh)
