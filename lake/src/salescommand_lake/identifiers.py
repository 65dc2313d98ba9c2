"""Identifiers: the arrival number of an event, its public form, and the time that it carries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Arrival numbers count microseconds from here."""
INSTANCE_BITS = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_LENGTH = 13
_PREFIX = "ev_"
_MAX_SEQ = 2**64 - 1
_MICROSECOND = timedelta(microseconds=1)


def make_seq(received_at: datetime, instance: int) -> int:
    """Return the arrival number of an event received at ``received_at`` by process instance 0 to 1023.

    Raises:
        ValueError: the time is naive, before 2020 or too far ahead, or the instance is out of range.
    """
    if received_at.tzinfo is None:
        msg = "received_at must carry a time zone"
        raise ValueError(msg)
    if not 0 <= instance < 1 << INSTANCE_BITS:
        msg = f"instance is {instance}; it must be 0 to {(1 << INSTANCE_BITS) - 1}"
        raise ValueError(msg)
    seq = (received_at - EPOCH) // _MICROSECOND << INSTANCE_BITS | instance
    if not 0 <= seq <= _MAX_SEQ:
        msg = f"received_at {received_at.isoformat()} does not fit an arrival number"
        raise ValueError(msg)
    return seq


def seq_time(seq: int) -> datetime:
    """Return the time, UTC with microseconds, at which the event ``seq`` was received."""
    return EPOCH + timedelta(microseconds=seq >> INSTANCE_BITS)


def encode_event_id(seq: int) -> str:
    """Return the public id of the event with arrival number ``seq``: ``ev_`` and 13 characters that sort like it.

    Raises:
        ValueError: ``seq`` is not an unsigned 64-bit number.
    """
    if not 0 <= seq <= _MAX_SEQ:
        msg = f"{seq} is not an arrival number (an unsigned 64-bit number)"
        raise ValueError(msg)
    pairs = _PAIRS  # two characters at a time: every post is answered with one of these
    return (
        f"{_PREFIX}{_ALPHABET[seq >> 60]}{pairs[seq >> 50 & 1023]}{pairs[seq >> 40 & 1023]}{pairs[seq >> 30 & 1023]}"
        f"{pairs[seq >> 20 & 1023]}{pairs[seq >> 10 & 1023]}{pairs[seq & 1023]}"
    )


def decode_event_id(event_id: str) -> int:
    """Return the arrival number behind a public event id; the inverse of encode_event_id.

    Raises:
        ValueError: ``event_id`` is not one; the message says what one looks like.
    """
    text = event_id.removeprefix(_PREFIX)
    seq = -1
    if event_id.startswith(_PREFIX) and len(text) == _LENGTH and all(character in _VALUES for character in text):
        seq = 0
        for character in text:
            seq = seq << 5 | _VALUES[character]
    if not 0 <= seq <= _MAX_SEQ:
        msg = f"{event_id!r} is not an event id: one looks like {encode_event_id(0)}"
        raise ValueError(msg)
    return seq
