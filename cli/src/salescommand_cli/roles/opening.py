"""Opening what the roles share, with words for a person where the spool can't be used."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from salescommand_cli.errors import CommandError

if TYPE_CHECKING:
    from backend.context import Context
    from backend.settings import BackendSettings


async def enter_context(stack: AsyncExitStack, settings: BackendSettings) -> Context:
    """Open the context until `stack` ends.

    Raises:
        CommandError: the spool is damaged, in use, of another version, or its disk is full or fails.
    """
    import apsw

    from backend.context import open_context
    from backend.microservices.ingest.spool_errors import SpoolError

    try:
        return await stack.enter_async_context(open_context(settings))
    except (SpoolError, apsw.Error) as error:
        folder = settings.data_dir / "spool"
        raise CommandError(
            f"the spool in {folder} cannot be used: {error}",
            hint="docs/durability.md says under “Damaged files” what can be lost with it.",
        ) from error
