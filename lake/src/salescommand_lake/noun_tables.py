"""The tables of a noun, rendered from the model: changes, current states, intervals, and the feed of the quarantine."""

from __future__ import annotations

from types import MappingProxyType

from salescommand_lake.model import Field, FieldType, Noun

EVENT_ID_SQL = (
    "concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', "
    "1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0])))"
)
"""The public id of the event ``seq``: identifiers.encode_event_id as SQL."""

CHANGE_COLUMNS = (
    ("source", "LowCardinality(String)"),
    ("source_id", "String"),
    ("seq", "UInt64"),
    ("record_type", "LowCardinality(String)"),
    ("ord", "UInt256"),
    ("event_key", "FixedString(16)"),
    ("source_time", "DateTime64(3, 'UTC')"),
    ("received_at", "DateTime64(6, 'UTC')"),
    ("operation", "Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5)"),
    ("deleted_op", "UInt8"),
    ("mapping_hash", "LowCardinality(String)"),
    ("mapping_version", "UInt32"),
    ("batch_id", "String"),
    ("generation", "UInt64"),
    ("refused", "String"),
    ("errors", "Array(Tuple(field String, value String, reason String))"),
    ("merged_into", "String"),
)
"""What a change holds beside the fields.

record_type is the noun as the door resolved it, perhaps none. deleted_op: 0 says nothing, 1 the record lives, 2 it is
deleted. merged_into is the id of the record that survives a merge. refused is why the event as a whole was not
accepted; its other columns then mean nothing.
"""

WITHDRAWN = "no mapping makes this of it any more"
"""What refused says of an event that became this noun by a mapping that is no longer in force."""

STATE_COLUMNS = (
    ("canonical_id", "String"),
    ("source", "LowCardinality(String)"),
    ("source_id", "String"),
    ("is_deleted", "Bool"),
    ("version", "UInt64"),
    ("ord", "UInt256"),
    ("source_time", "DateTime64(3, 'UTC')"),
    ("known_at", "DateTime64(6, 'UTC')"),
    ("provenance", "Map(LowCardinality(String), UInt256)"),
    ("quality_score", "Float64"),
    ("failed_rules", "Array(LowCardinality(String))"),
    ("events", "UInt64"),
    ("superseded", "UInt64"),
    ("repeats", "Map(UInt64, Tuple(batch_id String, record_type String))"),
    ("merged_into", "String"),
)
"""What a state holds beside the fields. repeats: the superseded events, with the part of the ledger that each
belongs to."""

MERGED_COLUMNS = (
    ("canonical_id", "String"),
    ("source", "LowCardinality(String)"),
    ("source_id", "String"),
    ("cluster_id", "String"),
    ("is_survivor", "Bool"),
    ("members", "Array(String)"),
    ("keys", "Array(Tuple(rule String, key String))"),
    ("generation", "UInt64"),
    ("is_deleted", "Bool"),
    ("source_time", "DateTime64(3, 'UTC')"),
    ("known_at", "DateTime64(6, 'UTC')"),
    ("provenance", "Map(LowCardinality(String), UInt256)"),
    ("field_members", "Map(LowCardinality(String), String)"),
    ("quality_score", "Float64"),
    ("failed_rules", "Array(LowCardinality(String))"),
)
"""What a merged record holds beside the fields. It stands once for each of its members, so that each of their ids finds
it; is_survivor is true for the one whose id is its own. keys: by what the rules of identity knew the member.
"""

INTERVAL_COLUMNS = (
    ("canonical_id", "String"),
    ("seq", "UInt64"),
    ("source", "LowCardinality(String)"),
    ("source_id", "String"),
    ("valid_from", "DateTime64(3, 'UTC')"),
    ("valid_to", "DateTime64(3, 'UTC')"),
    ("is_deleted", "Bool"),
    ("quality_score", "Float64"),
    ("failed_rules", "Array(LowCardinality(String))"),
)
"""What an interval holds beside the fields: seq is the event that began it."""

HISTORY_COLUMNS = MappingProxyType(
    {"opportunity": (("stage_since", "Nullable(DateTime64(3, 'UTC'))"), ("first_due", "Nullable(Date32)"))}
)
"""What an interval tells of what came before it, by noun. stage_since: when the deal came into the stage that it is in;
first_due: the day on which it was first expected to close."""

VISIT = (
    "Tuple(stage LowCardinality(String), status LowCardinality(String), probability Nullable(Decimal(18, 4)),"
    " entered_at DateTime64(3, 'UTC'))"
)
STAY = (
    "Tuple(stage LowCardinality(String), entered_at DateTime64(3, 'UTC'), probability Nullable(Decimal(18, 4)),"
    " seconds Int64, since Nullable(DateTime64(3, 'UTC')), likelier Bool)"
)
LATEST_COLUMNS = MappingProxyType({"opportunity": (("visits", f"Array({VISIT})"), ("stays", f"Array({STAY})"))})
"""What only the last interval of a record tells. visits: the stages that a deal was in, one per change of stage or
status, in their order. stays: what follows from them for each open stage: first entry, probability on entry, how
long it was there without the stay that lasts, since when that lasts, and whether a likelier stage came later."""


def statements(noun: Noun) -> list[str]:
    """Return the CREATE statements of one noun."""
    merged = [_merged(noun)] if noun.merged else []
    return [_changes(noun), _quarantine_feed(noun), _states(noun), *merged, _intervals(noun), *_latest(noun)]


def derived_tables(noun: Noun) -> tuple[str, ...]:
    """Return the tables that follow from raw events record by record, each with the columns source and source_id.

    The changes come first; the others follow from them. Versions (canonical_records) are only ever added to, so they
    are not here.
    """
    latest = (noun.latest_table,) if noun.name in LATEST_COLUMNS else ()
    return (noun.changes_table, noun.table, noun.intervals_table, *latest)


def _comment(field: Field) -> str:
    return "COMMENT '" + field.meaning.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _changes(noun: Noun) -> str:
    columns = [f"{name} {kind}" for name, kind in CHANGE_COLUMNS]
    for field in noun.fields:
        columns += [f"{field.name} {field.sql_type} {_comment(field)}", f"{field.name}_op UInt8"]
    return (
        f"CREATE TABLE IF NOT EXISTS {noun.changes_table} (\n  " + ",\n  ".join(columns) + "\n)\n"
        "ENGINE = ReplacingMergeTree(generation)\nPRIMARY KEY (source, source_id)\nORDER BY (source, source_id, seq)\n"
        "SETTINGS index_granularity = 256"
    )


def _states(noun: Noun) -> str:
    columns = [f"{name} {kind}" for name, kind in STATE_COLUMNS]
    columns += [f"{field.name} Nullable({field.sql_type}) {_comment(field)}" for field in noun.fields]
    return (
        f"CREATE TABLE IF NOT EXISTS {noun.table} (\n  " + ",\n  ".join(columns) + "\n)\n"
        "ENGINE = ReplacingMergeTree(version)\nORDER BY canonical_id\nSETTINGS index_granularity = 1024"
    )


def _merged(noun: Noun) -> str:
    columns = [f"{name} {kind}" for name, kind in MERGED_COLUMNS]
    columns += [f"{field.name} Nullable({field.sql_type}) {_comment(field)}" for field in noun.fields]
    columns += [f"{name}_source String COMMENT 'the source that {name} is an id of'" for name in noun.refs]
    return (
        f"CREATE TABLE IF NOT EXISTS {noun.merged_table} (\n  " + ",\n  ".join(columns) + "\n)\n"
        "ENGINE = ReplacingMergeTree(generation)\nORDER BY canonical_id\nSETTINGS index_granularity = 1024"
    )


def _intervals(noun: Noun) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {noun.intervals_table} (\n  {_interval_columns(noun)}\n)\n"
        "ENGINE = ReplacingMergeTree(generation)\nORDER BY (canonical_id, seq)\nSETTINGS index_granularity = 1024"
    )


def _latest(noun: Noun) -> list[str]:
    """The last interval of each record with all that came before it: current states that know their history."""
    if noun.name not in LATEST_COLUMNS:
        return []
    columns = "".join(f",\n  {name} {kind}" for name, kind in LATEST_COLUMNS[noun.name])
    sql = (
        f"CREATE TABLE IF NOT EXISTS {noun.latest_table} (\n  {_interval_columns(noun)}{columns}\n)\n"
        "ENGINE = ReplacingMergeTree(generation)\nORDER BY canonical_id\nSETTINGS index_granularity = 1024"
    )
    return [sql]


def _interval_columns(noun: Noun) -> str:
    columns = [f"{name} {kind}" for name, kind in INTERVAL_COLUMNS]
    columns += [f"{field.name} {_interval_type(field)} {_comment(field)}" for field in noun.fields]
    columns += [f"{name} {kind}" for name, kind in HISTORY_COLUMNS.get(noun.name, ())]
    return ",\n  ".join([*columns, "generation UInt64"])


def _interval_type(field: Field) -> str:
    """Words of a few are kept as numbers."""
    few = field.type in {FieldType.ENUM, FieldType.CURRENCY}
    return f"LowCardinality(Nullable({field.sql_type}))" if few else f"Nullable({field.sql_type})"


def _quarantine_feed(noun: Noun) -> str:
    select = quarantined(noun, noun.changes_table)
    return f"CREATE MATERIALIZED VIEW IF NOT EXISTS {noun.name}_quarantine_feed TO quarantine AS\n{select}"


def quarantined(noun: Noun, changes: str) -> str:
    """Return a SELECT of what could not be read, as rows of the quarantine, from the table ``changes``."""
    return (
        f"SELECT source, seq, error.1 AS field, {EVENT_ID_SQL} AS event_id, '{noun.name}' AS record_type, source_id,\n"
        "  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,\n"
        "  false AS resolved\n"
        f"FROM {changes}\nARRAY JOIN errors AS error"
    )
