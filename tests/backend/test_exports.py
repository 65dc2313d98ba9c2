"""Files of records: the same rows as the list, whole, in three formats; and the limits of the API."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet  # type: ignore[import-untyped]

from backend.auth.principal import CONTROL
from backend.auth.rates import Rates
from backend.errors import Problem
from backend.main import create_app
from tests.backend.conftest import problem
from tests.backend.flow import Flow
from tests.backend.test_worker import changed
from tests.support.depth import deep

HOSTILE = ["'; DROP TABLE opportunities; --", "{x:String}", "\\", "' OR 1=1", "%", "\0", "`", "=1+1", "🙂", ")", "*/"]


async def deals(flow: Flow, count: int = 7) -> None:
    await flow.post(
        "crm",
        "deal",
        [
            {"id": str(n), "name": f"Deal {n}", "amount": "10.50", "currency": "USD", "stage": "New"}
            for n in range(count)
        ]
        + [{"id": "f", "name": "=HYPERLINK(1)", "stage": "Won", "amount": "-3"}],
    )
    await flow.settle()


async def test_the_formats_hold_the_rows_of_the_list(flow: Flow) -> None:
    await deals(flow)
    listed = await flow.get("/api/records/opportunity", fields="name,amount", **{"filter[stage]": "New"})
    assert {frozenset(item["fields"]) for item in listed["items"]} == {frozenset({"name", "amount"})}
    path = "/api/records/opportunity?fields=name,amount&filter[stage]=New&format="
    text = await flow.send("GET", path + "csv")
    assert text.headers["content-type"].startswith("text/csv")
    assert text.headers["content-disposition"] == 'attachment; filename="opportunity.csv"'
    rows = list(csv.DictReader(io.StringIO(text.text)))
    lines = [json.loads(line) for line in (await flow.send("GET", path + "ndjson")).text.splitlines()]
    wanted = sorted((item["canonical_id"], item["fields"]["name"], "10.5") for item in listed["items"])
    assert sorted((row["canonical_id"], row["name"], row["amount"]) for row in rows) == wanted
    assert sorted((row["canonical_id"], row["name"], row["amount"]) for row in lines) == wanted
    rows = read_parquet((await flow.send("GET", path + "parquet")).content)
    assert sorted((row["canonical_id"], row["name"], f"{row['amount']:.1f}") for row in rows) == wanted
    everything = await flow.send("GET", "/api/records/opportunity?format=csv")
    names = {row["name"] for row in csv.DictReader(io.StringIO(everything.text))}
    assert "'=HYPERLINK(1)" in names
    for wrong in ("format=xls", "format=csv&limit=5", "format=csv&fields=nope", "format=csv&filter[nope]=1"):
        assert problem(await flow.send("GET", f"/api/records/opportunity?{wrong}"), 400)["errors"]
    problem(await flow.send("GET", "/api/records/nothing?format=csv"), 400)


def read_parquet(content: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(io.BytesIO(content)).to_pylist()
    return found


async def test_a_number_and_its_groups_as_a_file(flow: Flow) -> None:
    await deals(flow)
    odd = "{x:String} '\"\\ 🙂, =1"
    await flow.post("crm", "deal", {"id": "o", "name": "Odd", "stage": odd, "amount": "2", "currency": "USD"})
    await flow.settle()
    path = "/api/metrics/open-pipeline?by=stage&by=owner&format="
    answer = await flow.get("/api/metrics/open-pipeline", by=["stage", "owner"])
    wanted = sorted((group["key"]["stage"], Decimal(group["value"]), group["rows"]) for group in answer["groups"])
    assert odd in [row[0] for row in wanted]
    text = await flow.send("GET", path + "csv")
    assert text.headers["content-disposition"] == 'attachment; filename="open-pipeline.csv"'
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(text.text)))
    lines = [json.loads(line) for line in (await flow.send("GET", path + "ndjson")).text.splitlines()]
    for found in (rows, lines, read_parquet((await flow.send("GET", path + "parquet")).content)):
        assert sorted((row["stage"], Decimal(str(row["value"])), int(row["rows"])) for row in found) == wanted
        assert {(row["metric"], row["unit"], row["currency"]) for row in found} == {
            ("open-pipeline", "currency", "USD")
        }
    [whole] = [json.loads(one) for one in (await flow.send("GET", "/api/metrics/win-rate?format=ndjson")).text.split()]
    assert (whole["numerator"], whole["denominator"]) == ("1", "1")
    for wrong in ("format=xls", "format=csv&by=nope", "format=csv&limit=5"):
        assert problem(await flow.send("GET", f"/api/metrics/open-pipeline?{wrong}"), 400)["errors"]


async def test_events_as_a_file(flow: Flow) -> None:
    await deals(flow)
    listed = await flow.get("/api/events", **{"filter[source]": "crm", "limit": "500"})
    path = "/api/events?filter[source]=crm&format="
    wanted = sorted((item["event_id"], item["source_id"], item["bytes"]) for item in listed["items"])
    assert len(wanted) == 8
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO((await flow.send("GET", path + "csv")).text)))
    lines = [json.loads(line) for line in (await flow.send("GET", path + "ndjson")).text.splitlines()]
    for found in (rows, lines, read_parquet((await flow.send("GET", path + "parquet")).content)):
        assert sorted((row["event_id"], row["source_id"], int(row["bytes"])) for row in found) == wanted
    [bodies] = [read_parquet((await flow.send("GET", path + "parquet&fields=event_id,body")).content)]
    one = bodies[0]
    assert one["body"] == (await flow.send("GET", f"/api/events/{one['event_id']}/body")).text
    for wrong in ("format=csv&fields=nope", "format=csv&limit=3", "format=csv&filter[name]=x", "format=xls"):
        assert problem(await flow.send("GET", f"/api/events?{wrong}"), 400)["errors"]


@pytest.mark.parametrize("path", ["/api/records/opportunity", "/api/events", "/api/metrics/open-pipeline"])
async def test_a_client_who_leaves_ends_the_statement(flow: Flow, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """The first piece is on its way when the client hangs up; nothing reads on, and the statement is let go."""
    await deals(flow)
    engine = flow.context.engine
    opened, ended = 0, 0
    stream = engine.stream

    @asynccontextmanager
    async def endless(sql: str, fmt: str, parameters: Any = None) -> AsyncIterator[AsyncIterator[bytes]]:
        """The engine's own answer, again and again: one that no test has to wait for."""
        nonlocal opened, ended
        async with stream(sql, fmt, parameters) as pieces:
            found = [piece async for piece in pieces]
        opened += 1

        async def more() -> AsyncIterator[bytes]:
            while True:
                for piece in found:
                    yield piece
                await asyncio.sleep(0)

        try:
            yield more()
        finally:
            ended += 1

    monkeypatch.setattr(engine, "stream", endless)
    sent = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if receiving.pop() == 1:
            return {"type": "http.request", "body": b"", "more_body": False}
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.set()

    receiving = [0, 0, 0, 1]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"format=ndjson",
        "headers": [(b"host", b"localhost:3000")],
        "client": ("192.0.2.7", 1),
        "server": ("localhost", 3000),
        "state": {},
    }
    app = create_app(changed(flow.context), principal=CONTROL)
    await asyncio.wait_for(app(scope, receive, send), 20)
    assert (opened, ended) == (1, 1)


@pytest.mark.asyncio(loop_scope="module")
@settings(max_examples=deep(10), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_no_filter_is_a_statement(shared_flow: Flow, data: st.DataObject) -> None:
    """Whatever is asked, the answer is a page or a problem that names the parameter, and the records stay."""
    field = data.draw(st.sampled_from(["name", "amount", "close_date", "source", "title", "no'such"]))
    op = data.draw(st.sampled_from(["eq", "ne", "gt", "lte", "contains", "empty", "in);--"]))
    value = data.draw(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)))
    fmt = data.draw(st.sampled_from(["json", "csv", "ndjson"]))
    params: dict[str, Any] = {f"filter[{field}][{op}]": value, "format": fmt}
    answer = await shared_flow.send("GET", "/api/records/opportunity", params=params)
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        assert answer.json()["errors"][0]["field"]
    assert (await shared_flow.get("/api/records/opportunity"))["total"] == 0


async def test_pages_stay_whole_while_records_arrive(flow: Flow) -> None:
    await deals(flow)
    first = await flow.get("/api/records/opportunity", sort="name", limit="4")
    await flow.post("crm", "deal", {"id": "new", "name": "AAA first", "stage": "New"})
    await flow.settle()
    second = await flow.get("/api/records/opportunity", sort="name", limit="500", cursor=first["next_cursor"])
    seen = [item["source_id"] for page in (first, second) for item in page["items"]]
    assert sorted(seen) == sorted([*map(str, range(7)), "f"])


def test_too_many_requests() -> None:
    rates = Rates(3)
    for _ in range(3):
        rates.check("ada")
    with pytest.raises(Problem) as refused:
        rates.check("ada")
    assert refused.value.status == 429
    assert int(refused.value.headers["Retry-After"]) >= 1
    rates.check("bo")
    Rates(0).check("ada")
