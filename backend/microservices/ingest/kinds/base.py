"""What a kind is: how one vendor's payloads are opened, and what each record in them says about itself.

A kind is one small module in this folder with a class that derives from `Kind`; it is found by its `name`. Nothing
else has to be changed to add a vendor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal

import msgspec

from backend.microservices.ingest.times import first_time

__all__ = ["NO_FIELDS", "Kind", "Operation", "Resolved", "id_text", "words"]

Operation = Literal["full", "patch", "delete", "undelete", "merge"]
JsonObject = dict[str, Any]
_UINT64 = 2**64 - 1
_SEPARATORS = re.compile(r"[\s_.-]+")
NO_FIELDS = "the event names the record but carries none of its fields: post the record itself, or fetch it"
"""The note of thin events and gaps."""


class Resolved(msgspec.Struct, frozen=True, gc=False):
    """What a kind made of one record.

    `operation` is what the event says of the record: `full` its whole state, `patch` some fields, `delete`, `undelete`,
    or `merge`: this record was merged into another one and is gone.
    """

    source_id: str | None
    """The vendor's id as text; None: it has none and one is generated."""
    record_type: str = ""
    """The canonical noun, or '' when the kind knows none for it."""
    operation: Operation = "full"
    source_time_ms: int | None = None
    """The vendor's time of the change, milliseconds since 1970 UTC; None when it gives none."""
    vendor_seq: int = 0
    """The vendor's own sequence of changes, 0 when there is none. It decides between equal times."""
    vendor_event_id: str | None = None
    """An id that the vendor never gives to two different events of the record."""
    note: str = ""
    """What an integrator should know about a record that is kept; the answer carries it."""


def id_text(value: Any) -> str | None:
    """Return an id as text: strings and integers are ids (0 too), everything else is none."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None


def words(table: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Turn {noun: vendor's words} into {word: noun}, in the form that `Kind.noun` looks up."""
    return {_plain(word): noun for noun, said in table.items() for word in (noun, *said)}


@lru_cache(maxsize=4096)
def _plain(word: str) -> str:
    return _SEPARATORS.sub("_", word.strip().lower())


def text_of(value: Any) -> str:
    """Return a string member as it is and anything else as ''."""
    return value if isinstance(value, str) else ""


def object_of(value: Any) -> JsonObject:
    """Return an object member as it is and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def sequence_of(value: Any) -> int:
    """Return a vendor's sequence number where it is one that the lake can hold, else 0."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _UINT64 else 0


class Kind:
    """Base of all kinds: the plain contract (`id`, then `source_id`), no envelope, times by the usual names."""

    name: ClassVar[str]
    signatures: ClassVar[str] = ""
    """How the vendor signs its webhooks, a name in `signatures.SCHEMES`; '' when it doesn't."""
    nouns: ClassVar[Mapping[str, str]] = {}
    """The vendor's words for our nouns, made with `words()`."""
    time_names: ClassVar[tuple[str, ...]] = ()
    """Members that hold the time of the change, best first."""
    id_names: ClassVar[tuple[str, ...]] = ()
    """Members that hold the id, after `id` and `source_id`."""
    envelope_time_names: ClassVar[tuple[str, ...]] = ()
    """Members of an envelope that hold the time for those of its records that have none."""

    def envelope(self, body: JsonObject) -> tuple[str, ...] | None:
        """Return the path of the member that holds the record or records, or None when the object is the record.

        What is found there is asked again, so envelopes may stand in envelopes.
        """
        del body
        return None

    def resolve(self, record: JsonObject, entity_type: str) -> list[Resolved]:
        """Say what a record is: one answer, or several when the record speaks of several."""
        return [
            Resolved(
                source_id=self.identify(record),
                record_type=self.noun(entity_type),
                operation="full",
                source_time_ms=first_time(record, *self.time_names),
            )
        ]

    def identify(self, record: JsonObject) -> str | None:
        """Return the id of a plain record: `id`, then `source_id`, then the kind's own names."""
        for name in ("id", "source_id", *self.id_names):
            found = id_text(record.get(name))
            if found is not None:
                return found
        return None

    def noun(self, word: str) -> str:
        """Return the canonical noun that a vendor's word means, or ''."""
        return self.nouns.get(_plain(word), "")
