"""One merged record from the states of its members, as SQL: which value survives, field by field.

Of the members that are not deleted and have a value, the one whose source is named first for the field counts; among
sources that are not named, and of one source, the newest value by the order of events. A deleted member gives values
only when all are deleted.
"""

from __future__ import annotations

from salescommand_lake.fold.state_sql import quality
from salescommand_lake.mapping.literals import quoted
from salescommand_lake.model import Noun
from salescommand_lake.noun_tables import MERGED_COLUMNS

__all__ = ["merged", "merged_columns", "merged_rows"]


def merged_columns(noun: Noun) -> list[str]:
    """Return the columns of a noun's table of merged records, in order."""
    names = [name for name, _ in MERGED_COLUMNS] + [field.name for field in noun.fields]
    return names + [f"{name}_source" for name in noun.refs]


def merged(noun: Noun, states: str, clusters: str) -> str:
    """Return a SELECT of merged records: the columns of states that people see, of the cluster as a whole.

    ``states`` is a SELECT of states, ``clusters`` one of canonical_id and cluster_id of those that are linked.
    ``merged_into`` is where a source has merged a record that is gone, an id of ``merged_into_source``.
    ``member_rows`` holds canonical_id, source and source_id of each member, the survivor first.
    """
    picks = ", ".join(_pick(field.name) for field in noun.fields)
    grouped = (
        "SELECT cluster, arraySort(m -> (m.1 != cluster, m.1), groupArray((canonical_id, source, source_id)))"
        " AS member_rows,\n  argMaxIf((merged_into, toString(source)), source_time, merged_into != '') AS pointer,\n"
        "  min(is_deleted) AS all_deleted, max(source_time) AS newest, max(known_at) AS known,"
        f"\n  {picks}\n"
        f"FROM (SELECT s.*, ({_trust(noun)}) AS trust, if(c.cluster_id = '', s.canonical_id, c.cluster_id) AS cluster\n"
        f"  FROM ({states}) AS s LEFT ANY JOIN ({clusters}) AS c ON c.canonical_id = s.canonical_id)\n"
        "GROUP BY cluster"
    )
    values = ", ".join(f"p_{field.name}.1 AS {field.name}" for field in noun.fields)
    refs = "".join(f", p_{name}.3 AS {name}_source" for name in noun.refs)
    places = ", ".join(f"{quoted(field.name)}, p_{field.name}.4" for field in noun.fields)
    members = ", ".join(f"{quoted(field.name)}, p_{field.name}.2" for field in noun.fields)
    valued = (
        "SELECT cluster AS canonical_id, member_rows, member_rows[1].2 AS source, member_rows[1].3 AS source_id,\n"
        "  all_deleted AS is_deleted, newest AS source_time, known AS known_at,\n"
        "  if(all_deleted, pointer.1, '') AS merged_into, pointer.2 AS merged_into_source,\n"
        f"  CAST(mapFilter((k, v) -> v > 0, map({places})), 'Map(LowCardinality(String), UInt256)') AS provenance,\n"
        f"  CAST(mapFilter((k, v) -> v != '', map({members})), 'Map(LowCardinality(String), String)')"
        f" AS field_members,\n  {values}{refs}\nFROM ({grouped})"
    )
    return f"SELECT *, {quality(noun)}\nFROM ({valued})"


def merged_rows(noun: Noun, records: str, keys: str, generation: int) -> str:
    """Return a SELECT of rows of the table of merged records, one for each member.

    ``records`` is a SELECT of merged records, ``keys`` one of canonical_id and keys.
    """
    own = {
        "canonical_id": "member.1",
        "source": "member.2",
        "source_id": "member.3",
        "cluster_id": "r.canonical_id",
        "is_survivor": "member.1 = r.canonical_id",
        "members": "arrayMap(m -> m.1, r.member_rows)",
        "keys": "k.keys",
        "generation": f"toUInt64({generation})",
    }
    columns = ", ".join(f"{own.get(name, f'r.{name}')} AS {name}" for name in merged_columns(noun))
    return (
        f"SELECT {columns}\nFROM (SELECT *, arrayJoin(member_rows) AS member FROM ({records})) AS r\n"
        f"LEFT ANY JOIN ({keys}) AS k ON k.canonical_id = r.member.1"
    )


def _pick(name: str) -> str:
    """Return the aggregate of one field: (value, member, source, place)."""
    named = f"indexOf(if(mapContains(trust, '{name}'), trust['{name}'], trust['*']), toString(source))"
    place = f"provenance['{name}']"
    # The first of the order ranks highest; a source that is not in it comes after all that are.
    return (
        f"argMaxIf(({name}, canonical_id, toString(source), {place}),"
        f" (NOT is_deleted, isNotNull({name}), if({named} = 0, 0, 1000 - {named}), {place}), {place} > 0) AS p_{name}"
    )


def _trust(noun: Noun) -> str:
    """Return a SELECT of one value: the order of sources by field."""
    return (
        "SELECT CAST(mapFromArrays(groupArray(field), groupArray(sources)), 'Map(String, Array(String))') FROM (\n"
        "    SELECT toString(field) AS field, argMax(s.sources, applied_at) AS sources FROM survivorship AS s\n"
        f"    WHERE noun = '{noun.name}' GROUP BY field)"
    )
