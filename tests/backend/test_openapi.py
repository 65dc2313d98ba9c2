"""The API describes itself, the snapshot fits the code, and the page shows it without anything from elsewhere."""

from __future__ import annotations

import json

from backend.main import create_api
from backend.openapi import SNAPSHOT, snapshot_text


def test_the_snapshot_fits_the_code():
    assert SNAPSHOT.read_text() == snapshot_text(), "run `python -m backend.openapi` and commit frontend/openapi.json"


def test_the_description_is_the_same_each_time():
    assert snapshot_text() == snapshot_text()


def test_every_operation_is_described():
    document = json.loads(snapshot_text())
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            place = f"{method} {path}"
            assert operation.get("summary"), place
            assert operation.get("description"), place
            assert operation.get("tags"), place
            assert "security" in operation, place
            assert "422" not in operation["responses"], place


def test_operation_ids_are_unique():
    document = create_api(None).openapi()
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


async def test_the_page_needs_nothing_from_elsewhere(client):
    page = await client.get("/api/docs")
    assert page.status_code == 200
    assert "/api/auth/login" in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text.replace("http://localhost:3000", "")
    assert (await client.get("/api/openapi.json")).json()["info"]["title"] == "SalesCommand"
