"""One record: each value with the event that gave it, what changed when, and what it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from salescommand_lake.engine import Engine, Row
from salescommand_lake.fold.state_sql import histories, marked, states
from salescommand_lake.identifiers import decode_event_id, encode_event_id, seq_time
from salescommand_lake.model import NOUNS, Noun
from salescommand_lake.model import canonical_id as id_of
from salescommand_lake.reads.question import Filter
from salescommand_lake.reads.values import place, plain, utc
from salescommand_lake.records.listing import list_records
from salescommand_lake.records.question import Change, FieldValue, Record, RecordQuery, RuleResult

__all__ = ["get_record"]

_RELATED = 50


async def get_record(
    engine: Engine,
    record_type: str,
    canonical_id: str,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Record | None:
    """Return a record, deleted ones included, as it is now or was at a moment; None when there is or was none.

    Raises:
        KeyError: there is no such type.
        LakeError: the engine is away.
    """
    noun = NOUNS[record_type]
    key = await engine.query(
        f"SELECT source, source_id FROM {noun.table} FINAL WHERE canonical_id = {{id:String}}", {"id": canonical_id}
    )
    if not key:
        return None
    changes, parameters = _changes(noun, key[0], as_of, known_at)
    state = await engine.query(states(noun, changes), parameters)
    if not state or int(state[0]["events"]) == 0:
        return None
    row = state[0]
    versions = await engine.query(f"{histories(noun, changes)} ORDER BY ord", parameters)
    query = RecordQuery(type=record_type, as_of=as_of, known_at=known_at)
    return Record(
        canonical_id=canonical_id,
        type=record_type,
        source=row["source"],
        source_id=row["source_id"],
        title=next((str(row[name]) for name in noun.title if row[name]), row["source_id"]),
        is_deleted=bool(row["is_deleted"]),
        source_time=utc(row["source_time"]),
        fields=_fields(noun, row),
        score=float(row["quality_score"]),
        rules=_rules(noun, row["failed_rules"]),
        history=_history(noun, versions),
        related=await _related(engine, noun, row, query),
        merged_into=id_of(row["source"], record_type, row["merged_into"]) if row["merged_into"] else None,
    )


def _changes(noun: Noun, key: Row, as_of: datetime | None, known_at: datetime | None) -> tuple[str, dict[str, Any]]:
    conditions = ["source = {source:String}", "source_id = {source_id:String}"]
    parameters: dict[str, Any] = {"source": key["source"], "source_id": key["source_id"]}
    if as_of is not None:
        conditions.append("source_time <= {as_of:DateTime64(3, 'UTC')}")
        parameters["as_of"] = as_of
    if known_at is not None:
        conditions.append("received_at <= {known_at:DateTime64(6, 'UTC')}")
        parameters["known_at"] = known_at
    return marked(noun, " AND ".join(conditions)), parameters


def _fields(noun: Noun, row: Row) -> dict[str, FieldValue]:
    found = {}
    for field in noun.fields:
        event_id, source_time, received_at = None, None, None
        if field.name in row["provenance"]:
            event_id, source_time = place(row["provenance"][field.name])
            received_at = seq_time(decode_event_id(event_id))
        found[field.name] = FieldValue(
            value=plain(field, row[field.name]),
            label=field.label,
            unit=field.unit,
            source=row["source"],
            event_id=event_id,
            source_time=source_time,
            received_at=received_at,
        )
    return found


def _rules(noun: Noun, failed: Sequence[str]) -> tuple[RuleResult, ...]:
    total = sum(rule.weight for rule in noun.rules)
    return tuple(
        RuleResult(rule.name, round(rule.weight / total, 4), rule.name not in failed, rule.meaning)
        for rule in noun.rules
    )


def _history(noun: Noun, versions: Sequence[Row]) -> tuple[Change, ...]:
    """Compare each version with the one before; newest first."""
    before: Mapping[str, Any] = {}
    found = []
    for row in versions:
        values = {field.name: plain(field, row[field.name]) for field in noun.fields}
        changes = {name: (before.get(name), value) for name, value in values.items() if value != before.get(name)}
        deleted = bool(row["is_deleted"])
        if deleted != bool(before.get("is_deleted", False)):
            changes["is_deleted"] = (not deleted, deleted)
        seq = int(row["seq"])
        found.append(Change(encode_event_id(seq), utc(row["source_time"]), seq_time(seq), row["operation"], changes))
        before = {**values, "is_deleted": deleted}
    return tuple(reversed(found))


async def _related(engine: Engine, noun: Noun, row: Row, query: RecordQuery) -> dict[str, list[dict[str, Any]]]:
    """Return short lists of the records around this one, all of its own source."""
    account = row["source_id"] if noun.name == "account" else row.get("account_ref")
    if not account:
        return {}
    found = {}
    for name in ("account", "contact", "opportunity", "activity", "order", "invoice"):
        by = "source_id" if name == "account" else "account_ref"
        if name == noun.name == "account":
            continue
        page = await list_records(
            engine,
            RecordQuery(
                type=name,
                filters=(Filter("source", "eq", (row["source"],)), Filter(by, "eq", (account,))),
                limit=_RELATED,
                as_of=query.as_of,
                known_at=query.known_at,
            ),
        )
        items = [item for item in page.items if item["source_id"] != row["source_id"] or name != noun.name]
        if items:
            found[NOUNS[name].plural] = items
    return found
