"""Histories of a few records with everything that can happen to them, for tests that hold of any history."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from salescommand_lake.identifiers import make_seq
from salescommand_lake.raw import RawRow

START = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "name": ["Acme renewal", "Acme 2", None, ""],
    "amount": ["1200.50", 5, "1,200", None, "", "99.99995"],
    "currency": ["EUR", "usd", "JPY", None],
    "stage": ["New", "Talks", "Closed Won", "closed_lost", None],
    "status": ["open", "won", "lost", None],
    "probability": ["0.4", 0.9, "likely"],
    "close_date": ["2026-03-01", "2026-02-30", "2026-04-15T10:00:00Z", None],
    "owner_ref": ["7", 8, None],
    "owner": ["Ada", "Bo"],
    "account_id": ["a1", "a2", ""],
    "created_at": ["2026-01-01T00:00:00Z", 5, None],
}


@st.composite
def histories(draw: st.DrawFn, *, min_size: int = 1, max_size: int = 25) -> list[dict[str, Any]]:
    """Events in the order of their arrival, some of them repeats of earlier ones; ``rows`` makes them raw events."""
    count = draw(st.integers(min_size, max_size))
    events: list[dict[str, Any]] = []
    for number in range(count):
        if events and draw(st.integers(0, 9)) == 0:
            events.append({**draw(st.sampled_from(events)), "arrival": number})
            continue
        keys = draw(st.lists(st.sampled_from(list(VALUES)), max_size=5, unique=True))
        body = {key: draw(st.sampled_from(VALUES[key])) for key in keys}
        if draw(st.integers(0, 5)) == 0:
            body["is_deleted"] = draw(st.booleans())
        events.append(
            {
                "arrival": number,
                "key": number + 1 if draw(st.integers(0, 5)) else 0,
                "record": draw(st.sampled_from(["1", "2", "3"])),
                "body": json.dumps(body).encode() if draw(st.integers(0, 19)) else b"broken",
                "operation": draw(st.sampled_from(["full", "full", "patch", "patch", "delete", "undelete", "merge"])),
                "hours": draw(st.one_of(st.none(), st.integers(0, 60))),
                "vendor_seq": draw(st.integers(0, 3)),
            }
        )
    return events


def rows(events: list[dict[str, Any]], source: str, kind: str = "generic") -> list[RawRow]:
    """Make the raw events of a history under a source of its own. Event times are hours, arrivals minutes later."""
    return [
        RawRow(
            source=source,
            entity_type="deal",
            record_type="opportunity",
            kind=kind,
            source_id=event["record"],
            seq=make_seq(START + timedelta(hours=20, minutes=event["arrival"]), 0),
            body=event["body"],
            batch_id="",
            operation=event["operation"],
            source_time=None if event["hours"] is None else START + timedelta(hours=event["hours"]),
            vendor_seq=event["vendor_seq"],
            event_key=event["key"].to_bytes(16, "big"),
        )
        for event in events
    ]
