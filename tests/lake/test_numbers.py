"""Every number twice: by the lake's SQL, and by plain Python over an invented history with late and deleted events."""

from __future__ import annotations

import statistics
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from salescommand_lake import Engine
from salescommand_lake.books import data_as_of, raw_books
from salescommand_lake.fold import fill_intervals, fold_pending
from salescommand_lake.mapping.currencies import EXPONENTS
from salescommand_lake.metrics import REGISTRY, MetricQuery, MetricResult, compute
from salescommand_lake.metrics.definition import Formula
from salescommand_lake.reads.question import Filter, QueryError
from salescommand_lake.records import QuarantineQuery, RecordQuery, get_record, list_quarantine, list_records
from salescommand_lake.schema import ensure_schema
from salescommand_lake.serving import VIEWS, latest, refresh, view_of
from tests.support.depth import deep, some
from tests.support.lake_events import START, event, store
from tests.support.sales_history import Told, history, rate_rows, rows
from tests.support.sales_reference import numbers

DEALS = [slug for slug, metric in REGISTRY.items() if metric.noun_name == "opportunity" and not metric.compose]
STAYS = [slug for slug, metric in REGISTRY.items() if metric.noun_name == "stage_visit" and not metric.compose]
MOMENTS: tuple[dict[str, str], ...] = (
    {},
    {"as_of": "2026-01-14T12:00:00Z"},
    {"known_at": "2026-01-01T00:02:20Z"},
    {"as_of": "2026-01-14", "known_at": "2026-01-01T00:02:20Z"},
)


async def tell(engine: Engine, told: list[Told], batches: int = 3) -> None:
    """Store the history in some batches, folding after each, with the rates first."""
    await store(engine, rate_rows(0), "rates")
    size = len(told) // batches + 1
    for number in range(batches):
        part = told[number * size : (number + 1) * size]
        if part:
            await store(engine, rows(part), f"b{number}")
        await fold_pending(engine)


async def all_rows(engine: Engine, drill: str) -> tuple[list[dict[str, Any]], int]:
    """Follow a drill address through all its pages."""
    address = urlsplit(drill)
    record_type, params = address.path.removeprefix("/api/records/"), parse_qsl(address.query, keep_blank_values=True)
    items: list[dict[str, Any]] = []
    cursor: list[tuple[str, str]] = []
    while True:
        page = await list_records(engine, RecordQuery.parse(record_type, [*params, ("limit", "100"), *cursor]))
        items += page.items
        if page.next_cursor is None:
            return items, page.total
        cursor = [("cursor", page.next_cursor)]


def by_formula(slug: str, items: list[dict[str, Any]], currency: str = "USD") -> Decimal | None:
    """Compute a metric again from its rows, as its definition says."""
    metric = REGISTRY[slug]
    given = [item.get(metric.measure) or item["fields"].get(metric.measure) for item in items]
    values = [(Decimal(str(one)), item) for one, item in zip(given, items, strict=True) if one is not None]
    passing = [item for item in items if metric.passes and _has(item, metric.passes)]
    total = sum((one for one, _ in values), Decimal(0))
    unit = Decimal("0.000001") if metric.unit == "fraction" else Decimal(1).scaleb(-EXPONENTS[currency])
    unit = Decimal("0.01") if metric.unit == "days" else unit
    match metric.kind:
        case Formula.COUNT:
            return Decimal(len(items))
        case Formula.SUM:
            return total
        case Formula.MEAN:
            return (total / len(values)).quantize(unit, ROUND_HALF_UP) if values else None
        case Formula.MEDIAN:
            return statistics.median(one for one, _ in values).quantize(unit, ROUND_HALF_UP) if values else None
        case Formula.SHARE:
            return (Decimal(len(passing)) / len(items)).quantize(unit, ROUND_HALF_UP) if items else None
        case _:
            won = sum((one for one, item in values if item in passing), Decimal(0))
            return (won / total).quantize(unit, ROUND_HALF_UP) if total else None


def _has(item: dict[str, Any], one: Filter) -> bool:
    return str(item["fields"][one.field]).lower() == one.values[0]


async def opens(engine: Engine, slug: str, answer: MetricResult) -> None:
    """Check that a number and some of its groups open to exactly their rows, and that these give the number."""
    metric = REGISTRY[slug]
    for part in (answer.whole, *some(answer.groups, 3)):
        items, total = await all_rows(engine, part.drill)
        assert total == part.rows == len({item["canonical_id"] for item in items}), part.drill
        if metric.compose:
            numbers = {}
            for one in part.parts:
                found, total = await all_rows(engine, one.drill)
                assert total == one.rows
                numbers[one.metric] = by_formula(one.metric, found, answer.currency or "USD")
                assert (None if one.value is None else Decimal(one.value)) == numbers[one.metric], (slug, one)
            above, below = metric.compose(numbers)
            assert (part.value is None) == (above is None or not below)
            if part.value is not None and above is not None and below is not None:
                assert abs(Decimal(part.value) - above / below) <= Decimal("0.5").scaleb(
                    -2 if metric.unit == "currency" else -6
                )
            continue
        expected = by_formula(slug, items, answer.currency or "USD")
        assert (None if part.value is None else Decimal(part.value)) == expected, (slug, part.drill)
        if part.numerator_drill:
            found, total = await all_rows(engine, part.numerator_drill)
            assert metric.kind is not Formula.SHARE or Decimal(total) == Decimal(part.numerator or "")
    if answer.groups and not metric.compose:
        assert sum(group.rows for group in answer.groups) == answer.rows
        assert sum(group.unpriced for group in answer.groups) == answer.unpriced


async def test_every_number_opens_to_rows_that_give_it(engine: Engine) -> None:
    told = history(1, deals=15)
    await tell(engine, told)
    asked: dict[str, list[tuple[str, str]]] = {
        "now": [],
        "stage": [("by", "segment"), ("known_at", "2026-01-01T00:02:20Z")],
        "period": [("by", "month"), ("filter[owner]", "Ann,Bo"), ("from", "2026-01-03"), ("to", "2026-02-25")],
        "past": [("by", "quarter"), ("as_of", "2026-01-12"), ("currency", "EUR")],
    }
    composed = ["velocity", "probability-gap"]
    for number, slug in enumerate([*DEALS, *STAYS, *composed]):
        # Each metric in some of the four ways, so that all metrics, filters and moments meet in the run.
        for name in [list(asked)[(number + n) % len(asked)] for n in range(min(deep(1), len(asked)))]:
            params = asked[name]
            if name == "now" and slug.startswith("time-in-stage"):
                params = [("as_of", "2026-02-01")]  # a stay that has not ended grows while it is looked at
            await opens(engine, slug, await compute(engine, slug, MetricQuery.parse(params)))


async def test_sums_match_a_count_by_hand(engine: Engine) -> None:
    told = history(7, deals=40)
    await tell(engine, told)
    for number, moment in enumerate(MOMENTS):
        await compare(engine, told, moment, ("USD", "JPY")[number % 2])


async def compare(engine: Engine, told: list[Told], moment: dict[str, str], currency: str) -> None:
    """Compare every metric of deals at a moment with what plain Python makes of the history."""
    query = MetricQuery.parse([*moment.items(), ("currency", currency)])
    expected = numbers(told, query.as_of, query.known_at, currency)
    assert set(expected) == {*DEALS, *STAYS} - {"time-in-stage", "time-in-stage-median"}
    for slug, (total, count) in expected.items():
        answer = await compute(engine, slug, query)
        got = None if answer.value is None else Decimal(answer.value)
        assert (got, answer.rows) == (total, count), (slug, moment, currency)


async def test_rates_invert_and_cross(engine: Engine) -> None:
    await store(engine, rate_rows(0), "rates")
    deal = {"id": "1", "status": "won", "amount": "160000", "currency": "JPY", "close_date": "2026-01-12"}
    await store(engine, [event(50, deal)], "b")
    await fold_pending(engine)
    # 160,000 JPY are 1,000 EUR, and 1.23456789 USD for one EUR on that day.
    assert (await compute(engine, "won-value", MetricQuery())).value == "1234.57"
    assert (await compute(engine, "won-value", MetricQuery(currency="EUR"))).value == "1000.00"
    assert (await compute(engine, "won-value", MetricQuery(currency="JPY"))).value == "160000"
    swiss = await compute(engine, "won-value", MetricQuery(currency="CHF"))
    assert (swiss.value, swiss.rows, swiss.unpriced) == ("0.00", 1, 1)


async def test_half_a_cent_is_rounded_up_row_by_row(engine: Engine) -> None:
    await store(
        engine,
        [
            event(
                0,
                {"id": "r", "base": "EUR", "quote": "USD", "day": "2026-01-01", "rate": "0.5"},
                source="rates",
                entity_type="exchange_rate",
                record_type="exchange_rate",
            )
        ],
        "rates",
    )
    deals = [{"id": str(n), "status": "open", "amount": "0.01", "currency": "EUR"} for n in range(3)]
    await store(engine, [event(n + 1, deal) for n, deal in enumerate(deals)], "b")
    await fold_pending(engine)
    assert (await compute(engine, "open-pipeline", MetricQuery())).value == "0.03"


async def test_a_late_event_changes_what_was_true_but_not_what_was_known(engine: Engine) -> None:
    first = Told("d", START + timedelta(days=5), 10, {"status": "open", "amount": "100", "currency": "USD"})
    late = Told("d", START + timedelta(days=2), 20, {"status": "open", "amount": "40", "currency": "USD"})
    for number, one in enumerate((first, late)):
        await store(engine, rows([one]), f"b{number}")
        await fold_pending(engine)

    async def pipeline(**moment: str) -> Any:
        return (await compute(engine, "open-pipeline", MetricQuery.parse(moment.items()))).value

    assert await pipeline() == "100.00"
    assert await pipeline(as_of="2026-01-04") == "40.00"
    assert await pipeline(as_of="2026-01-04", known_at="2026-01-01T00:00:15Z") == "0.00"


async def test_a_lake_from_before_the_intervals_is_filled_before_it_answers(engine: Engine) -> None:
    await tell(engine, history(4))
    asked = MetricQuery.parse([("as_of", "2026-01-14"), ("by", "stage")])
    before = [(await compute(engine, slug, asked)).as_dict()["groups"] for slug in ("open-pipeline", "time-in-stage")]
    for table in ("opportunity_intervals", "opportunity_latest"):
        await engine.command(f"DROP TABLE {table}")
    await ensure_schema(engine)
    after = [(await compute(engine, slug, asked)).as_dict()["groups"] for slug in ("open-pipeline", "time-in-stage")]
    assert after == before
    assert await fill_intervals(engine) == 0


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ([("by", "colour")], "by"),
        ([("by", "stage"), ("by", "stage")], "by"),
        ([("filter[colour]", "x")], "filter[colour]"),
        ([("filter[amount][gte]", "much")], "filter[amount][gte]"),
        ([("filter[close_date]", "2026-02-30")], "filter[close_date]"),
        ([("filter[close_date][gte]", "soon")], "filter[close_date][gte]"),
    ],
)
async def test_what_cannot_be_asked_is_named(engine: Engine, params: list[tuple[str, str]], parameter: str) -> None:
    with pytest.raises(QueryError) as caught:
        await compute(engine, "won-value", MetricQuery.parse(params))
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "{x:String}", "\\", "%", "a\nb", "\N{SNOWMAN}", "'; DROP TABLE owners"]
)
async def test_a_filter_is_never_sql(engine: Engine, text: str) -> None:
    await store(engine, [event(1, {"id": "1", "status": "open", "owner_name": text}), event(2, {"id": "2"})], "b")
    await fold_pending(engine)
    owner = text.replace("\\", "\\\\")
    answer = await compute(engine, "opportunity-count", MetricQuery.parse([("filter[owner]", owner), ("by", "owner")]))
    # Space around a value is not part of it.
    assert [group.key["owner"] for group in answer.groups] == [text.strip()] or text.strip() != text
    assert answer.rows == 1
    await opens(engine, "opportunity-count", answer)


async def test_books_and_reach_follow_the_fold(engine: Engine) -> None:
    await store(
        engine,
        [
            event(1, {"id": "1", "name": "A"}),
            event(2, {"id": "1", "name": "B"}),
            event(3, {"id": "9"}, entity_type="weather", record_type=""),
        ],
        "b1",
    )
    books = (await raw_books(engine))["crm"]
    assert books == {
        "raw": 3,
        "pending": 3,
        "applied": 0,
        "superseded": 0,
        "ignored": 0,
        "quarantined": 0,
        "expired": 0,
    }
    assert (await data_as_of(engine))["crm"] == START + timedelta(seconds=1) - timedelta(microseconds=1)
    await fold_pending(engine)
    books = (await raw_books(engine))["crm"]
    assert (books["pending"], books["ignored"]) == (0, 1)
    assert books["raw"] == sum(count for term, count in books.items() if term != "raw")
    assert (await data_as_of(engine))["crm"] == START + timedelta(seconds=3)


async def test_published_views_say_what_the_metrics_say_and_only_changes_are_added(engine: Engine) -> None:
    told = history(3)
    await tell(engine, told)
    assert (await refresh(engine, "USD")).published > 20
    assert (await refresh(engine, "USD")).published == 0
    for view in VIEWS:
        answer = await compute(engine, view.metric.slug, MetricQuery(by=view.by))
        published = {tuple(sorted(row.key.items())): row for row in await latest(engine, view)}
        parts = answer.groups or (() if view.by else (answer,))
        for part in parts:
            key = {} if not view.by else {name: text for name, text in part.key.items() if text is not None}
            row = published.pop(tuple(sorted(key.items())))
            assert (row.rows, row.unpriced) == (part.rows, part.unpriced), view.name
            assert (None if part.value is None else Decimal(part.value)) == (
                None if row.value is None else Decimal(row.value)
            ), (view.name, key)
        assert not published, (view.name, published)


async def test_only_the_nouns_that_changed_are_published_again(engine: Engine) -> None:
    marks: dict[str, str] = {}
    deal = {"id": "1", "status": "open", "stage": "Proposal", "amount": "5", "currency": "USD"}
    await store(engine, [event(1, deal)], "b1")
    await fold_pending(engine)
    await refresh(engine, "USD", marks)
    before = dict(marks)
    invoice = {"id": "i", "status": "open", "amount_due": "7", "currency": "USD"}
    await store(engine, [event(2, invoice, entity_type="invoice", record_type="invoice")], "b2")
    await fold_pending(engine)
    assert (await refresh(engine, "USD", marks)).published > 0
    assert {name for name, mark in marks.items() if mark != before[name]} == {"invoice"}
    await refresh(engine, "EUR", marks)
    assert all(mark != before[name] for name, mark in marks.items())


async def test_a_row_that_nothing_stands_behind_is_withdrawn(engine: Engine) -> None:
    view = view_of("open-pipeline-by-stage")
    assert view is not None
    deal = {"id": "1", "status": "open", "stage": "Proposal", "amount": "5", "currency": "USD"}
    await store(engine, [event(1, deal)], "b1")
    await fold_pending(engine)
    await refresh(engine, "USD")
    assert [(row.key, row.value) for row in await latest(engine, view)] == [({"stage": "Proposal"}, "5.00")]
    await store(engine, [event(2, {**deal, "stage": "Verbal"})], "b2")
    await fold_pending(engine)
    await refresh(engine, "USD")
    assert [row.key for row in await latest(engine, view)] == [{"stage": "Verbal"}]


async def test_a_record_names_the_event_of_each_field(engine: Engine) -> None:
    await store(
        engine,
        [
            event(1, {"id": "1", "name": "A", "amount": "10", "currency": "USD"}),
            event(2, {"id": "1", "amount": "12,50"}, operation="patch"),
            event(3, {"id": "1", "name": "B"}, operation="patch"),
        ],
        "b",
    )
    await fold_pending(engine)
    page = await list_records(engine, RecordQuery(type="opportunity"))
    record = await get_record(engine, "opportunity", page.items[0]["canonical_id"])
    assert record is not None
    assert record.fields["name"].value == "B"
    assert record.fields["name"].received_at == START + timedelta(seconds=3)
    assert record.fields["amount"].value == "10", "what can't be read keeps the value before"
    assert record.fields["amount"].received_at == START + timedelta(seconds=1)
    assert record.history[0].changes["name"] == ("A", "B")
    quarantine = await list_quarantine(engine, QuarantineQuery())
    assert [(item["field"], item["value"]) for item in quarantine.items] == [("amount", "12,50")]
    assert quarantine.total == quarantine.groups[0]["count"] == 1
    before = await get_record(engine, "opportunity", record.canonical_id, known_at=START + timedelta(seconds=2))
    assert before is not None
    assert before.fields["name"].value == "A"
    assert await get_record(engine, "opportunity", record.canonical_id, as_of=START - timedelta(days=1)) is None


@pytest.mark.parametrize(
    "sort", ["amount", "-amount", "close_date", "-updated_at", "title", "owner", "-quality_score", "value"]
)
async def test_pages_in_any_order_hold_each_record_once(engine: Engine, sort: str) -> None:
    await tell(engine, history(5))
    everything = await list_records(engine, RecordQuery(type="opportunity", sort=sort, limit=500))
    seen: list[str] = []
    cursor = None
    while True:
        page = await list_records(engine, RecordQuery(type="opportunity", sort=sort, limit=4, cursor=cursor))
        seen += [item["canonical_id"] for item in page.items]
        assert page.total == everything.total
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [item["canonical_id"] for item in everything.items]
