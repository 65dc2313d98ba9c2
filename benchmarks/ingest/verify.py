"""Checks after a run that what was acknowledged is kept exactly once, in the lake or still in the spool.

As a program: `python -m benchmarks.ingest.verify --data DIR [--acknowledged FILE]` prints a JSON line. Nothing else may
have the folder open.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from pathlib import Path

from backend.microservices.ingest.spool import Spool
from benchmarks.ingest.names import SOURCE
from salescommand_lake.batches import stored_ids
from salescommand_lake.engine import open_engine
from salescommand_lake.settings import LakeSettings

_ROWS = 50_000


async def kept(data: Path) -> list[str]:
    """Return the id of every event in spool and lake; the spool is empty afterwards."""
    found: list[str] = []
    for path in sorted((data / "spool").glob("*.sqlite")):
        spool = Spool(path)
        await spool.open()
        while (batch := await spool.next_batch(_ROWS, 2**30)) is not None:
            found += [row.source_id for row in batch.rows]
            await spool.complete(batch)
        await spool.close()
    if (data / "lake" / "metadata").is_dir():
        engine = open_engine(LakeSettings(data_dir=data))
        found += await stored_ids(engine, SOURCE)
        await engine.close()
    return found


def main() -> None:
    """Read the command line and check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--acknowledged", type=Path, help="ids that were acknowledged, one a line")
    options = parser.parse_args()
    acknowledged = set(options.acknowledged.read_text().split()) if options.acknowledged else set()
    counts = Counter(asyncio.run(kept(options.data)))
    found = {
        "rows": counts.total(),
        "duplicated": counts.total() - len(counts),
        "lost": len(acknowledged - counts.keys()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
