"""The demo's way into a lake without a server: what the door makes of the posts, stored and folded."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice

from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.prepare import Request, prepare
from salescommand_demo import KINDS, Generator
from salescommand_demo.envelopes import posts
from salescommand_lake import Engine
from salescommand_lake.fold import fold_pending
from salescommand_lake.identifiers import make_seq
from salescommand_lake.raw import RawRow, insert_raw

ANCHOR = datetime(2026, 3, 18, 14, 25, tzinfo=UTC)
LOADED = ANCHOR + timedelta(minutes=2)
BLOCK = 5000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def raw_rows(generator: Generator, received_at: datetime) -> Iterator[RawRow]:
    """Every event as the door hands it on, repeats included, a microsecond after the one before."""
    numbers = count()
    for post in posts(generator.arrivals()):
        request = Request(post.source, post.entity, KINDS[post.source], post.content_type, "", post.body)
        prepared = prepare(request, Limits())
        assert not prepared.faults, prepared.faults
        for draft in prepared.submission.drafts:
            row, number = draft.row, next(numbers)
            given = row.source_time_ms
            yield RawRow(
                source=row.source,
                entity_type=row.entity_type,
                source_id=row.source_id,
                seq=make_seq(received_at + timedelta(microseconds=number), 0),
                body=row.body,
                batch_id=f"{received_at:%Y%m%d%H%M%S}-{number // BLOCK}",
                event_key=row.event_key or bytes(16),
                vendor_seq=row.vendor_seq,
                kind=row.kind,
                record_type=row.record_type,
                operation=row.operation,
                source_time=None if given is None else _EPOCH + timedelta(milliseconds=given),
                body_sha256=row.body_sha256,
                body_index=row.body_index,
                request_sha256=row.request_sha256,
            )


async def load_lake(engine: Engine, generator: Generator, received_at: datetime) -> int:
    """Store all events and fold them; return how many were stored."""
    rows, stored = raw_rows(generator, received_at), 0
    while block := list(islice(rows, BLOCK)):
        await insert_raw(engine, block, token=f"demo-{block[0].seq}")
        stored += len(block)
    while (await fold_pending(engine)).more:
        pass
    return stored
