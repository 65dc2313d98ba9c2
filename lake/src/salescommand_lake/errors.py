"""What can go wrong in the lake, as classes a caller can act on.

Both drivers translate the engine's error number into one of these classes, so a caller decides by class and by
``retryable`` and never by reading messages:

* ``retryable`` true: the same call, with the same insert token, may succeed later.
* ``outcome_unknown`` true: an insert may or may not have been stored; repeat it with the same token, never split it.
"""

# The classes are named for what happened, as the callers say it.
# ruff: noqa: N818

from __future__ import annotations

import re
from collections.abc import Sequence

_TRAILERS = re.compile(r"(?:\s*\((?:for url [^()]*|version [^()]*(?:\([^()]*\))?)\))+\s*$")
_STACK = ", Stack trace (when copying"
_CODE = re.compile(r"\bCode:\s*(\d+)")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_LONGEST_MESSAGE = 2000


class LakeError(Exception):
    """A request to the lake failed. ``code`` is ClickHouse's error number, None when there is none."""

    retryable = False
    outcome_unknown = False

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class LakeUnavailable(LakeError):
    """The engine can't be reached, is read-only for now or is starting: wait and try again."""

    retryable = True
    outcome_unknown = True


class QueryTimeout(LakeError):
    """The engine gave up on a statement that took too long. An insert may still have been stored."""

    retryable = True
    outcome_unknown = True


class TooManyParts(LakeError):
    """Inserts come faster than parts are merged: stop inserting for a while, at once."""

    retryable = True


class OutOfMemory(LakeError):
    """The statement needed more memory than it may use: try again with half the rows."""

    retryable = True


class InsertVanished(LakeError):
    """The engine takes an insert for a repeat of one that it does not have (yet): look again in a moment."""

    retryable = True


class AccessDenied(LakeError):
    """User, password or grants are wrong. Trying again does not help until somebody changes them."""


class RowRejected(LakeError):
    """The engine refuses the data of at least one row. Nothing of the block was stored: split it to find the row."""


class SchemaMismatch(LakeError):
    """A statement names a database, table or column that does not exist: the schema is not the one expected."""


class SchemaBehind(LakeError):
    """The lake's schema is older than this program needs. ``differences`` says how, in words."""

    retryable = True

    def __init__(self, have: int, need: int, differences: Sequence[str] = ()) -> None:
        detail = "; ".join(differences) or "it was never created"
        super().__init__(
            f"the lake's schema is behind: have {have}, need {need} ({detail}). "
            "Start one process with SALESCOMMAND_SCHEMA=ensure, or wait for the one that owns the schema."
        )
        self.have = have
        self.need = need
        self.differences = tuple(differences)


class SchemaAhead(LakeError):
    """The lake's schema is newer than this program knows. It must be upgraded; it will not touch the schema."""

    def __init__(self, have: int, need: int) -> None:
        super().__init__(
            f"the lake's schema is ahead: have {have}, this program knows {need}. "
            "Upgrade this program; it does not change a schema that a newer one has made."
        )
        self.have = have
        self.need = need


class SchemaDiffers(LakeError):
    """The schema differs in a way that can't be repaired by adding. ``differences`` says how, in words."""

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__(
            f"the lake's schema differs from the one this program needs: {'; '.join(differences)}. "
            "Nothing was changed there. Undo what was changed by hand, or start with an empty database "
            "(CLICKHOUSE_DATABASE) or data folder (SALESCOMMAND_DATA_DIR)."
        )
        self.differences = tuple(differences)


def _classes() -> dict[int, type[LakeError]]:
    groups: dict[type[LakeError], tuple[int, ...]] = {
        # network, read-only replica, shutdown, unknown status of an insert, Keeper, a full or failing disk
        LakeUnavailable: (
            3,
            32,
            74,
            75,
            76,
            95,
            96,
            101,
            198,
            210,
            225,
            236,
            242,
            243,
            279,
            285,
            286,
            319,
            394,
            745,
            999,
        ),
        QueryTimeout: (159, 160, 209, 473),
        TooManyParts: (202, 203, 252, 364),
        OutOfMemory: (173, 241),
        AccessDenied: (164, 192, 193, 194, 195, 291, 497, 516),
        RowRejected: (6, 26, 27, 33, 34, 38, 41, 53, 69, 70, 72, 117, 130, 131, 321, 349, 407, 426, 452, 691),
        SchemaMismatch: (8, 10, 16, 47, 60, 81),
    }
    return {code: kind for kind, codes in groups.items() for code in codes}


_BY_CODE = _classes()


def redact(text: str) -> str:
    """Return ``text`` without user names and passwords that stand in an address."""
    return _CREDENTIALS.sub("", text)


def clean(message: str) -> str:
    """Shorten an engine's message to what helps: no stack, no version, no credentials, not longer than a screen."""
    start = message.find("Code: ")
    text = _TRAILERS.sub("", message[max(start, 0) :].partition(_STACK)[0].strip())
    text = redact(text)
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + " …"


def code_of(message: str) -> int | None:
    """Return the ClickHouse error number that ``message`` names, None when it names none."""
    found = _CODE.search(message)
    return int(found[1]) if found else None


def from_engine(message: str, code: int | None = None) -> LakeError:
    """Translate what an engine said into one of our classes. An unknown number becomes a plain LakeError."""
    number = code if code is not None else code_of(message)
    kind = _BY_CODE.get(number, LakeError) if number is not None else LakeError
    return kind(clean(message), code=number)
