"""Failures: problems in words, honest health, and nothing that leaks."""

from __future__ import annotations

import logging

import pytest
from pydantic import SecretStr

from backend.auth.principal import CONTROL
from backend.context import open_context
from backend.main import create_api, create_app
from tests.backend.conftest import client_of, problem
from tests.support.servers import free_port


@pytest.fixture
async def stranded(settings, tmp_path):
    """A backend of which every store is away."""
    port = free_port()
    away = settings.model_copy(
        update={
            "mongo_url": f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=200",
            "redis_url": f"redis://127.0.0.1:{port}/0",
            "clickhouse_url": f"http://127.0.0.1:{port}",
            "data_dir": tmp_path / "stranded",
        }
    )
    async with open_context(away) as opened:
        yield opened


async def test_health_tells_the_truth(client):
    answer = await client.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "healthy"
    assert body["service"] == "sales-intelligence-platform"
    assert body["dependencies"] == {"clickhouse": "connected", "mongodb": "connected", "redis": "connected"}
    assert (await client.get("/api/health")).json() == body


async def test_health_names_what_is_away(stranded):
    async with client_of(create_app(stranded)) as client:
        answer = await client.get("/health")
    assert answer.status_code == 200
    assert set(answer.json()["dependencies"].values()) == {"unavailable"}
    assert answer.json()["status"] == "healthy"


async def test_a_store_that_is_away_is_a_503_in_words(stranded):
    async with client_of(create_app(stranded)) as client:
        login = await client.post("/api/auth/login", json={"email": "a@example.com", "password": "x"})
        assert "Redis" in problem(login, 503)["title"]
        assert login.headers["retry-after"]
        token = await client.get("/api/auth/me", headers={"Authorization": "Bearer sc_pat_x"})
        body = problem(token, 503)
        assert "MongoDB" in body["title"]
        assert "MONGO_URL" in body["hint"]
    async with client_of(create_app(stranded, principal=CONTROL)) as client:
        answer = await client.get("/api/events")
        body = problem(answer, 503)
        assert "lake" in body["title"].lower()
        assert "kept in the spool" in body["hint"]
        assert answer.headers["retry-after"]


async def test_a_lake_without_tables_says_have_and_need(control, context):
    await context.engine.ensure_database()
    body = problem(await control.get("/api/events"), 503)
    assert (body["have"], body["need"] >= 1) == (0, True)
    assert "have 0, need" in body["detail"]


@pytest.mark.parametrize("path", ["/api/settings", "/api/mappings", "/api/users", "/api/auth/me"])
async def test_a_route_without_parameters_names_the_one_it_was_given(control, path):
    body = problem(await control.get(f"{path}?filtre[x]=1"), 400)
    assert body["errors"][0]["field"] == "filtre[x]"


async def test_unknown_paths_and_methods(control):
    assert "/api/docs" in problem(await control.get("/api/nothing"), 404)["hint"]
    assert "PATCH" in problem(await control.patch("/api/settings"), 405)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "content", "field"),
    [
        ("POST", "/api/users", '{"email": 1}', "email"),
        ("POST", "/api/users", "{}", "email"),
        ("POST", "/api/tokens", '{"role": "king"}', "role"),
        ("PUT", "/api/settings", '{"reporting_currency": "dollars"}', "reporting_currency"),
        ("POST", "/api/users", "not json", None),
        ("POST", "/api/users", "[1]", None),
    ],
)
async def test_a_body_that_does_not_fit_names_the_field(control, method, path, content, field):
    answer = await control.request(method, path, content=content, headers={"content-type": "application/json"})
    body = problem(answer, 422)
    assert body["errors"]
    if field:
        assert body["errors"][0]["field"] == field


async def test_an_unforeseen_failure_leaks_nothing(context, caplog):
    api = create_api(context, principal=CONTROL)

    async def explode() -> None:
        raise RuntimeError("the password is hunter2")

    api.add_api_route("/api/explode", explode)
    from backend.middleware import Observe

    async with client_of(Observe(api, context.http_metrics)) as client:
        with caplog.at_level(logging.ERROR):
            body = problem(await client.get("/api/explode"), 500)
    assert "hunter2" not in str(body)
    logged = [record for record in caplog.records if record.name == "backend.middleware"]
    assert logged[0].fields["request_id"] == body["request_id"]
    assert "hunter2" in caplog.text


async def test_settings_are_read_and_changed(control, client, accounts):
    analyst = await accounts.token()
    assert (await client.get("/api/settings", headers=analyst)).json() == {
        "reporting_currency": "USD",
        "fiscal_year_start": 1,
    }
    assert (await control.put("/api/settings", json={"reporting_currency": "EUR"})).status_code == 200
    assert (await client.get("/api/settings", headers=analyst)).json() == {
        "reporting_currency": "EUR",
        "fiscal_year_start": 1,
    }


async def test_metrics_count_by_route_template(client, control, accounts):
    await control.get("/api/events/ev_0000000000000")
    problem(await client.get("/metrics"), 401)
    answer = await client.get("/metrics", headers=await accounts.token())
    assert answer.status_code == 200
    assert 'route="/api/events/{event_id}"' in answer.text
    assert "ev_0000000000000" not in answer.text
    assert "salescommand_build_info{" in answer.text


async def test_the_metrics_port_is_open(context):
    from backend.main import create_metrics_app

    async with client_of(create_metrics_app(context)) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert "salescommand_build_info" in answer.text


async def test_a_lake_that_refuses_our_password_is_a_503_in_words(settings, front, tmp_path):
    refused = settings.model_copy(
        update={
            "clickhouse_url": front.url,
            "clickhouse_password": SecretStr("not-the-password"),
            "data_dir": tmp_path / "refused",
        }
    )
    async with open_context(refused) as opened, client_of(create_app(opened, principal=CONTROL)) as client:
        for path in ("/api/microservices/balance", "/api/events"):
            body = problem(await client.get(path), 503)
            assert "CLICKHOUSE_PASSWORD" in body["hint"]
            assert "not-the-password" not in str(body)
