"""Applying a mapping document: checked, tried, and added to the versions that the lake keeps."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from salescommand_lake.engine import Engine
from salescommand_lake.errors import LakeError
from salescommand_lake.fold.results import AppliedMapping
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
    rows = await engine.query(
        "SELECT version, text FROM mapping_versions WHERE scope = {scope:String} AND record_type = {noun:String}\n"
        "ORDER BY version DESC LIMIT 1",
        {"scope": mapping.scope, "noun": mapping.record_type},
    )
    last, current = (int(rows[0]["version"]), rows[0]["text"]) if rows else (0, None)
    if current == text:
        return AppliedMapping(mapping.scope, mapping.record_type, last, changed=False)
    row = {
        "scope": mapping.scope,
        "record_type": mapping.record_type,
        "version": last + 1,
        "text": text,
        "author": author,
        "applied_at": datetime.now(UTC),
    }
    await engine.insert("mapping_versions", [row], token=uuid.uuid4().hex)
    return AppliedMapping(mapping.scope, mapping.record_type, last + 1, changed=True)
