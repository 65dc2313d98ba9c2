"""From a body to a submission: every record resolved by the source's kind, hashed, and made ready for the spool."""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from functools import lru_cache
from typing import Any

import msgspec

from backend.microservices.ingest.contracts import Contract
from backend.microservices.ingest.decode import Piece, pieces
from backend.microservices.ingest.kinds import Kind, Resolved, kind_of
from backend.microservices.ingest.limits import Limits
from backend.microservices.ingest.problems import RecordFault
from backend.microservices.ingest.records import Draft, Row, Submission, digest16, hash16, hashed_text

__all__ = ["Prepared", "Request", "prepare"]

log = logging.getLogger(__name__)
# Characters that no id has and that break logs, addresses or UTF-8.
_NOT_IN_IDS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NAMESPACE = uuid.UUID("6f1d8a52-9a3e-4d0b-8d6f-0c5b6c1f7a10")


class Request(msgspec.Struct):
    """What is known of a request before its records are."""

    source: str
    entity_type: str
    kind: str
    content_type: str
    idempotency_key: str
    body: bytes
    contract: Contract | None = None
    sha256: bytes = b""


class Prepared(msgspec.Struct):
    """A submission, and what the answer needs to know: which draft came from which record, and which were refused."""

    submission: Submission
    single: bool
    indexes: list[int]
    generated: list[bool]
    notes: dict[int, str]
    """What integrators should know about some of the drafts, by their place."""
    faults: list[tuple[int, RecordFault]]


def prepare(request: Request, limits: Limits) -> Prepared:
    """Open a body and resolve its records.

    Raises:
        Refused: the body as a whole can't be read.
    """
    kind = kind_of(request.kind)
    found, single = pieces(request.body, kind, request.content_type, limits)
    request.sha256 = hashlib.sha256(request.body).digest()
    prepared = Prepared(Submission(request.source, []), single, [], [], {}, [])
    for piece in found:
        try:
            _add(prepared, request, kind, piece, limits)
        except RecordFault as fault:
            prepared.faults.append((piece.index, fault))
    submission = prepared.submission
    submission.rejected = len(prepared.faults)
    if request.idempotency_key:
        submission.request = digest16("r", request.source, request.idempotency_key)
        submission.content = digest16(request.entity_type, last=request.sha256)
        for place, draft in enumerate(submission.drafts):
            draft.item = digest16("i", request.source, request.idempotency_key, str(place))
            # Without a vendor's id or time the key is what makes the event recognisable later.
            draft.row.event_key = draft.row.event_key or draft.item
    return prepared


def _add(prepared: Prepared, request: Request, kind: Kind, piece: Piece, limits: Limits) -> None:
    if piece.fault is not None or piece.value is None:
        raise piece.fault or RecordFault("the record is empty", "Send a JSON object.")
    flaw = "" if request.contract is None else _flaw(request.contract, piece.value)
    body_sha = request.sha256 if prepared.single else hashlib.sha256(piece.body).digest()
    drafts: list[Draft] = []
    found = _resolve(kind, piece.value, request.entity_type)
    for resolved in found:
        source_id = resolved.source_id
        if source_id is None:
            source_id = _generate(request, len(prepared.indexes) + len(drafts))
        elif len(source_id) > limits.id_length or not (
            # Nearly all ids pass this, which is cheaper than the search.
            (source_id.isascii() and source_id.isprintable()) or not _NOT_IN_IDS.search(source_id)
        ):
            reason = f"the id is longer than {limits.id_length} characters or holds control characters"
            raise RecordFault(reason, "Send an id as a short string or an integer.")
        draft = _draft(request, resolved, source_id, piece, body_sha)
        draft.row.contract_error = flaw
        drafts.append(draft)
    for draft, resolved in zip(drafts, found, strict=True):
        if resolved.note:
            prepared.notes[len(prepared.indexes)] = resolved.note
        prepared.submission.drafts.append(draft)
        prepared.indexes.append(piece.index)
        prepared.generated.append(resolved.source_id is None)


def _flaw(contract: Contract, value: dict[str, Any]) -> str:
    """Return how a record that is to be quarantined breaks its contract, '' when it doesn't.

    Raises:
        RecordFault: it breaks one that refuses.
    """
    flaw = contract.flaw(value)
    if flaw is None:
        return ""
    if contract.action == "quarantine":
        return f"{flaw} (contract, version {contract.version})"
    hint = f"Send what version {contract.version} of the contract of {contract.entity_type} says, or have it changed."
    raise RecordFault(f"it breaks the contract at {flaw}", hint, path=flaw.path)


def _resolve(kind: Kind, value: dict[str, Any], entity_type: str) -> list[Resolved]:
    try:
        return kind.resolve(value, entity_type)
    except Exception:
        # A payload that a kind did not foresee is kept, not lost: as a plain record, without a noun.
        log.exception("the kind %s can't read a %s record; it is kept as it is", kind.name, entity_type)
        return [Resolved(source_id=kind.identify(value))]


_prefix = lru_cache(maxsize=4096)(hashed_text)


def _draft(request: Request, resolved: Resolved, source_id: str, piece: Piece, body_sha: bytes) -> Draft:
    record_type = resolved.record_type
    # The same hashes as of digest16(source, entity type, record type, id, ...), whose beginning most records share.
    name = (
        _prefix(request.source, request.entity_type, record_type) + source_id.encode("utf-8", "surrogatepass") + b"\x1f"
    )
    source_time_ms = piece.sent_ms if resolved.source_time_ms is None else resolved.source_time_ms
    key = b""
    if resolved.vendor_event_id is not None:
        key = hash16(b"v\x1f" + name + resolved.vendor_event_id.encode("utf-8", "surrogatepass") + b"\x1f")
    elif source_time_ms is not None:
        key = hash16(b"c\x1f%b%d\x1f%b" % (name, source_time_ms, body_sha))
    # By place, in the order of the fields: names would take as long again.
    row = Row(
        0,
        request.source,
        request.entity_type,
        source_id,
        record_type,
        request.kind,
        resolved.operation,
        source_time_ms,
        resolved.vendor_seq,
        piece.body,
        body_sha,
        piece.index,
        request.sha256,
        key,
    )
    return Draft(row, hash16(name))


def _generate(request: Request, place: int) -> str:
    """Make an id for a record without one: the same again when the request is repeated under its key."""
    if request.idempotency_key:
        return str(uuid.uuid5(_NAMESPACE, f"{request.source}\0{request.idempotency_key}\0{place}"))
    return str(uuid.uuid4())
