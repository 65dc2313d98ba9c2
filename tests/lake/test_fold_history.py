"""The state of a record is a function of its events: not of their order of arrival, their batches or their repeats."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from salescommand_lake import Engine
from salescommand_lake.fold import fold_pending
from salescommand_lake.fold.intervals import intervals
from salescommand_lake.fold.state_sql import marked, states
from salescommand_lake.hashes import zone_hashes
from salescommand_lake.identifiers import make_seq
from salescommand_lake.mapping.catalog import shipped_mappings
from salescommand_lake.model import NOUNS
from salescommand_lake.raw import RawRow
from tests.support import lake_history
from tests.support.depth import deep
from tests.support.lake_events import as_state, event, plain, store
from tests.support.lake_events import states as current_states
from tests.support.lakes import empty
from tests.support.mapping_oracle import Oracle, State, fold

DEAL = NOUNS["opportunity"]
GENERIC = next(m.text for m in shipped_mappings() if m.scope == "kind:generic" and m.record_type == "opportunity")
_numbers = itertools.count()


def any_history(test: Callable[..., Awaitable[None]], engine: Engine, *, examples: int) -> Awaitable[None]:
    """Run an async test on drawn histories; the engine's loop stays the one of the caller."""
    loop = asyncio.get_running_loop()

    @settings(max_examples=deep(examples), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
              phases=[Phase.generate, Phase.reuse])  # fmt: skip
    @given(lake_history.histories(), st.randoms(use_true_random=False))
    def run(events: list[dict[str, Any]], random: Any) -> None:
        source = f"crm{next(_numbers)}"
        coroutine = test(engine, lake_history.rows(events, source), source, random)
        asyncio.run_coroutine_threadsafe(coroutine, loop).result(120)  # type: ignore[arg-type]

    return asyncio.to_thread(run)


def expected(rows: list[RawRow], **moment: datetime) -> dict[tuple[str, str], State]:
    oracle = Oracle(GENERIC)
    return fold([oracle.read(row) for row in rows], **moment)


def same(got: dict[tuple[str, str], dict[str, Any]], want: dict[tuple[str, str], State]) -> None:
    living = {key: state for key, state in got.items() if state["events"]}
    assert living.keys() == want.keys()
    for key, state in want.items():
        found = living[key]
        assert {f.name: found[f.name] for f in DEAL.fields if found[f.name] is not None} == {
            name: value for name, value in state.fields.items() if value is not None
        }
        assert found["provenance"] == state.provenance
        for name in ("is_deleted", "events", "superseded", "source_time", "known_at"):
            assert found[name] == getattr(state, name), name


async def fold_in_batches(engine: Engine, rows: list[RawRow], source: str, random: Any) -> None:
    """Store events shuffled, in batches of any size, and fold now and then."""
    left = list(rows)
    random.shuffle(left)
    number = 0
    while left:
        size = random.randint(1, len(left))
        await store(engine, left[:size], f"{source}-{number}")
        left, number = left[size:], number + 1
        if random.random() < 0.5:
            await fold_pending(engine, max_events=random.choice([1, 5, 100]))
    while (await fold_pending(engine)).more:
        pass


async def test_any_order_any_batches_and_any_moment(engine: Engine) -> None:
    """Today's states, those of past moments, and the versions, of each history."""

    async def check(engine: Engine, rows: list[RawRow], source: str, random: Any) -> None:
        await fold_in_batches(engine, rows, source, random)
        last = await current_states(engine, DEAL, f"source = '{source}'")
        same(last, expected(rows))
        await same_moments(engine, rows, source, random)
        await same_versions(engine, last, source)

    await any_history(check, engine, examples=7)


async def test_any_order_of_arrival(engine: Engine) -> None:
    """Where times differ, or the vendor counts, it does not matter which event arrives first."""

    async def check(engine: Engine, rows: list[RawRow], source: str, random: Any) -> None:
        told = [
            dataclasses.replace(row, source_time=row.source_time or lake_history.START, vendor_seq=100 + number)
            for number, row in enumerate(rows)
            if not any(row.event_key) or row.event_key not in {other.event_key for other in rows[:number]}
        ]
        arrivals = sorted(row.seq for row in told)
        random.shuffle(arrivals)
        shuffled = [
            dataclasses.replace(row, seq=seq, source=f"{source}s") for row, seq in zip(told, arrivals, strict=True)
        ]
        await fold_in_batches(engine, told, source, random)
        await fold_in_batches(engine, shuffled, f"{source}s", random)
        found = await current_states(engine, DEAL, f"source IN ('{source}', '{source}s')")
        values = ["is_deleted", "events", "source_time", *(field.name for field in DEAL.fields)]
        for source_id in {row.source_id for row in told}:
            one, other = found.get((source, source_id)), found.get((f"{source}s", source_id))
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                assert [one[name] for name in values] == [other[name] for name in values]

    await any_history(check, engine, examples=3)


async def test_any_permutation_and_duplication_has_the_same_hash(engine: Engine) -> None:
    """Events of different places in their records' histories, told again in any order and some of them twice."""

    async def check(engine: Engine, rows: list[RawRow], source: str, random: Any) -> None:
        placed = [
            dataclasses.replace(row, source_time=row.source_time or lake_history.START, vendor_seq=number + 1)
            for number, row in enumerate(rows)
            # The history's own repeats would get a place of their own here; those come below.
            if not any(row.event_key) or row.event_key not in {other.event_key for other in rows[:number]}
        ]
        again = [random.choice(placed) for _ in range(random.randint(1, 4))]
        arrivals = [make_seq(lake_history.START + timedelta(days=1, minutes=n), 0) for n in range(len(rows) + 4)]
        random.shuffle(arrivals)
        told = [dataclasses.replace(row, seq=seq) for row, seq in zip([*placed, *again], arrivals, strict=False)]
        hashes = []
        for history in (placed, told):
            await empty(engine)
            await fold_in_batches(engine, history, source, random)
            hashes.append(await zone_hashes(engine))
        assert hashes[0] == hashes[1]
        exact = await zone_hashes(engine, arrivals=True)
        assert exact == await zone_hashes(engine, arrivals=True, sources=[source])

    await any_history(check, engine, examples=3)


async def test_a_hash_sees_every_difference(engine: Engine) -> None:
    seen = set()
    bodies: list[dict[str, Any]] = [{}, {"name": "a"}, {"name": "b"}, {"name": None}, {"is_deleted": True}]
    for number, body in enumerate(bodies):
        await empty(engine)
        await store(engine, [event(0, {"id": "1", **body}, source_time=lake_history.START)], f"b{number}")
        await fold_pending(engine)
        found = await zone_hashes(engine)
        seen.add((found.states["opportunity"], found.histories["opportunity"]))
    assert len(seen) == len(bodies)


async def same_intervals(
    engine: Engine, got: dict[tuple[str, str], dict[str, Any]], source: str, as_of: datetime | None, known_at: Any
) -> None:
    """Check that the intervals hold at a moment what the fold of all changes up to it gives."""
    kept = f"SELECT * FROM opportunity_intervals FINAL WHERE source = '{source}'"
    made = intervals(DEAL, marked(DEAL, f"source = '{source}' AND received_at <= {{known_at:DateTime64(6, 'UTC')}}"))
    at = "{as_of:DateTime64(3, 'UTC')}"
    rows = await engine.query(
        f"SELECT * FROM ({kept if known_at is None else made}) WHERE valid_from <= {at} AND valid_to > {at}",
        {"as_of": as_of or datetime(2290, 1, 1, tzinfo=UTC), "known_at": known_at or datetime(2290, 1, 1, tzinfo=UTC)},
    )
    names = ["is_deleted", *(field.name for field in DEAL.fields)]
    found = {
        (row["source"], row["source_id"]): [
            row["is_deleted"],
            *(plain(field, row[field.name]) for field in DEAL.fields),
        ]
        for row in rows
    }
    assert len(found) == len(rows)
    assert found == {key: [state[name] for name in names] for key, state in got.items()}


async def same_moments(engine: Engine, rows: list[RawRow], source: str, random: Any) -> None:
    """Check what was true at a moment, what was known at one, and both."""
    times = [lake_history.START + timedelta(hours=random.randint(0, 60)) for _ in range(2)]
    for as_of, known_at in ((times[0], None), (None, times[1]), (times[0], times[1])):
        conditions, parameters = [f"source = '{source}'"], {}
        if as_of:
            conditions.append("source_time <= {as_of:DateTime64(3, 'UTC')}")
            parameters["as_of"] = as_of
        if known_at:
            conditions.append("received_at <= {known_at:DateTime64(6, 'UTC')}")
            parameters["known_at"] = known_at
        found = await engine.query(states(DEAL, marked(DEAL, " AND ".join(conditions))), parameters)
        got = {(row["source"], row["source_id"]): as_state(DEAL, row) for row in found}
        same(got, expected(rows, **{k: v for k, v in (("as_of", as_of), ("known_at", known_at)) if v}))
        await same_intervals(engine, got, source, as_of, known_at)


async def same_versions(engine: Engine, last: dict[tuple[str, str], dict[str, Any]], source: str) -> None:
    """Check that the newest version is the state, and that no version is there twice."""
    await fold_pending(engine)
    versions = await engine.query(
        "SELECT source_id, toString(ord) AS place, received_at, count() AS times, argMax(is_deleted, generation)"
        f" AS deleted, argMax(toString(payload), generation) AS text FROM canonical_records"
        f" WHERE source = '{source}' GROUP BY source_id, ord, received_at"
    )
    newest: dict[str, tuple[int, str, dict[str, Any]]] = {}
    for version in versions:
        place = (int(version["place"]), version["received_at"], version)
        newest[version["source_id"]] = max(newest.get(version["source_id"], place), place, key=lambda v: v[:2])
    for (_, source_id), state in last.items():
        if state["events"]:
            assert newest[source_id][2]["deleted"] == state["is_deleted"]
    one_batch_versions = {(v["source_id"], v["place"], v["received_at"]) for v in versions}
    assert len(one_batch_versions) == len(versions)
