"""Bringing the lake's tables to what this build needs before events flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salescommand_cli.errors import CommandError

if TYPE_CHECKING:
    from backend.context import Context


async def prepare_lake(context: Context) -> None:
    """Make or check the tables.

    Raises:
        CommandError: the lake cannot be used; says what differs and what to do.
    """
    from salescommand_lake.errors import LakeError
    from salescommand_lake.schema import ensure_schema, require_schema

    try:
        if context.settings.schema_mode == "ensure":
            await ensure_schema(context.engine)
        else:
            await require_schema(context.engine)
    except LakeError as error:
        raise CommandError(
            f"the lake cannot be used: {error}",
            hint="`salescommand doctor` says what is there and what is missing.",
        ) from error
