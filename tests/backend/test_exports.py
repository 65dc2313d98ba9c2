"""Files of records: the same rows as the list, whole, in three formats; and the limits of the API."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.auth.rates import Rates
from backend.errors import Problem
from tests.backend.conftest import problem
from tests.backend.flow import Flow

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
    parquet = (await flow.send("GET", path + "parquet")).content
    assert (parquet[:4], parquet[-4:]) == (b"PAR1", b"PAR1")
    everything = await flow.send("GET", "/api/records/opportunity?format=csv")
    names = {row["name"] for row in csv.DictReader(io.StringIO(everything.text))}
    assert "'=HYPERLINK(1)" in names
    for wrong in ("format=xls", "format=csv&limit=5", "format=csv&fields=nope", "format=csv&filter[nope]=1"):
        assert problem(await flow.send("GET", f"/api/records/opportunity?{wrong}"), 400)["errors"]
    problem(await flow.send("GET", "/api/records/nothing?format=csv"), 400)


@pytest.mark.asyncio(loop_scope="module")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
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
