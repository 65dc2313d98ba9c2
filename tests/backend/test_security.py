"""What answers to whom: closed unless listed, with headers that keep browsers safe."""

from __future__ import annotations

import json
import logging
import re

import pytest

from backend.main import create_api, create_app
from backend.routes.deps import OPEN_PATHS
from tests.backend.conftest import client_of, problem

LISTED_OPEN = {
    ("GET", "/health"),
    ("GET", "/api/health"),
    ("GET", "/api/microservices/health"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/docs"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/link"),
}


def all_routes() -> list[tuple[str, str]]:
    """Every method and path the application answers, taken from the application itself."""
    found = set()

    def walk(routes):
        for route in routes:
            if hasattr(route, "methods") and hasattr(route, "path"):
                found.update((method, route.path) for method in route.methods - {"HEAD"})
            else:
                inner = getattr(route, "original_router", None) or getattr(route, "app", None)
                walk(getattr(route, "routes", None) or getattr(inner, "routes", []))

    walk(create_api(None).routes)
    return sorted(found)


def test_the_walk_finds_the_routes():
    described = create_api(None).openapi()["paths"]
    inside = {(method.upper(), path) for path, operations in described.items() for method in operations}
    assert inside <= set(all_routes())
    assert len(inside) >= 20


def test_the_open_list_is_the_documented_one():
    assert {path for _, path in LISTED_OPEN} == OPEN_PATHS


def refused(answer):
    """Check a 401. The ingest front answers before requests get their ids."""
    if "/ingest/" in str(answer.url):
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
    else:
        problem(answer, 401)


@pytest.fixture
def filled():
    return lambda path: re.sub(r"\{[^}]+\}", "x", path)


async def test_every_route_but_the_listed_ones_needs_credentials(client, filled):
    closed = [route for route in all_routes() if route not in LISTED_OPEN]
    assert closed
    for method, path in [*closed, ("GET", "/metrics")]:
        answer = await client.request(method, filled(path))
        refused(answer)
        assert answer.json()["hint"], (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_every_route_refuses_a_made_up_cookie(client, filled):
    client.cookies.set("salescommand_session", "made-up")
    for method, path in all_routes():
        if (method, path) not in LISTED_OPEN:
            refused(await client.request(method, filled(path)))


async def test_no_write_is_open_to_other_roles(client, accounts, filled):
    """Whatever changes something, but for one's own session, needs an admin."""
    analyst = await accounts.token("analyst")
    own = {"/api/auth/logout", "/api/auth/password", "/api/auth/login", "/api/auth/link"}
    for method, path in all_routes():
        if method != "GET" and path not in own and "/ingest/" not in path:
            answer = await client.request(method, filled(path), headers=analyst, json={})
            assert answer.status_code in (403, 422), (method, path, answer.status_code)
            if answer.status_code == 422:
                raise AssertionError(f"{method} {path} reads the body before it checks the role")


@pytest.mark.parametrize("path", ["/health", "/api/auth/me", "/api/nothing", "/api/docs"])
async def test_security_headers(client, path):
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-request-id"]


async def test_answers_of_the_api_are_not_kept_by_caches(client):
    assert (await client.get("/api/auth/me")).headers["cache-control"] == "no-store"


async def test_a_sane_request_id_is_kept_and_others_are_not(client):
    kept = await client.get("/health", headers={"X-Request-ID": "trace-0123456789"})
    assert kept.headers["x-request-id"] == "trace-0123456789"
    replaced = await client.get("/health", headers={"X-Request-ID": "x\ty"})
    assert re.fullmatch(r"[0-9a-f]{16}", replaced.headers["x-request-id"])


async def test_the_access_log_has_the_route_but_no_secrets(client, accounts, caplog):
    token = await accounts.token()
    caplog.set_level(logging.INFO, "backend.access")
    caplog.clear()
    await client.get("/api/events/ev_0000000000000?secret=hush", headers=token)
    lines = [record.fields for record in caplog.records if record.name == "backend.access"]
    assert lines[-1]["route"] == "/api/events/{event_id}"
    assert lines[-1]["principal"].startswith("tok_")
    text = json.dumps(lines) + caplog.text
    assert "hush" not in text
    assert token["Authorization"].removeprefix("Bearer ") not in text


async def test_the_ui_is_served_with_a_strict_policy(context, tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><script>let a=1</script><div id=root></div>")
    (tmp_path / "assets" / "app-abc123.js").write_text("1")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path.parent / "outside.txt").write_text("secret")
    async with client_of(create_app(context, ui_dir=tmp_path)) as client:
        for path in ("/", "/records/opportunity/opp_1", "/index.html"):
            page = await client.get(path)
            assert page.status_code == 200
            assert "id=root" in page.text
            assert page.headers["cache-control"] == "no-cache"
            policy = page.headers["content-security-policy"]
            assert "script-src 'self' 'sha256-" in policy
            assert "script-src 'self' 'unsafe" not in policy
        script = await client.get("/assets/app-abc123.js")
        assert "immutable" in script.headers["cache-control"]
        assert (await client.get("/favicon.svg")).headers["cache-control"] == "no-cache"
        assert (await client.get("/assets/gone.js")).status_code == 404
        for path in ("/../outside.txt", "/%2e%2e/outside.txt", "/assets/../../outside.txt"):
            assert "secret" not in (await client.get(path)).text
        problem(await client.get("/api/nothing"), 404)
        problem(await client.get("/api/auth/me"), 401)


async def test_a_missing_ui_says_how_to_build_it(context, tmp_path):
    async with client_of(create_app(context, ui_dir=tmp_path / "dist")) as client:
        page = await client.get("/")
        assert page.status_code == 503
        assert "make ui" in page.text
        assert (await client.get("/health")).status_code == 200
