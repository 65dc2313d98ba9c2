"""What a post is answered."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.microservices.ingest.prepare import Prepared
from backend.microservices.ingest.problems import RecordFault, Refused
from backend.microservices.ingest.records import Ack
from salescommand_lake.identifiers import encode_event_id

__all__ = ["accepted", "all_refused", "extra_headers"]

_ENCODE = msgspec.json.Encoder().encode


class _Event(msgspec.Struct, omit_defaults=True, gc=False):
    """What became of one record of several."""

    index: int
    source_id: str
    event_id: str
    duplicate: bool
    generated: bool = False
    note: str = ""


def accepted(prepared: Prepared, acks: list[Ack], duplicates: int, stored: bool | None) -> bytes:
    """Return the answer that says what became of each record. `stored` is None when nobody waits for the lake."""
    drafts = prepared.submission.drafts
    content: dict[str, Any] = {"status": "partial" if prepared.faults else "accepted"}
    if acks and (prepared.single or len(acks) == 1):
        content["source_id"] = drafts[0].row.source_id
        content["event_id"] = encode_event_id(acks[0].seq)
        content["duplicate"] = acks[0].duplicate
        if prepared.generated[0]:
            content["generated"] = True
        if 0 in prepared.notes:
            content["note"] = prepared.notes[0]
    if not prepared.single or len(acks) != 1:
        content["accepted"] = len(acks)
        content["duplicates"] = duplicates
        content["rejected"] = [_fault(index, fault) for index, fault in prepared.faults]
        ids = [draft.row.source_id for draft in drafts]
        content["events"] = [
            _Event(index, source_id, encode_event_id(ack.seq), ack.duplicate, generated)
            for index, source_id, ack, generated in zip(prepared.indexes, ids, acks, prepared.generated, strict=True)
        ]
        for place, note in prepared.notes.items():
            content["events"][place].note = note
    if stored is not None:
        content["stored"] = stored
    return _ENCODE(content)


def _fault(index: int, fault: RecordFault) -> dict[str, Any]:
    told = {"index": index, "reason": fault.reason, "hint": fault.hint}
    return told | {"path": fault.path} if fault.path else told


def all_refused(prepared: Prepared) -> Refused:
    """Return the refusal of a request without a single good record."""
    index, fault = prepared.faults[0]
    if prepared.single:
        detail = f"The record is refused: {fault.reason}."
        errors = [{"field": fault.path, "message": fault.reason}] if fault.path else None
        return Refused(fault.status, "The record is refused", detail, fault.hint, kind="record-refused", errors=errors)
    detail = f"All {len(prepared.faults)} records are refused; record {index}: {fault.reason}."
    errors = [
        {"field": f"[{place}]{each.path.removeprefix('$')}", "message": each.reason}
        for place, each in prepared.faults[:100]
    ]
    return Refused(fault.status, "No record can be taken", detail, fault.hint, kind="records-refused", errors=errors)


def extra_headers(refusal: Refused) -> list[tuple[bytes, bytes]]:
    """Return the headers that a refusal of this status has."""
    if refusal.status == 401:
        return [(b"www-authenticate", b'Bearer realm="ingest"')]
    if refusal.status == 405:
        return [(b"allow", b"POST")]
    if refusal.retry_after is not None:
        return [(b"retry-after", str(refusal.retry_after).encode()), *refusal.headers]
    return []
