"""One plan for several servers: whole, in order, and each ALTER of a replicated table once for each shard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from salescommand_lake.plan.plan import Plan
from salescommand_lake.plan.servers import merged, share
from salescommand_lake.plan.spec import LakeSpec
from salescommand_lake.plan.steps import Action, Risk, Step
from salescommand_lake.plan.wanted import wanted
from salescommand_lake.statements import all_statements

EMPTY = Plan("salesintel", "default/lake")
MAKE = Step(Action.CREATE_TABLE, "a", Risk.SAFE, "", "CREATE a")
ADD = Step(Action.ADD_COLUMN, "a.x", Risk.SAFE, "", "ALTER a ADD x", rows=3)
SET = Step(Action.MODIFY_SETTING, "a.s", Risk.SAFE, "", "ALTER a MODIFY s")


def plan(*steps: Step) -> Plan:
    return replace(EMPTY, steps=steps)


def test_the_plan_of_all_has_every_step_once_with_the_largest_estimate() -> None:
    rebuilt, behind = plan(MAKE, SET), plan(replace(ADD, rows=9), SET)
    whole = merged([plan(ADD), rebuilt, behind])
    assert sorted(step.object for step in whole.steps) == ["a", "a.s", "a.x"]
    assert next(step.rows for step in whole.steps if step is not MAKE and step.object == "a.x") == 9
    assert [step.object for step in whole.steps].index("a") < [step.object for step in whole.steps].index("a.s")
    assert merged([plan(ADD)]).hash == plan(ADD).hash, "one server's plan is its own"
    with pytest.raises(ValueError, match="no plan"):
        merged([])


def test_an_alter_runs_once_for_each_shard_and_a_create_everywhere() -> None:
    plans = dict.fromkeys(("a-0", "a-1", "b-0"), plan(MAKE, ADD, SET))
    shards = {"a-0": 0, "a-1": 0, "b-0": 1}
    found = {name: [step.action for step in each.steps] for name, each in share(plans, shards, replicated=True).items()}
    whole = [Action.CREATE_TABLE, Action.ADD_COLUMN, Action.MODIFY_SETTING]
    assert found == {"a-0": whole, "a-1": [Action.CREATE_TABLE, Action.MODIFY_SETTING], "b-0": whole}
    alone = share(plans, shards, replicated=False)
    assert all(each == plans[name] for name, each in alone.items())


def test_every_table_of_a_replicated_lake_names_its_path(engine_spelling: list[str]) -> None:
    """ClickHouse refuses its own default path where a replica makes its table by itself."""
    objects = wanted(LakeSpec("default/lake", replicated=True), all_statements(), engine_spelling)
    tables = [each.sql for each in objects if each.kind == "table"]
    assert len(tables) > 20
    path = "MergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
    assert [sql[:60] for sql in tables if path not in sql] == []
    assert [sql[:60] for sql in tables if " non_replicated_deduplication_window" in sql] == []


@pytest.fixture
async def engine_spelling(engine) -> list[str]:
    from salescommand_lake.plan.observe import normal_form

    return await normal_form(engine, [statement.sql for statement in all_statements()])
