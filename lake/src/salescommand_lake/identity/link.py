"""Finding which records are one: a step over the records that a fold or a decision touched, or over all.

The cluster of a record is a function of the current states and the decisions that stand: records are tied by the exact
keys that they share, where no source has two living records with that key, and by merges. What is tied is one. The
survivor is the living member whose first event arrived first. So a step over what was touched, and a step over all,
find the same.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from salescommand_lake.engine import Engine
from salescommand_lake.identity.decisions_sql import denied_pairs, records
from salescommand_lake.identity.merged_sql import merged, merged_columns, merged_rows
from salescommand_lake.identity.prepared import prepared_states
from salescommand_lake.identity.rules import IDENTITIES, Identity
from salescommand_lake.identity.suggest import suggest
from salescommand_lake.model import NOUNS, Noun

__all__ = ["LINKS_NOW", "Step", "link_first", "links_at", "relink_all"]

Guard = Callable[[], Awaitable[None]]
_PASSES = 3
_LOOK = 4_000_000_000
"""The attempt under which the keys of records are noted; no step comes that far."""
_MOST_ROUNDS = 40
"""Rounds of passes before a chain of ties counts as endless; each round doubles or more what a cluster may span."""

LINKS_NOW = (
    "SELECT canonical_id, argMax(cluster_id, (since, generation)) AS cluster_id FROM identity_links\n"
    "WHERE noun = {noun:String} GROUP BY canonical_id HAVING cluster_id != canonical_id"
)
"""A SELECT of canonical_id and cluster_id of the records that are shown as another one."""


def links_at(noun: Noun, *, known: bool) -> str:
    """Return LINKS_NOW for a noun; with ``known``, as they were known at {known_at:DateTime64(6, 'UTC')}."""
    upto = "since <= {known_at:DateTime64(6, 'UTC')} AND " if known else ""
    return LINKS_NOW.replace("WHERE noun", f"WHERE {upto}noun").replace("{noun:String}", f"'{noun.name}'")


class Step:
    """One step for one noun. Everything that it writes carries a generation of its own."""

    def __init__(self, engine: Engine, noun: Noun, guard: Guard | None = None) -> None:
        self.engine = engine
        self.noun = noun
        self.identity: Identity = IDENTITIES[noun.name]
        self.generation = 0
        self._guard = guard

    async def run(self, touched: str, parameters: dict[str, Any] | None = None) -> bool:
        """Bring clusters and merged records up to date for the canonical ids of the SELECT ``touched``.

        Returns whether there were any.

        Raises:
            LakeError: the engine is away or refuses for now; the step can be run again.
        """
        last = await self._query(f"SELECT max(generation) AS last FROM {self.noun.merged_table}")
        # Higher than any before, also where the clock of this machine is behind.
        self.generation = max(time.time_ns() // 1000, int(last[0]["last"]) + 1)
        await self._work("touched", touched, parameters)
        counted = await self._query("SELECT count() AS n FROM identity_work WHERE " + _ROLE.format("touched"))
        if not int(counted[0]["n"]):
            return False
        await self._gather()
        if not await self._alone():
            await self._look("near")
            await self._work("context", _sharers("touched", "near"))
            await self._look("context")
            await self._link()
        await self._write_merged()
        await self._run(suggest(self.noun, self.identity, _of("touched"), _keys_of("touched")))
        return True

    async def _gather(self) -> None:
        """Note who may be tied to the touched: who shares a key that they have or had, and all whom these are one with.

        Then those whom a decision names together with them. Who else has the same keys comes later, as context: whether
        a key is ambiguous takes all that have it.
        """
        table = self.noun.merged_table
        touched, near = _of("touched"), _of("touched", "near")
        # An alias hides the column of the same name in the condition, so the members get theirs outside.
        rows = f"SELECT members FROM {table} FINAL WHERE canonical_id IN ({near})"
        members = f"SELECT arrayJoin(members) AS canonical_id FROM ({rows})"
        old = f"SELECT k.1, k.2 FROM {table} FINAL ARRAY JOIN keys AS k WHERE canonical_id IN ({touched})"
        had = f"SELECT canonical_id FROM identity_keys WHERE noun = {{noun:String}} AND (rule, key) IN ({old})"
        named = (
            "SELECT arrayJoin(members) AS canonical_id FROM identity_decisions WHERE noun = {noun:String}\n"
            f"AND arrayExists(m -> m IN ({near}), members)"
        )
        await self._look("touched")
        await self._insert(
            "identity_keys",
            "noun, rule, key, canonical_id",
            f"SELECT {{noun:String}} AS noun, rule, key, canonical_id FROM ({_keys_of('touched')})",
        )
        await self._work("near", f"{_sharers('touched')}\nUNION ALL {had}")
        await self._work("near", members)
        await self._work("near", named)
        await self._work("near", members)

    async def _alone(self) -> bool:
        """Whether the touched records were and are tied to nobody, as most are, so that there is nothing to link."""
        touched = _of("touched")
        rows = await self._query(
            f"SELECT (SELECT count() FROM ({_of('near')}) WHERE canonical_id NOT IN ({touched})) AS others,\n"
            "  (SELECT count() FROM (SELECT 1 FROM (" + _keys_of("touched") + ") WHERE NOT startsWith(rule, '~')\n"
            "    GROUP BY rule, key HAVING count() > 1)) AS shared,\n"
            f"  (SELECT count() FROM {self.noun.merged_table} FINAL WHERE length(members) > 1\n"
            f"    AND canonical_id IN ({touched})) AS linked,\n"
            "  (SELECT count() FROM identity_decisions WHERE noun = {noun:String}\n"
            f"    AND arrayExists(m -> m IN ({touched}), members)) AS named"
        )
        return not any(int(rows[0][name]) for name in ("others", "shared", "linked", "named"))

    async def _link(self) -> None:
        """Find the clusters, and tell apart what people told apart, until nothing that they told apart is one."""
        attempt = 0
        while True:
            await self._tie(attempt)
            round_ = await self._label(attempt)
            if not await self._tell_apart(attempt, round_):
                break
            attempt += 1
        await self._write_links(attempt, round_)

    async def _look(self, role: str) -> None:
        """Note the keys of the records of a role."""
        states = prepared_states(self.noun, f"canonical_id IN ({_of(role)})")
        await self._insert(
            "identity_edges",
            "generation, noun, attempt, canonical_id, rule, key",
            f"SELECT DISTINCT {self.generation} AS generation, '{self.noun.name}' AS noun, {_LOOK} AS attempt,\n"
            f"  canonical_id, k.1 AS rule, k.2 AS key FROM ({states}) ARRAY JOIN keys AS k",
        )

    async def _tie(self, attempt: int) -> None:
        """Write what ties the records: a tie to itself, the merges, and the keys that are not ambiguous."""
        states = (
            "SELECT canonical_id, s.source AS source, s.source_id AS source_id, s.is_deleted AS is_deleted,\n"
            "  k.keys AS keys\n"
            f"FROM (SELECT canonical_id, source, source_id, is_deleted FROM {self.noun.table} FINAL\n"
            f"  WHERE events > 0 AND canonical_id IN ({_of('touched', 'near', 'context')})) AS s\n"
            f"LEFT ANY JOIN ({_exact_keys('touched', 'near', 'context')}) AS k USING (canonical_id)"
        )
        first = (
            f"SELECT source, source_id, min(seq) AS first_seq FROM {self.noun.changes_table}\n"
            f"WHERE (source, source_id) IN (SELECT source, source_id FROM {self.noun.table} FINAL\n"
            f"  WHERE canonical_id IN ({_of('touched', 'near')})) GROUP BY source, source_id"
        )
        apart = f"SELECT canonical_id, argMax(label, round) AS part FROM identity_work WHERE {_ROLE.format('apart')}\n"
        known = (
            "SELECT s.canonical_id AS canonical_id, s.source AS source, s.is_deleted AS is_deleted, s.keys AS keys,\n"
            "  d.merges AS merges, if(a.part != '', a.part, d.part) AS part,\n"
            "  concat(toString(toUInt8(s.is_deleted)), leftPad(toString(f.first_seq), 20, '0'), s.canonical_id)"
            " AS label\n"
            f"FROM ({states}) AS s\n"
            f"LEFT ANY JOIN ({first}) AS f ON f.source = s.source AND f.source_id = s.source_id\n"
            f"LEFT ANY JOIN ({records()}) AS d ON d.canonical_id = s.canonical_id\n"
            f"LEFT ANY JOIN ({apart} GROUP BY canonical_id) AS a ON a.canonical_id = s.canonical_id"
        )
        words = ", ".join(f"'{key.name}', '{key.words}'" for key in self.identity.exact)
        ties = (
            "SELECT canonical_id, source, is_deleted, label, t.1 AS rule, t.2 AS key, t.3 AS words\n"
            f"FROM ({known}) ARRAY JOIN arrayConcat(\n"
            "  [('', canonical_id, '')],\n"
            "  arrayMap(m -> ('merge', m.1, m.2), merges),\n"
            f"  arrayMap(k -> (k.1, concat(k.2, '\\0', part), replaceOne(map({words})[k.1], '{{key}}', k.2)), keys)\n"
            ") AS t"
        )
        # A window over a window needs a layer of its own.
        usable = (
            "SELECT *, max(living) OVER (PARTITION BY rule, key) AS most FROM (\n"
            f"SELECT *, countIf(NOT is_deleted) OVER (PARTITION BY rule, key, source) AS living FROM ({ties}))"
        )
        await self._insert(
            "identity_edges",
            "generation, noun, attempt, canonical_id, rule, key, words, label",
            f"SELECT {self.generation} AS generation, '{self.noun.name}' AS noun, {attempt} AS attempt,\n"
            f"  canonical_id, rule, key, words, label FROM ({usable})\n"
            f"WHERE (rule IN ('', 'merge') OR most <= 1) AND canonical_id IN ({_of('touched', 'near')})",
        )

    async def _label(self, attempt: int) -> int:
        """Give every record the smallest label of those that it is tied to, in as many rounds as it takes."""
        labels = "label"
        edges = f"SELECT canonical_id, rule, key, label FROM identity_edges WHERE {_ATTEMPT.format(attempt)}"
        for round_ in range(attempt * _MOST_ROUNDS, (attempt + 1) * _MOST_ROUNDS):
            passed = edges
            for _ in range(_PASSES):
                passed = (
                    "SELECT canonical_id, rule, key, min(label) OVER (PARTITION BY canonical_id) AS label FROM (\n"
                    "SELECT canonical_id, rule, key, min(label) OVER (PARTITION BY rule, key) AS label\n"
                    f"FROM ({passed}))"
                )
            await self._insert(
                "identity_work",
                "generation, noun, canonical_id, role, round, label",
                f"SELECT {self.generation} AS generation, '{self.noun.name}' AS noun, canonical_id, 'label' AS role,\n"
                f"  {round_} AS round, min({labels}) AS label FROM ({passed}) GROUP BY canonical_id",
            )
            edges = (
                "SELECT e.canonical_id AS canonical_id, e.rule AS rule, e.key AS key, w.label AS label\n"
                f"FROM (SELECT * FROM identity_edges WHERE {_ATTEMPT.format(attempt)}) AS e\n"
                f"INNER JOIN ({_labels(round_)}) AS w ON w.canonical_id = e.canonical_id"
            )
            open_ = await self._query(
                f"SELECT count() AS n FROM (SELECT 1 FROM ({edges}) GROUP BY rule, key HAVING uniqExact(label) > 1)"
            )
            if not int(open_[0]["n"]):
                return round_
        msg = f"the ties of {self.noun.plural} did not come to rest"
        raise RuntimeError(msg)

    async def _tell_apart(self, attempt: int, round_: int) -> bool:
        """Take out of its cluster the later of two records that people told apart; say whether there were any."""
        select = (
            f"SELECT {self.generation} AS generation, '{self.noun.name}' AS noun,\n"
            "  if(la.own > lb.own, a, b) AS canonical_id, 'apart' AS role,\n"
            f"  {attempt + 1} AS round, decision_id AS label\n"
            f"FROM ({denied_pairs()}) AS p\n"
            f"INNER JOIN ({_labels(round_, attempt)}) AS la ON la.canonical_id = p.a\n"
            f"INNER JOIN ({_labels(round_, attempt)}) AS lb ON lb.canonical_id = p.b\n"
            "WHERE la.label = lb.label AND (canonical_id, decision_id) NOT IN (\n"
            f"  SELECT canonical_id, label FROM identity_work WHERE {_ROLE.format('apart')})"
        )
        columns = "generation, noun, canonical_id, role, round, label"
        await self._insert("identity_work", columns, select)
        found = await self._query(
            f"SELECT count() AS n FROM identity_work WHERE {_ROLE.format('apart')} AND round = {attempt + 1}"
        )
        return int(found[0]["n"]) > 0

    async def _write_links(self, attempt: int, round_: int) -> None:
        """Add to the history what is another than before."""
        reasons = (
            "SELECT canonical_id, arraySort(groupUniqArrayIf(words, others > 1 AND words != '')) AS reasons FROM (\n"
            "  SELECT canonical_id, words, count() OVER (PARTITION BY rule, key) AS others FROM identity_edges\n"
            f"  WHERE {_ATTEMPT.format(attempt)}) GROUP BY canonical_id"
        )
        before = (
            "SELECT canonical_id, argMax(cluster_id, (since, l.generation)) AS cluster,\n"
            "  argMax(l.reasons, (since, l.generation)) AS why, max(since) AS last\n"
            "FROM identity_links AS l WHERE noun = {noun:String}\n"
            f"  AND canonical_id IN ({_of('touched', 'near')}) GROUP BY canonical_id"
        )
        states = (
            f"SELECT canonical_id, known_at FROM {self.noun.table} FINAL\n"
            f"WHERE canonical_id IN ({_of('touched', 'near')})"
        )
        compared = (
            "SELECT l.canonical_id AS canonical_id, substring(l.label, 22) AS now, r.reasons AS reasons,\n"
            "  if(b.cluster = '', l.canonical_id, b.cluster) AS was, b.why AS why, b.last AS last,\n"
            "  greatest(s.known_at, d.decided_at) AS t,\n"
            "  max(t) OVER (PARTITION BY now) AS t_now, max(t) OVER (PARTITION BY was) AS t_was\n"
            f"FROM ({_labels(round_)}) AS l\n"
            f"LEFT ANY JOIN ({reasons}) AS r ON r.canonical_id = l.canonical_id\n"
            f"LEFT ANY JOIN ({before}) AS b ON b.canonical_id = l.canonical_id\n"
            f"LEFT ANY JOIN ({states}) AS s ON s.canonical_id = l.canonical_id\n"
            f"LEFT ANY JOIN ({records()}) AS d ON d.canonical_id = l.canonical_id"
        )
        await self._insert(
            "identity_links",
            "noun, canonical_id, cluster_id, reasons, since, generation",
            f"SELECT '{self.noun.name}' AS noun, canonical_id, now AS cluster_id, reasons,\n"
            f"  greatest(t_now, t_was, last) AS since, toUInt64({self.generation}) AS generation\n"
            f"FROM ({compared}) WHERE now != was OR reasons != why",
        )

    async def _write_merged(self) -> None:
        ids = _of("touched", "near")
        states = f"SELECT * FROM {self.noun.table} FINAL WHERE events > 0 AND canonical_id IN ({ids})"
        clusters = LINKS_NOW.replace("GROUP BY", f"AND canonical_id IN ({ids}) GROUP BY")
        records_ = merged(self.noun, states, clusters)
        select = merged_rows(self.noun, records_, _exact_keys("touched", "near"), self.generation)
        await self._insert(self.noun.merged_table, ", ".join(merged_columns(self.noun)), select)
        # A record that no event makes any more has no place in a list.
        gone = (
            f"SELECT * REPLACE (true AS is_deleted, false AS is_survivor, toUInt64({self.generation}) AS generation)\n"
            f"FROM {self.noun.merged_table} FINAL WHERE canonical_id IN ({ids}) AND canonical_id NOT IN (\n"
            f"  SELECT canonical_id FROM {self.noun.table} FINAL WHERE events > 0 AND canonical_id IN ({ids}))"
        )
        await self._insert(self.noun.merged_table, "*", gone)

    async def _work(self, role: str, select: str, parameters: dict[str, Any] | None = None) -> None:
        await self._insert(
            "identity_work",
            "generation, noun, canonical_id, role",
            f"SELECT DISTINCT {self.generation} AS generation, '{self.noun.name}' AS noun, canonical_id,"
            f" '{role}' AS role\nFROM ({select})",
            parameters,
        )

    async def _insert(self, table: str, columns: str, select: str, parameters: dict[str, Any] | None = None) -> None:
        listed = "" if columns == "*" else f" ({columns})"
        await self._run(f"INSERT INTO {table}{listed}\n{select}", parameters)

    async def _run(self, sql: str, parameters: dict[str, Any] | None = None) -> None:
        if self._guard is not None:
            await self._guard()
        await self.engine.command(sql, {**self._bound, **(parameters or {})})

    @property
    def _bound(self) -> dict[str, Any]:
        return {"noun": self.noun.name, "generation": self.generation}

    async def _query(self, sql: str) -> list[dict[str, Any]]:
        return await self.engine.query(sql, self._bound)


async def relink_all(engine: Engine, guard: Guard | None = None) -> None:
    """Find the clusters and the merged records of everything anew; where states are the same, so is the result.

    Raises:
        LakeError: the engine is away or refuses for now.
    """
    for name in IDENTITIES:
        await _relink(engine, NOUNS[name], guard)


async def link_first(engine: Engine, guard: Guard | None = None) -> bool:
    """Make the merged records of a lake that has none yet, because its states are older; return whether it had none.

    Raises:
        LakeError: the engine is away or refuses for now.
    """
    counts = ", ".join(
        f"(SELECT count() FROM {NOUNS[name].merged_table}) = 0\n"
        f"  AND (SELECT count() FROM (SELECT 1 FROM {NOUNS[name].table} WHERE events > 0 LIMIT 1)) > 0 AS {name}"
        for name in IDENTITIES
    )
    rows = await engine.query(f"SELECT {counts}")
    missing = [NOUNS[name] for name in IDENTITIES if int(rows[0][name])]
    for noun in missing:
        await _relink(engine, noun, guard)
    return bool(missing)


async def _relink(engine: Engine, noun: Noun, guard: Guard | None) -> None:
    everyone = f"SELECT canonical_id FROM {noun.table} UNION DISTINCT SELECT canonical_id FROM {noun.merged_table}"
    await Step(engine, noun, guard).run(everyone)


_ROLE = "generation = {{generation:UInt64}} AND noun = {{noun:String}} AND role = '{}'"
_ATTEMPT = "generation = {{generation:UInt64}} AND noun = {{noun:String}} AND attempt = {}"


def _of(*roles: str) -> str:
    """Return a SELECT of the records of the step that have one of the roles."""
    listed = ", ".join(f"'{role}'" for role in roles)
    return (
        "SELECT canonical_id FROM identity_work WHERE generation = {generation:UInt64} AND noun = {noun:String}"
        f" AND role IN ({listed})"
    )


def _keys_of(*roles: str) -> str:
    """Return a SELECT of the keys, exact and others, of the records that have one of the roles."""
    return (
        f"SELECT DISTINCT canonical_id, rule, key FROM identity_edges WHERE {_ATTEMPT.format(_LOOK)}\n"
        f"  AND canonical_id IN ({_of(*roles)})"
    )


def _exact_keys(*roles: str) -> str:
    """Return a SELECT of canonical_id and the array of its exact keys."""
    return (
        "SELECT canonical_id, groupArray((toString(rule), key)) AS keys\n"
        f"FROM ({_keys_of(*roles)}) WHERE NOT startsWith(rule, '~') GROUP BY canonical_id"
    )


def _sharers(*roles: str) -> str:
    """Return a SELECT of the records that have, or have had, an exact key of those with one of the roles."""
    return (
        "SELECT canonical_id FROM identity_keys WHERE noun = {noun:String} AND (rule, key) IN (\n"
        f"  SELECT rule, key FROM ({_keys_of(*roles)}) WHERE NOT startsWith(rule, '~'))"
    )


def _labels(round_: int, attempt: int | None = None) -> str:
    """Return a SELECT of the labels of a round; with an attempt, each record's own label too."""
    found = f"SELECT canonical_id, label FROM identity_work WHERE {_ROLE.format('label')} AND round = {round_}"
    if attempt is None:
        return found
    own = f"SELECT canonical_id, label AS own FROM identity_edges WHERE {_ATTEMPT.format(attempt)} AND rule = ''"
    return f"SELECT canonical_id, label, own FROM ({found}) AS f INNER JOIN ({own}) AS o USING (canonical_id)"
