"""The page at /api/docs: the OpenAPI document as plain HTML, without scripts and without files from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any

__all__ = ["DOCS_POLICY", "docs_page"]

_STYLE = """
:root{color-scheme:light dark;--line:#8886;--mute:#777;--accent:#0b6b74}
@media(prefers-color-scheme:dark){:root{--mute:#9a9a9a;--accent:#5fc4cd}}
body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin:2.5rem 0 .5rem;font-size:1.1rem}h1{font-size:1.4rem}
details{border-top:1px solid var(--line);padding:.5rem 0}summary{cursor:pointer}
code,pre{font:12px/1.5 ui-monospace,monospace}pre{overflow-x:auto;border:1px solid var(--line);padding:.75rem}
b.m{display:inline-block;width:4.5rem;color:var(--accent);font:600 12px ui-monospace,monospace}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}
p.s,td.s{color:var(--mute)}a{color:var(--accent)}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
DOCS_POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'; base-uri 'none'"


def docs_page(document: dict[str, Any]) -> str:
    """Return the page for an OpenAPI document."""
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(document, method, path, operation))
    parts = "".join(f"<h2>{escape(tag.capitalize())}</h2>{''.join(items)}" for tag, items in groups.items())
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])} API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{_text(info['description'])}</p>"
        '<p>For programs: <a href="/api/openapi.json">openapi.json</a>. '
        "Every failure is <code>application/problem+json</code> with what failed, where, and what to do next.</p>"
        f"{parts}</html>"
    )


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    needs = {name for option in operation.get("security", []) for name in option}
    asked = "a write key" if "writeKey" in needs else "a session or a token" if needs else "nothing: open to all"
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>in {escape(one['in'])}"
        f'<td class="s">{_text(one.get("description", ""))}'
        for one in operation.get("parameters", [])
    )
    body = _example(document, operation.get("requestBody", {}).get("content", {}))
    answer = _example(document, _success(operation).get("content", {}))
    return (
        f'<details><summary><b class="m">{escape(method.upper())}</b> <code>{escape(path)}</code> '
        f"{escape(operation.get('summary', ''))}</summary><p>{_text(operation.get('description', ''))}</p>"
        f'<p class="s">Needs {asked}.</p>'
        + (f"<table>{rows}</table>" if rows else "")
        + (f"<p>Body</p><pre>{escape(body)}</pre>" if body else "")
        + (f"<p>Answer</p><pre>{escape(answer)}</pre>" if answer else "")
        + "</details>"
    )


def _success(operation: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next((one for code, one in operation["responses"].items() if code.startswith("2")), {})
    return found


def _example(document: dict[str, Any], content: dict[str, Any]) -> str:
    for media in content.values():
        if "example" in media:
            example = media["example"]
            return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
        if media.get("schema"):
            return json.dumps(_sample(document, media["schema"], 0), indent=2, ensure_ascii=False)
    return ""


def _sample(document: dict[str, Any], schema: dict[str, Any], depth: int) -> Any:
    """Make a value that fits the schema, from its examples where it has some."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] | {
            key: value for key, value in schema.items() if key != "$ref"
        }
    if "example" in schema or schema.get("examples"):
        return schema["example"] if "example" in schema else schema["examples"][0]
    if "default" in schema or "const" in schema:
        return schema.get("default", schema.get("const"))
    options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if options:
        return _sample(document, options[0], depth)
    if "properties" in schema:
        return (
            {} if depth > 3 else {name: _sample(document, one, depth + 1) for name, one in schema["properties"].items()}
        )
    if schema.get("type") == "array":
        return [] if depth > 3 else [_sample(document, schema.get("items", {}), depth + 1)]
    return schema["enum"][0] if schema.get("enum") else _PLAIN.get(schema.get("type", ""), {})


_PLAIN: dict[str, Any] = {"string": "…", "integer": 0, "number": 0.0, "boolean": False, "null": None}


def _text(text: str) -> str:
    """Return Markdown's code spans as HTML; nothing else of Markdown is used in descriptions."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if place % 2 else piece for place, piece in enumerate(pieces))
