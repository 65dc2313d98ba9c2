"""States and histories as SQL: both are the same fold of a record's changes, once over all and once up to each.

Per field three aggregates, because argMax skips what was cleared: the newest value, its place in the order, and the
place of the newest event that set or cleared the field. The value counts when both places are the same.
"""

from __future__ import annotations

from salescommand_lake.model import Field, FieldType, Noun, canonical_id_sql
from salescommand_lake.noun_tables import STATE_COLUMNS
from salescommand_lake.quarantine.open_sql import REPLACED

TIME_OFFSET = 2**62
"""Added to the milliseconds of a source time, so that times before 1970 keep their order."""
SOURCE_TIME = f"fromUnixTimestamp64Milli(if(ord = 0, 0, toInt64(bitShiftRight(ord, 128)) - {TIME_OFFSET}), 'UTC')"
"""The source time that an order key carries."""
NO_KEY = "unhex('00000000000000000000000000000000')"
"""The event key of an event that has none; such an event repeats no other."""


def state_columns(noun: Noun) -> list[str]:
    """Return the columns of a noun's table of states, in order."""
    return [name for name, _ in STATE_COLUMNS] + [field.name for field in noun.fields]


def marked(noun: Noun, keys: str, table: str | None = None, *, rows: str | None = None) -> str:
    """Return a SELECT of the changes under the condition ``keys``; the place of a repeat in the order is 0.

    A repeat is an accepted event with the key of an earlier one of the same record. An event that a corrected copy
    stands in for counts as one too, and so does a copy whose correction was undone. ``table`` holds the changes when
    the noun's own does not: a rebuild's. ``rows`` is a SELECT that gives them instead of a table.
    """
    fields = ", ".join(f"{field.name}, {field.name}_op" for field in noun.fields)
    return (
        "SELECT source, source_id, seq, record_type, source_time, received_at, operation, deleted_op, batch_id,\n"
        "  merged_into,\n"
        f"  refused, {fields},\n"
        f"  refused = '' AND (event_key != {NO_KEY} AND row_number() OVER"
        " (PARTITION BY source, source_id, event_key, refused = '' ORDER BY seq) > 1\n"
        f"    OR (source, seq) IN ({REPLACED})) AS repeated,\n"
        "  if(repeated OR refused != '', toUInt256(0), ord) AS place\n"
        f"FROM {f'({rows})' if rows else f'{table or noun.changes_table} FINAL'} WHERE {keys}"
    )


def states(noun: Noun, changes: str, *, keep_empty: bool = False) -> str:
    """Return a SELECT of states, with the columns of ``state_columns``, from the SELECT ``changes``.

    ``changes`` gives ``marked`` rows. A record all of whose events are refused is left out; with ``keep_empty`` it is
    there as deleted, which hides what an earlier mapping had made of it.
    """
    aggregates = [
        "max(seq) AS version",
        "argMaxIf(deleted_op, place, deleted_op > 0 AND place > 0) = 2 OR events = 0 AS is_deleted",
        "argMaxIf(merged_into, place, deleted_op > 0 AND place > 0) AS merged_into",
        "maxIf(received_at, place > 0) AS known_at",
        "countIf(place > 0) AS events",
        "countIf(repeated) AS superseded",
        "mapFromArrays(groupArrayIf(seq, repeated), groupArrayIf(tuple(batch_id, record_type), repeated)) AS repeats",
        "max(place) AS ord",
        *(part for field in noun.fields for part in _aggregates(field, "")),
    ]
    folded = f"SELECT source, source_id, {', '.join(aggregates)}\nFROM ({changes}) GROUP BY source, source_id"
    folded += "" if keep_empty else " HAVING events > 0"
    return _finished(noun, folded, state_columns(noun), SOURCE_TIME)


def histories(noun: Noun, changes: str, *, every: bool = False) -> str:
    """Return a SELECT of every version of records: the state after each change, and since when it was known.

    With ``every`` there is a row for repeats and refused events too; their ``ord`` is 0.
    """
    window = "OVER w"
    columns = [
        "seq",
        "operation",
        "place AS ord",
        f"argMaxIf(deleted_op, place, deleted_op > 0 AND place > 0) {window} = 2 AS is_deleted",
        f"argMaxIf(merged_into, place, deleted_op > 0 AND place > 0) {window} AS merged_into",
        f"maxIf(received_at, place > 0) {window} AS known_at",
        *(part for field in noun.fields for part in _aggregates(field, f" {window}")),
    ]
    folded = (
        f"SELECT source, source_id, {', '.join(columns)}\n"
        f"FROM (SELECT * FROM ({changes}) WHERE {'1' if every else 'place > 0'})\n"
        "WINDOW w AS (PARTITION BY source, source_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    )
    names = ["canonical_id", "source", "source_id", "seq", "ord", "source_time", "known_at", "operation", "is_deleted"]
    names += ["merged_into", "provenance", "quality_score", "failed_rules", *(field.name for field in noun.fields)]
    return _finished(noun, folded, names, SOURCE_TIME)


def _aggregates(field: Field, window: str) -> tuple[str, str, str]:
    name = field.name
    return (
        f"argMaxIf({name}, place, {name}_op = 1){window} AS a_{name}",
        f"maxIf(place, {name}_op = 1){window} AS q_{name}",
        f"maxIf(place, {name}_op > 0){window} AS o_{name}",
    )


def _finished(noun: Noun, folded: str, names: list[str], source_time: str) -> str:
    """Add values, provenance and quality to folded rows, and give the columns ``names``."""
    values = ", ".join(
        f"if(o_{f.name} > 0, if(q_{f.name} = o_{f.name}, a_{f.name}, NULL), NULL) AS {f.name}" for f in noun.fields
    )
    places = ", ".join(f"'{field.name}', o_{field.name}" for field in noun.fields)
    valued = (
        f"SELECT *, {values}, {canonical_id_sql(noun)} AS canonical_id, {source_time} AS source_time,\n"
        f"  CAST(mapFilter((k, v) -> v > 0, map({places})), 'Map(LowCardinality(String), UInt256)') AS provenance,\n"
        f"  {quality(noun)}\nFROM ({folded})"
    )
    return f"SELECT {', '.join(names)}\nFROM ({valued})"


def quality(noun: Noun) -> str:
    """Return the columns failed_rules and quality_score over the fields of a record."""
    failed = ", ".join(f"if(ifNull({rule.condition}, false), '', '{rule.name}')" for rule in noun.rules)
    total = sum(rule.weight for rule in noun.rules)
    names = ", ".join(f"'{rule.name}'" for rule in noun.rules)
    weights = ", ".join(str(rule.weight) for rule in noun.rules)
    return (
        f"CAST(arrayFilter(x -> x != '', [{failed}]), 'Array(LowCardinality(String))') AS failed_rules,\n"
        f"  round(1 - arraySum(x -> transform(x, [{names}], [{weights}], 0), failed_rules) / {total}, 4)"
        " AS quality_score"
    )


_QUOTED = (FieldType.DECIMAL, FieldType.RATE, FieldType.DATE, FieldType.TIME)


def payload(noun: Noun) -> str:
    """Return the fields of a state as the text of a JSON object; amounts and times are strings, NULLs are left out."""
    types, values = [], []
    for field in noun.fields:
        as_text = field.type in _QUOTED
        types.append(f"{field.name} Nullable({'String' if as_text else field.sql_type})")
        values.append(f"toString({field.name})" if as_text else field.name)
    return f"toJSONString(CAST(({', '.join(values)}), 'Tuple({', '.join(types)})'))"
