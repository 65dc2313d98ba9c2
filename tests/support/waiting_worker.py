"""A worker process whose rebuild never ends, for tests that kill it: `python -m tests.support.waiting_worker`."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from backend import background as jobs
from backend.context import Context, open_context
from backend.settings import BackendSettings


async def _wait(_: Context, __: Any, tell: Any) -> dict[str, Any]:
    await tell(0.1, "waits")
    sys.stdout.write("working\n")
    sys.stdout.flush()
    await asyncio.Event().wait()
    return {}


async def main() -> None:
    """Run the background jobs."""
    jobs.WORK["rebuild"] = _wait
    async with open_context(BackendSettings.load(), with_spool=False) as context:
        await jobs.run_jobs(context)


if __name__ == "__main__":
    asyncio.run(main())
