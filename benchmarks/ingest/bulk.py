"""The direct way into the raw zone: big blocks of ready JSON lines, with nothing checked, kept or acknowledged before.

As a program: `python -m benchmarks.ingest.bulk --rows N [--data DIR | --url URL]` makes the rows, inserts them into
`raw_events` and prints the seconds that the inserts took.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.ingest.names import ENTITY
from salescommand_lake.engine import open_engine
from salescommand_lake.engine.rows import encode
from salescommand_lake.identifiers import make_seq, seq_time
from salescommand_lake.schema import ensure_schema
from salescommand_lake.settings import LakeSettings


def rows(first: int, count: int, batch_id: str, padding: str) -> list[dict[str, Any]]:
    """Make rows like those that the product makes of the posts of `openloop`."""
    made = []
    start = make_seq(datetime.now(UTC), 1)
    for number in range(first, first + count):
        body = (
            b'{"id":"bulk-%d","name":"Annual plan","amount":"%d.50","currency":"EUR","stage":"proposal",'
            b'"owner":"owner-%d","updated_at":"2026-03-0%dT10:%02d:%02dZ","note":"%s"}'
            % (number, number % 90_000, number % 40, number % 9 + 1, number % 60, number % 59, padding.encode())
        )
        sha = hashlib.sha256(body).digest()
        seq = start + (number - first << 10)
        at = seq_time(seq)
        made.append(
            {
                "source": "bulk",
                "entity_type": ENTITY,
                "source_id": f"bulk-{number}",
                "ingested_at": at.replace(microsecond=0),
                "event_key": sha[:16],
                "seq": seq,
                "kind": "generic",
                "record_type": "opportunity",
                "operation": "full",
                "source_time": datetime(2026, 3, 1, 10, tzinfo=UTC),
                "source_time_given": True,
                "received_at": at,
                "body": body,
                "body_sha256": sha,
                "body_index": number - first,
                "request_sha256": sha,
                "batch_id": batch_id,
            }
        )
    return made


async def insert(options: argparse.Namespace) -> float:
    """Insert the rows and return the seconds that the inserts took."""
    engine = open_engine(LakeSettings(data_dir=options.data, url=options.url))
    await ensure_schema(engine)
    seconds = 0.0
    run = str(time.time_ns())
    for first in range(0, options.rows, options.block):
        count = min(options.block, options.rows - first)
        batch_id = f"bulk-{run}-{first}"
        ready = encode(rows(first, count, batch_id, "x" * options.padding))
        started = time.perf_counter()
        await engine.insert("raw_events", ready, token=batch_id)
        seconds += time.perf_counter() - started
    await engine.close()
    return seconds


def main() -> None:
    """Read the command line and insert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--block", type=int, default=20_000)
    parser.add_argument("--padding", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--url")
    options = parser.parse_args()
    seconds = asyncio.run(insert(options))
    print(json.dumps({"rows": options.rows, "seconds": seconds}))


if __name__ == "__main__":
    main()
