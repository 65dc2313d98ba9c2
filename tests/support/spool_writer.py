"""A process that only writes a spool: `python -m tests.support.spool_writer SPOOL ACKS LOG ROUNDS`.

After every answer it notes in ACKS the number of the event and how long LOG was then.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import IO

from backend.microservices.ingest.records import Ack
from backend.microservices.ingest.spool import Spool
from tests.backend.test_spool import draft, post


async def write(path: Path, acks: IO[str], log: str, rounds: int) -> None:
    spool = Spool(path)
    await spool.open()

    async def one(name: str, size: int) -> None:
        found: list[Ack] = await spool.append(post(draft(name, name.encode() + b":" + b"x" * size)))
        acks.write(f"{found[0].seq} {os.stat(log).st_size}\n")  # noqa: PTH116

    for n in range(rounds):
        await asyncio.gather(*(one(f"{n}-{k}", (n * 997 + k * 131) % 6000) for k in range(n % 7 + 1)))
        # A loader that falls behind: pages are freed and used again, the log is folded into the file.
        if n % 5 == 4:
            batch = await spool.next_batch(8, 2**30)
            assert batch is not None
            before = os.stat(log).st_size  # noqa: PTH116 - within the loop, at once
            await spool.complete(batch)
            acks.write(f"-{batch.rows[-1].seq} {before}\n")
    acks.flush()
    os._exit(0)  # no tidy end: everything after the last answer is as a cut leaves it


if __name__ == "__main__":
    with Path(sys.argv[2]).open("w") as told:
        asyncio.run(write(Path(sys.argv[1]), told, sys.argv[3], int(sys.argv[4])))
