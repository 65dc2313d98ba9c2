"""Files of other systems become records by a mapping alone: quotas, rates of currencies, a marketing funnel."""

from __future__ import annotations

import io
import itertools
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from salescommand_cli.records import Reading, read
from salescommand_lake import Engine
from salescommand_lake.fold import apply_mapping, fold_pending
from salescommand_lake.mapping import load_document
from salescommand_lake.model import NOUNS
from tests.support.lake_events import event, states, store

_numbers = itertools.count()
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "data" / "mappings"
QUOTAS = """BusinessEntityID,QuotaDate,SalesQuota
274,2011-05-31 00:00:00.000,28000.0000
274,2011-08-31 00:00:00.000,"$7,000.00"
275,5/31/2011,367000.00
"""
RATES = """CurrencyRateDate,FromCurrencyCode,ToCurrencyCode,AverageRate
2011-05-31 00:00:00,USD,EUR,0.9697
5/31/2011,USD,JPY,104.1234
"""
LEADS = """mql_id,first_contact_date,origin
a1,2018-02-01,organic_search
a2,2017/10/20,unknown
"""
CLOSED = """mql_id,seller_id,sr_id,won_date,business_segment,lead_type,declared_monthly_revenue
a1,s9,r1,2018-02-26 19:58:54,pet,online_medium,"R$ 1.234,50"
"""


async def load(engine: Engine, source: str, word: str, text: str, ids: str) -> None:
    rows = read(io.BytesIO(text.encode()), Reading("csv", ids))
    events = [
        event(
            next(_numbers),
            record.body,
            source=source,
            source_id=json.loads(record.body)["id"],
            entity_type=word,
            record_type="",
        )
        for record in rows
    ]
    await store(engine, events, word)
    await fold_pending(engine)


async def test_quotas_and_rates(engine: Engine) -> None:
    for name in ("quotas", "rates"):
        await apply_mapping(engine, (FOLDER / f"{name}.yaml").read_text(), author="test")
    await load(engine, "adventure", "sales_quota", QUOTAS, "BusinessEntityID+QuotaDate")
    await load(engine, "adventure", "currency_rate", RATES, "CurrencyRateDate+FromCurrencyCode+ToCurrencyCode")
    quotas = {key[1]: state for key, state in (await states(engine, NOUNS["quota"])).items()}
    assert len(quotas) == 3
    second = quotas["274|2011-08-31 00:00:00.000"]
    assert (second["owner_ref"], second["amount"], second["currency"]) == ("274", Decimal(7000), "USD")
    assert (second["period_start"], second["period_end"]) == (date(2011, 8, 31), date(2011, 11, 29))
    assert quotas["275|5/31/2011"]["period_end"] == date(2011, 8, 30)
    rates = {
        (state["quote"], state["day"], state["rate"])
        for state in (await states(engine, NOUNS["exchange_rate"])).values()
    }
    assert rates == {("EUR", date(2011, 5, 31), Decimal("0.9697")), ("JPY", date(2011, 5, 31), Decimal("104.1234"))}
    assert await engine.query("SELECT field, value FROM quarantine") == []


async def test_a_funnel_of_two_files(engine: Engine) -> None:
    await apply_mapping(engine, (FOLDER / "funnel_leads.yaml").read_text(), author="test")
    await load(engine, "funnel", "qualified_lead", LEADS, "mql_id")
    await load(engine, "funnel", "closed_deal", CLOSED, "mql_id")
    found = {key[1]: state for key, state in (await states(engine, NOUNS["opportunity"])).items()}
    won, waiting = found["a1"], found["a2"]
    assert (won["status"], won["lead_source"], won["segment"]) == ("won", "Organic search", "pet")
    assert (won["amount"], won["currency"], won["close_date"]) == (Decimal("1234.50"), "BRL", date(2018, 2, 26))
    assert (waiting["status"], waiting["lead_source"]) == ("open", None)
    assert waiting["created_at"] == datetime(2017, 10, 20, tzinfo=UTC)
    assert await engine.query("SELECT field, value FROM quarantine") == []


def test_every_document_in_the_docs_can_be_used() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "mappings.md").read_text(), re.DOTALL)
    whole = [block for block in blocks if "record_type:" in block]
    assert len(whole) >= 4
    for block in whole:
        load_document(block, "docs/mappings.md")
    shown = "\n".join(whole)
    for name in ("quotas", "rates", "funnel_leads"):
        assert (FOLDER / f"{name}.yaml").read_text() in shown, name
