"""The front is good enough to stand in for ClickHouse: the real client's other ways to talk, and as a program."""

from __future__ import annotations

import gzip
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from salescommand_lake import LakeSettings, open_engine
from salescommand_lake.identifiers import encode_event_id
from salescommand_lake.raw import RawRow, get_body, insert_raw
from salescommand_lake.schema import ensure_schema
from tests.support.clickhouse_front import FrontServer
from tests.support.servers import free_port, running

AUTH = {"X-ClickHouse-User": "default", "X-ClickHouse-Key": "secret"}


@pytest.fixture
async def client(front: FrontServer, lake_settings: LakeSettings) -> AsyncIterator[AsyncClient]:
    """Give the real client as other programs use it: Native both ways, compressed."""
    client = await clickhouse_connect.get_async_client(
        host="127.0.0.1",
        port=front.port,
        username="default",
        password="secret",
        database=lake_settings.database,
        compress="gzip",
    )
    yield client
    await client.close()


async def test_native_both_ways(client: AsyncClient) -> None:
    await client.command(
        "CREATE TABLE native (id UInt64, at DateTime64(6, 'UTC'), d Decimal(18, 4), text String, list Array(String)) "
        "ENGINE = MergeTree ORDER BY id"
    )
    rows = [[n, datetime(2026, 1, 1, n, tzinfo=UTC), Decimal("1.5"), f"it's {n}", ["a"] * n] for n in range(20)]
    await client.insert("native", rows, column_names=["id", "at", "d", "text", "list"])
    result = await client.query("SELECT * FROM native WHERE id < {n:UInt64} ORDER BY id", parameters={"n": 10})
    naive = [[n, at.replace(tzinfo=None), *rest] for n, at, *rest in rows[:10]]  # the client's way to give UTC
    assert [list(row) for row in result.result_rows] == naive
    assert await client.command("SELECT count() FROM native") == 20
    assert await client.ping()


async def test_plain_requests(front: FrontServer, lake_settings: LakeSettings) -> None:
    async with httpx.AsyncClient(base_url=front.url, headers=AUTH) as http:
        assert (await http.get("/ping")).text == "Ok.\n"
        assert (await http.get("/", params={"query": "SELECT 1"})).text == "1\n"
        assert (await http.post("/", content="SELECT 1 AS x FORMAT JSONEachRow")).text == '{"x":1}\n'
        both = await http.post(
            "/", params={"query": "SELECT {x:String}", "param_x": "a\\tb"}, content=" AS y FORMAT JSON"
        )
        assert both.json()["data"] == [{"y": "a\tb"}]
        assert both.headers["X-ClickHouse-Format"] == "JSON"
        database = {"database": lake_settings.database}
        await http.post("/", params=database, content="CREATE TABLE t (x String) ENGINE = Memory")
        data = gzip.compress(b'{"x":"1"}\n{"x":"2"}')
        await http.post(
            "/",
            params={**database, "query": "INSERT INTO t FORMAT JSONEachRow"},
            content=data,
            headers={"Content-Encoding": "gzip"},
        )
        await http.post("/", params=database, content="INSERT INTO t VALUES ('3')")
        counted = await http.get("/", params={**database, "query": "SELECT count() FROM t", "default_format": "CSV"})
        assert counted.text == "3\n"


async def test_errors_look_like_clickhouse(front: FrontServer) -> None:
    async with httpx.AsyncClient(base_url=front.url) as http:
        answer = await http.get("/", params={"query": "SELECT 1"}, auth=("default", "wrong"))
        assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
        for query, status, code in (
            ("SELEC 1", 400, "62"),
            ("SELECT * FROM nowhere", 404, "60"),
            ("SELECT throwIf(1)", 500, "395"),
        ):
            answer = await http.get("/", params={"query": query}, headers=AUTH)
            assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (status, code)
            assert answer.text.startswith(f"Code: {code}. DB::Exception")


async def test_it_runs_as_a_program_and_keeps_its_data(tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "tests.support.clickhouse_front",
        "--port",
        str(port),
        "--path",
        str(tmp_path / "ch"),
    ]
    command += ["--user", "sales", "--password", "pw"]
    settings = LakeSettings(url=f"http://127.0.0.1:{port}", user="sales", password="pw")

    def ready() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/ping").text == "Ok.\n"
        except httpx.TransportError:
            return False

    row = RawRow(source="s", entity_type="deal", source_id="1", seq=1 << 40, body=b'{"a":1}', batch_id="b")
    for start in range(2):
        with running(command, ready, tmp_path / "log") as process:
            engine = open_engine(settings)
            await ensure_schema(engine)
            await insert_raw(engine, [row], "t")
            assert await engine.query("SELECT count() AS n FROM raw_events") == [{"n": "1"}], f"start {start}"
            assert await get_body(engine, encode_event_id(row.seq)) == b'{"a":1}'
            await engine.close()
        assert process.returncode in (0, -signal.SIGTERM)
