"""The API's own description, the same for the same code: `python -m backend.openapi` writes `frontend/openapi.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from backend.auth.sessions import COOKIE
from backend.routes.deps import OPEN_PATHS

__all__ = ["SNAPSHOT", "describe", "snapshot_text"]

SNAPSHOT = Path(__file__).resolve().parents[1] / "frontend" / "openapi.json"
SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "What signing in sets"},
    "token": {"type": "http", "scheme": "bearer", "description": "`salescommand token create`"},
    "writeKey": {"type": "http", "scheme": "bearer", "description": "`salescommand key create SOURCE`; posts only"},
    "writeKeyHeader": {"type": "apiKey", "in": "header", "name": "X-Write-Key", "description": "The same"},
    "writeKeyUser": {"type": "http", "scheme": "basic", "description": "The same, as the user; any password"},
    "writeKeyInAddress": {"type": "apiKey", "in": "query", "name": "key", "description": "For senders of no headers"},
}
INGEST_PATH = "/api/microservices/ingest/{source}/{entity_type}"


def describe(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with what each route needs to be called."""
    if api.openapi_schema:
        return api.openapi_schema
    document = get_openapi(
        title=api.title, version=api.version, description=api.description, routes=api.routes, tags=api.openapi_tags
    )
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in OPEN_PATHS else [{"session": []}, {"token": []}]
            _use_problems(operation)
    if INGEST_PATH in document["paths"]:
        document["paths"][INGEST_PATH]["post"]["security"] = [
            {name: []} for name in SCHEMES if name.startswith("writeKey")
        ]
    api.openapi_schema = document
    return document


def _use_problems(operation: dict[str, Any]) -> None:
    """Say once that every failure is a problem, in place of the framework's own form of validation errors."""
    responses = operation["responses"]
    responses.pop("422", None)
    if "default" in responses:
        content = responses["default"]["content"]
        content["application/problem+json"] = content.pop("application/json", content.get("application/problem+json"))


def snapshot_text() -> str:
    """Return the document as the snapshot holds it."""
    from backend.main import create_api  # noqa: PLC0415 - main uses this module for the app's own document

    return json.dumps(describe(create_api(None)), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the snapshot; with `--check`, only say whether it fits the code."""
    text = snapshot_text()
    if "--check" in sys.argv[1:]:
        fits = SNAPSHOT.is_file() and SNAPSHOT.read_text() == text
        if not fits:
            sys.stderr.write(f"{SNAPSHOT.name} does not fit the code; run `python -m backend.openapi`.\n")
        return 0 if fits else 1
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
