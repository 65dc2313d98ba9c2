"""Plans: what is declared and what is there meet in steps; after an apply there are none; nothing unapproved leaves."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from salescommand_lake import Engine, LakeSettings, open_engine
from salescommand_lake.errors import LakeError
from salescommand_lake.plan.apply import apply_plan, look, plan_lake
from salescommand_lake.plan.decide import decide
from salescommand_lake.plan.guard import Guarded, NotApproved
from salescommand_lake.plan.plan import Plan
from salescommand_lake.plan.spec import (
    ChangePolicy,
    Consent,
    LakeSpec,
    PartitionBy,
    Projection,
    PromotedColumn,
    Retention,
    SkipIndex,
    Zone,
    ZoneSpec,
)
from salescommand_lake.plan.steps import Action, Risk
from salescommand_lake.schema import declared_raw_retention, ensure_schema, require_schema
from tests.support.depth import deep

OWNER = "sales/main"
ALLOW = ChangePolicy(destructive=Consent.ALLOW, costly=Consent.ALLOW)


def spec_of(engine: Engine, policy: ChangePolicy = ALLOW, owner: str = OWNER, **zones: ZoneSpec) -> LakeSpec:
    names = {"raw": Zone.RAW, "canonical": Zone.CANONICAL, "serving": Zone.SERVING}
    return LakeSpec(owner, engine.database, {names[name]: zone for name, zone in zones.items()}, policy)


async def applied(engine: Engine, spec: LakeSpec) -> Plan:
    """Plan, apply, and return the plan that ran."""
    plan = await plan_lake(engine, spec)
    outcome = await apply_plan(engine, plan, decide(plan, spec.policy, None))
    assert outcome.failed is None, (outcome.failed, outcome.error)
    return plan


async def published(engine: Engine, days: list[int]) -> None:
    """Publish one row of that many days ago each."""
    now = datetime.now(UTC).replace(microsecond=0)
    rows = [
        {"view_id": f"v{age}", "entity_type": "opportunity", "payload": {}, "refreshed_at": now - timedelta(days=age)}
        for age in days
    ]
    await engine.insert("serving_views", rows)


async def count(engine: Engine, table: str) -> int:
    return int((await engine.query(f"SELECT count() AS n FROM {table}"))[0]["n"])


async def test_from_nothing_to_a_lake_that_the_backend_accepts(
    lake_settings: LakeSettings, empty_engine: Engine
) -> None:
    spec = spec_of(empty_engine)
    anywhere = open_engine(dataclasses.replace(lake_settings, database="default"))
    plan = await plan_lake(anywhere, spec)
    await anywhere.close()
    assert (await apply_plan(empty_engine, plan, decide(plan, ChangePolicy(), None))).failed is None
    assert plan.steps[0].action is Action.CREATE_DATABASE
    assert plan.risk is Risk.SAFE
    await require_schema(empty_engine)
    again = await plan_lake(empty_engine, spec)
    assert again.steps == ()
    assert (again.owner, again.first_run) == (OWNER, False)
    assert "no changes" in again.as_text()


_TYPES = st.sampled_from(["String", "Int64", "Decimal(18, 4)", "DateTime64(3)", "LowCardinality(String)"])
_COLUMNS = st.lists(
    st.builds(
        PromotedColumn,
        st.sampled_from(["deal_amount", "deal_stage", "region"]),
        st.sampled_from(["amount", "deal.amount", "properties.stage"]),
        _TYPES,
        st.sampled_from([SkipIndex.NONE, SkipIndex.MINMAX, SkipIndex.SET]),
        st.booleans(),
    )
    | st.just(PromotedColumn("region", "region", "String", SkipIndex.BLOOM_FILTER)),
    max_size=2,
    unique_by=lambda column: column.name,
)
_PROJECTIONS = st.lists(
    st.sampled_from(
        [
            Projection("p_kind", order_by=("entity_type",)),
            Projection("p_count", group_by=("entity_type",), aggregates=("count()",), backfill=True),
        ]
    ),
    max_size=2,
    unique_by=lambda projection: projection.name,
)
_ZONES = st.builds(
    ZoneSpec,
    retention=st.builds(Retention, st.sampled_from([0, 30, 400])),
    promoted_columns=_COLUMNS.map(tuple),
    projections=_PROJECTIONS.map(tuple),
    settings=st.sampled_from([{}, {"merge_with_ttl_timeout": "3600"}, {"old_parts_lifetime": "60"}]),
)


@settings(
    max_examples=deep(3),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=st.lists(st.tuples(_ZONES, _ZONES, _ZONES), min_size=1, max_size=3))
async def test_after_an_apply_the_plan_is_empty(engine: Engine, edits: list[tuple[ZoneSpec, ...]]) -> None:
    """Whatever is declared, and whatever was before."""
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    await published(engine, [1, 60, 500])
    for raw, canonical, serving in edits:
        spec = spec_of(engine, policy, raw=raw, canonical=canonical, serving=serving)
        await applied(engine, spec)
        again = await plan_lake(engine, spec)
        assert again.steps == (), again.as_text()


async def test_what_is_no_longer_declared_goes_and_what_others_made_stays(engine: Engine) -> None:
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    column = PromotedColumn("deal_amount", "amount", "Decimal(18, 4)", SkipIndex.MINMAX)
    zone = ZoneSpec(promoted_columns=(column,), projections=(Projection("p_kind", order_by=("source",)),))
    await applied(engine, spec_of(engine, policy, raw=zone))
    await engine.command("ALTER TABLE raw_events ADD COLUMN by_hand String")
    plan = await applied(engine, spec_of(engine, policy, raw=ZoneSpec()))
    gone = {(step.action, step.object, step.risk) for step in plan.steps}
    assert gone == {
        (Action.DROP_PROJECTION, "raw_events.p_kind", Risk.COSTLY),
        (Action.DROP_INDEX, "raw_events.promoted_deal_amount", Risk.COSTLY),
        (Action.DROP_COLUMN, "raw_events.deal_amount", Risk.DESTRUCTIVE),
    }


async def test_a_promoted_column_holds_the_value_of_its_path(engine: Engine) -> None:
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    await published(engine, [1])
    await engine.command(
        'INSERT INTO serving_views (view_id, payload) VALUES (\'x\', \'{"deal": {"amount": "12.50"}}\')'
    )
    column = PromotedColumn("amount", "deal.amount", "Decimal(18, 4)", backfill=True)
    plan = await applied(engine, spec_of(engine, policy, serving=ZoneSpec(promoted_columns=(column,))))
    assert [step.action for step in plan.steps] == [Action.ADD_COLUMN, Action.MATERIALIZE_COLUMN]
    rows = await engine.query("SELECT toString(amount) AS amount FROM serving_views ORDER BY view_id")
    assert [row["amount"] for row in rows] == ["0", "12.5"]


async def test_shortening_is_destructive_estimated_frozen_and_approved_by_hash(engine: Engine) -> None:
    policy = ChangePolicy(adopt_existing=True)
    await published(engine, [1, 40, 50])
    long, short = (ZoneSpec(retention=Retention(days)) for days in (365, 30))
    first = spec_of(engine, dataclasses.replace(policy, destructive=Consent.ALLOW), serving=long)
    await applied(engine, first)
    spec = spec_of(engine, policy, serving=short)
    plan = await plan_lake(engine, spec)
    freeze, change = plan.steps
    assert (freeze.action, change.action, change.risk, change.rows) == (
        Action.FREEZE, Action.MODIFY_TTL, Risk.DESTRUCTIVE, 2,
    )  # fmt: skip
    assert "365 days to 30 days: 2 rows are older and go at once" in change.reason
    refused = decide(plan, policy, None)
    assert (refused.may_run, refused.reason) == (False, "ApprovalRequired")
    assert plan.hash in refused.message
    assert decide(plan, policy, "sha256:" + "0" * 64).reason == "StaleApproval"
    with pytest.raises(NotApproved, match="ApprovalRequired"):
        await apply_plan(engine, plan, refused)
    assert await count(engine, "serving_views") == 3
    await published(engine, [2])
    same = await plan_lake(engine, spec)
    assert same.hash == plan.hash, "new rows move the estimate, not what is approved"
    approved = decide(same, policy, plan.hash)
    assert approved.reason == "Approved"
    assert (await apply_plan(engine, same, approved)).failed is None
    await engine.command("OPTIMIZE TABLE serving_views FINAL")
    assert await count(engine, "serving_views") == 2


async def test_lengthening_loses_no_row(engine: Engine) -> None:
    """With the setting that forums advise, parts keep their old expiry and their rows are lost."""
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    await published(engine, [1, 20, 25])
    await applied(engine, spec_of(engine, policy, serving=ZoneSpec(retention=Retention(30))))
    plan = await applied(engine, spec_of(engine, policy, serving=ZoneSpec(retention=Retention(3650))))
    assert [(step.action, step.risk) for step in plan.steps] == [(Action.MODIFY_TTL, Risk.COSTLY)]
    assert "materialize_ttl_after_modify = 1" in plan.steps[0].sql
    await engine.command("OPTIMIZE TABLE serving_views FINAL")
    assert await count(engine, "serving_views") == 3
    expiry = await engine.query(
        "SELECT min(toUnixTimestamp(delete_ttl_info_min)) AS first FROM system.parts "
        "WHERE database = {d:String} AND table = 'serving_views' AND active",
        {"d": engine.database},
    )
    years = (datetime.fromtimestamp(int(expiry[0]["first"]), UTC) - datetime.now(UTC)).days
    assert years > 3600, "the parts themselves say so"


async def test_retention_keeps_the_current_version_of_each_record(engine: Engine) -> None:
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    now = datetime.now(UTC).replace(microsecond=0)
    for record, ages in (("opp_1", [900, 800, 700]), ("opp_2", [900, 10])):
        rows = [
            {
                "canonical_id": record, "entity_type": "opportunity", "payload": {"amount": str(age)},
                "quality_score": 1.0, "validated_at": now - timedelta(days=age), "ord": 10_000 - age,
                "operation": "full", "is_deleted": False,
            }
            for age in ages
        ]  # fmt: skip
        await engine.insert("canonical_records", rows)
    await applied(engine, spec_of(engine, policy, canonical=ZoneSpec(retention=Retention(365))))
    await engine.command("OPTIMIZE TABLE canonical_records FINAL")
    rows = await engine.query(
        "SELECT canonical_id, payload.amount.:String AS amount FROM canonical_records ORDER BY canonical_id, ord"
    )
    assert [(row["canonical_id"], row["amount"]) for row in rows] == [
        ("opp_1", "700"), ("opp_2", "900"), ("opp_2", "10"),
    ]  # fmt: skip


async def test_raw_events_go_by_the_worker_which_the_ledger_tells_after_how_many_days(engine: Engine) -> None:
    """A TTL would not wait until events are in the records."""
    policy = ChangePolicy(adopt_existing=True)
    assert await declared_raw_retention(engine) is None
    spec = spec_of(engine, policy, raw=ZoneSpec(retention=Retention(30)))
    plan = await plan_lake(engine, spec)
    assert [(step.action, step.risk) for step in plan.steps] == [(Action.RAW_RETENTION, Risk.DESTRUCTIVE)]
    assert decide(plan, policy, None).reason == "ApprovalRequired"
    assert (await apply_plan(engine, plan, decide(plan, policy, plan.hash))).failed is None
    assert await declared_raw_retention(engine) == 30
    assert (await plan_lake(engine, spec)).steps == ()
    longer = await plan_lake(engine, spec_of(engine, policy, raw=ZoneSpec()))
    assert [(step.action, step.risk) for step in longer.steps] == [(Action.RAW_RETENTION, Risk.SAFE)]
    assert (await apply_plan(engine, longer, decide(longer, policy, None))).failed is None
    assert await declared_raw_retention(engine) == 0
    with pytest.raises(ValueError, match="by day or month"):
        spec_of(engine, raw=ZoneSpec(PartitionBy.WEEK, Retention(30)))


async def test_a_declared_lake_is_one_that_the_backend_works_with(empty_engine: Engine) -> None:
    """What is declared of a table (retention, partitions, settings) is no difference for who only verifies."""
    zones = {
        "raw": ZoneSpec(PartitionBy.DAY, settings={"non_replicated_deduplication_window": "5"}),
        "canonical": ZoneSpec(retention=Retention(365)),
    }
    await empty_engine.ensure_database()
    await applied(empty_engine, spec_of(empty_engine, **zones))
    await require_schema(empty_engine)
    assert (await ensure_schema(empty_engine)).altered == ()
    assert (await plan_lake(empty_engine, spec_of(empty_engine, **zones))).steps == ()


async def test_what_is_ignored_may_differ(engine: Engine) -> None:
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    await applied(engine, spec_of(engine, policy))
    await engine.command("ALTER TABLE raw_events MODIFY SETTING old_parts_lifetime = 60")
    assert len((await plan_lake(engine, spec_of(engine, policy))).steps) == 1
    ignoring = dataclasses.replace(spec_of(engine, policy), ignore=("raw_events.old_*",))
    assert (await plan_lake(engine, ignoring)).steps == ()


async def test_parts_that_carry_another_expiry_are_counted(engine: Engine) -> None:
    """The table's text can say one thing and its parts another: the latter decide when rows go."""
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    now = datetime.now(UTC)
    record = {
        "canonical_id": "opp_1", "entity_type": "opportunity", "payload": {}, "quality_score": 1.0,
        "validated_at": now, "ord": 1, "operation": "full", "is_deleted": False,
    }  # fmt: skip
    await engine.insert("canonical_records", [record])
    await published(engine, [1, 2])
    zones = {"serving": ZoneSpec(retention=Retention(30)), "canonical": ZoneSpec(retention=Retention(60))}
    await applied(engine, spec_of(engine, policy, **zones))

    async def pending() -> dict[str, int]:
        tables = (await look(engine, spec_of(engine, policy, **zones))).seen.tables
        return {name: table.ttl_pending for name, table in tables.items() if table.ttl_pending}

    assert await pending() == {}
    lazily = "SETTINGS materialize_ttl_after_modify = 0"
    await engine.command(f"ALTER TABLE serving_views MODIFY TTL refreshed_at + toIntervalDay(40) {lazily}")
    await engine.command(f"ALTER TABLE canonical_records REMOVE TTL {lazily}")
    assert await pending() == {"serving_views": 2, "canonical_records": 1}
    await engine.command("ALTER TABLE serving_views MATERIALIZE TTL SETTINGS mutations_sync = 2")
    assert "serving_views" not in await pending()


async def test_what_no_statement_can_change_is_refused_with_the_way_out(engine: Engine) -> None:
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    plan = await plan_lake(engine, spec_of(engine, policy, raw=ZoneSpec(PartitionBy.DAY)))
    assert [step.risk for step in plan.steps] == [Risk.IMPOSSIBLE]
    decision = decide(plan, policy, plan.hash)
    assert (decision.may_run, decision.reason) == (False, "Refused")
    assert "rebuild it from raw" in decision.message


async def test_tables_of_somebody_else_are_taken_over_only_when_told_to(engine: Engine) -> None:
    policy = ChangePolicy()
    plan = await plan_lake(engine, spec_of(engine, policy))
    assert plan.steps == ()
    decision = decide(plan, policy, None)
    assert (decision.may_run, decision.reason) == (False, "FirstRunDestructive")
    adopting = dataclasses.replace(policy, adopt_existing=True)
    await applied(engine, spec_of(engine, adopting))
    assert decide(await plan_lake(engine, spec_of(engine, policy)), policy, None).reason == "NoChanges"
    other = await plan_lake(engine, spec_of(engine, policy, owner="sales/other"))
    assert "were declared by sales/main" in decide(other, policy, None).message


async def test_drift_is_found_and_healed(any_engine: Engine) -> None:
    engine = any_engine
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    await applied(engine, spec_of(engine, policy))
    await engine.command("ALTER TABLE quarantine DROP COLUMN reason")
    await engine.command("ALTER TABLE raw_events MODIFY SETTING non_replicated_deduplication_window = 5")
    await engine.command("DROP TABLE raw_batches_feed")
    plan = await plan_lake(engine, spec_of(engine, policy))
    found = {(step.action, step.object, step.got) for step in plan.steps}
    assert (Action.ADD_COLUMN, "quarantine.reason", "") in found
    assert (Action.MODIFY_SETTING, "raw_events.non_replicated_deduplication_window", "5") in found
    assert (Action.CREATE_VIEW, "raw_batches_feed", "") in found
    await applied(engine, spec_of(engine, policy))
    assert (await plan_lake(engine, spec_of(engine, policy))).steps == ()


async def test_nothing_unapproved_passes_the_guard(engine: Engine) -> None:
    reader = Guarded(engine)
    writes = ["DROP TABLE raw_events", "INSERT INTO raw_events (source) SELECT 'x'", "SELECT 1 INTO OUTFILE '/tmp/x'"]
    for sql in writes:
        with pytest.raises(NotApproved):
            await reader.query(sql)
        with pytest.raises(NotApproved):
            await reader.command(sql)
    with pytest.raises(NotApproved):
        await reader.insert("schema_ledger", [{"name": "x"}])
    with pytest.raises(NotApproved):
        await reader.ensure_database()
    armed = Guarded(engine, ["OPTIMIZE TABLE raw_events"])
    await armed.command("OPTIMIZE TABLE raw_events")
    with pytest.raises(NotApproved):
        await armed.command("OPTIMIZE TABLE raw_events FINAL")


async def test_a_step_that_fails_is_named_and_the_next_plan_goes_on(
    lake_settings: LakeSettings, engine: Engine
) -> None:
    policy = dataclasses.replace(ALLOW, adopt_existing=True)
    columns = (PromotedColumn("one", "a", "String"), PromotedColumn("two", "b", "String"))
    spec = spec_of(engine, policy, raw=ZoneSpec(promoted_columns=columns))
    plan = await plan_lake(engine, spec)
    other = open_engine(lake_settings)
    await other.command("ALTER TABLE raw_events ADD COLUMN two Int64")
    broken = dataclasses.replace(plan.steps[1], sql=plan.steps[1].sql.replace("IF NOT EXISTS ", ""))
    outcome = await apply_plan(
        engine, dataclasses.replace(plan, steps=(plan.steps[0], broken)), decide(plan, policy, None)
    )
    assert [step.object for step in outcome.applied] == ["raw_events.one"]
    assert outcome.failed == broken
    assert "already exists" in outcome.error
    await other.close()
    assert (await applied(engine, spec)).of_risk(Risk.DESTRUCTIVE)[0].action is Action.MODIFY_COLUMN


@pytest.mark.parametrize(
    "make",
    [
        lambda: PromotedColumn("a b", "x", "String"),
        lambda: PromotedColumn("a", "x'); DROP TABLE y", "String"),
        lambda: PromotedColumn("a", "x", "String) DEFAULT sleep(3"),
        lambda: PromotedColumn("a", "x", "Decimal(18, 4)", SkipIndex.BLOOM_FILTER),
        lambda: Projection("p_x", group_by=("a",), aggregates=("sum(a), sleep(3)",)),
        lambda: Projection("p_x", order_by=("a; DROP TABLE y",)),
        lambda: Projection("p_x"),
        lambda: ZoneSpec(settings={"index_granularity": "1, x = 2"}),
        lambda: ZoneSpec(settings={"a = 1, b": "1"}),
        lambda: Retention(10, cold_after_days=20),
        lambda: Retention(10, 5, "cold'"),
        lambda: LakeSpec(OWNER, "sales`; DROP DATABASE x"),
    ],
)
def test_no_sql_and_nothing_impossible_comes_in_through_a_declaration(make) -> None:
    with pytest.raises((ValueError, LakeError)):
        make()
