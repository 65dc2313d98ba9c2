"""Applying and removing mapping documents: checked, tried, and added to the versions that the lake keeps."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.fold.results import AppliedMapping, MappingVersion
from salescommand_lake.mapping import MappingError
from salescommand_lake.mapping.catalog import compiled
from salescommand_lake.mapping.compile import RAW_COLUMNS


async def apply_mapping(engine: Engine, text: str, *, author: str, name: str = "mapping") -> AppliedMapping:
    """Add a document as the newest version of its scope and noun; the next fold reads the events concerned again.

    The same document as the current one changes nothing. ``name`` says in errors which document it was.

    Raises:
        MappingError: the document can't be used; names the line and the field.
    """
    found = compiled(text, name)
    mapping = found.mapping
    try:
        # Compiling is not enough: only the engine knows that it accepts the statement.
        dry = found.select(f"SELECT {RAW_COLUMNS} FROM raw_events LIMIT 0", version=0, generation=0)
        await engine.query(f"SELECT * FROM ({dry}) LIMIT 0")
    except LakeError as error:
        if error.retryable:
            raise
        raise MappingError(name, 1, "", f"the engine refuses what it compiles to: {error}") from error
    return await _add(engine, mapping.scope, mapping.record_type, text, author)


async def remove_mapping(engine: Engine, scope: str, record_type: str, *, author: str) -> AppliedMapping:
    """Put an applied document out of force, as one more version; the next fold reads the events concerned again.

    The shipped document of the scope is in force again, or none: then the events are ignored, and records that only
    they made are gone. Removing what is not there changes nothing.
    """
    return await _add(engine, scope, record_type, "", author)


async def mapping_history(engine: Engine, scope: str, record_type: str) -> list[MappingVersion]:
    """Return every version that was applied to a scope and noun, newest first."""
    rows = await engine.query(
        "SELECT version, text, author, applied_at FROM mapping_versions\n"
        "WHERE scope = {scope:String} AND record_type = {noun:String} ORDER BY version DESC",
        {"scope": scope, "noun": record_type},
    )
    return [
        MappingVersion(
            version=int(row["version"]),
            text=row["text"],
            author=row["author"],
            applied_at=datetime.fromisoformat(row["applied_at"]).replace(tzinfo=UTC),
        )
        for row in rows
    ]


async def _add(engine: Engine, scope: str, record_type: str, text: str, author: str) -> AppliedMapping:
    history = await mapping_history(engine, scope, record_type)
    last, current = (history[0].version, history[0].text) if history else (0, "")
    if current == text:
        return AppliedMapping(scope, record_type, last, changed=False)
    row = {"scope": scope, "record_type": record_type, "version": last + 1, "text": text}
    row |= {"author": author, "applied_at": datetime.now(UTC)}
    await engine.insert("mapping_versions", [row], token=uuid.uuid4().hex)
    return AppliedMapping(scope, record_type, last + 1, changed=True)
