"""One record: each value with the event that gave it, what changed when, and what it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from salescommand_lake.engine import Engine, Row
from salescommand_lake.fold.state_sql import histories, marked, states
from salescommand_lake.identifiers import decode_event_id, encode_event_id, seq_time
from salescommand_lake.identity.members import Member, members_of
from salescommand_lake.identity.merged_sql import merged
from salescommand_lake.model import NOUNS, Noun, canonical_id
from salescommand_lake.reads.question import Filter
from salescommand_lake.reads.scope import Scope
from salescommand_lake.reads.values import place, plain, utc
from salescommand_lake.records.listing import list_records
from salescommand_lake.records.question import Change, FieldValue, Record, RecordQuery, RuleResult
from salescommand_lake.retention import expired_before

__all__ = ["get_record", "is_seen"]

_RELATED = 50


async def get_record(
    engine: Engine,
    record_type: str,
    record_id: str,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    *,
    scope: Scope | None = None,
) -> Record | None:
    """Return a record, deleted ones included, as it is now or was at a moment; None when there is or was none.

    What is not in ``scope`` now is none, at any moment, and so is what lives no more: nobody owns it.

    The id of a source's record that is one with others answers the merged record.

    Raises:
        KeyError: there is no such type.
        LakeError: the engine is away.
    """
    noun = NOUNS[record_type]
    members = await members_of(engine, noun, record_id, known_at)
    if not members or not await is_seen(engine, record_type, members[0].cluster_id, scope):
        return None
    changes, parameters = _changes(members, noun, as_of, known_at)
    state = await engine.query(_state(noun, changes), {**parameters, "cluster": members[0].cluster_id})
    if not state:
        return None
    row = state[0]
    versions = await engine.query(f"{histories(noun, changes)} ORDER BY ord", parameters)
    query = RecordQuery(type=record_type, as_of=as_of, known_at=known_at, scope=scope)
    cluster = members[0].cluster_id
    expired = await expired_before(engine)
    return Record(
        canonical_id=cluster,
        type=record_type,
        source=row["source"],
        source_id=row["source_id"],
        title=next((str(row[name]) for name in noun.title if row[name]), row["source_id"]),
        is_deleted=bool(row["is_deleted"]),
        source_time=utc(row["source_time"]),
        fields=_fields(noun, row, {member.canonical_id: member.source for member in members}, expired),
        score=float(row["quality_score"]),
        rules=_rules(noun, row["failed_rules"]),
        history=_history(noun, versions, expired),
        related=await _related(engine, noun, row, query),
        merged_into=_merged_into(noun, row, record_id),
        members=tuple(members),
    )


async def is_seen(engine: Engine, record_type: str, record_id: str, scope: Scope | None) -> bool:
    """Tell whether a record is in a scope now.

    Raises:
        LakeError: the engine is away.
    """
    if scope is None:
        return True
    one = Filter("canonical_id", "eq", (record_id,))
    return (await list_records(engine, RecordQuery(type=record_type, filters=(one,), limit=1, scope=scope))).total > 0


def _merged_into(noun: Noun, row: Row, record_id: str) -> str | None:
    """Return where a record lives on: in the record that it is shown as, or where its source has merged it into."""
    if row["canonical_id"] != record_id:
        return str(row["canonical_id"])
    if not row["merged_into"]:
        return None
    return canonical_id(row["merged_into_source"] if noun.merged else row["source"], noun.name, row["merged_into"])


def _changes(
    members: Sequence[Member], noun: Noun, as_of: datetime | None, known_at: datetime | None
) -> tuple[str, dict[str, Any]]:
    conditions = ["(source, source_id) IN {keys:Array(Tuple(String, String))}"]
    parameters: dict[str, Any] = {"keys": [(member.source, member.source_id) for member in members]}
    if as_of is not None:
        conditions.append("source_time <= {as_of:DateTime64(3, 'UTC')}")
        parameters["as_of"] = as_of
    if known_at is not None:
        conditions.append("received_at <= {known_at:DateTime64(6, 'UTC')}")
        parameters["known_at"] = known_at
    return marked(noun, " AND ".join(conditions)), parameters


def _state(noun: Noun, changes: str) -> str:
    """Return the SELECT of the one record that the changes of its members make."""
    folded = states(noun, changes)
    if not noun.merged:
        return folded
    return merged(noun, folded, f"SELECT canonical_id, {{cluster:String}} AS cluster_id FROM ({folded})")


def _fields(noun: Noun, row: Row, sources: Mapping[str, str], expired: int) -> dict[str, FieldValue]:
    """Return the values with where they come from; ``expired`` is where the kept bytes begin."""
    found = {}
    for field in noun.fields:
        event_id, source_time, received_at, gone = None, None, None, False
        if field.name in row["provenance"]:
            event_id, source_time = place(row["provenance"][field.name])
            seq = decode_event_id(event_id)
            received_at, gone = seq_time(seq), seq < expired
        found[field.name] = FieldValue(
            value=plain(field, row[field.name]),
            label=field.label,
            unit=field.unit,
            source=sources.get(row.get("field_members", {}).get(field.name, ""), row["source"]),
            event_id=event_id,
            source_time=source_time,
            received_at=received_at,
            event_expired=gone,
        )
    return found


def _rules(noun: Noun, failed: Sequence[str]) -> tuple[RuleResult, ...]:
    total = sum(rule.weight for rule in noun.rules)
    return tuple(
        RuleResult(rule.name, round(rule.weight / total, 4), rule.name not in failed, rule.meaning)
        for rule in noun.rules
    )


def _history(noun: Noun, versions: Sequence[Row], expired: int) -> tuple[Change, ...]:
    """Compare each version with the one before of the same member; newest first."""
    last: dict[str, Mapping[str, Any]] = {}
    found = []
    for row in versions:
        before = last.get(row["canonical_id"], {})
        values = {field.name: plain(field, row[field.name]) for field in noun.fields}
        changes = {name: (before.get(name), value) for name, value in values.items() if value != before.get(name)}
        deleted = bool(row["is_deleted"])
        if deleted != bool(before.get("is_deleted", False)):
            changes["is_deleted"] = (not deleted, deleted)
        seq = int(row["seq"])
        found.append(
            Change(
                encode_event_id(seq),
                row["source"],
                utc(row["source_time"]),
                seq_time(seq),
                row["operation"],
                changes,
                seq < expired,
            )
        )
        last[row["canonical_id"]] = {**values, "is_deleted": deleted}
    return tuple(reversed(found))


async def _related(engine: Engine, noun: Noun, row: Row, query: RecordQuery) -> dict[str, list[dict[str, Any]]]:
    """Return short lists of the records around this one.

    They are those that it names, as its owner and its deal, and those of the same account, whichever source they come
    from.
    """
    found = await _named(engine, noun, row, query)
    account = row["canonical_id"] if noun.name == "account" else await _account_of(engine, noun, row)
    if not account:
        return found
    for name in ("account", "contact", "opportunity", "activity", "order", "invoice"):
        by = "canonical_id" if name == "account" else "account_id"
        if name == noun.name == "account":
            continue
        page = await list_records(
            engine,
            RecordQuery(
                type=name,
                filters=(Filter(by, "eq", (account,)),),
                limit=_RELATED,
                as_of=query.as_of,
                known_at=query.known_at,
                scope=query.scope,
            ),
        )
        known = {row["canonical_id"], *(item["canonical_id"] for item in found.get(NOUNS[name].plural, ()))}
        items = [item for item in page.items if item["canonical_id"] not in known]
        if items:
            found.setdefault(NOUNS[name].plural, []).extend(items)
    return found


async def _named(engine: Engine, noun: Noun, row: Row, query: RecordQuery) -> dict[str, list[dict[str, Any]]]:
    """Return the records that a record names by the ids of its source, but for its account."""
    found: dict[str, list[dict[str, Any]]] = {}
    for field in noun.fields:
        if field.ref is None or field.ref == "account" or not row.get(field.name):
            continue
        other = NOUNS[field.ref]
        source = row[f"{field.name}_source"] if noun.merged else row["source"]
        members = await members_of(engine, other, canonical_id(source, other.name, row[field.name]))
        if not members:
            continue
        asked = RecordQuery(
            type=other.name,
            filters=(Filter("canonical_id", "eq", (members[0].cluster_id,)),),
            limit=1,
            as_of=query.as_of,
            known_at=query.known_at,
            scope=query.scope,
        )
        items = (await list_records(engine, asked)).items
        if items:
            found.setdefault(other.plural, []).extend(items)
    return found


async def _account_of(engine: Engine, noun: Noun, row: Row) -> str | None:
    """Return the id of the merged account that a record belongs to."""
    if not row.get("account_ref"):
        return None
    source = row["account_ref_source"] if noun.merged else row["source"]
    members = await members_of(engine, NOUNS["account"], canonical_id(source, "account", row["account_ref"]))
    return members[0].cluster_id if members else None
